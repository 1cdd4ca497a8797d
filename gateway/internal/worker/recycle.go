package worker

import (
	"context"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Recycle has another worker process serve: when it accepts, the old one stops
// to, and finishes what it has. No request is lost. An error leaves the old one
// as it is. The process ids of both are returned.
func (s *Supervisor) Recycle(ctx context.Context) (before, after int, err error) {
	old, release, err := s.take(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer release()
	c, err := s.replace(ctx, old, s.remaining())
	if err != nil {
		return 0, 0, model.Errorf(model.Unavailable, "the new worker process does not serve, the old one goes on: %w", err)
	}
	before, after = old.cmd.Process.Pid, c.cmd.Process.Pid
	s.log.Info("a new worker process serves; the old one drains", "pid", after, "old", before)
	return before, after, nil
}

// replace has a new worker serve a snapshot in the place of the old one, which
// drains. The caller has the turn.
func (s *Supervisor) replace(ctx context.Context, old *child, what gateway.Snapshot) (*child, error) {
	c, err := s.launch(ctx, what)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.up == old { // else it has crashed meanwhile
		s.drains = append(s.drains, old)
	}
	s.put(c)
	s.mu.Unlock()
	old.drain(s.opts.DrainTimeout)
	// A connection that is idle may bring one more request, and is closed then,
	// or when it has been idle for so long.
	s.quiet = time.Now().Add(s.opts.Gateway.IdleGrace + 500*time.Millisecond)
	return c, nil
}
