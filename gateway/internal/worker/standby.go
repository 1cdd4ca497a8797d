package worker

import (
	"context"
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// A standby is a worker that has all loaded and does not accept. It is given
// each change before the worker that serves, so that it never lags behind what
// was acknowledged, and so that what does not get over being loaded ends the
// one that serves nobody. When the other one ends, it is given what is to be
// served then, which as a rule is what it has, and accepts.

// standbyRetry is how long after a standby could not be started the next one is
// tried. What crashes there each time is not quarantined for it, since it serves
// where it was loaded before.
const standbyRetry = 30 * time.Second

// keepStandby has one worker stand by, whenever there is none, until no worker
// is to be started any more.
func (s *Supervisor) keepStandby() {
	var starts process.Backoff
	for {
		s.mu.Lock()
		missing, change := s.accepting && s.up != nil && s.standby == nil, s.change
		s.mu.Unlock()
		if !missing {
			select {
			case <-change:
				continue
			case <-s.quit:
				return
			}
		}
		err := s.startStandby()
		wait := starts.Next(time.Now())
		if err != nil && !errors.Is(err, gateway.ErrClosed) {
			wait = standbyRetry
			s.log.Error("no worker process can stand by; it is tried again", "error", err, "wait", wait.String())
		}
		select {
		case <-s.quit:
			return
		case <-time.After(wait):
		}
	}
}

// startStandby starts a worker that has what is served loaded before it takes
// its turn, in which it is given what has changed meanwhile.
func (s *Supervisor) startStandby() error {
	select {
	case s.turn <- struct{}{}:
	case <-s.quit:
		return gateway.ErrClosed
	}
	now := s.remaining()
	c, err := begin(s.files, s.opts)
	<-s.turn
	if err != nil {
		return err
	}
	err = s.converge(context.Background(), c, now)
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-s.quit:
		return s.failed(context.Background(), c, gateway.ErrClosed)
	}
	if err == nil {
		err = s.converge(context.Background(), c, s.remaining())
	}
	if err == nil {
		err = s.setStandby(c)
	}
	if err != nil {
		return s.failed(context.Background(), c, err)
	}
	s.log.Info("a worker process stands by", "pid", c.cmd.Process.Pid)
	return nil
}

func (s *Supervisor) setStandby(c *child) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return gateway.ErrClosed
	}
	s.standby = c
	s.all.Go(func() { s.watchStandby(c) })
	return nil
}

// watchStandby waits for the end of a standby.
func (s *Supervisor) watchStandby(c *child) {
	defer func() { <-c.exited }()
	<-c.fallen
	s.mu.Lock()
	was := s.standby == c
	if was {
		s.standby = nil
		s.changed()
	}
	s.mu.Unlock()
	if !was {
		return // it serves, or did
	}
	banned := s.account(c).Banned
	select {
	case s.turn <- struct{}{}:
		s.ban(banned)
		<-s.turn
	case <-s.quit:
	}
}

// takeStandby makes the standby no standby any more. The caller has the turn.
func (s *Supervisor) takeStandby() *child {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.standby
	if c != nil {
		s.standby = nil
		s.changed()
	}
	return c
}

// applyStandby has the standby take a change, before up does. The caller has the
// turn.
func (s *Supervisor) applyStandby(ctx context.Context, up *child, next gateway.Snapshot) error {
	s.mu.Lock()
	c := s.standby
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-up.fallen: // the next worker is not to wait for what is loaded here
			c.drop()
		case <-done:
		}
	}()
	err := c.apply(ctx, next, s.opts.silence)
	switch {
	case errors.Is(err, abi.ErrGoFull): // another one may take it
		c.drop()
		return nil
	case !errors.Is(err, errGone):
		return err
	case c.dropped.Load():
		return s.died(up)
	case s.endedLoading(c):
		return s.died(c)
	}
	return nil // what it died of has nothing to do with the change
}

// revertStandby has the standby give a change up that up has refused. The caller
// has the turn.
func (s *Supervisor) revertStandby() {
	s.mu.Lock()
	c := s.standby
	s.mu.Unlock()
	if c != nil && c.apply(context.Background(), s.remaining(), s.opts.silence) != nil {
		c.drop()
	}
}
