package worker

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// leftOut is an endpoint, or a service, that a worker could not start with.
type leftOut struct {
	endpoint gateway.Endpoint
	service  string
	reason   string
}

// mind waits for the end of a worker, and starts another one if the end was not
// ordered.
func (s *Supervisor) mind(c *child) {
	defer func() { <-c.exited }()
	<-c.fallen
	s.mu.Lock()
	was := s.up == c
	if was {
		s.up, s.down = nil, time.Now()
		if c.ordered.Load() {
			s.final = c.final()
		}
	}
	s.drains = slices.DeleteFunc(s.drains, func(one *child) bool { return one == c })
	s.changed()
	s.mu.Unlock()
	banned := s.account(c).Banned
	if !was || c.ordered.Load() {
		return
	}
	select {
	case s.turn <- struct{}{}: // who had it has seen that the worker is gone
		defer func() { <-s.turn }()
		s.ban(banned)
	case <-s.quit:
		return
	}
	s.mu.Lock()
	replaced := s.up != nil
	s.mu.Unlock()
	if !replaced {
		s.restart(len(banned) > 0)
	}
}

// processEnded takes note of the end of an isolated endpoint's process, which its
// worker replaces by itself.
func (s *Supervisor) processEnded(e gateway.ProcessExit) {
	s.all.Go(func() {
		banned := s.opts.ProcessEnded(e)
		if len(banned) == 0 {
			return
		}
		select {
		case s.turn <- struct{}{}:
			s.ban(banned)
			<-s.turn
		case <-s.quit:
		}
	})
}

// restart starts workers until one serves, or none is to serve any more. The
// caller has the turn. cured tells that it is known what the last one died of,
// and that this is not served any more.
func (s *Supervisor) restart(cured bool) {
	began := time.Now()
	wait := s.crashes.Next(began)
	if cured {
		wait = 0
	}
	for {
		if wait > 0 {
			s.log.Warn("the worker process keeps ending; the next one is started in a moment", "wait", wait.String())
		}
		select {
		case <-s.quit:
			return
		case <-time.After(wait):
		}
		c, err := s.launch(context.Background(), s.remaining())
		if err == nil {
			s.mu.Lock()
			s.put(c)
			accepting := s.accepting
			s.mu.Unlock()
			if accepting {
				s.served()
			}
			s.log.Info("a worker process serves again", "pid", c.cmd.Process.Pid, "after", time.Since(began).Round(time.Millisecond).String())
			return
		}
		if s.leaveOut(err) {
			wait = 0 // it does better without
			continue
		}
		if !errors.Is(err, gateway.ErrClosed) {
			s.log.Error("no worker process can be started; it is tried again", "error", err)
		}
		wait = s.crashes.Next(time.Now())
	}
}

// remaining is what there is to serve of what is to be served. The caller has
// the turn.
func (s *Supervisor) remaining() gateway.Snapshot { return without(s.current, s.leftOut, s.banned) }

// launch has the standby serve a snapshot, or a worker that it starts.
// The caller has the turn.
func (s *Supervisor) launch(ctx context.Context, what gateway.Snapshot) (c *child, err error) {
	if c = s.takeStandby(); c == nil {
		if c, err = begin(s.files, s.opts); err != nil {
			return nil, err
		}
	}
	err = s.converge(ctx, c, what)
	s.mu.Lock()
	accepting := s.accepting
	s.mu.Unlock()
	if err == nil && accepting {
		_, err = c.ask(context.Background(), order{Accept: true}, true) // from here on it has requests
	}
	if err != nil {
		return nil, s.failed(ctx, c, err)
	}
	s.unclear = Library{}
	return c, nil
}

