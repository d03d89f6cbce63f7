// Command hashibench measures hashicorp/raft as `raftkv bench` measures this library: this process leads and makes the load,
// each follower is a process of its own on the loopback, and one line of JSON comes of it, with the same names. What else it measures
// is in catchup.go, snapshot.go and failover.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"math"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/raft"
)

const (
	mebibyte = 1 << 20
	warmUp   = time.Second
	// Long enough that a follower never campaigns because the machine is busy: the run is about one leader.
	followerHeartbeat = 30 * time.Second
	leaderHeartbeat   = time.Second
	startPatience     = 30 * time.Second
	// How many entries stay before a snapshot where snapshots are measured.
	trailingLogs = 16
)

// store is what a node keeps its log and its term and vote in.
type store interface {
	raft.LogStore
	raft.StableStore
}

// stores makes a store by its name; files with build tags add theirs.
var stores = map[string]func(dir string) (store, error){
	"memory": func(string) (store, error) { return raft.NewInmemStore(), nil },
}

// variant is which version this was built with.
var variant = "raft-1.1.2"

// modes is what can be measured.
var modes = map[string]func(o options) error{
	"throughput": lead,
	"load":       load,
	"catchup":    catchUp,
	"snapshot":   snapshot,
	"failover":   failOver,
}

type options struct {
	mode        string
	store       string
	concurrency int
	payload     int
	seconds     int
	nodes       int
	maxAppend   int
	entries     int
	isBusy      bool
	settle      int
	patience    int
	mebibytes   int
	rounds      int
	isSilent    bool
	data        string
	id          string
	listen      string
	isFollower  bool
	tells       bool
}

func main() {
	var o options
	flag.StringVar(&o.mode, "mode", "throughput", "throughput, load (the callers alone), catchup, snapshot, or failover")
	flag.StringVar(&o.store, "store", "bolt", "bolt, memory, or what else this was built with")
	flag.IntVar(&o.concurrency, "concurrency", 64, "callers, each with one command under way")
	flag.IntVar(&o.payload, "payload", 128, "bytes of a command")
	flag.IntVar(&o.seconds, "seconds", 10, "how long to measure")
	flag.IntVar(&o.nodes, "nodes", 3, "how many nodes, each a process of its own")
	flag.IntVar(&o.maxAppend, "max-append", 64, "MaxAppendEntries")
	flag.IntVar(&o.entries, "entries", 200000, "catchup: how many entries the third node missed")
	flag.BoolVar(&o.isBusy, "busy", false, "catchup: one caller keeps writing meanwhile")
	flag.IntVar(&o.settle, "settle", 0, "catchup: how many seconds the third node stays away after it missed the last entry")
	flag.IntVar(&o.patience, "patience", 300, "catchup: after how many seconds it tells how far the third node came")
	flag.IntVar(&o.mebibytes, "mib", 256, "snapshot: the size of the state machine")
	flag.IntVar(&o.rounds, "rounds", 10, "failover: how many leaders are killed")
	flag.BoolVar(&o.isSilent, "silent", false, "failover: a leader is stopped by SIGSTOP instead, so that its connections stay")
	flag.StringVar(&o.data, "data", "./raftkv-data/hashibench", "where the stores live during the run; emptied after it")
	flag.StringVar(&o.id, "id", "n1", "the name of a follower")
	flag.StringVar(&o.listen, "listen", "", "the address of a follower; empty for a free port of the loopback")
	flag.BoolVar(&o.isFollower, "follower", false, "be a follower, until standard input ends")
	flag.BoolVar(&o.tells, "tell", false, "say on standard output, as a follower, what was applied and restored")
	flag.Parse()
	run := modes[o.mode]
	if o.isFollower {
		run = follow
	}
	if run == nil {
		run = func(options) error { return fmt.Errorf("there is no mode %q", o.mode) }
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "hashibench:", err)
		os.Exit(1)
	}
}

// fsm counts, knows the last index, and holds bytes for a snapshot.
type fsm struct {
	count uint64
	last  uint64
	state []byte
	size  int
	tell  func(line string)
}

func (f *fsm) Apply(log *raft.Log) interface{} {
	f.count++
	atomic.StoreUint64(&f.last, log.Index)
	return nil
}

