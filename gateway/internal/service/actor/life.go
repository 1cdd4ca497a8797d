package actor

import (
	"context"
	"slices"
	"sync"
	"time"
)

// life is the time that a message has, as a context: it ends at the deadline,
// or when the message is canceled or done. It is what context.WithDeadline and
// context.AfterFunc would give, with one timer and one lock for all of it, since
// every message has one.
type life struct {
	deadline time.Time
	timer    *time.Timer
	over     func(error) // called once when it ends, unless by finish

	mu    sync.Mutex
	err   error
	done  chan struct{} // nil until somebody asks
	after []*func()
}

// begin starts it. over must be set.
func (l *life) begin(now, deadline time.Time) {
	l.deadline = deadline
	l.mu.Lock() // the timer may be early
	l.timer = time.AfterFunc(deadline.Sub(now), func() { l.end(context.DeadlineExceeded) })
	l.mu.Unlock()
}

// end ends it early.
func (l *life) end(err error) {
	if l.stop(err) {
		l.over(err)
	}
}

// finish ends it when nothing is left to be told.
func (l *life) finish() { l.stop(context.Canceled) }

func (l *life) stop(err error) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.err = err
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.done != nil {
		close(l.done)
	}
	for _, f := range l.after {
		go (*f)()
	}
	l.after = nil
	return true
}

// Deadline implements context.Context.
func (l *life) Deadline() (time.Time, bool) { return l.deadline, true }

// Value implements context.Context.
func (*life) Value(any) any { return nil }

// Err implements context.Context.
func (l *life) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Done implements context.Context.
func (l *life) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.err != nil {
			close(l.done)
		}
	}
	return l.done
}

// AfterFunc is what context.AfterFunc uses in place of a goroutine that waits.
func (l *life) AfterFunc(f func()) (stop func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		go f()
		return func() bool { return false }
	}
	entry := &f
	l.after = append(l.after, entry)
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		n := slices.Index(l.after, entry)
		if n >= 0 {
			l.after = slices.Delete(l.after, n, n+1)
		}
		return n >= 0
	}
}
