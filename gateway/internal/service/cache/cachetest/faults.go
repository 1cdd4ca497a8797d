//go:build unix

package cachetest

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/cache"
)

// Backend is what faults are made in.
type Backend struct {
	Server *servertest.Server
	// Open opens a service on the server at an address, which may be a proxy's.
	Open func(t testing.TB, address string, spec service.Spec) *cache.Service
}

// Faults really does to the backend what may happen to it.
func Faults(t *testing.T, b Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Backend)
	}{
		{"DownAtStart", downAtStart}, {"KilledUnderLoad", killed}, {"Hangs", hangs}, {"Cut", cut}, {"Slow", slow},
		{"PoolIsTheWorkers", pool}, {"Overload", overload}, {"Cancel", canceled}, {"CloseFinishes", closing}, {"CloseCutsShort", closeShort},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			t.Run("", func(t *testing.T) { test.run(t, b) }) // closes what it opens
			leftAlone(t, before)
		})
	}
}

// leftAlone waits until no goroutine is left that a test started.
func leftAlone(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines are left over\n%s", runtime.NumGoroutine()-before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func read(key string) cache.Request { return cache.Request{Op: cache.Get, Keys: []string{key}} }

func write(key, value string) cache.Request {
	return cache.Request{Op: cache.Put, Key: key, Value: []byte(value)}
}

func add(key string) cache.Request {
	return cache.Request{Op: cache.Put, Mode: cache.Add, Key: key, Value: []byte("x")}
}

// recovers fails unless the service works again within 2 s.
func recovers(t *testing.T, s *cache.Service) {
	t.Helper()
	since := time.Now()
	for {
		a := <-Go(s, service.Call{Deadline: time.Now().Add(500 * time.Millisecond)}, write("recovers", "x"))
		if took := time.Since(since); a.Err == nil {
			t.Logf("it works again after %v", took)
			return
		} else if took > 2*time.Second {
			t.Fatalf("after %v: %v", took, a.Err)
		}
	}
}

// within fails if the answer takes longer than d, or is of another status.
func within(t *testing.T, answer <-chan Answer, d time.Duration, statuses ...abi.Status) {
	t.Helper()
	select {
	case a := <-answer:
		for _, s := range statuses {
			if a.Status() == s {
				return
			}
		}
		t.Fatalf("%v (%v), want one of %v", a.Status(), a.Err, statuses)
	case <-time.After(d):
		t.Fatalf("no answer in %v, want one of %v", d, statuses)
	}
}

const soon = 700 * time.Millisecond // on a busy machine

func downAtStart(t *testing.T, b Backend) {
	b.Server.Kill()
	s := b.Open(t, b.Server.Address, service.Spec{Timeout: 2 * time.Second})
	within(t, Go(s, noCall, read("k")), soon, abi.ErrUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := s.Probe(ctx); err == nil {
		t.Error("a probe of a backend that is down is good")
	}
	until(t, "the stats to show a fault", func() bool { return s.Stats().Fault != nil })
	b.Server.Start()
	recovers(t, s)
	until(t, "the stats to show none", func() bool { return s.Stats().Fault == nil })
}

func killed(t *testing.T, b Backend) {
	const workers, clients = 4, 8
	s := b.Open(t, b.Server.Address, service.Spec{Workers: workers, Timeout: time.Second})
	var stop, failing atomic.Bool
	var bad, good atomic.Int64
	var load sync.WaitGroup
	for n := range clients {
		load.Go(func() {
			for !stop.Load() {
				since, expected := time.Now(), failing.Load()
				a := <-Go(s, noCall, cache.Request{Op: cache.Count, Key: fmt.Sprintf("killed/%d", n), Delta: 1, Create: true})
				if took := time.Since(since); took > time.Second+soon {
					t.Errorf("an answer took %v", took)
				}
				switch a.Status() {
				case abi.OK:
					good.Add(1)
				case abi.ErrUnavailable, abi.ErrDeadline, abi.ErrConflict:
					bad.Add(1)
					if !expected && !failing.Load() {
						t.Errorf("while the backend runs: %v", a.Err)
					}
				default:
					t.Errorf("%v: %v", a.Status(), a.Err)
				}
			}
		})
	}
	until(t, "some answers", func() bool { return good.Load() > 100 })
	failing.Store(true)
	b.Server.Kill()
	until(t, "errors", func() bool { return bad.Load() > 10 })
	b.Server.Start()
	recovers(t, s)
	failing.Store(false)
	before := good.Load()
	until(t, "some answers again", func() bool { return good.Load() > before+100 })
	stop.Store(true)
	load.Wait()

	// A restart while nobody asks costs what cannot be repeated one error, not
	// one a worker, and what can be repeated none.
	b.Server.Kill()
	b.Server.Start()
	Do(t, s, read("k")).Want(t, "a read after a restart", abi.OK)
	b.Server.Kill()
	b.Server.Start()
	failures := 0
	for n := range 4 * workers {
		if a := Do(t, s, add(fmt.Sprintf("killed/after/%d", n))); a.Err != nil {
			failures++
			a.Want(t, "add", abi.ErrUnavailable)
		}
	}
	if failures > 1 {
		t.Errorf("%d errors after a restart, want 1 at most", failures)
	}
	b.Server.Kill()
	b.Server.Start()
	time.Sleep(cache.Idle + 100*time.Millisecond) // the idleness that is asked for
	for n := range workers {
		Do(t, s, add(fmt.Sprintf("killed/idle/%d", n))).Want(t, "an add after a restart and a pause", abi.OK)
	}
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for %s", what)
		}
	}
}