func (f *fsm) Snapshot() (raft.FSMSnapshot, error) { return f, nil }
func (f *fsm) Release()                            {}

// applied is the index of the last command that was applied.
func (f *fsm) applied() uint64 { return atomic.LoadUint64(&f.last) }

func (f *fsm) Persist(sink raft.SnapshotSink) error {
	for left := f.state; len(left) > 0; {
		piece := left
		if len(piece) > mebibyte {
			piece = piece[:mebibyte]
		}
		if _, err := sink.Write(piece); err != nil {
			_ = sink.Cancel()
			return err
		}
		left = left[len(piece):]
	}
	return sink.Close()
}

func (f *fsm) Restore(from io.ReadCloser) error {
	defer from.Close()
	f.tell("restoring")
	f.state = make([]byte, f.size)
	got, err := io.ReadFull(from, f.state)
	f.tell(fmt.Sprint("restored ", got))
	return err
}

// node is a server in this process.
type node struct {
	*raft.Raft
	machine *fsm
	kept    store
	address string
}

func start(o options, id, dir string) (*node, error) {
	open := stores[o.store]
	if open == nil {
		return nil, fmt.Errorf("there is no store %q in %s", o.store, variant)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	kept, err := open(dir)
	if err != nil {
		return nil, err
	}
	address := o.listen
	if address == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		address = listener.Addr().String()
		_ = listener.Close()
	}
	transport, err := raft.NewTCPTransport(address, nil, 3, 10*time.Second, ioutil.Discard)
	if err != nil {
		return nil, err
	}
	snapshots, err := snapshotsOf(o, dir)
	if err != nil {
		return nil, err
	}
	machine := &fsm{tell: func(string) {}}
	if o.mode == "snapshot" {
		machine.size = o.mebibytes * mebibyte
	}
	if o.tells {
		machine.tell = func(line string) { fmt.Println(line) }
	}
	raftNode, err := raft.NewRaft(configOf(o, id), machine, kept, kept, snapshots, transport)
	return &node{raftNode, machine, kept, address}, err
}

func configOf(o options, id string) *raft.Config {
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(id)
	config.MaxAppendEntries = o.maxAppend
	config.LogOutput = ioutil.Discard
	if o.mode == "failover" {
		return config
	}
	heartbeat := leaderHeartbeat
	if o.isFollower {
		heartbeat = followerHeartbeat
	}
	config.HeartbeatTimeout = heartbeat
	config.ElectionTimeout = heartbeat
	config.LeaderLeaseTimeout = heartbeat
	switch o.mode {
	case "catchup":
		config.SnapshotThreshold = math.MaxUint64
	case "snapshot":
		config.SnapshotThreshold = math.MaxUint64
		config.TrailingLogs = trailingLogs
	}
	return config
}

// snapshotsOf keeps snapshots on the disk where they are measured, unless nothing is kept there.
func snapshotsOf(o options, dir string) (raft.SnapshotStore, error) {
	if o.mode == "snapshot" && o.store != "memory" {
		return raft.NewFileSnapshotStore(dir, 1, ioutil.Discard)
	}
	return raft.NewInmemSnapshotStore(), nil
}

func follow(o options) error {
	n, err := start(o, o.id, o.data)
	if err != nil {
		return err
	}
	fmt.Println("follower " + n.address)
	if o.tells {
		go tellApplied(n.machine)
	}
	answer(n, os.Stdin)
	return n.Shutdown().Error()
}

// cluster is a leader in this process and followers in theirs.
type cluster struct {
	options
	data      string
	leader    *node
	followers []*follower
}

// withCluster starts one that has so many nodes, until use has returned.
func withCluster(o options, nodes int, use func(c *cluster) error) error {
	c := &cluster{options: o, data: filepath.Join(o.data, fmt.Sprintf("run-%d", os.Getpid()))}
	defer os.RemoveAll(c.data)
	defer c.stopFollowers()
	servers := []raft.Server{{ID: "n1"}}
	for i := 2; i <= nodes; i++ {
		f, err := c.startFollower(fmt.Sprintf("n%d", i), "")
		if err != nil {
			return err
		}
		servers = append(servers, f.server())
	}
	var err error
	if c.leader, err = start(o, "n1", filepath.Join(c.data, "n1")); err != nil {
		return err
	}
	servers[0].Address = raft.ServerAddress(c.leader.address)
	if err := c.leader.BootstrapCluster(raft.Configuration{Servers: servers}).Error(); err != nil {
		return err
	}
	for began := time.Now(); c.leader.Barrier(0).Error() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > startPatience {
			return fmt.Errorf("there is no leader after %v", startPatience)
		}
	}
	if err := use(c); err != nil {
		return err
	}
	return c.leader.Shutdown().Error()
}

