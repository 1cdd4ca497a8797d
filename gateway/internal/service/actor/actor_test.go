package actor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// backend counts its connections and can refuse them.
type backend struct {
	open, most, total atomic.Int64
	refuse            atomic.Bool
	panics            atomic.Bool
}

var errRefused = errors.New("connection refused")

type conn struct{ n int64 }

func (b *backend) Open(ctx context.Context) (*conn, error) {
	if b.panics.Load() {
		panic("open")
	}
	if b.refuse.Load() {
		return nil, errRefused
	}
	now := b.open.Add(1)
	for most := b.most.Load(); now > most && !b.most.CompareAndSwap(most, now); most = b.most.Load() {
	}
	return &conn{b.total.Add(1)}, nil
}

func (b *backend) Close(*conn) { b.open.Add(-1) }

func newActor(t *testing.T, b *backend, workers, mailbox int, timeout time.Duration) *Actor[*conn] {
	t.Helper()
	a := New(b, Options{Name: "test", Workers: workers, Mailbox: mailbox, Timeout: timeout, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := a.Close(ctx); err != nil {
			t.Error(err)
		}
		if n := b.open.Load(); n != 0 {
			t.Errorf("%d connections are still open", n)
		}
	})
	return a
}

// ask sends a message and waits for its outcome; nil if it ran.
func ask(a *Actor[*conn], m Message[*conn]) error {
	done := make(chan error, 2)
	run := m.Run
	m.Run = func(ctx context.Context, c *conn) error {
		var broken error
		if run != nil {
			broken = run(ctx, c)
		}
		done <- nil
		return broken
	}
	m.Fail = func(err error) { done <- err }
	a.Send(m)
	return <-done
}

func TestEveryWorkerIsUsedAndNoConnectionMore(t *testing.T) {
	b := &backend{}
	a := newActor(t, b, 4, 100, time.Minute)
	gate := make(chan struct{})
	var started, all sync.WaitGroup
	started.Add(4)
	for range 40 {
		first := sync.OnceFunc(started.Done)
		all.Add(1)
		a.Send(Message[*conn]{Run: func(context.Context, *conn) error {
			func() { defer func() { _ = recover() }(); first() }() // more than 4 start in the end
			<-gate
			all.Done()
			return nil
		}, Fail: func(err error) { t.Error(err); all.Done() }})
	}
	started.Wait()
	if s := a.Stats(); s.Busy != 4 || s.Connections != 4 || s.Waiting != 36 {
		t.Errorf("%+v", s)
	}
	close(gate)
	all.Wait()
	if b.most.Load() != 4 || b.total.Load() != 4 {
		t.Errorf("%d connections at most, %d in all, want 4", b.most.Load(), b.total.Load())
	}
}

func TestAFullMailboxRefusesAtOnce(t *testing.T) {
	b := &backend{}
	a := newActor(t, b, 1, 2, time.Minute)
	gate, in := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Add(3)
	hold := Message[*conn]{Run: func(context.Context, *conn) error { in <- struct{}{}; <-gate; all.Done(); return nil }, Fail: func(err error) { t.Error(err); all.Done() }}
	a.Send(hold)
	<-in // the worker has it: two more wait
	a.Send(hold)
	a.Send(hold)
	if err := ask(a, Message[*conn]{}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("got %v", err)
	}
	go func() { <-in; <-in }()
	close(gate)
	all.Wait()
}

func TestAMessageIsAnsweredByItsDeadline(t *testing.T) {
	b := &backend{}
	a := newActor(t, b, 1, 10, time.Hour)
	gate, in := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	a.Send(Message[*conn]{Run: func(context.Context, *conn) error { close(in); <-gate; held <- nil; return nil }, Fail: func(err error) { held <- err }})
	<-in
	begin := time.Now()
	if err := ask(a, Message[*conn]{Deadline: begin.Add(30 * time.Millisecond)}); !errors.Is(err, ErrDeadline) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("took %s", took)
	}
	close(gate)
	if err := <-held; err != nil {
		t.Error(err)
	}
	if err := ask(a, Message[*conn]{Deadline: time.Now().Add(-time.Second)}); !errors.Is(err, ErrDeadline) {
		t.Errorf("past: %v", err)
	}
}

