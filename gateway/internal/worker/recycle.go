package worker

import (
	"context"
	"fmt"
)

// Recycle has another worker process serve: when it accepts, the old one stops
// to, and finishes what it has. No request is lost. An error leaves the old one
// as it is.
func (s *Supervisor) Recycle(ctx context.Context) error {
	old, release, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	c, err := s.launch(ctx)
	if err != nil {
		return fmt.Errorf("the new worker process does not serve, the old one goes on: %w", err)
	}
	s.mu.Lock()
	if s.up == old { // else it has crashed meanwhile
		s.drains = append(s.drains, old)
	}
	s.put(c)
	s.mu.Unlock()
	old.drain(s.opts.DrainTimeout)
	s.log.Info("a new worker process serves; the old one drains", "pid", c.cmd.Process.Pid, "old", old.cmd.Process.Pid)
	return nil
}