func lead(o options) error {
	return withCluster(o, o.nodes, func(c *cluster) error {
		return measure(o, func(command []byte) error { return c.leader.Apply(command, 0).Error() }, c.followers)
	})
}

// load measures the callers alone: every command is answered at once by a goroutine of its own.
func load(o options) error {
	calls := make(chan chan error, 128)
	go func() {
		for answer := range calls {
			answer <- nil
		}
	}()
	return measure(o, func([]byte) error {
		answer := make(chan error, 1)
		calls <- answer
		return <-answer
	}, nil)
}

func measure(o options, apply func(command []byte) error, followers []*follower) error {
	command := make([]byte, o.payload)
	var isMeasuring, isOver int32
	times := make([][]time.Duration, o.concurrency)
	failures := make(chan error, o.concurrency)
	var callers sync.WaitGroup
	for i := range times {
		callers.Add(1)
		go func(own *[]time.Duration) {
			defer callers.Done()
			for atomic.LoadInt32(&isOver) == 0 {
				began := time.Now()
				if err := apply(command); err != nil {
					failures <- err
					return
				}
				if atomic.LoadInt32(&isMeasuring) == 1 {
					*own = append(*own, time.Since(began))
				}
			}
		}(&times[i])
	}
	time.Sleep(warmUp)
	before := processorTime(followers)
	began := time.Now()
	atomic.StoreInt32(&isMeasuring, 1)
	time.Sleep(time.Duration(o.seconds) * time.Second)
	atomic.StoreInt32(&isMeasuring, 0)
	elapsed := time.Since(began)
	used := processorTime(followers) - before
	atomic.StoreInt32(&isOver, 1)
	callers.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	var all []time.Duration
	for _, own := range times {
		all = append(all, own...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return report(map[string]interface{}{
		"ops_s":       int(float64(len(all)) / elapsed.Seconds()),
		"p50_ms":      percentile(all, 0.5),
		"p99_ms":      percentile(all, 0.99),
		"p999_ms":     percentile(all, 0.999),
		"cpu_us_op":   float64(used.Microseconds()) / float64(len(all)+1),
		"rss_mib":     peak(followers),
		"store":       o.store,
		"variant":     variant,
		"concurrency": o.concurrency,
		"payload":     o.payload,
		"seconds":     o.seconds,
		"nodes":       o.nodes,
		"max_append":  o.maxAppend,
		"fsync":       o.store != "memory",
	})
}

// report writes the line that this program is run for.
func report(values map[string]interface{}) error { return json.NewEncoder(os.Stdout).Encode(values) }

func percentile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(share*float64(len(sorted)-1))].Microseconds()) / 1000
}

// processorTime is user and system time of all processes, so far.
func processorTime(followers []*follower) time.Duration {
	var own syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	for _, f := range followers {
		total += timeOf(f.process.Process.Pid)
	}
	return total
}

// timeOf reads the fields utime and stime, in hundredths of a second.
func timeOf(pid int) time.Duration {
	text, err := ioutil.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	_, _ = fmt.Sscan(fields[11], &user)
	_, _ = fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// peak is the most memory that one of the processes held at a time, in MiB.
func peak(followers []*follower) float64 {
	most := peakOf(os.Getpid())
	for _, f := range followers {
		if held := peakOf(f.process.Process.Pid); held > most {
			most = held
		}
	}
	return most
}

func peakOf(pid int) float64 {
	text, _ := ioutil.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "VmHWM:") {
			var kibibytes float64
			_, _ = fmt.Sscan(strings.Fields(line)[1], &kibibytes)
			return kibibytes / 1024
		}
	}
	return 0
}
