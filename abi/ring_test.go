package abi

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Many put, many take, and the ring goes round and round: each message comes
// once, and those of one sender in their order to one receiver.
func TestRingHandsEachMessageOverOnce(t *testing.T) {
	shared := new(ring)
	from, to := sender{ring: shared}, receiver{ring: shared}
	var w waiters
	const senders, receivers, each = 4, 3, 20000
	var seen [senders][each]atomic.Int32
	var sending, receiving sync.WaitGroup
	for n := range senders {
		sending.Go(func() {
			for i := range each {
				m := message{kind: sayEnter, token: uint64(n), a: uint64(i), b: uint64(n) * uint64(i)}
				for !from.send(&m) {
				}
				w.add()
			}
		})
	}
	for range receivers {
		receiving.Go(func() {
			var last [senders]int64
			for n := range last {
				last[n] = -1
			}
			var m message
			for {
				w.wait()
				to.await(&m)
				if m.kind == sayDone {
					return
				}
				if m.b != m.token*m.a {
					t.Errorf("a message of two: %+v", m)
				}
				if int64(m.a) <= last[m.token] {
					t.Errorf("sender %d: %d after %d", m.token, m.a, last[m.token])
				}
				last[m.token] = int64(m.a)
				seen[m.token][m.a].Add(1)
			}
		})
	}
	sending.Wait()
	for range receivers {
		if !from.send(&message{kind: sayDone}) {
			t.Fatal("no room for the end")
		}
		w.add()
	}
	receiving.Wait()
	for n := range seen {
		for i := range seen[n] {
			if c := seen[n][i].Load(); c != 1 {
				t.Fatalf("message %d of %d came %d times", i, n, c)
			}
		}
	}
	if !to.empty() {
		t.Error("something is left")
	}
}

func TestRingIsFullAndEmptyAtItsEnds(t *testing.T) {
	shared := new(ring)
	from, to := sender{ring: shared}, receiver{ring: shared}
	var m message
	for range 3 {
		for n := range ringCells {
			if !from.send(&message{a: uint64(n)}) {
				t.Fatal("full at ", n)
			}
		}
		if from.send(&message{}) {
			t.Fatal("one more than it holds")
		}
		for n := range ringCells {
			if !to.receive(&m) || m.a != uint64(n) {
				t.Fatal(n, m)
			}
		}
		if to.receive(&m) || !to.empty() {
			t.Fatal("one more than was put")
		}
	}
}
