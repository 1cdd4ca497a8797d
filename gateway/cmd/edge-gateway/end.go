package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// endings tells of the signals that end the program. The first ends the first
// context: no more is accepted, and what is in flight finishes. The second ends
// the second: what is in flight is given up. A third is left to the system,
// which ends the process as it is.
func endings(ctx context.Context) (end, cut context.Context, stop func()) {
	end, finish := context.WithCancel(ctx)
	cut, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	done := make(chan struct{})
	go func() {
		defer signal.Stop(signals)
		for _, act := range []func(){finish, giveUp} {
			select {
			case <-signals:
				act()
			case <-done:
				return
			}
		}
	}()
	return end, cut, sync.OnceFunc(func() {
		close(done)
		finish()
		giveUp()
	})
}

// drain shuts what serves down, so that Serve returns, or leaves it to another
// program.
func (s *server) drain() error {
	if s.leaving {
		err := s.leave()
		if err == nil {
			return nil
		}
		logger().Error("the program is not replaced, but ended", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.file.Server.DrainTimeout)
	defer cancel()
	stop := context.AfterFunc(s.cut, func() {
		s.logLeft("a second signal cuts the drain short: requests in flight are given up")
		cancel()
	})
	err := s.worker.Shutdown(ctx)
	if stop() || err == nil {
		return err
	}
	s.logLeft("left behind")
	return fmt.Errorf("the drain was cut short by a second signal: %w", err)
}

// logLeft names the endpoints that still have something in flight.
func (s *server) logLeft(what string) {
	for _, e := range s.worker.Report().Endpoints {
		if e.InFlight+e.Stuck > 0 {
			logger().Warn(what, "endpoint", e.Name, "in_flight", e.InFlight, "native", e.Native, "stuck", e.Stuck)
		}
	}
}
