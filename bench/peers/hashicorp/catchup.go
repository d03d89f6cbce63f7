package main

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// catchUp measures how fast a node that was stopped gets what it missed: from the start of its process, until the first entry that it
// lacked is applied, and until it has applied all that the leader has.
func catchUp(o options) error {
	return withCluster(o, 2, func(c *cluster) error {
		third, err := c.startFollower("n3", "", "-tell")
		if err != nil {
			return err
		}
		if err := c.addVoter(third); err != nil {
			return err
		}
		had, err := c.write(1)
		if err != nil {
			return err
		}
		if err := third.waitFor("applied", startPatience, func(index uint64) bool { return index >= had }); err != nil {
			return err
		}
		c.stop(third)

		writeBegan := time.Now()
		goal, err := c.write(o.entries)
		if err != nil {
			return err
		}
		writeTook := time.Since(writeBegan)
		// The leader takes up to ten seconds from one try to the next, and sends at once only what there was when that wait began.
		time.Sleep(time.Duration(o.settle) * time.Second)
		var meanwhile int64
		stopWriting := func() error { return nil }
		if o.isBusy {
			stopWriting = c.keepWriting(&meanwhile)
		}

		began := time.Now()
		if third, err = c.startFollower("n3", third.address, "-tell"); err != nil {
			return err
		}
		half := had + (goal-had)/2
		var first, middle, last time.Duration
		reached := had
		// A busy leader has always something that the third lacks still: what it had at the third's last word is enough.
		err = third.waitFor("applied", time.Duration(o.patience)*time.Second, func(index uint64) bool {
			last, reached = time.Since(began), index
			if first == 0 && index > had {
				first = last
			}
			if middle == 0 && index >= half {
				middle = last
			}
			isThere := index >= goal
			goal = c.leader.machine.applied()
			return isThere
		})
		isComplete := err == nil
		if !isComplete && !errors.Is(err, errLate) {
			return err
		}
		during := atomic.LoadInt64(&meanwhile)
		if err := stopWriting(); err != nil {
			return err
		}
		return report(map[string]interface{}{
			"mode":           o.mode,
			"entries_s":      perSecond(reached-had, last-first),
			"complete":       isComplete,
			"reached":        reached - had,
			"start_s":        first.Seconds(),
			"half_s":         middle.Seconds(),
			"total_s":        last.Seconds(),
			"write_s":        writeTook.Seconds(),
			"settle_s":       o.settle,
			"busy":           o.isBusy,
			"busy_entries":   during,
			"entries":        o.entries,
			"payload":        o.payload,
			"concurrency":    o.concurrency,
			"max_append":     o.maxAppend,
			"rss_mib":        peak(c.followers),
			"rss_third_mib":  peakOf(third.process.Process.Pid),
			"rss_leader_mib": peakOf(os.Getpid()),
			"store":          o.store,
			"variant":        variant,
			"fsync":          o.store != "memory",
		})
	})
}

func (c *cluster) addVoter(f *follower) error {
	return c.leader.AddVoter(f.server().ID, f.server().Address, 0, 0).Error()
}

// write writes so many commands with the callers there are, and returns the last index.
func (c *cluster) write(count int) (uint64, error) {
	command := make([]byte, c.payload)
	left := int64(count)
	var last uint64
	var failure error
	var guard sync.Mutex
	var callers sync.WaitGroup
	for i := 0; i < c.concurrency; i++ {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				future := c.leader.Apply(command, 0)
				err := future.Error()
				guard.Lock()
				if err != nil {
					failure = err
				} else if future.Index() > last {
					last = future.Index()
				}
				guard.Unlock()
				if err != nil {
					return
				}
			}
		}()
	}
	callers.Wait()
	return last, failure
}

// keepWriting has one caller write until what it returns is called.
func (c *cluster) keepWriting(written *int64) func() error {
	command := make([]byte, c.payload)
	over := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		for {
			select {
			case <-over:
				result <- nil
				return
			default:
			}
			if err := c.leader.Apply(command, 0).Error(); err != nil {
				result <- err
				return
			}
			atomic.AddInt64(written, 1)
		}
	}()
	return func() error {
		close(over)
		return <-result
	}
}

func perSecond(count uint64, took time.Duration) int {
	if took <= 0 {
		return 0
	}
	return int(float64(count) / took.Seconds())
}