// failed ends a worker that could not be had to serve, and tells why. The caller
// has the turn.
func (s *Supervisor) failed(ctx context.Context, c *child, err error) error {
	gone := errors.Is(err, errGone)
	if !gone {
		c.drop() // there is nothing in it that could drain
	}
	<-c.fallen
	s.all.Go(func() { <-c.exited })
	select {
	case <-s.quit:
		return gateway.ErrClosed
	default:
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.ban(s.account(c).Banned)
	if !gone {
		return err
	}
	if at := c.exit.Loading; s.endedLoading(c) || at.Endpoint != "" && at == s.unclear {
		return loadError(c.exit) // or twice in a row at the same
	}
	s.unclear = c.exit.Loading
	return fmt.Errorf("it ended (%s) before it served", c.exit.Status)
}

// converge has a worker that serves nobody take a snapshot, unless ctx ends
// before that, or no worker is to be started any more.
func (s *Supervisor) converge(ctx context.Context, c *child, all gateway.Snapshot) error {
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-s.quit:
			c.kill()
		case <-ctx.Done():
			c.kill()
		case <-done:
		}
	})
	defer watch.Wait()
	defer close(done)
	return c.apply(context.Background(), all, s.opts.silence)
}

// leaveOut takes from what is to be served what an error of launch is about, and
// tells whether that is anything. The caller has the turn.
func (s *Supervisor) leaveOut(err error) (some bool) {
	for _, one := range wireErrors(err) {
		if slices.ContainsFunc(s.leftOut, func(l leftOut) bool { return l.endpoint.Name == one.Endpoint && l.service == one.Service }) {
			continue // it did not help
		}
		i := slices.IndexFunc(s.current.Endpoints, func(e gateway.Endpoint) bool { return e.Name == one.Endpoint })
		switch {
		case i >= 0:
			out := leftOut{endpoint: s.current.Endpoints[i], reason: one.Text}
			s.leftOut = append(s.leftOut, out)
			s.log.Error("the endpoint is not served any more", "endpoint", one.Endpoint, "error", one.Text)
			s.opts.LeftOut(out.endpoint, out.reason)
		case one.Service != "":
			s.leftOut = append(s.leftOut, leftOut{service: one.Service, reason: one.Text})
			s.log.Error("the service is not to be had any more", "service", one.Service, "error", one.Text)
			s.opts.LeftOutService(one.Service, one.Text)
		default:
			continue
		}
		some = true
	}
	return some
}

// without is a snapshot in which some endpoints have no version, and some
// services are inactive.
func without(all gateway.Snapshot, out []leftOut, banned []Banned) gateway.Snapshot {
	all.Endpoints = slices.Clone(all.Endpoints)
	for i := range all.Endpoints {
		e := &all.Endpoints[i]
		if slices.ContainsFunc(out, func(l leftOut) bool { return l.endpoint.Name == e.Name }) {
			e.Library, e.Canary = "", nil
		}
		for _, b := range banned {
			if b.Endpoint == e.Name && isVersion(e.Library, b.Version) {
				e.Library, e.Canary = "", nil
			}
			if b.Endpoint == e.Name && e.Canary != nil && isVersion(e.Canary.Library, b.Version) {
				e.Canary = nil
			}
		}
	}
	all.Services = slices.Clone(all.Services)
	for i := range all.Services {
		one := &all.Services[i]
		one.Inactive = one.Inactive || slices.ContainsFunc(out, func(l leftOut) bool { return l.service == one.Name })
	}
	return all
}

// isVersion tells whether a library is the one of a version, by the name under
// which it is kept.
func isVersion(library, version string) bool {
	return strings.TrimSuffix(filepath.Base(library), filepath.Ext(library)) == version
}

// faults tells of endpoints in a snapshot that were left out as they are:
// whoever makes the snapshot has not heard of it yet, or wants another try.
func (s *Supervisor) faults(next gateway.Snapshot) error {
	var errs []wireError
	for _, out := range s.leftOut {
		if slices.ContainsFunc(next.Endpoints, func(e gateway.Endpoint) bool {
			return e.Name == out.endpoint.Name && e.Library == out.endpoint.Library && sameCanary(e.Canary, out.endpoint.Canary)
		}) {
			errs = append(errs, wireError{Endpoint: out.endpoint.Name, Text: out.reason})
		}
	}
	return join(errs)
}

func sameCanary(a, b *gateway.Canary) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Library == b.Library
}
