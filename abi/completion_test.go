package abi

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

// response lays out an answer in mapped memory, as a library would.
func response(t *testing.T, m *Memory, status int32, body string) uintptr {
	t.Helper()
	b, err := m.takeBlock(4096)
	if err != nil {
		t.Fatal(err)
	}
	r := uintptr(m.at(b.off))
	copy(mapped(r+512, len(body)), body)
	*at[Response](r) = Response{
		StructSize: uint32(unsafe.Sizeof(Response{})), Status: status,
		Body: Bytes{Ptr: r + 512, Len: uint64(len(body))},
	}
	return r
}

func acquire(t *testing.T, m *Memory) *Frame {
	t.Helper()
	f, err := m.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	f.MaxAnswer = 1 << 20
	f.prepare()
	return f
}

func bodyOf(t *testing.T, f *Frame) (body string) {
	t.Helper()
	if err := f.Read(func(a *Answer) error { body = string(a.Body); return nil }); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestCompletionLifeCycle(t *testing.T) {
	m := newMemory(t, 1<<20)
	answer := response(t, m, 200, "done")

	t.Run("after EG_PENDING", func(t *testing.T) {
		f := acquire(t, m)
		f.Park()
		if got := f.complete(f.Token(), OK, answer); got != OK {
			t.Fatal(got)
		}
		<-f.Done()
		if got, _ := f.TakeCompletion(); got != OK || bodyOf(t, f) != "done" {
			t.Fatal(got)
		}
		if got := f.complete(f.Token(), OK, answer); got != ErrDone {
			t.Fatalf("twice: %v", got)
		}
		stale := f.Token()
		f.Release()
		if got := f.complete(stale, OK, answer); got != ErrStale {
			t.Fatalf("after the request: %v", got)
		}
		again := acquire(t, m)
		defer again.Release()
		if got := again.complete(stale, OK, answer); got != ErrStale {
			t.Fatalf("in the next request: %v", got)
		}
	})
	t.Run("early", func(t *testing.T) {
		f := acquire(t, m)
		defer f.Release()
		if got := f.complete(f.Token(), OK, answer); got != OK {
			t.Fatal(got)
		}
		f.Park()
		<-f.Done()
		if got, _ := f.TakeCompletion(); got != OK || bodyOf(t, f) != "done" {
			t.Fatal(got)
		}
	})
	t.Run("early and then answered otherwise", func(t *testing.T) {
		f := acquire(t, m)
		defer f.Release()
		if got := f.complete(f.Token(), OK, answer); got != OK {
			t.Fatal(got)
		}
		f.Settle()
		select {
		case <-f.Done():
			t.Fatal("the signal of a dropped completion was left for the next request")
		default:
		}
	})
	t.Run("late", func(t *testing.T) {
		f := acquire(t, m)
		f.Park()
		cleaned := make(chan struct{})
		if !f.Abandon(func() { f.Release(); close(cleaned) }) {
			t.Fatal("nobody completed, and it cannot be abandoned")
		}
		if got := f.complete(f.Token(), OK, answer); got != ErrDeadline {
			t.Fatal(got)
		}
		<-cleaned
	})
	t.Run("unreadable", func(t *testing.T) {
		f := acquire(t, m)
		defer f.Release()
		f.Park()
		bad := response(t, m, 200, "")
		at[Response](bad).Body = Bytes{Ptr: 0x10, Len: 5}
		if got := f.complete(f.Token(), OK, bad); got != ErrInvalid {
			t.Fatal(got)
		}
		<-f.Done()
		if got, ok := f.TakeCompletion(); got != ErrInvalid || ok {
			t.Fatal(got)
		}
	})
	t.Run("too large", func(t *testing.T) {
		f := acquire(t, m)
		defer f.Release()
		f.Park()
		bad := response(t, m, 200, "")
		at[Response](bad).Body = Bytes{Ptr: bad, Len: 2 << 30}
		if got := f.complete(f.Token(), OK, bad); got != ErrTooLarge {
			t.Fatal(got)
		}
		<-f.Done()
	})
}

// Two threads complete while the owner parks and gives up: exactly one of the
// three decides, and nobody waits for ever.
func TestCompletionHasOneWinnerUnderLoad(t *testing.T) {
	m := newMemory(t, 1<<30)
	answer := response(t, m, 200, "done")
	var completed, abandoned atomic.Int64
	for round := range 3000 {
		f := acquire(t, m)
		token := f.Token()
		var all sync.WaitGroup
		var taken, late atomic.Int64
		for range 2 {
			all.Go(func() {
				switch got := f.complete(token, OK, answer); got {
				case OK:
					taken.Add(1)
				case ErrDeadline:
					late.Add(1)
				case ErrDone, ErrStale:
				default:
					t.Errorf("unexpected %v", got)
				}
			})
		}
		f.Park()
		cleaned := make(chan struct{})
		gaveUp := round%2 == 0 && f.Abandon(func() { close(cleaned) })
		if gaveUp {
			<-cleaned
			abandoned.Add(1)
		} else {
			<-f.Done()
			completed.Add(1)
		}
		all.Wait()
		if want := map[bool]int64{true: 0, false: 1}[gaveUp]; taken.Load() != want || late.Load() != 1-want {
			t.Fatalf("gave up %v: %d taken, %d late", gaveUp, taken.Load(), late.Load())
		}
		f.Release()
	}
	t.Logf("%d completed, %d abandoned", completed.Load(), abandoned.Load())
}
