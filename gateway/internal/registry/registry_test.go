package registry

import (
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// module counts how often it is ended, and notices a request after that.
type module struct {
	ended atomic.Int64
	after atomic.Int64
}

func (m *module) Enter(*abi.Frame) abi.Status {
	if m.ended.Load() > 0 {
		m.after.Add(1)
	}
	return abi.OK
}
func (m *module) Resume(*abi.Frame, abi.Status) abi.Status                  { return abi.OK }
func (m *module) Operations(*abi.Frame, time.Time) (*abi.Operations, error) { return nil, nil }
func (m *module) Release(*abi.Frame)                                        {}
func (m *module) Cancel(uint64)                                             {}
func (m *module) Shutdown()                                                 { m.ended.Add(1) }
func (m *module) Unload() (bool, error)                                     { return true, nil }

func testEndpoint() *Endpoint {
	e := NewEndpoint("e", slog.New(slog.NewTextHandler(io.Discard, nil)))
	e.SetLimits(Limits{MaxConcurrency: 100, MaxNative: 2, MaxStuck: 2})
	return e
}

// Requests take and give guards while versions are swapped: each replaced
// instance is ended once, and none is entered after its end.
func TestGuardsHoldInstancesUnderSwaps(t *testing.T) {
	e := testEndpoint()
	modules := []*module{{}}
	e.Swap(Split{Current: e.NewInstance(modules[0], "0", "0", 1)})
	stop := make(chan struct{})
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				i := e.Acquire(nil)
				i.Module.Enter(nil)
				i.Release()
			}
		})
	}
	for n := 1; n < 2000; n++ {
		m := &module{}
		modules = append(modules, m)
		e.Swap(Split{Current: e.NewInstance(m, "v", "v", 1)})
	}
	close(stop)
	requests.Wait()
	e.Swap(Split{})
	e.Retired()
	for n, m := range modules {
		if m.ended.Load() != 1 || m.after.Load() != 0 {
			t.Fatalf("instance %d was ended %d times and entered %d times after that", n, m.ended.Load(), m.after.Load())
		}
	}
}

// A request that comes too late is counted for a moment, and must not keep an
// instance from its end.
func TestAnInstanceEndsWhileARequestComesTooLate(t *testing.T) {
	e := testEndpoint()
	i := e.NewInstance(&module{}, "1", "1", 1)
	idle := i.drain()
	<-idle
	i.guards.Add(1) // as Acquire does before it sees that it may not
	if !i.close(idle) {
		t.Error("it is not closed")
	}
	i.Release()
	if i.close(idle) || i.undrain() {
		t.Error("it is closed twice, or taken back after that")
	}
}

func TestReplacedInstanceIsTakenBackWhileItDrains(t *testing.T) {
	e := testEndpoint()
	first, second := &module{}, &module{}
	e.Swap(Split{Current: e.NewInstance(first, "1", "one", 1)})
	guard := e.Acquire(nil)
	e.Swap(Split{Current: e.NewInstance(second, "2", "two", 1)})
	back := e.TakeBack("one")
	if back != guard {
		t.Fatal("the draining instance was not found")
	}
	e.Swap(Split{Current: back})
	guard.Release()
	if got := e.Acquire(nil); got != back {
		t.Fatal("another instance answers")
	} else {
		got.Release()
	}
	e.Swap(Split{})
	e.Retired()
	if first.ended.Load() != 1 || second.ended.Load() != 1 {
		t.Fatalf("ended %d and %d times", first.ended.Load(), second.ended.Load())
	}
	if e.TakeBack("one") != nil {
		t.Fatal("an instance that was shut down was taken back")
	}
}

func TestSlotsNeverExceedTheirLimitAndLoseNoWaiter(t *testing.T) {
	var s Slots
	s.SetLimit(3)
	var inside, most atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 500 {
				if !s.Take(time.Now().Add(time.Minute), nil) {
					t.Error("a waiter was forgotten")
					return
				}
				n := inside.Add(1)
				for {
					m := most.Load()
					if n <= m || most.CompareAndSwap(m, n) {
						break
					}
				}
				inside.Add(-1)
				s.Give()
			}
		})
	}
	all.Wait()
	if most.Load() > 3 || s.Used() != 0 {
		t.Fatalf("%d inside at once, %d taken in the end", most.Load(), s.Used())
	}
}

