//go:build linux

package abi

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Many send, and wake whom they need; many take, sleep, and are away in between;
// the ring goes round and round: each message comes once, those of one sender in
// their order to one receiver, and none is left while all sleep.
func TestEachMessageIsHandedOverOnce(t *testing.T) {
	shared := new(ring)
	from, to := sender{ring: shared}, receiver{ring: shared}
	var w waiters
	var closed atomic.Bool
	var taken atomic.Int64
	all := make(chan struct{})
	const senders, receivers, each = 4, 3, 20000
	var seen [senders][each]atomic.Int32
	var sending, receiving sync.WaitGroup
	for n := range senders {
		sending.Go(func() {
			for i := range each {
				m := message{kind: sayEnter, token: uint64(n), a: uint64(i), b: uint64(n) * uint64(i)}
				for !from.send(&m) {
					runtime.Gosched()
				}
				if w.idle() {
					w.rouse()
				}
				if i%64 == 0 {
					runtime.Gosched() // lets the ring run empty
				}
			}
		})
	}
	for range receivers {
		w.look()
		receiving.Go(func() {
			var last [senders]int64
			for n := range last {
				last[n] = -1
			}
			var m message
			for w.next(&to, &m, &closed) {
				if m.b != m.token*m.a {
					t.Errorf("a message of two: %+v", m)
				}
				if int64(m.a) <= last[m.token] {
					t.Errorf("sender %d: %d after %d", m.token, m.a, last[m.token])
				}
				last[m.token] = int64(m.a)
				if m.a%3 == 0 { // as a request would
					w.leave(&to)
					runtime.Gosched()
					w.look()
				}
				if seen[m.token][m.a].Add(1); taken.Add(1) == senders*each {
					close(all)
				}
			}
		})
	}
	sending.Wait()
	<-all
	closed.Store(true)
	for w.rouse() {
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