func hangs(t *testing.T, b Backend) {
	const workers = 3
	s := b.Open(t, b.Server.Address, service.Spec{Workers: workers, Timeout: time.Second})
	Do(t, s, write("k", "v")).Want(t, "write", abi.OK)
	b.Server.Hang()
	defer b.Server.Continue()
	var answers []<-chan Answer
	for range 3 * workers { // those that wait in the mailbox too
		answers = append(answers, Go(s, service.Call{Deadline: time.Now().Add(200 * time.Millisecond)}, read("k")))
	}
	for _, a := range answers {
		within(t, a, 200*time.Millisecond+soon, abi.ErrDeadline)
	}
	within(t, Go(s, noCall, write("k", "w")), time.Second+soon, abi.ErrDeadline) // the service's own
	b.Server.Continue()
	recovers(t, s)
	Do(t, s, write("k", "z")).Want(t, "write", abi.OK)
	wantValue(t, s, "k", "z")
}

func cut(t *testing.T, b Backend) {
	const workers = 4
	proxy := servertest.NewProxy(t, b.Server.Address)
	s := b.Open(t, proxy.Address, service.Spec{Workers: workers})
	use := func() { side(2*workers, func(int) { <-Go(s, noCall, write("cut", "x")) }) }
	use()
	for range 5 {
		proxy.Cut()
		side(2*workers, func(int) {
			if a := <-Go(s, noCall, write("cut", "x")); a.Err != nil {
				t.Errorf("a write that can be repeated: %v", a.Err)
			}
		})
		proxy.Cut()
		for n := range 2 * workers {
			key := fmt.Sprintf("cut/%d/%p", n, t)
			if a := Do(t, s, cache.Request{Op: cache.Delete, Key: key}); n > 0 && a.Status() != abi.ErrNotFound {
				t.Errorf("delete %d after a cut: %v", n, a.Err)
			}
		}
	}
	use()
	until(t, "as many connections as workers", func() bool { open, _, _ := proxy.Connections(); return open == workers })
}

func slow(t *testing.T, b Backend) {
	proxy := servertest.NewProxy(t, b.Server.Address)
	s := b.Open(t, proxy.Address, service.Spec{Workers: 1, Timeout: 10 * time.Second})
	Do(t, s, write("slow/a", "A")).Want(t, "write", abi.OK)
	Do(t, s, write("slow/b", "B")).Want(t, "write", abi.OK)
	proxy.Delay(150 * time.Millisecond)
	within(t, Go(s, service.Call{Deadline: time.Now().Add(200 * time.Millisecond)}, read("slow/a")), 200*time.Millisecond+soon, abi.ErrDeadline)
	proxy.Delay(0)
	for range 3 { // and nobody gets the answer that came late
		wantValue(t, s, "slow/b", "B")
		wantValue(t, s, "slow/a", "A")
	}
}

