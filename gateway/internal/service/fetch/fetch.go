// Package fetch is the service eg.http/1: requests to other servers, in the
// words of abi/edge_gateway_http.h. Its one driver is net/http: it takes a
// context, so that a call ends with its request and closes its own connection
// alone; it shows the address at the moment of dialing, after the name has been
// resolved; and it reads answers strictly. fasthttp has none of the three. Only
// the transport of net/http is used; redirects and retries are decided here.
//
// A request runs on a goroutine of its own, since it may wait for its host:
// workers that wait would hold up the requests to all other hosts. What is
// under way is bounded for each host and for all of them together; see lanes.
package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Service sends requests. Its methods are safe for use from many goroutines.
type Service struct {
	name    string
	timeout time.Duration
	maxBody int64
	log     *slog.Logger
	client  *client
	lanes   *lanes
	stats   counters

	running sync.WaitGroup
	ctx     context.Context // over when what runs is cut short
	cut     context.CancelCauseFunc
}

// Open makes a service. It does not connect.
func Open(spec service.Spec, env service.Env) (service.Service, error) {
	client, err := newClient(spec)
	if err != nil {
		return nil, err
	}
	s := &Service{
		name: spec.Name, timeout: spec.Timeout, maxBody: spec.Options.Int("max_body"), log: env.Log, client: client,
		lanes: newLanes(spec.Workers, spec.Mailbox, int(spec.Options.Int("per_host"))),
	}
	s.ctx, s.cut = context.WithCancelCause(context.Background())
	return s, nil
}

// ID implements service.Service.
func (*Service) ID() string { return abi.HTTPID }

// Probe connects to every host that the allow-list names in full.
func (s *Service) Probe(ctx context.Context) error { return s.client.probe(ctx) }

// Stats tells what the service is doing. It shows no fault: a host that is down
// is no fault of the service's, which is there for the others.
func (s *Service) Stats() actor.Stats {
	stats := s.stats.read()
	stats.Waiting = s.lanes.waiting()
	stats.Connections = int(s.client.connections.Load())
	return stats
}

// Submit sends a request: done is called exactly once, from any goroutine,
// perhaps before Submit returns. It does not block. Nobody writes to what r points
// to any more. cancel says that nobody waits any more.
func (s *Service) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	now := time.Now()
	e, err := s.prepare(call, r)
	if err != nil {
		done(Result{}, err)
		return func() {}
	}
	deadline := now.Add(s.timeout)
	if r.Timeout > 0 && r.Timeout < s.timeout {
		deadline = now.Add(r.Timeout)
	}
	if !call.Deadline.IsZero() && call.Deadline.Before(deadline) {
		deadline = call.Deadline
	}
	lane, err := s.lanes.enter(e.url.Host, &s.running)
	if err != nil {
		if err == actor.ErrOverloaded {
			s.stats.overloaded.Add(1)
		}
		done(Result{}, err)
		return func() {}
	}
	ctx, stop := context.WithDeadline(s.ctx, deadline)
	go func() {
		defer s.running.Done()
		defer s.lanes.leave(lane)
		defer stop()
		result, err := s.run(ctx, lane, e)
		result.Elapsed = time.Since(now)
		s.stats.done(result.Elapsed, err)
		done(result, err)
	}()
	return stop
}

// run waits for its turn and sends the request.
func (s *Service) run(ctx context.Context, lane *lane, e *exchange) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.stats.panics.Add(1)
			s.log.Error("a request panicked", "service", s.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = actor.ErrPanic
		}
	}()
	if err := s.lanes.wait(ctx, lane); err != nil {
		return Result{}, ended(ctx)
	}
	defer s.lanes.free(lane)
	s.stats.busy.Add(1)
	defer s.stats.busy.Add(-1)
	return s.client.fetch(ctx, e)
}

// ended is why ctx is over, or nil. It knows it at the deadline, a moment before
// ctx itself does: the network's own timers may be as early.
func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// Close takes no more requests and waits for those that it has, or until ctx
// ends: then they fail.
func (s *Service) Close(ctx context.Context) error {
	s.lanes.close()
	all := make(chan struct{})
	go func() {
		s.running.Wait()
		close(all)
	}()
	defer s.client.transport.CloseIdleConnections()
	select {
	case <-all:
		s.cut(actor.ErrClosed)
		return nil
	case <-ctx.Done():
		err := fmt.Errorf("service %q: %d requests were still running: %w", s.name, s.stats.busy.Load(), ctx.Err())
		s.cut(actor.ErrClosed)
		<-all // soon: they have been told
		return err
	}
}
