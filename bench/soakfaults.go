package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// fault is one that was brought about.
type fault struct {
	kind       string
	costs      cost
	endpoint   string // that it may cost answers; "" for none
	begin, end time.Time
	gap        time.Duration // the longest time without a right answer to anybody
	err        error         // what was not as promised

	lost map[int]int    // requests without an answer, by connection
	told map[string]int // answers that were not right, by status
}

// cost is what a fault may cost the load.
type cost int

const (
	nothing         cost = iota
	aRequestEach         // of every connection at most the one under way
	itsOwnRequests       // 502 for those of the endpoint
	itsOwnForAWhile      // 503 for those of the endpoint
)

// The endpoints with faults, one of them in a process of its own.
const (
	faultyInWorker  = "faulty"
	faultyInProcess = "faulty-isolated"
)

// faultyTimeout is their deadline.
const faultyTimeout = time.Second

// kind is a kind of fault.
type kind struct {
	name string
	run  func(s *soak) error
}

// kinds are those that are chosen from.
func (s *soak) kinds(random *rand.Rand) (chosen []kind) {
	all := []kind{
		{"kill of the worker", (*soak).killWorker}, {"recycle", (*soak).recycle},
		{"spin", (*soak).spin}, {"quarantine", (*soak).quarantine},
	}
	for _, how := range []string{"segv", "abort", "exit", "stack", "thread"} {
		all = append(all, kind{"crash: " + how, func(s *soak) error { return s.crash(how) }})
	}
	if s.o.isolated > 0 {
		all = append(all, kind{"kill of an isolated process", func(s *soak) error { return s.killIsolated(random) }})
		for _, how := range []string{"segv", "exit", "stack", "leak"} {
			all = append(all, kind{"isolated: " + how, func(s *soak) error { return s.crashIsolated(how) }})
		}
	}
	for _, one := range all {
		if strings.Contains(one.name, s.o.fault) {
			chosen = append(chosen, one)
		}
	}
	return chosen
}

// faultOnAndOn brings about one random fault after the other, with a pause
// between half and one and a half times the usual one.
func (s *soak) faultOnAndOn(random *rand.Rand) error {
	kinds := s.kinds(random)
	// Each once, in any order, then again: a short run has some of all.
	for {
		random.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		for _, one := range kinds {
			if !s.wait(s.o.every/2 + time.Duration(random.Int64N(int64(s.o.every)))) {
				return nil
			}
			if err := s.change(func() error { return one.run(s) }); err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
		}
	}
}

// during runs a fault and takes note of when it was, and of how long nobody was
// served.
func (s *soak) during(kind string, costs cost, endpoint string, do func() error) error {
	f := &fault{kind: kind, costs: costs, endpoint: endpoint, lost: map[int]int{}, told: map[string]int{}}
	s.calm = max(s.calm, time.Duration(s.pulse.longest.Swap(0)))
	f.begin = time.Now()
	f.err = do()
	f.end = time.Now()
	f.gap = time.Duration(s.pulse.longest.Swap(0))
	if s.wait(0) { // else it is only that nobody asks any more
		f.gap = max(f.gap, f.end.Sub(s.began)-time.Duration(s.pulse.last.Load()))
	}
	s.faults = append(s.faults, f)
	s.say("%s: %v, gap %v, %v", kind, f.end.Sub(f.begin).Round(time.Millisecond), f.gap.Round(time.Millisecond), f.err)
	return nil
}

// backAgain waits until an endpoint answers right.
func (s *soak) backAgain(path, want string, within time.Duration) error {
	var last error
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r, err := askFresh(s.gateway.address, path)
		switch {
		case err != nil:
			last = err
		case r.status != 200 || want != "" && string(r.body) != want:
			last = fmt.Errorf("it answered %d %q", r.status, r.body)
		default:
			return nil
		}
	}
	return fmt.Errorf("%s was not back within %v: %w", path, within, last)
}

// backWithin is when everything is to be as before, long after what is promised.
const backWithin = 20 * time.Second

const alive = "alive\n"

// worker finds the worker that serves, among the children of control.
func (s *soak) worker() (int, error) {
	pids := s.tree.workers(s.gateway.cmd.Process.Pid)
	if len(pids) == 0 {
		return 0, errors.New("there is no worker process")
	}
	return pids[len(pids)-1], nil
}
