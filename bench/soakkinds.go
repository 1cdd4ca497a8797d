package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

// kind is a kind of fault.
type kind struct {
	name string
	run  func()
}

// kinds are those that are chosen from.
func (s *soak) kinds(random *rand.Rand) (chosen []kind) {
	all := []kind{
		{"kill of the worker", s.killWorker}, {"recycle", s.recycle}, {"spin", s.spin},
		{"leak", s.leak}, {"quarantine", s.quarantine},
	}
	for _, how := range []string{"segv", "abort", "exit", "stack", "thread"} {
		all = append(all, kind{"crash: " + how, func() { s.crash(how) }})
	}
	if s.o.isolated > 0 {
		all = append(all, kind{"kill of an isolated process", func() { s.killIsolated(random) }})
		for _, how := range []string{"segv", "exit", "stack", "leak"} {
			all = append(all, kind{"isolated: " + how, func() { s.crashIsolated(how) }})
		}
	}
	for _, one := range all {
		if strings.Contains(one.name, s.o.fault) {
			chosen = append(chosen, one)
		}
	}
	return chosen
}

// crash has a handler end the worker.
func (s *soak) crash(how string) {
	s.blamed("crash: "+how, aRequestEach, faultyInWorker, func() error {
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/"+how)
		if err == nil {
			return fmt.Errorf("it answered %d %q", r.status, r.body)
		}
		return s.backAgain(get("/c-static"))
	})
}

// crashIsolated has a handler end the process that only it is in. A leak may
// take longer than the request has.
func (s *soak) crashIsolated(how string) {
	s.blamed("isolated: "+how, itsOwnRequests, faultyInProcess, func() error {
		r, err := askFresh(s.gateway.address, "/"+faultyInProcess+"/"+how)
		if err == nil && r.status != 502 && (how != "leak" || r.status != 504) {
			err = fmt.Errorf("it answered %d %q", r.status, r.body)
		}
		return err
	})
}

// quarantine has the worker crash until that is too often.
func (s *soak) quarantine() {
	for again := true; again && s.wait(0); again = len(s.blames[faultyInWorker]) > 0 {
		s.crash("segv")
	}
}

// killWorker ends the worker as nothing can that is in it.
func (s *soak) killWorker() {
	s.during("kill of the worker", aRequestEach, "", func() error {
		pid, err := s.worker()
		if err != nil {
			return err
		}
		if err := kill(pid); err != nil {
			return err
		}
		return errors.Join(s.gone(pid), s.backAgain(get("/c-static")))
	})
}

func kill(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Kill()
}

// recycle has another worker take over.
func (s *soak) recycle() {
	s.during("recycle", nothing, "", func() error {
		pid, err := s.worker()
		if err == nil {
			err = s.command(nil, "recycle")
		}
		return errors.Join(err, s.gone(pid))
	})
}

// spin has a call go on past its deadline.
func (s *soak) spin() {
	s.during("spin", nothing, "", func() error {
		begin := time.Now()
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/spin")
		took := time.Since(begin)
		if err == nil && (r.status != 504 || took < faultyTimeout || took > faultyTimeout+faultyTimeout/4) {
			err = fmt.Errorf("it answered %d after %v", r.status, took)
		}
		time.Sleep(faultySpin - took) // until the call has come back
		return errors.Join(err, s.backAgain(get("/"+faultyInWorker+"/none")))
	})
}

// leak has the worker take memory, until another one takes over.
func (s *soak) leak() {
	s.during("leak", nothing, "", func() error {
		pid, err := s.worker()
		if err != nil {
			return err
		}
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/leak")
		if err == nil && r.status != 504 {
			err = fmt.Errorf("it answered %d", r.status)
		}
		return errors.Join(err, s.gone(pid))
	})
}

// killIsolated ends the process of an isolated endpoint from outside, for which
// that is blamed all the same: it may have been the kernel, for lack of memory.
func (s *soak) killIsolated(random *rand.Rand) {
	var those []*soaked
	for _, e := range s.endpoints {
		if e.isolated && s.recently(e.name)+1 < often {
			those = append(those, e)
		}
	}
	if len(those) == 0 {
		return
	}
	e := those[random.IntN(len(those))]
	s.during("kill of an isolated process", itsOwnRequests, e.name, func() error {
		state, err := s.stateOf(e.name)
		if err == nil && (state.Placement == nil || state.Placement.Process == nil || state.Placement.Process.Pid == 0) {
			err = fmt.Errorf("%s has no process of its own", e.name)
		}
		if err == nil {
			s.blames[e.name] = append(s.blames[e.name], time.Now())
			err = kill(state.Placement.Process.Pid)
		}
		if err != nil {
			return err
		}
		scratch := &slot{number: -1, random: random, accounts: newAccounts(s.endpoints), answers: map[string]int{}}
		request, _ := e.ask(scratch, e)
		return s.backAgain(request)
	})
}