func TestSlotsGiveUpAtTheDeadlineAndWhenStopped(t *testing.T) {
	var s Slots
	s.SetLimit(1)
	s.Force()
	if s.Take(time.Now().Add(10*time.Millisecond), nil) {
		t.Fatal("took a slot that was not free")
	}
	stop := make(chan struct{})
	close(stop)
	if s.Take(time.Now().Add(time.Minute), stop) {
		t.Fatal("took a slot that was not free")
	}
	s.Give()
	if !s.Take(time.Now().Add(time.Minute), nil) {
		t.Fatal("the slot was lost")
	}
}

// A try that fails must not count, even for a moment: another that fails for
// its sake alone would wait for somebody who will never give.
func TestATryThatFailsTakesNoSlot(t *testing.T) {
	var s Slots
	s.SetLimit(1)
	s.Force()
	var tries sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		tries.Go(func() {
			for !done.Load() {
				s.try()
			}
		})
	}
	for range 1_000_000 {
		if n := s.Used(); n != 1 {
			t.Errorf("%d slots are taken while one is", n)
			break
		}
	}
	done.Store(true)
	tries.Wait()
}

func TestARaisedLimitLetsWaitersIn(t *testing.T) {
	var s Slots
	s.SetLimit(1)
	s.Force()
	const waiters = 3
	var all sync.WaitGroup
	for range waiters {
		all.Go(func() {
			if !s.Take(time.Now().Add(10*time.Second), nil) {
				t.Error("a waiter was not told that slots are free")
			}
		})
	}
	for s.queue.Load() != waiters {
		runtime.Gosched()
	}
	s.SetLimit(1 + waiters)
	all.Wait()
}

func TestStuckCallsCloseTheEndpointUntilTheyReturn(t *testing.T) {
	e := testEndpoint()
	for n := range 2 {
		if e.Admit() != Admitted {
			t.Fatalf("request %d was refused", n)
		}
		if !e.GetStuck() {
			t.Fatalf("call %d is over max_stuck", n)
		}
	}
	select {
	case <-e.Full():
	default:
		t.Fatal("waiters are not told")
	}
	if e.Admit() != Stuck {
		t.Fatal("a request was let in")
	}
	e.Unstick()
	if e.Admit() != Admitted {
		t.Fatal("the endpoint stayed closed")
	}
	select {
	case <-e.Full():
		t.Fatal("waiters are still sent away")
	default:
	}
}

// Full says what Admit says, whatever calls do at the same moment and however
// the limits change.
func TestFullIsTrueToTheStuckCalls(t *testing.T) {
	e := testEndpoint()
	full := func() bool {
		select {
		case <-e.Full():
			return true
		default:
			return false
		}
	}
	for round := range 20_000 {
		var all sync.WaitGroup
		e.GetStuck()
		all.Go(func() { e.GetStuck() })
		all.Go(e.Unstick)
		all.Go(func() { e.GetStuck() })
		all.Wait()
		if !full() {
			t.Fatalf("round %d: %d are stuck, and waiters are not told", round, e.StuckCalls())
		}
		e.Unstick()
		e.Unstick()
		if full() {
			t.Fatalf("round %d: %d are stuck, and waiters are sent away", round, e.StuckCalls())
		}
	}
	e.GetStuck()
	e.GetStuck()
	e.SetLimits(Limits{MaxConcurrency: 100, MaxNative: 2, MaxStuck: 3})
	if full() {
		t.Error("with max_stuck raised, waiters are still sent away")
	}
	e.SetLimits(Limits{MaxConcurrency: 100, MaxNative: 2, MaxStuck: 1})
	if !full() {
		t.Error("with max_stuck lowered, waiters are not told")
	}
}
