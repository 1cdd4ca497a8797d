// Package actor runs the work on a backend: a bounded mailbox, and workers that
// own a connection each.
//
// The life of a message: Send puts it into the mailbox, or refuses it at once
// when that is full; a worker takes it, opens its connection if it has none,
// and runs it. Whatever happens, exactly one of Run and Fail is called, and
// Fail by its deadline at the latest if Run has not started.
//
// A worker whose message panics, or reports its connection broken, closes that
// connection and goes on with a new one: the mailbox and the other workers are
// not touched.
package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Errors that Fail is called with. Errors of Backend.Open are the other ones.
var (
	ErrOverloaded = errors.New("the service's queue is full")
	ErrDeadline   = errors.New("the time is up")
	ErrClosed     = errors.New("the service is being taken away")
	ErrPanic      = errors.New("the driver panicked")
)

// Kept marks an error of Run that is a fault of the backend, and shown as such,
// but leaves the connection good.
func Kept(err error) error { return kept{err} }

type kept struct{ error }

func (k kept) Unwrap() error { return k.error }

// Backend makes connections of one kind. Its methods are called by many
// workers at once, each for its own connection.
type Backend[C any] interface {
	// Open connects. It has to respect the context.
	Open(ctx context.Context) (C, error)
	// Close ends a connection, broken ones too. It must not block for long.
	Close(C)
}

// Options of an actor.
type Options struct {
	Name    string // of the service, for the log
	Workers int
	Mailbox int           // messages that wait
	Timeout time.Duration // of a message, from Send on
	Log     *slog.Logger
}

// Message is a piece of work.
type Message[C any] struct {
	// Deadline is the caller's; the actor's own timeout holds besides.
	Deadline time.Time
	// Run does the work and tells the outcome to whoever wants it. ctx ends at
	// the deadline or when the message is canceled. An error says that the
	// connection is broken and is to be closed, unless it is [Kept]; nil that
	// it is good.
	Run func(ctx context.Context, conn C) (broken error)
	// Fail is called in place of Run when that cannot be, and when Run has
	// panicked.
	Fail func(error)
	// Cut, unless nil, is called at most once, when ctx ends while Run has the
	// message: a driver may need longer to notice. The error is that of ctx.
	Cut func(error)
	// Long marks work that holds its worker for long, such as a transaction.
	// One worker never takes such a message, so that others always can run.
	Long bool
}

// Actor is a mailbox and its workers. Its methods are safe for use from many
// goroutines.
type Actor[C any] struct {
	backend Backend[C]
	opts    Options
	short   chan *envelope[C]
	long    chan *envelope[C]
	workers sync.WaitGroup
	stats   counters
	outage  outage

	mu     sync.RWMutex // held for reading while a message is put into a mailbox
	closed bool
}

// envelope is a message under way. Who moves its state on from waiting owns
// the message's end.
type envelope[C any] struct {
	Message[C]
	life  life // its context
	state atomic.Int32
	sent  time.Time
	stats *counters
}

const (
	waiting = iota
	running
	failed
)

// fail ends a message that has not started.
func (e *envelope[C]) fail(err error) bool {
	if !e.state.CompareAndSwap(waiting, failed) {
		return false
	}
	e.life.finish()
	e.Fail(err)
	return true
}

// over is called when the life ends before its work is done.
func (e *envelope[C]) over(err error) {
	switch {
	case e.state.CompareAndSwap(waiting, failed):
		if err == context.DeadlineExceeded {
			e.stats.deadlines.Add(1)
			err = ErrDeadline
		}
		e.Fail(err)
	case e.Cut != nil && e.state.Load() == running:
		e.Cut(err)
	}
}

// cancel gives the message up.
func (e *envelope[C]) cancel() { e.life.end(context.Canceled) }

// New starts an actor. Close ends it.
func New[C any](backend Backend[C], opts Options) *Actor[C] {
	a := &Actor[C]{
		backend: backend, opts: opts,
		short: make(chan *envelope[C], opts.Mailbox), long: make(chan *envelope[C], opts.Mailbox),
	}
	for n := range opts.Workers {
		long := a.long
		if n == 0 {
			long = nil // never chosen by select
		}
		a.workers.Go(func() { a.work(long) })
	}
	return a
}

