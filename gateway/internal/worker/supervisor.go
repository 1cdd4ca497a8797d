package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// Supervisor has a worker process serve, another one whenever that ends, and
// tells it what: it is the worker of a control plane. Its methods are safe for
// use from many goroutines.
type Supervisor struct {
	opts  Options
	log   *slog.Logger
	files []*os.File // what workers inherit of the listeners

	// turn has room for the one that changes what the worker serves, or which
	// worker serves.
	turn chan struct{}
	quit chan struct{} // closed when no worker is to be started any more
	all  sync.WaitGroup

	// Of who has the turn.
	current gateway.Snapshot // what is to be served
	leftOut []leftOut        // of that, what is not
	banned  []Banned         // likewise
	crashes process.Backoff
	unclear Library   // was being loaded when the last launch failed, and nobody knows why
	quiet   time.Time // from when on no request enters a worker that drains

	mu        sync.Mutex
	change    chan struct{} // closed, and replaced, when one of these changes:
	up        *child        // that serves what is to be served; nil while there is none
	ending    bool
	drains    []*child // replaced, and not yet at their end
	standby   *child   // nil while there is none
	left      []*predecessor
	retired   bool // those drain, and it was told that a worker accepts
	accepting bool
	down      time.Time       // when there was no worker any more
	final     *gateway.Report // after Shutdown
	wear      wear
}

// New starts a worker that serves nothing yet. The caller has locked the data
// directory.
func New(o Options) (*Supervisor, error) {
	o.setDefaults()
	s := &Supervisor{
		opts: o, log: o.Log, turn: make(chan struct{}, 1), quit: make(chan struct{}),
		change: make(chan struct{}), down: time.Now(),
	}
	s.opts.processEnded = s.processEnded
	var err error
	if s.opts.Gateway.Dir, err = filepath.Abs(o.Gateway.Dir); err != nil {
		return nil, err
	}
	if s.files, err = inheritable(o.Listeners); err != nil {
		return nil, err
	}
	first, err := begin(s.files, s.opts)
	if err != nil {
		s.closeListeners()
		return nil, err
	}
	if err := first.apply(context.Background(), gateway.Snapshot{}, s.opts.silence); err != nil {
		first.kill()
		<-first.exited
		s.closeListeners()
		return nil, fmt.Errorf("the worker process does not start (%s): %w", first.exit.Status, err)
	}
	s.log.Info("a worker process was started", "pid", first.cmd.Process.Pid)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.adopt(o.Left); err != nil {
		first.kill()
		s.closeListeners()
		return nil, err
	}
	s.put(first)
	if o.Standby {
		s.all.Go(s.keepStandby)
	}
	return s, nil
}

// put makes a worker the one that serves; nil for none. s.mu is held.
func (s *Supervisor) put(c *child) {
	if s.up = c; c == nil {
		s.down = time.Now()
	} else {
		c.served = time.Now()
		s.all.Go(func() { s.mind(c) })
		s.all.Go(func() { s.renew(c) })
	}
	s.changed()
}

// changed wakes who waits for a change. s.mu is held.
func (s *Supervisor) changed() {
	close(s.change)
	s.change = make(chan struct{})
}

// restartMost is how long a change waits for a worker that is being restarted.
const restartMost = 30 * time.Second

// take waits for a worker, and has the turn then.
func (s *Supervisor) take(ctx context.Context) (c *child, release func(), err error) {
	patience := time.NewTimer(restartMost)
	defer patience.Stop()
	for {
		s.mu.Lock()
		up, ending, change := s.up, s.ending, s.change
		s.mu.Unlock()
		turn := s.turn
		switch {
		case ending:
			return nil, nil, gateway.ErrClosed
		case up == nil:
			turn = nil
		default:
			patience.Reset(restartMost) // there is one, and only its turn to wait for
		}
		select {
		case turn <- struct{}{}:
			s.mu.Lock()
			same := s.up == up && !s.ending
			s.mu.Unlock()
			if same {
				return up, func() { <-s.turn }, nil
			}
			<-s.turn
		case <-change:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-patience.C:
			if up != nil {
				continue
			}
			return nil, nil, model.Errorf(model.Unavailable, "the worker process is being restarted, and takes no change yet: try again later")
		}
	}
}

// Apply makes next what is served, or changes nothing; see [gateway.Gateway.Apply].
// When the worker ends meanwhile, the next one serves what was served before.
func (s *Supervisor) Apply(ctx context.Context, next gateway.Snapshot) error {
	for _, e := range next.Endpoints {
		if e.Handler != nil {
			return &gateway.EndpointError{Endpoint: e.Name, Err: errors.New("a function of this program cannot answer from another process")}
		}
	}
	c, release, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.faults(next); err != nil {
		return err
	}
	if err := s.untilQuiet(ctx); err != nil {
		return err
	}
	banned := stillBanned(next, s.banned)
	what := without(next, nil, banned)
	if err := s.applyStandby(ctx, c, what); err != nil {
		return err
	}
	switch err := c.apply(ctx, what, s.opts.silence); {
	case err == nil:
	case errors.Is(err, errGone):
		return s.died(c)
	case errors.Is(err, abi.ErrGoFull):
		// A worker that has loaded fewer Go libraries so far may take it.
		fresh, err := s.replace(ctx, c, what)
		if err != nil {
			s.revertStandby()
			return err
		}
		s.log.Info("the worker process could take no more Go libraries, and was replaced", "pid", fresh.cmd.Process.Pid, "old", c.cmd.Process.Pid)
		s.current, s.leftOut, s.banned = next, nil, banned
		return s.untilQuiet(context.WithoutCancel(ctx))
	default:
		s.revertStandby()
		return err
	}
	s.current, s.leftOut, s.banned = next, nil, banned
	return nil
}

