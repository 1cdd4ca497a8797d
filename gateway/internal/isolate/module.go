package isolate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/process"
)

// Module is a library in a process of its own, and in the next one when that
// has ended. It is a registry.Module whose requests are all completed later.
//
// A request costs it one atomic load. Only while there is no process it takes a
// lock. One goroutine minds the processes, from Start to Shutdown.
type Module struct {
	opts Options
	log  *slog.Logger
	copy string // of the library, that all its processes open

	// live is the process that requests go to; nil while there is none. It is
	// changed under mu, and set to nil before the process's end of the link is:
	// who finds that it is gone finds it gone here too.
	live atomic.Pointer[child]

	newest atomic.Pointer[abi.Remote] // of the last process that was live

	life context.Context // until Shutdown
	end  context.CancelFunc
	all  sync.WaitGroup

	mu       sync.Mutex // guards what follows
	queue    []waiting
	refusing bool // requests do not wait
	restarts int64
	bounds   []string
}

// Start runs a library in a process of its own. An error is about the library,
// as that of [abi.Start] would be, or about the process.
func Start(ctx context.Context, o Options) (*Module, error) {
	if !supported {
		return nil, ErrUnsupported
	}
	if !ready {
		return nil, errors.New("a handler in a process of its own: the program has not called gateway.Main")
	}
	o.setDefaults()
	m := &Module{opts: o, log: o.Log.With("endpoint", o.Endpoint, "version", o.Digest[:min(12, len(o.Digest))])}
	var err error
	if m.copy, err = abi.Copy(o.Library, o.Instances); err != nil {
		return nil, err
	}
	m.life, m.end = context.WithCancel(context.Background())
	first, err := m.launch(ctx)
	if err != nil {
		m.end()
		_ = os.Remove(m.copy)
		return nil, err
	}
	m.put(first)
	m.all.Go(func() { m.mind(first) })
	return m, nil
}

// Enter hands a request to the process.
func (m *Module) Enter(f *abi.Frame) abi.Status {
	for {
		if c := m.live.Load(); c != nil {
			status, err := c.remote.Enter(f)
			if err == nil {
				return status
			}
			if !errors.Is(err, abi.ErrGone) {
				return statusOf(err)
			}
		}
		if status, done := m.wait(f); done {
			return status
		}
	}
}

// statusOf is why a request did not get to the process.
func statusOf(err error) abi.Status {
	var status abi.Status
	switch {
	case errors.As(err, &status):
		return status
	case errors.Is(err, abi.ErrMemory), errors.Is(err, abi.ErrBacklog):
		return abi.ErrOverloaded
	}
	return abi.ErrInternal
}

// Resume is for who has a suspended request; here they all wait in the process.
func (m *Module) Resume(*abi.Frame, abi.Status) abi.Status { return abi.ErrInternal }

// Operations: likewise.
func (m *Module) Operations(*abi.Frame, time.Time) (*abi.Operations, error) {
	return nil, errors.New("the operations of an isolated handler are run elsewhere")
}

// Release gives back what the answer lies in.
func (m *Module) Release(f *abi.Frame) { m.newest.Load().Release(f) }

// Cancel tells the handler that nobody waits for a request any more. One that
// still waits for a process is over.
func (m *Module) Cancel(token uint64) {
	if m.leave(token) {
		return
	}
	if c := m.live.Load(); c != nil {
		c.remote.Cancel(token)
	}
}

// Shutdown runs the handler's handler_shutdown, and ends the process.
func (m *Module) Shutdown() {
	m.end()
	m.all.Wait()
	_ = os.Remove(m.copy)
}

// Unload tells that the code is gone: its process is.
func (m *Module) Unload() (gone bool, err error) { return true, nil }

// State tells what the process is doing.
func (m *Module) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := State{Restarts: m.restarts, Bounds: m.bounds}
	if c := m.live.Load(); c != nil {
		s.Pid, s.Started, s.Memory = c.pid(), c.started, c.memory()
	}
	return s
}

// mind waits for the end of a process, and starts the next, until Shutdown.
func (m *Module) mind(c *child) {
	var backoff process.Backoff
	for {
		select {
		case <-c.exited:
		case <-m.life.Done():
			c.shutdown()
			if exit := c.exit; !c.well() {
				m.log.Warn("a handler's process did not end as ordered", "pid", exit.Pid, "status", exit.Status, "hung", exit.Hung)
				m.opts.Ended(exit)
			}
			return
		}
		m.account(c)
		if c = m.restart(&backoff); c == nil {
			return
		}
	}
}

// account takes note of an end that nobody ordered.
func (m *Module) account(c *child) {
	e := c.exit
	m.log.Warn("a handler's process has ended, and nobody had ordered that", "pid", e.Pid, "status", e.Status, "hung", e.Hung, "lost", e.Lost)
	m.opts.Ended(e)
}

// patience is how long requests wait for the next process; if it takes longer
// they are turned away.
const patience = time.Second

// restart starts processes until one serves; nil if Shutdown comes first.
func (m *Module) restart(backoff *process.Backoff) *child {
	began := time.Now()
	impatient := time.AfterFunc(patience, m.refuse) // a launch may hang
	defer impatient.Stop()
	for {
		wait := backoff.Next(time.Now())
		if wait > 0 {
			m.log.Warn("a handler's process keeps ending; the next one is started in a moment", "wait", wait.String())
		}
		if wait > patience {
			m.refuse()
		}
		select {
		case <-m.life.Done():
			m.refuse()
			return nil
		case <-time.After(wait):
		}
		c, err := m.launch(m.life)
		if err == nil {
			m.mu.Lock()
			m.restarts++
			m.mu.Unlock()
			impatient.Stop()
			m.put(c)
			m.log.Info("a handler's process serves again", "pid", c.pid(), "after", time.Since(began).Round(100*time.Microsecond).String())
			return c
		}
		m.refuse()
		if m.life.Err() != nil {
			return nil
		}
		var died *diedError
		if errors.As(err, &died) {
			m.opts.Ended(died.exit)
		}
		m.log.Error("a handler's process cannot be started again; requests are answered 503, and it is tried again", "error", err)
	}
}

// diedError tells of a process that ended while it was to start.
type diedError struct {
	exit  Exit
	doing string
}

func (e *diedError) Error() string {
	how := e.exit.Status
	if said, _, _ := bytes.Cut(e.exit.Output, []byte("\n")); len(said) > 0 {
		how += "; " + string(said)
	}
	return fmt.Sprintf("its process ended (%s) %s", how, e.doing)
}
