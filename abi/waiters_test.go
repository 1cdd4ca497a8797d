//go:build linux

package abi

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// watched is a ring with threads that take its messages until one is sayDone.
type watched struct {
	t    *testing.T
	from sender
	to   receiver
	w    waiters
	all  sync.WaitGroup
	of   int32
}

func watch(t *testing.T, threads int32, take func(s *watched, m *message)) *watched {
	shared := new(ring)
	s := &watched{t: t, from: sender{ring: shared}, to: receiver{ring: shared}, of: threads}
	for range threads {
		s.w.look()
		s.all.Go(func() {
			var m message
			for {
				s.w.next(&s.to, &m)
				if m.kind == sayDone {
					s.w.leave(&s.to)
					return
				}
				take(s, &m)
			}
		})
	}
	return s
}

func (s *watched) send(m message) {
	for !s.from.send(&m) {
		runtime.Gosched()
	}
	if s.w.unwatched() {
		s.w.rouse()
	}
}

// end ends the threads. All that was counted has to be even then.
func (s *watched) end() {
	s.t.Helper()
	for range s.of {
		s.send(message{kind: sayDone})
	}
	s.all.Wait()
	if looking, asleep, permits := s.w.looking.Load(), s.w.asleep.Load(), s.w.permits.Load(); looking != 0 || asleep != 0 || permits != 0 {
		s.t.Errorf("%d look, %d sleep, %d permits when all have gone", looking, asleep, permits)
	}
	if !s.to.empty() {
		s.t.Error("something is left")
	}
}

// Many send, and many take, the ring goes round and round: each message comes
// once, and those of one sender in their order to one receiver.
func TestEachMessageIsHandedOverOnce(t *testing.T) {
	const senders, each = 4, 20000
	var seen [senders][each]atomic.Int32
	s := watch(t, 3, func(s *watched, m *message) {
		if m.b != m.token*m.a {
			t.Errorf("a message of two: %+v", m)
		}
		seen[m.token][m.a].Add(1)
		if m.a%3 == 0 { // as a request would
			s.w.leave(&s.to)
			runtime.Gosched()
			s.w.look()
		}
	})
	var sending sync.WaitGroup
	for n := range uint64(senders) {
		sending.Go(func() {
			for i := range uint64(each) {
				s.send(message{kind: sayEnter, token: n, a: i, b: n * i})
			}
		})
	}
	sending.Wait()
	s.end()
	for n := range seen {
		for i := range seen[n] {
			if c := seen[n][i].Load(); c != 1 {
				t.Fatalf("message %d of %d came %d times", i, n, c)
			}
		}
	}
}

// A message is taken although none comes after it: each round waits for its own.
func TestNoMessageIsLeftWhileAllSleep(t *testing.T) {
	const senders, rounds = 3, 5000
	taken := make(chan struct{}, senders)
	s := watch(t, 2, func(s *watched, m *message) {
		if m.a%2 == 0 {
			s.w.leave(&s.to)
			s.w.look()
		}
		taken <- struct{}{}
	})
	patience := time.After(time.Minute)
	for round := range uint64(rounds) {
		for n := range uint64(senders) {
			go s.send(message{kind: sayEnter, a: round + n})
		}
		for n := range senders {
			select {
			case <-taken:
			case <-patience:
				t.Fatalf("round %d: %d of %d are taken; %d look, %d sleep", round, n, senders, s.w.looking.Load(), s.w.asleep.Load())
			}
		}
	}
	s.end()
}

// A message that comes at the very moment at which the only thread stops looking
// is taken.
func TestAMessageAtTheLastMomentIsTaken(t *testing.T) {
	const rounds = 200_000
	var taken atomic.Int64
	s := watch(t, 1, func(*watched, *message) { taken.Add(1) })
	until := time.Now().Add(time.Minute)
	for round := range int64(rounds) {
		for range round % 61 { // some of this lead to that moment
			_ = taken.Load()
		}
		s.send(message{kind: sayEnter})
		for n := 1; taken.Load() <= round; n++ {
			if n%1000 == 0 {
				runtime.Gosched()
			}
			if n%100_000 == 0 && time.Now().After(until) {
				t.Fatalf("message %d is not taken; %d look, %d sleep", round, s.w.looking.Load(), s.w.asleep.Load())
			}
		}
	}
	s.end()
}

// A thread that does something else hands over what it leaves behind.
func TestAThreadThatLeavesHasAnotherLook(t *testing.T) {
	busy, free, second := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s := watch(t, 2, func(s *watched, m *message) {
		if m.a == 2 {
			close(second)
			return
		}
		<-busy // while it still looks
		s.w.leave(&s.to)
		<-free
		s.w.look()
	})
	for s.w.asleep.Load() != 2 {
		runtime.Gosched()
	}
	s.send(message{kind: sayEnter, a: 1})
	for s.w.asleep.Load() != 1 || !s.to.empty() {
		runtime.Gosched()
	}
	s.send(message{kind: sayEnter, a: 2}) // wakes nobody: one looks
	close(busy)
	select {
	case <-second:
	case <-time.After(10 * time.Second):
		t.Error("the second message waits for the first to be done with")
	}
	close(free)
	s.end()
}
