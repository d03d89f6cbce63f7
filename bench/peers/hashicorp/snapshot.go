package main

import (
	"fmt"
	"math/rand"
	"os"
	"time"

	"github.com/hashicorp/raft"
)

const (
	snapshotPatience = 5 * time.Minute
	// More than a store may keep in one file.
	fillers = 80
)

// snapshot measures how fast a new node gets a state machine whose log is gone: from the start of its process until it has restored the
// snapshot that the leader sent. The node is made a voter as soon as it listens.
func snapshot(o options) error {
	return withCluster(o, 2, func(c *cluster) error {
		state := make([]byte, o.mebibytes*mebibyte)
		_, _ = rand.New(rand.NewSource(1)).Read(state)
		c.leader.machine.state = state
		takeTook, err := c.takeSnapshot()
		if err != nil {
			return err
		}
		filled := 0
		if c.readsFirst() {
			// raft-wal gives entries that it has deleted for as long as the file is written that they are in, and the new node would get
			// the log from the start.
			for ; filled < fillers; filled++ {
				if err := c.leader.Apply(make([]byte, mebibyte), 0).Error(); err != nil {
					return err
				}
			}
			if takeTook, err = c.takeSnapshot(); err != nil {
				return err
			}
		}
		if c.readsFirst() {
			return fmt.Errorf("the log still has its first entry")
		}

		began := time.Now()
		third, err := c.startFollower("n3", "", "-tell")
		if err != nil {
			return err
		}
		listening := time.Since(began)
		if err := c.addVoter(third); err != nil {
			return err
		}
		if err := third.waitFor("restoring", snapshotPatience, func(uint64) bool { return true }); err != nil {
			return err
		}
		received := time.Since(began)
		var size uint64
		if err := third.waitFor("restored", snapshotPatience, func(got uint64) bool { size = got; return true }); err != nil {
			return err
		}
		restored := time.Since(began)
		if size != uint64(len(state)) {
			return fmt.Errorf("%d bytes were restored of %d", size, len(state))
		}
		index, err := c.write(1)
		if err != nil {
			return err
		}
		if err := third.waitFor("applied", snapshotPatience, func(now uint64) bool { return now >= index }); err != nil {
			return err
		}
		return report(map[string]interface{}{
			"mode":           o.mode,
			"mb_s":           float64(o.mebibytes) / restored.Seconds(),
			"total_s":        restored.Seconds(),
			"start_s":        listening.Seconds(),
			"receive_s":      (received - listening).Seconds(),
			"restore_s":      (restored - received).Seconds(),
			"applying_s":     time.Since(began).Seconds(),
			"filler_mib":     filled,
			"take_s":         takeTook.Seconds(),
			"mib":            o.mebibytes,
			"rss_mib":        peak(c.followers),
			"rss_third_mib":  peakOf(third.process.Process.Pid),
			"rss_leader_mib": peakOf(os.Getpid()),
			"store":          o.store,
			"variant":        variant,
			"fsync":          o.store != "memory",
		})
	})
}

// takeSnapshot takes one of the leader after some commands, which are then out of the log, and returns how long that took.
func (c *cluster) takeSnapshot() (time.Duration, error) {
	if _, err := c.write(100 * trailingLogs); err != nil {
		return 0, err
	}
	began := time.Now()
	err := c.leader.Snapshot().Error()
	return time.Since(began), err
}

// readsFirst is whether the leader can still send the log from its start.
func (c *cluster) readsFirst() bool {
	return c.leader.kept.GetLog(1, &raft.Log{}) != raft.ErrLogNotFound
}
