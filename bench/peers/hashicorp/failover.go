package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
)

const (
	failOverNodes = 3
	// How long a leader is written through before it is killed.
	calm = 500 * time.Millisecond
	// How long a client waits that was told that a node does not lead.
	retryEvery       = 2 * time.Millisecond
	failOverPatience = 60 * time.Second
)

// failOver measures for how long nobody could write after the leader was killed, or fell silent: from the signal until a new leader has
// acknowledged a write. All nodes are processes of their own with the timings of DefaultConfig, and this one is their client.
func failOver(o options) error {
	c := &cluster{options: o, data: filepath.Join(o.data, fmt.Sprintf("run-%d", os.Getpid()))}
	defer os.RemoveAll(c.data)
	defer c.stopFollowers()
	bootstrap := "bootstrap"
	for i := 1; i <= failOverNodes; i++ {
		f, err := c.startMember(fmt.Sprintf("n%d", i), "")
		if err != nil {
			return err
		}
		bootstrap += " " + f.id + " " + f.address
	}
	if reply, err := c.followers[0].ask(bootstrap); err != nil || reply != "bootstrapped <nil>" {
		return fmt.Errorf("the cluster was not made: %s (%v)", reply, err)
	}
	leader, _, err := writeSomewhere(c.followers)
	if err != nil {
		return err
	}
	var times []time.Duration
	for len(times) < o.rounds {
		if leader, err = writeCalmly(leader, c.followers); err != nil {
			return err
		}
		began := time.Now()
		var ending os.Signal = os.Kill
		if o.isSilent {
			ending = syscall.SIGSTOP
		}
		if err := leader.process.Process.Signal(ending); err != nil {
			return err
		}
		killed := leader
		if !o.isSilent {
			c.forget(killed)
		}
		var acknowledged time.Time
		if leader, acknowledged, err = writeSomewhere(c.others(killed)); err != nil {
			return err
		}
		times = append(times, acknowledged.Sub(began))
		if o.isSilent {
			if err := killed.process.Process.Kill(); err != nil {
				return err
			}
			c.forget(killed)
		}
		if _, err := c.startMember(killed.id, killed.address); err != nil {
			return err
		}
	}
	return reportFailOver(o, times)
}

// others are the nodes but one.
func (c *cluster) others(one *follower) []*follower {
	var others []*follower
	for _, f := range c.followers {
		if f != one {
			others = append(others, f)
		}
	}
	return others
}

// startMember starts a node that takes part with commands of the size there is.
func (c *cluster) startMember(id, address string) (*follower, error) {
	f, err := c.startFollower(id, address)
	if err != nil {
		return nil, err
	}
	_, err = f.ask(fmt.Sprint("payload ", c.payload))
	return f, err
}

// writeSomewhere asks each of the nodes until one has acknowledged a command, and gives that one and when it did.
func writeSomewhere(nodes []*follower) (*follower, time.Time, error) {
	var leader *follower
	var when time.Time
	var guard sync.Mutex
	var callers sync.WaitGroup
	isOver := func() bool {
		guard.Lock()
		defer guard.Unlock()
		return leader != nil
	}
	for _, f := range nodes {
		callers.Add(1)
		go func(f *follower) {
			defer callers.Done()
			for began := time.Now(); !isOver() && time.Since(began) < failOverPatience; time.Sleep(retryEvery) {
				if _, err := f.write(); err != nil {
					continue
				}
				guard.Lock()
				leader, when = f, time.Now()
				guard.Unlock()
				return
			}
		}(f)
	}
	callers.Wait()
	if leader == nil {
		return nil, when, fmt.Errorf("no node took a write in %v", failOverPatience)
	}
	return leader, when, nil
}

// write has this node apply one command, and returns its index.
func (f *follower) write() (uint64, error) {
	reply, err := f.ask("apply")
	if err != nil {
		return 0, err
	}
	if !strings.HasPrefix(reply, "ok ") {
		return 0, fmt.Errorf("%s: %s", f.id, reply)
	}
	var index uint64
	_, err = fmt.Sscan(reply[len("ok "):], &index)
	return index, err
}

// writeCalmly writes through the leader for a while, and until all nodes have applied what was written. It gives the leader, which is
// another one should that have changed by itself.
func writeCalmly(leader *follower, nodes []*follower) (*follower, error) {
	var index uint64
	for began := time.Now(); time.Since(began) < calm; {
		var err error
		if index, err = leader.write(); err == nil {
			continue
		}
		if leader, _, err = writeSomewhere(nodes); err != nil {
			return nil, err
		}
		began = time.Now()
	}
	for began := time.Now(); ; time.Sleep(retryEvery) {
		behind := 0
		for _, node := range nodes {
			reply, err := node.ask("applied")
			if err != nil {
				return nil, err
			}
			var applied uint64
			_, _ = fmt.Sscanf(reply, "applied %d", &applied)
			if applied < index {
				behind++
			}
		}
		if behind == 0 {
			return leader, nil
		}
		if time.Since(began) > failOverPatience {
			return nil, fmt.Errorf("%d nodes are behind after %v", behind, failOverPatience)
		}
	}
}

func reportFailOver(o options, times []time.Duration) error {
	var each []float64
	for _, one := range times {
		each = append(each, milliseconds(one))
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	config := raft.DefaultConfig()
	return report(map[string]interface{}{
		"mode":         o.mode,
		"median_ms":    nearest(times, 0.5),
		"p99_ms":       nearest(times, 0.99),
		"min_ms":       nearest(times, 0),
		"each_ms":      each,
		"rounds":       o.rounds,
		"silent":       o.isSilent,
		"heartbeat_ms": milliseconds(config.HeartbeatTimeout),
		"election_ms":  milliseconds(config.ElectionTimeout),
		"payload":      o.payload,
		"nodes":        failOverNodes,
		"store":        o.store,
		"variant":      variant,
		"fsync":        o.store != "memory",
	})
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// nearest is the nearest rank, which is the largest of a few where percentile takes a smaller one.
func nearest(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	if rank < 1 {
		rank = 1
	}
	return milliseconds(sorted[rank-1])
}