func pool(t *testing.T, b Backend) {
	const workers = 5
	proxy := servertest.NewProxy(t, b.Server.Address)
	s := b.Open(t, proxy.Address, service.Spec{Workers: workers})
	proxy.Delay(2 * time.Millisecond)
	for range 3 {
		side(8*workers, func(int) {
			if a := <-Go(s, noCall, write("pool", "x")); a.Err != nil {
				t.Errorf("write: %v", a.Err)
			}
		})
	}
	if open, most, total := proxy.Connections(); open != workers || most != workers || total != workers {
		t.Errorf("%d connections are open, %d were at most and %d in all; there are %d workers", open, most, total, workers)
	}
	if got := s.Stats().Connections; got != workers {
		t.Errorf("the stats show %d connections, want %d", got, workers)
	}
}

func overload(t *testing.T, b Backend) {
	const workers, mailbox, more = 2, 16, 200
	s := b.Open(t, b.Server.Address, service.Spec{Workers: workers, Mailbox: mailbox, Timeout: 300 * time.Millisecond})
	b.Server.Hang()
	defer b.Server.Continue()
	var answers []<-chan Answer
	for range more {
		answers = append(answers, Go(s, noCall, write("overload", "x")))
	}
	counts := map[abi.Status]int{}
	for _, a := range answers {
		select {
		case a := <-a:
			counts[a.Status()]++
		case <-time.After(300*time.Millisecond + soon):
			t.Fatal("an answer is missing")
		}
	}
	if got := counts[abi.ErrOverloaded]; got < more-mailbox-workers || counts[abi.ErrDeadline]+got != more {
		t.Errorf("the answers are %v", counts)
	}
	b.Server.Continue()
	recovers(t, s)
}

func canceled(t *testing.T, b Backend) {
	s := b.Open(t, b.Server.Address, service.Spec{Workers: 1})
	Do(t, s, write("k", "v")).Want(t, "write", abi.OK)
	b.Server.Hang()
	defer b.Server.Continue()
	running, waiting := make(chan Answer, 2), make(chan Answer, 2)
	cancelRunning := s.Submit(noCall, read("k"), func(r cache.Result, err error) { running <- Answer{r, err} })
	until(t, "the worker", func() bool { return s.Stats().Busy == 1 })
	cancelWaiting := s.Submit(noCall, read("k"), func(r cache.Result, err error) { waiting <- Answer{r, err} })
	cancelWaiting()
	within(t, waiting, soon, abi.ErrCanceled)
	cancelRunning()
	within(t, running, soon, abi.ErrCanceled)
	b.Server.Continue()
	recovers(t, s)
}

func closing(t *testing.T, b Backend) {
	proxy := servertest.NewProxy(t, b.Server.Address)
	s := b.Open(t, proxy.Address, service.Spec{Workers: 2})
	Do(t, s, write("k", "v")).Want(t, "write", abi.OK)
	proxy.Delay(20 * time.Millisecond)
	var answers []<-chan Answer
	for range 10 {
		answers = append(answers, Go(s, noCall, read("k")))
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		within(t, a, soon, abi.OK)
	}
	within(t, Go(s, noCall, read("k")), soon, abi.ErrClosing)
	until(t, "the connections to close", func() bool { open, _, _ := proxy.Connections(); return open == 0 })
}

func closeShort(t *testing.T, b Backend) {
	s := b.Open(t, b.Server.Address, service.Spec{Workers: 1, Timeout: 500 * time.Millisecond})
	Do(t, s, write("k", "v")).Want(t, "write", abi.OK)
	b.Server.Hang()
	defer b.Server.Continue()
	first := Go(s, noCall, read("k"))
	until(t, "the worker", func() bool { return s.Stats().Busy == 1 })
	second := Go(s, noCall, read("k"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("close says that it went well")
	}
	within(t, second, soon, abi.ErrClosing, abi.ErrDeadline)
	within(t, first, 500*time.Millisecond+soon, abi.ErrDeadline)
}
