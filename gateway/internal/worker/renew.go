package worker

import (
	"context"
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// wear tells how long to wait before a worker that has passed a limit is
// replaced.
type wear struct{ wait time.Duration }

// A worker that passes a limit so soon after its start is replaced by one that
// may do so too: there is a wait between them, which grows. It ends early when
// the worker's memory goes on growing.
const (
	soon      = 10 * time.Second
	renewWait = time.Second
	renewMost = 5 * time.Minute

	// So many workers drain at most before another one is replaced by itself:
	// what they have must not add up.
	drainsMost = 2
)

// next is for a worker that has passed a limit at that age.
func (w *wear) next(age time.Duration) time.Duration {
	switch {
	case age > soon:
		w.wait = 0
	default:
		w.wait = min(max(2*w.wait, renewWait), renewMost)
	}
	return w.wait
}

// renew replaces a worker once it is worn. It ends with the worker's serving.
func (s *Supervisor) renew(c *child) {
	var reason string
	select {
	case reason = <-c.worn:
	case <-c.exited:
		return
	}
	s.mu.Lock()
	serves := s.up == c
	var age, wait time.Duration
	if serves {
		age = time.Since(c.served)
		wait = s.wear.next(age)
	}
	s.mu.Unlock()
	if !serves {
		return
	}
	if wait > 0 {
		s.log.Warn("the worker process passed a limit soon after its start, and the next one may do so too: it is replaced in a while",
			"pid", c.cmd.Process.Pid, "reason", reason, "age", age.Round(time.Millisecond).String(), "wait", wait.String())
	}
	for s.mayRenew(c, wait) {
		err := s.renewed(c, reason)
		if err == nil {
			return
		}
		if !errors.Is(err, gateway.ErrClosed) {
			s.log.Error("the worker process is to be replaced, and a new one does not serve: it is tried again", "pid", c.cmd.Process.Pid, "reason", reason, "error", err)
		}
		wait = min(max(2*wait, renewWait), renewMost)
	}
}

// mayRenew waits for so long, and until few enough workers drain; false if the
// worker does not serve any more.
func (s *Supervisor) mayRenew(c *child, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	waiting := true
	for {
		s.mu.Lock()
		serves, drains, change := s.up == c && !s.ending, len(s.drains), s.change
		s.mu.Unlock()
		if !serves {
			return false
		}
		if !waiting && drains < drainsMost {
			return true
		}
		select {
		case <-timer.C:
			waiting = false
		case <-c.worn:
			waiting = false
		case <-change:
		}
	}
}

// renewed replaces a worker, if it still serves.
func (s *Supervisor) renewed(c *child, reason string) error {
	up, release, err := s.take(context.Background())
	if err != nil {
		return err
	}
	defer release()
	if up != c {
		return nil
	}
	next, err := s.replace(context.Background(), c, s.remaining())
	if err != nil {
		return err
	}
	s.log.Warn("the worker process had passed a limit, and was replaced", "pid", next.cmd.Process.Pid, "old", c.cmd.Process.Pid, "reason", reason)
	return nil
}
