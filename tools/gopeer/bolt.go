//go:build !raft17
// +build !raft17

package main

import raftboltdb "github.com/hashicorp/raft-boltdb"

// hashicorp/raft 1.1.2 and its bolt store, as Debian packages them.
func init() {
	variant = "raft-1.1.2"
	openBolt = func(path string) (store, error) { return raftboltdb.NewBoltStore(path) }
}
