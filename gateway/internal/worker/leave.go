package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/datadir"
	"github.com/edge-gateway/edge-gateway/gateway/internal/upgrade"
)

// Leave gives up the supervision of workers, which go on, for the program that
// this process becomes at once. Nothing else can be done with the supervisor
// afterwards.
func (s *Supervisor) Leave(ctx context.Context) (left []upgrade.Worker, err error) {
	select {
	case s.turn <- struct{}{}: // for good
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	if s.ending {
		s.mu.Unlock()
		return nil, gateway.ErrClosed
	}
	s.ending = true
	close(s.quit)
	s.changed()
	standby, workers := s.standby, slices.Clone(s.drains)
	if s.up != nil {
		workers = append(workers, s.up)
	}
	s.mu.Unlock()
	if standby != nil {
		standby.drop()
		<-standby.exited
	}
	for _, c := range workers {
		w := upgrade.Worker{Pid: c.cmd.Process.Pid}
		for _, one := range []struct {
			to *int
			of *os.File
		}{{&w.Orders, c.ends.conn}, {&w.Lines, c.ends.lines}, {&w.Printed, c.ends.printed}} {
			if *one.to, err = upgrade.Copy(one.of); err != nil {
				return nil, fmt.Errorf("leave worker %d: %w", w.Pid, err)
			}
		}
		left = append(left, w)
	}
	return left, nil
}

// predecessor is a worker process of the program that this process was before.
// It knows no orders but one: it drains when control is gone.
type predecessor struct {
	process *os.Process
	ended   chan struct{}
}

// adopt looks after what was left. s.mu is held.
func (s *Supervisor) adopt(left []upgrade.Worker) error {
	for _, one := range left {
		process, err := os.FindProcess(one.Pid)
		if err != nil {
			return fmt.Errorf("find worker %d of the program before: %w", one.Pid, err)
		}
		lines, err := upgrade.Duplicate(one.Lines, "lines")
		if err != nil {
			return err
		}
		printed, err := upgrade.Duplicate(one.Printed, "printed")
		if err != nil {
			_ = lines.Close()
			return err
		}
		p := &predecessor{process: process, ended: make(chan struct{})}
		s.left = append(s.left, p)
		go s.watchLeft(p, lines, printed)
	}
	return nil
}

// watchLeft hands on what a predecessor says, until its end.
func (s *Supervisor) watchLeft(p *predecessor, lines, printed *os.File) {
	var readers sync.WaitGroup
	readers.Go(func() { relay(lines, s.opts.Keep, s.opts.Print) })
	readers.Go(func() { _, _ = io.Copy(os.Stderr, printed) })
	state, err := p.process.Wait()
	until := time.Now().Add(stray)
	_ = lines.SetReadDeadline(until)
	_ = printed.SetReadDeadline(until)
	readers.Wait()
	_, _ = lines.Close(), printed.Close()
	datadir.Left(s.opts.Gateway.Dir, p.process.Pid)
	s.mu.Lock()
	s.left = slices.DeleteFunc(s.left, func(one *predecessor) bool { return one == p })
	s.changed()
	s.mu.Unlock()
	if err == nil {
		s.log.Info("a worker process of the program before has ended", "pid", p.process.Pid, "status", state.String())
	}
	close(p.ended)
}

// served is for when a worker accepts: if it is the first one, the predecessors
// are about to drain. The caller has the turn.
func (s *Supervisor) served() {
	s.mu.Lock()
	first := !s.retired
	s.retired = true
	if first && len(s.left) > 0 {
		s.quiet = time.Now().Add(s.opts.Gateway.IdleGrace + 500*time.Millisecond)
	}
	s.mu.Unlock()
	if first {
		s.opts.Serving()
	}
}

// finishLeft waits for the end of predecessors that drain, and ends them when ctx
// does. Those that do not drain are left to the program before.
func (s *Supervisor) finishLeft(ctx context.Context) (err error) {
	s.mu.Lock()
	left, retired := slices.Clone(s.left), s.retired
	s.mu.Unlock()
	if !retired {
		return nil
	}
	for _, p := range left {
		select {
		case <-p.ended:
		case <-ctx.Done():
			_ = p.process.Kill()
			<-p.ended
			err = errors.Join(err, fmt.Errorf("worker %d of the program before was killed before it had drained", p.process.Pid))
		}
	}
	return err
}