// untilQuiet waits until no request can enter a worker that drains, and that
// takes no change any more. The caller has the turn.
func (s *Supervisor) untilQuiet(ctx context.Context) error {
	timer := time.NewTimer(time.Until(s.quiet))
	defer timer.Stop()
	for {
		s.mu.Lock()
		quiet, change := len(s.drains)+len(s.left) == 0 || s.ending, s.change
		s.mu.Unlock()
		if quiet {
			return nil
		}
		select {
		case <-timer.C:
			return nil
		case <-change:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Report tells what the worker is doing. A report without endpoints tells that
// there is none.
func (s *Supervisor) Report() gateway.Report {
	s.mu.Lock()
	c, down, final := s.up, s.down, s.final
	s.mu.Unlock()
	if c != nil {
		if r, ok := c.report(); ok {
			return r
		}
	}
	if final != nil {
		return *final
	}
	return gateway.Report{Started: down}
}

// TestService reaches the backend of a service; see [gateway.Gateway.TestService].
func (s *Supervisor) TestService(ctx context.Context, one gateway.Service) (time.Duration, error) {
	s.mu.Lock()
	c := s.up
	s.mu.Unlock()
	if c == nil {
		return 0, model.Errorf(model.Unavailable, "%s", restarting)
	}
	n, err := c.ask(ctx, order{Test: &one}, false)
	if errors.Is(err, errGone) {
		return 0, model.Errorf(model.Unavailable, "the worker process ended while it tested the service: try again")
	}
	if err != nil {
		return 0, err
	}
	return n.Took, join(n.Errors)
}

const restarting = "the worker is being restarted"

// Missing tells why nothing is served; "" while something is.
func (s *Supervisor) Missing() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up == nil {
		return restarting
	}
	return ""
}

// Well tells whether there is a worker that answers.
func (s *Supervisor) Well(ctx context.Context) error {
	s.mu.Lock()
	c := s.up
	s.mu.Unlock()
	if c == nil {
		return errors.New(restarting)
	}
	if _, err := c.ask(ctx, order{Report: true}, false); err != nil {
		return fmt.Errorf("the worker process does not answer: %w", err)
	}
	return nil
}

// Pid is the worker's process id; 0 while there is none.
func (s *Supervisor) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.up == nil {
		return 0
	}
	return s.up.cmd.Process.Pid
}

// Serve has workers accept, from now on, until Shutdown.
func (s *Supervisor) Serve() error {
	c, release, err := s.take(context.Background())
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.accepting = true
	s.changed()
	s.mu.Unlock()
	_, err = c.ask(context.Background(), order{Accept: true}, true)
	if err == nil {
		s.served()
	}
	release()
	if err != nil && !errors.Is(err, errGone) { // the next one accepts
		return err
	}
	<-s.quit
	return gateway.ErrClosed
}

// Shutdown has the worker drain, as [gateway.Gateway.Shutdown] does, and ends all
// workers.
func (s *Supervisor) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.ending {
		s.mu.Unlock()
		return nil
	}
	s.ending = true
	close(s.quit)
	s.changed()
	s.mu.Unlock()
	select {
	case s.turn <- struct{}{}: // who starts a worker has given up
		defer func() { <-s.turn }()
	case <-ctx.Done(): // who has a worker take a change hangs with it, and starts none
	}
	s.closeListeners() // or who comes now would wait for nobody
	s.mu.Lock()
	left := slices.Clone(s.drains)
	var serving []*child
	for _, c := range []*child{s.up, s.standby} {
		if c != nil {
			serving = append(serving, c)
		}
	}
	s.mu.Unlock()
	limit := s.opts.DrainTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = time.Until(end)
	}
	for _, c := range serving {
		c.drain(limit)
	}
	var errs []error
	for _, c := range append(left, serving...) {
		errs = append(errs, c.finish(ctx))
	}
	errs = append(errs, s.finishLeft(ctx))
	s.all.Wait()
	return errors.Join(errs...)
}

// closeListeners closes control's copies.
func (s *Supervisor) closeListeners() {
	for _, f := range s.files {
		_ = f.Close()
	}
	for _, ln := range s.opts.Listeners {
		_ = ln.Close()
	}
}

// finish waits for the end of a worker that drains. When ctx ends, it gives up
// what is in flight, and what it cannot give up is given up by killing it.
func (c *child) finish(ctx context.Context) error {
	select {
	case <-c.exited:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) { // else it knows by itself
			c.send(order{Cut: true})
		}
		patience := time.NewTimer(cutMost)
		defer patience.Stop()
		select {
		case <-c.exited:
		case <-patience.C:
			c.kill()
			<-c.exited
		}
	}
	if c.drained == nil {
		return fmt.Errorf("the worker process ended (%s) before it had drained", c.exit.Status)
	}
	return join(c.drained.Errors)
}

// cutMost is how long a worker may take to give up what is in flight.
const cutMost = 15 * time.Second