func TestTheContextEndsAtTheDeadlineAndOnCancel(t *testing.T) {
	a := newActor(t, &backend{}, 2, 10, 20*time.Millisecond)
	ended := make(chan error, 1)
	_ = ask(a, Message[*conn]{Run: func(ctx context.Context, _ *conn) error { <-ctx.Done(); ended <- ctx.Err(); return nil }})
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	b := newActor(t, &backend{}, 1, 10, time.Hour)
	in := make(chan struct{})
	cancel := b.Send(Message[*conn]{Run: func(ctx context.Context, _ *conn) error {
		close(in)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil
	}, Fail: func(err error) { t.Error(err) }})
	waiting := make(chan error, 1)
	<-in
	cancelWaiting := b.Send(Message[*conn]{Run: func(context.Context, *conn) error { t.Error("it ran"); return nil }, Fail: func(err error) { waiting <- err }})
	cancelWaiting()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAPanicCostsItsMessageAndItsConnection(t *testing.T) {
	b := &backend{}
	a := newActor(t, b, 3, 100, time.Minute)
	var good, bad atomic.Int64
	var all sync.WaitGroup
	for n := range 300 {
		all.Add(1)
		go func() {
			defer all.Done()
			err := ask(a, Message[*conn]{Run: func(context.Context, *conn) error {
				if n%10 == 0 {
					panic("driver")
				}
				return nil
			}})
			switch {
			case errors.Is(err, ErrPanic):
				bad.Add(1)
			case err == nil:
				good.Add(1)
			case !errors.Is(err, ErrOverloaded):
				t.Error(err)
			}
		}()
		if n%50 == 49 {
			all.Wait() // the mailbox holds 100
		}
	}
	all.Wait()
	if good.Load() != 270 || bad.Load() != 30 || a.Stats().Panics != 30 {
		t.Errorf("%d good, %d bad, %+v", good.Load(), bad.Load(), a.Stats())
	}
	if b.most.Load() > 3 {
		t.Errorf("%d connections at a time", b.most.Load())
	}
}

func TestABackendThatIsDownGivesErrorsAndRecovers(t *testing.T) {
	b := &backend{}
	b.refuse.Store(true)
	a := newActor(t, b, 2, 10, time.Minute)
	if err := ask(a, Message[*conn]{}); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	if s := a.Stats(); !errors.Is(s.Fault, errRefused) || s.Connections != 0 {
		t.Errorf("%+v", s)
	}
	b.panics.Store(true)
	if err := ask(a, Message[*conn]{}); !errors.Is(err, ErrPanic) {
		t.Errorf("got %v", err)
	}
	b.panics.Store(false)
	b.refuse.Store(false)
	if err := ask(a, Message[*conn]{}); err != nil {
		t.Error(err)
	}
	ran := make(chan struct{})
	_ = ask(a, Message[*conn]{Run: func(context.Context, *conn) error { close(ran); return errors.New("broken pipe") }})
	<-ran
	if err := ask(a, Message[*conn]{}); err != nil {
		t.Error(err)
	}
}

func TestOneWorkerIsNeverTakenForLong(t *testing.T) {
	a := newActor(t, &backend{}, 3, 10, time.Minute)
	gate := make(chan struct{})
	started := make(chan struct{}, 5)
	var all sync.WaitGroup
	for range 5 {
		all.Add(1)
		a.Send(Message[*conn]{Long: true, Run: func(context.Context, *conn) error { started <- struct{}{}; <-gate; all.Done(); return nil }, Fail: func(err error) { t.Error(err); all.Done() }})
	}
	<-started
	<-started
	for range 20 {
		if err := ask(a, Message[*conn]{}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-started:
		t.Error("a third long message runs on three workers")
	default:
	}
	close(gate)
	all.Wait()
}

func TestCloseFinishesWhatThereIs(t *testing.T) {
	b := &backend{}
	a := New(b, Options{Name: "test", Workers: 1, Mailbox: 10, Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	gate, in := make(chan struct{}), make(chan struct{}, 5)
	var ran atomic.Int64
	for range 5 {
		a.Send(Message[*conn]{Run: func(context.Context, *conn) error { in <- struct{}{}; <-gate; ran.Add(1); return nil }, Fail: func(err error) { t.Error(err) }})
	}
	<-in
	closed := make(chan error, 1)
	go func() { closed <- a.Close(context.Background()) }()
	for {
		err := ask(a, Message[*conn]{Run: func(context.Context, *conn) error { return nil }, Deadline: time.Now().Add(time.Millisecond)})
		if errors.Is(err, ErrClosed) {
			break // before it, the message waits for the held worker in vain
		}
	}
	close(gate)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if ran.Load() != 5 || b.open.Load() != 0 {
		t.Errorf("%d ran, %d connections", ran.Load(), b.open.Load())
	}
}

func TestCloseGivesUpInTime(t *testing.T) {
	a := New(&backend{}, Options{Name: "test", Workers: 1, Mailbox: 10, Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	gate, in := make(chan struct{}), make(chan struct{})
	a.Send(Message[*conn]{Run: func(context.Context, *conn) error { close(in); <-gate; return nil }, Fail: func(err error) { t.Error(err) }})
	<-in
	failed := make(chan error, 1)
	a.Send(Message[*conn]{Run: func(context.Context, *conn) error { return nil }, Fail: func(err error) { failed <- err }})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := a.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	close(gate)
	if err := a.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// Everything at once, for the race detector: each message ends exactly once.
func TestEachMessageEndsOnce(t *testing.T) {
	b := &backend{}
	a := newActor(t, b, 4, 16, 5*time.Millisecond)
	var sent, ended atomic.Int64
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 500 {
				sent.Add(1)
				var once atomic.Int64
				end := func() {
					if once.Add(1) != 1 {
						t.Error("a message ended twice")
					}
					ended.Add(1)
				}
				cancel := a.Send(Message[*conn]{Long: n%7 == 0, Run: func(ctx context.Context, _ *conn) error {
					if n%31 == 0 {
						panic("driver")
					}
					if n%5 == 0 {
						<-ctx.Done()
					}
					end()
					if n%11 == 0 {
						return errors.New("broken")
					}
					return nil
				}, Fail: func(error) { end() }})
				if (n+g)%3 == 0 {
					cancel()
				}
			}
		})
	}
	all.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if sent.Load() != ended.Load() {
		t.Errorf("%d sent, %d ended", sent.Load(), ended.Load())
	}
}
