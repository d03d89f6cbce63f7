package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/raft"
)

// tellEvery is how often a follower looks whether it applied more.
const tellEvery = 2 * time.Millisecond

var (
	// errEnded is that a follower says no more.
	errEnded = errors.New("the process has ended")
	// errLate is that it did not say what was waited for.
	errLate = errors.New("that took too long")
)

// follower is a server in a process of its own.
type follower struct {
	id, address string
	process     *exec.Cmd
	input       io.WriteCloser
	lines       chan string
}

func (f *follower) server() raft.Server {
	return raft.Server{ID: raft.ServerID(f.id), Address: raft.ServerAddress(f.address)}
}

// startFollower starts one, at an address that it had before or at a free one; it is the cluster's last.
func (c *cluster) startFollower(id, address string, more ...string) (*follower, error) {
	process := exec.Command(os.Args[0], append([]string{
		"-follower", "-id", id, "-store", c.store, "-data", filepath.Join(c.data, id), "-listen", address,
		"-max-append", fmt.Sprint(c.maxAppend), "-mode", c.mode, "-mib", fmt.Sprint(c.mebibytes)}, more...)...)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	f := &follower{id: id, process: process, input: input, lines: make(chan string, 1<<16)}
	c.followers = append(c.followers, f)
	go f.listen(output)
	first, isThere := <-f.lines
	if !isThere {
		return nil, fmt.Errorf("%s did not start", id)
	}
	f.address = strings.TrimPrefix(first, "follower ")
	return f, nil
}

func (f *follower) listen(output io.Reader) {
	defer close(f.lines)
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		f.lines <- scanner.Text()
	}
}

// stop ends a follower in good order, and waits for its end.
func (c *cluster) stop(f *follower) {
	_ = f.input.Close()
	c.forget(f)
}

// forget waits until a follower has ended, which is then none of the cluster's.
func (c *cluster) forget(f *follower) {
	for range f.lines {
	}
	_ = f.process.Wait()
	for i, other := range c.followers {
		if other == f {
			c.followers = append(c.followers[:i:i], c.followers[i+1:]...)
			return
		}
	}
}

func (c *cluster) stopFollowers() {
	for len(c.followers) > 0 {
		c.stop(c.followers[0])
	}
}

// ask sends a line and waits for the answer.
func (f *follower) ask(line string) (string, error) {
	if _, err := fmt.Fprintln(f.input, line); err != nil {
		return "", err
	}
	reply, isThere := <-f.lines
	if !isThere {
		return "", errEnded
	}
	return reply, nil
}

// waitFor gives each line that begins with the word until one is enough.
func (f *follower) waitFor(word string, patience time.Duration, isEnough func(number uint64) bool) error {
	timeout := time.After(patience)
	for {
		select {
		case line, isThere := <-f.lines:
			if !isThere {
				return errEnded
			}
			var said string
			var number uint64
			_, _ = fmt.Sscan(line, &said, &number)
			if said == word && isEnough(number) {
				return nil
			}
		case <-timeout:
			return fmt.Errorf("%s did not say %q enough: %w", f.id, word, errLate)
		}
	}
}

// tellApplied says what was applied last, whenever that changed.
func tellApplied(machine *fsm) {
	var told uint64
	for range time.Tick(tellEvery) {
		if now := machine.applied(); now != told {
			told = now
			machine.tell(fmt.Sprint("applied ", now))
		}
	}
}

// answer does what the lines of the input say, until it ends, and says one line for each.
func answer(n *node, input io.Reader) {
	var command []byte
	for scanner := bufio.NewScanner(input); scanner.Scan(); {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "bootstrap":
			var configuration raft.Configuration
			for i := 1; i < len(words); i += 2 {
				server := raft.Server{ID: raft.ServerID(words[i]), Address: raft.ServerAddress(words[i+1])}
				configuration.Servers = append(configuration.Servers, server)
			}
			fmt.Println("bootstrapped", n.BootstrapCluster(configuration).Error())
		case "payload":
			var size int
			_, _ = fmt.Sscan(words[1], &size)
			command = make([]byte, size)
			fmt.Println("payload", size)
		case "apply":
			future := n.Apply(command, 0)
			if err := future.Error(); err != nil {
				fmt.Println("no", err)
			} else {
				fmt.Println("ok", future.Index())
			}
		case "applied":
			fmt.Println("applied", n.machine.applied())
		}
	}
}
