// Command hashibench measures hashicorp/raft as `raftkv bench` measures this library: this process leads and makes the load,
// each follower is a process of its own on the loopback, and one line of JSON comes of it, with the same names.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"net"
	"os"
	"os/exec"
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
	warmUp = time.Second
	// Long enough that a follower never campaigns because the machine is busy: the run is about one leader.
	followerHeartbeat = 30 * time.Second
	leaderHeartbeat   = time.Second
	startPatience     = 30 * time.Second
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

type options struct {
	store       string
	concurrency int
	payload     int
	seconds     int
	nodes       int
	maxAppend   int
	data        string
	id          string
	isFollower  bool
}

func main() {
	var o options
	flag.StringVar(&o.store, "store", "bolt", "bolt, memory, or what else this was built with")
	flag.IntVar(&o.concurrency, "concurrency", 64, "callers, each with one command under way")
	flag.IntVar(&o.payload, "payload", 128, "bytes of a command")
	flag.IntVar(&o.seconds, "seconds", 10, "how long to measure")
	flag.IntVar(&o.nodes, "nodes", 3, "how many nodes, each a process of its own")
	flag.IntVar(&o.maxAppend, "max-append", 64, "MaxAppendEntries")
	flag.StringVar(&o.data, "data", "./raftkv-data/hashibench", "where the stores live during the run; emptied after it")
	flag.StringVar(&o.id, "id", "n1", "the name of a follower")
	flag.BoolVar(&o.isFollower, "follower", false, "be a follower, until standard input ends")
	flag.Parse()
	run := lead
	if o.isFollower {
		run = follow
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "hashibench:", err)
		os.Exit(1)
	}
}

// fsm counts.
type fsm struct{ count uint64 }

func (f *fsm) Apply(*raft.Log) interface{}         { f.count++; return nil }
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) { return f, nil }
func (f *fsm) Restore(from io.ReadCloser) error    { return from.Close() }
func (f *fsm) Persist(sink raft.SnapshotSink) error {
	return sink.Close()
}
func (f *fsm) Release() {}

func start(o options, id string, heartbeat time.Duration, dir string) (*raft.Raft, string, store, error) {
	open := stores[o.store]
	if open == nil {
		return nil, "", nil, fmt.Errorf("there is no store %q in %s", o.store, variant)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", nil, err
	}
	kept, err := open(dir)
	if err != nil {
		return nil, "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	address := listener.Addr().String()
	_ = listener.Close()
	transport, err := raft.NewTCPTransport(address, nil, 3, 10*time.Second, ioutil.Discard)
	if err != nil {
		return nil, "", nil, err
	}
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(id)
	config.HeartbeatTimeout = heartbeat
	config.ElectionTimeout = heartbeat
	config.LeaderLeaseTimeout = heartbeat
	config.MaxAppendEntries = o.maxAppend
	config.LogOutput = ioutil.Discard
	node, err := raft.NewRaft(config, &fsm{}, kept, kept, raft.NewInmemSnapshotStore(), transport)
	return node, address, kept, err
}

func follow(o options) error {
	node, address, _, err := start(o, o.id, followerHeartbeat, o.data)
	if err != nil {
		return err
	}
	fmt.Println("follower " + address)
	_, _ = io.Copy(ioutil.Discard, os.Stdin)
	return node.Shutdown().Error()
}

type follower struct {
	process *exec.Cmd
	input   io.Closer
}

func lead(o options) error {
	data := filepath.Join(o.data, fmt.Sprintf("run-%d", os.Getpid()))
	defer os.RemoveAll(data)
	var followers []follower
	defer func() {
		for _, f := range followers {
			_ = f.input.Close()
			_ = f.process.Wait()
		}
	}()
	servers := []raft.Server{{ID: "n1"}}
	for i := 2; i <= o.nodes; i++ {
		id := fmt.Sprintf("n%d", i)
		f, address, err := startFollower(o, id, filepath.Join(data, id))
		if err != nil {
			return err
		}
		followers = append(followers, f)
		servers = append(servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(address)})
	}
	node, address, _, err := start(o, "n1", leaderHeartbeat, filepath.Join(data, "n1"))
	if err != nil {
		return err
	}
	servers[0].Address = raft.ServerAddress(address)
	if err := node.BootstrapCluster(raft.Configuration{Servers: servers}).Error(); err != nil {
		return err
	}
	for began := time.Now(); node.Barrier(0).Error() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > startPatience {
			return fmt.Errorf("there is no leader after %v", startPatience)
		}
	}
	if err := measure(o, node, followers); err != nil {
		return err
	}
	return node.Shutdown().Error()
}

func startFollower(o options, id, dir string) (follower, string, error) {
	process := exec.Command(
		os.Args[0], "-follower", "-id", id, "-store", o.store, "-data", dir, "-max-append", fmt.Sprint(o.maxAppend))
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return follower{}, "", err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return follower{}, "", err
	}
	if err := process.Start(); err != nil {
		return follower{}, "", err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return follower{}, "", fmt.Errorf("%s did not start: %v", id, err)
	}
	return follower{process, input}, strings.TrimSpace(strings.TrimPrefix(line, "follower ")), nil
}

func measure(o options, node *raft.Raft, followers []follower) error {
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
				if err := node.Apply(command, 0).Error(); err != nil {
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
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
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

func percentile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(share*float64(len(sorted)-1))].Microseconds()) / 1000
}

// processorTime is user and system time of all processes, so far.
func processorTime(followers []follower) time.Duration {
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
func peak(followers []follower) float64 {
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
