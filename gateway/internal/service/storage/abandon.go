package storage

import (
	"context"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// abandon has an upload given up by a worker, later. It does not block.
func (s *Service) abandon(u *upload) {
	if !s.leaveToReaper(u) {
		u.end() // Close was cut short: what it holds stays until the process ends
	}
}

func (s *Service) leaveToReaper(u *upload) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.gone:
		return false
	default:
	}
	s.abandoned = append(s.abandoned, u)
	if !s.reaping {
		s.reaping = true
		s.reaper.Go(s.reap)
	}
	return true
}

// reap gives up what was abandoned, one upload after the other, with the
// workers' connections. It ends when there is nothing left, or with Close.
func (s *Service) reap() {
	for {
		s.mu.Lock()
		if len(s.abandoned) == 0 {
			s.reaping = false
			s.mu.Unlock()
			return
		}
		u := s.abandoned[0]
		s.abandoned = s.abandoned[1:]
		s.mu.Unlock()
		s.giveUp(u)
	}
}

const (
	abortTries = 8
	abortPause = 100 * time.Millisecond // doubled each time
)

func (s *Service) giveUp(u *upload) {
	var err error
	for try := range abortTries {
		if try > 0 {
			select {
			case <-time.After(abortPause << try):
			case <-s.gone:
			}
		}
		answer := make(chan error, 1)
		s.send(service.Call{}, func(_ Result, err error) { answer <- err }, func(ctx context.Context, c Conn) (Result, error) {
			select {
			case u.turn <- struct{}{}:
				defer func() { <-u.turn }()
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
			if u.list.find(u.id) == nil || u.driver == nil {
				return Result{}, nil
			}
			u.spoilt = true
			return Result{}, c.Abort(ctx, u.driver)
		})
		if err = <-answer; err == nil || service.ErrorOf(err).Status == abi.ErrClosing {
			break
		}
	}
	if err != nil {
		s.log.Warn("an upload that was given up may still take room at the backend", "service", s.name, "error", err)
	}
	u.end()
}
