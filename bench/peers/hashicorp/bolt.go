//go:build !raft17
// +build !raft17

package main

import (
	"path/filepath"

	raftboltdb "github.com/hashicorp/raft-boltdb"
)

// The bolt store that goes with hashicorp/raft 1.1.2, as Debian packages both.
func init() {
	stores["bolt"] = func(dir string) (store, error) { return raftboltdb.NewBoltStore(filepath.Join(dir, "raft.db")) }
}
