package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// tell tells the service manager something, if there is one.
func (s *server) tell(what ...string) {
	if err := s.manager.Tell(what...); err != nil {
		logger().Warn("the service manager is not told", "error", err)
	}
}

// beat tells the service manager that the service is up, and again and again that
// it is well, if it wants to hear that, until ctx ends.
func (s *server) beat(ctx context.Context) {
	s.tell("READY=1", fmt.Sprintf("MAINPID=%d", os.Getpid()), "STATUS=serving "+s.sockets.http[0].Addr().String())
	within := s.manager.Watchdog()
	if within == 0 {
		return
	}
	every := within / 2
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.well(ctx, every); err == nil {
			s.tell("WATCHDOG=1")
		} else if ctx.Err() == nil {
			s.tell("STATUS=not well: " + err.Error())
			logger().Warn("the service manager is not told that all is well", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// well tells whether control and the worker do what they are asked.
func (s *server) well(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := s.control.Well(ctx); err != nil {
		return err
	}
	if supervisor, ok := s.worker.(*worker.Supervisor); ok {
		return supervisor.Well(ctx)
	}
	return nil
}