// Send hands a message over. It never blocks; Fail may be called before it
// returns. The result cancels the message: its context ends, or it is failed
// with [context.Canceled] if it still waits.
func (a *Actor[C]) Send(m Message[C]) (cancel func()) {
	now := time.Now()
	deadline := now.Add(a.opts.Timeout)
	if !m.Deadline.IsZero() && m.Deadline.Before(deadline) {
		deadline = m.Deadline
	}
	e := &envelope[C]{Message: m, sent: now, stats: &a.stats}
	e.life.over = e.over
	if !deadline.After(now) {
		e.fail(ErrDeadline)
		return func() {}
	}
	e.life.begin(now, deadline)
	if err := a.post(e); err != nil {
		e.fail(err)
		return func() {}
	}
	return e.cancel
}

func (a *Actor[C]) post(e *envelope[C]) error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		return ErrClosed
	}
	box := a.short
	if e.Long {
		box = a.long
	}
	select {
	case box <- e:
		return nil
	default:
		a.stats.overloaded.Add(1)
		return ErrOverloaded
	}
}

// work is one worker. It ends when the mailboxes are closed and empty.
func (a *Actor[C]) work(long <-chan *envelope[C]) {
	w := worker[C]{actor: a}
	defer w.drop()
	short := (<-chan *envelope[C])(a.short)
	for short != nil || long != nil {
		if len(long) == 0 { // one channel is looked at faster than two
			select {
			case e, ok := <-short:
				if ok {
					w.serve(e)
					continue
				}
			default:
			}
		}
		select {
		case e, ok := <-short:
			if !ok {
				short = nil
				continue
			}
			w.serve(e)
		case e, ok := <-long:
			if !ok {
				long = nil
				continue
			}
			w.serve(e)
		}
	}
}

// worker owns a connection. It belongs to one goroutine.
type worker[C any] struct {
	actor *Actor[C]
	conn  C
	open  bool
}

// serve runs one message. A panic costs this message and this connection.
func (w *worker[C]) serve(e *envelope[C]) {
	if e.state.Load() != waiting {
		return // too late, or canceled
	}
	stats := &w.actor.stats
	stats.busy.Add(1)
	defer stats.busy.Add(-1)
	defer func() {
		if p := recover(); p != nil {
			stats.panics.Add(1)
			stats.errors.Add(1)
			stats.done(time.Since(e.sent))
			w.actor.opts.Log.Error("a driver panicked; its connection is closed", "service", w.actor.opts.Name,
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			w.drop()
			e.life.finish()
			if !e.fail(ErrPanic) && e.state.Load() == running {
				e.Fail(ErrPanic)
			}
		}
	}()
	if !w.open {
		conn, err := w.actor.backend.Open(&e.life)
		if err != nil {
			stats.fault(err)
			stats.done(time.Since(e.sent))
			w.actor.unreached(err)
			e.fail(err)
			return
		}
		w.actor.reached()
		w.conn, w.open = conn, true
		stats.connections.Add(1)
	}
	if !e.state.CompareAndSwap(waiting, running) {
		return
	}
	err := e.Run(&e.life, w.conn)
	e.life.finish()
	stats.done(time.Since(e.sent))
	switch _, keep := err.(kept); {
	case err == nil:
		stats.healthy()
	case keep:
		stats.fault(errors.Unwrap(err))
	default:
		stats.fault(err)
		w.drop()
	}
}

// drop closes the connection. A panic in it is nobody's answer any more.
func (w *worker[C]) drop() {
	if !w.open {
		return
	}
	conn := w.conn
	var none C
	w.conn, w.open = none, false
	w.actor.stats.connections.Add(-1)
	defer func() {
		if p := recover(); p != nil {
			w.actor.opts.Log.Error("a driver panicked while it closed a connection", "service", w.actor.opts.Name, "panic", fmt.Sprint(p))
		}
	}()
	w.actor.backend.Close(conn)
}

// Close takes no more messages and waits until those that it has are done, or
// until ctx ends: what still waits then fails, and what runs goes on alone.
func (a *Actor[C]) Close(ctx context.Context) error {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.short)
		close(a.long)
	}
	a.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		a.workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		for _, box := range []chan *envelope[C]{a.short, a.long} {
			for e := range box {
				e.fail(ErrClosed)
			}
		}
		return fmt.Errorf("service %q: %d operations were still running: %w", a.opts.Name, a.stats.busy.Load(), ctx.Err())
	}
}
