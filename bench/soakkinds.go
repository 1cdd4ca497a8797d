package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"
)

// crash has a handler end the worker.
func (s *soak) crash(how string) error {
	before, err := s.lastCrash()
	if err != nil {
		return err
	}
	err = s.during("crash: "+how, aRequestEach, faultyInWorker, func() error {
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/"+how)
		if err == nil {
			return fmt.Errorf("it answered %d %q", r.status, r.body)
		}
		return s.backAgain("/c-static", "", backWithin)
	})
	if err != nil {
		return err
	}
	f := s.faults[len(s.faults)-1]
	report, err := s.crashAfter(before.ID)
	if err != nil {
		f.err = errors.Join(f.err, err)
		return nil
	}
	if report.Endpoint != faultyInWorker {
		f.err = errors.Join(f.err, fmt.Errorf("the report blames %q: %+v", report.Endpoint, report))
	}
	s.blames = append(s.blames, f.begin)
	return s.liftQuarantine(f)
}

// often and oftenWithin are how many crashes bring a version into quarantine.
const (
	often       = 3
	oftenWithin = time.Minute
)

// liftQuarantine checks that the version with the crashes is in quarantine if,
// and only if, it was once too often, and gives it another try then.
func (s *soak) liftQuarantine(f *fault) error {
	recent := 0
	for _, at := range s.blames {
		if time.Since(at) < oftenWithin {
			recent++
		}
	}
	if recent < often {
		if err := s.backAgain("/"+faultyInWorker+"/none", alive, backWithin); err != nil {
			f.err = errors.Join(f.err, err)
		}
		return nil
	}
	err := s.during("quarantine", itsOwnForAWhile, faultyInWorker, func() error {
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/none")
		var wrong error
		if err != nil || r.status != 503 || !r.retryAfter {
			wrong = fmt.Errorf("in quarantine it answers %d %q (%v)", r.status, r.body, err)
		}
		is, err := s.inQuarantine()
		if err == nil {
			s.blames = nil
			_, err = s.deploy("versions", faultyInWorker, "--deploy", is)
		}
		if err == nil {
			err = s.backAgain("/"+faultyInWorker+"/none", alive, backWithin)
		}
		return errors.Join(wrong, err)
	})
	s.faults[len(s.faults)-1].begin = f.begin // the next worker serves it no more
	return err
}

// inQuarantine waits until the record of it is there.
func (s *soak) inQuarantine() (version string, err error) {
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		state, err := s.stateOf(faultyInWorker)
		if err != nil {
			return "", err
		}
		if len(state.Quarantine) == 1 {
			return state.Quarantine[0].Version, nil
		}
	}
	return "", errors.New("the version with the crashes is not in quarantine")
}

// quarantine has the worker crash until that is too often.
func (s *soak) quarantine() error {
	for range often {
		if err := s.crash("segv"); err != nil || s.blames == nil || !s.wait(0) {
			return err
		}
	}
	return nil
}

// killWorker ends the worker as nothing can that is in it.
func (s *soak) killWorker() error {
	return s.during("kill of the worker", aRequestEach, "", func() error {
		pid, err := s.worker()
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		if err := s.anotherWorker(pid); err != nil {
			return err
		}
		return s.backAgain("/c-static", "", backWithin)
	})
}

// anotherWorker waits until there is one in place of the one that was killed.
func (s *soak) anotherWorker(than int) error {
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if pid, err := s.worker(); err == nil && pid != than {
			return nil
		}
	}
	return errors.New("there is no other worker")
}

// recycle has another worker take over.
func (s *soak) recycle() error {
	return s.during("recycle", nothing, "", func() error {
		return s.command(nil, "recycle")
	})
}

// spin has a call go on past its deadline.
func (s *soak) spin() error {
	return s.during("spin", nothing, "", func() error {
		begin := time.Now()
		r, err := askFresh(s.gateway.address, "/"+faultyInWorker+"/spin")
		took := time.Since(begin)
		if err == nil && (r.status != 504 || took < faultyTimeout || took > faultyTimeout+faultyTimeout/2) {
			err = fmt.Errorf("it answered %d after %v", r.status, took)
		}
		time.Sleep(2500*time.Millisecond - took) // until the call has come back
		return errors.Join(err, s.backAgain("/"+faultyInWorker+"/none", alive, backWithin))
	})
}

// crashIsolated has a handler end the process that only it is in.
func (s *soak) crashIsolated(how string) error {
	return s.during("isolated: "+how, itsOwnRequests, faultyInProcess, func() error {
		pid, err := s.worker()
		if err != nil {
			return err
		}
		r, err := askFresh(s.gateway.address, "/"+faultyInProcess+"/"+how)
		if err == nil && r.status != 502 {
			err = fmt.Errorf("it answered %d %q", r.status, r.body)
		}
		now, gone := s.worker()
		if gone == nil && now != pid {
			gone = errors.New("the worker ended as well")
		}
		return errors.Join(err, gone, s.backAgain("/"+faultyInProcess+"/none", alive, backWithin))
	})
}

// killIsolated ends the process of an isolated endpoint from outside.
func (s *soak) killIsolated(random *rand.Rand) error {
	var those []*soaked
	for _, e := range s.endpoints {
		if e.isolated {
			those = append(those, e)
		}
	}
	e := those[random.IntN(len(those))]
	return s.during("kill of an isolated process", itsOwnRequests, e.name, func() error {
		state, err := s.stateOf(e.name)
		if err == nil && (state.Placement == nil || state.Placement.Process == nil || state.Placement.Process.Pid == 0) {
			err = fmt.Errorf("%s has no process of its own", e.name)
		}
		if err == nil {
			err = syscall.Kill(state.Placement.Process.Pid, syscall.SIGKILL)
		}
		if err != nil {
			return err
		}
		scratch := &slot{number: -1, random: random, accounts: newAccounts(s.endpoints), answers: map[string]int{}}
		request, _ := e.ask(scratch, e)
		return s.untilRight(request)
	})
}

// untilRight waits until a request is answered with 200.
func (s *soak) untilRight(request string) error {
	var last error
	for deadline := time.Now().Add(backWithin); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w, err := dialWire(s.gateway.address)
		if err != nil {
			return err
		}
		r, err := w.do([]byte(request))
		w.close()
		if err == nil && r.status == 200 {
			return nil
		}
		last = fmt.Errorf("it answered %d (%v)", r.status, err)
	}
	return last
}
