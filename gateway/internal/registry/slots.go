package registry

import (
	"sync"
	"sync/atomic"
	"time"
)

// Slots bounds the threads that are inside native code. Taking a free one is
// one compare-and-swap; only who finds none waits in the queue.
//
// No wake-up is lost: a waiter joins the queue before its second try, and who
// gives a slot back lowers the count before it looks at the queue. A try that
// fails changes nothing, so it fails for slots alone that will be given back.
type Slots struct {
	limit atomic.Int64
	used  atomic.Int64
	queue atomic.Int64 // length of waiting

	mu      sync.Mutex
	waiting []chan struct{}
}

// SetLimit changes the bound. Slots taken above it drain by themselves.
func (s *Slots) SetLimit(n int) {
	for more := int64(n) - s.limit.Swap(int64(n)); more > 0 && s.queue.Load() > 0; more-- {
		s.wake()
	}
}

// Used is the number of slots taken.
func (s *Slots) Used() int64 { return s.used.Load() }

func (s *Slots) try() bool {
	for {
		n := s.used.Load()
		if n >= s.limit.Load() {
			return false
		}
		if s.used.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Take takes a slot, waiting for one until the deadline or until stop is
// closed; false if there was none.
func (s *Slots) Take(deadline time.Time, stop <-chan struct{}) bool {
	if s.try() {
		return true
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		turn := make(chan struct{}, 1)
		s.mu.Lock()
		s.waiting = append(s.waiting, turn)
		s.queue.Store(int64(len(s.waiting)))
		s.mu.Unlock()
		if s.try() {
			s.leave(turn)
			return true
		}
		select {
		case <-turn:
			if s.try() {
				return true
			}
		case <-timer.C:
			s.leave(turn)
			return false
		case <-stop:
			s.leave(turn)
			return false
		}
	}
}

// Force takes a slot above the bound if need be: for going on with a request
// that has been let in before.
func (s *Slots) Force() { s.used.Add(1) }

// Give gives a slot back.
func (s *Slots) Give() {
	s.used.Add(-1)
	if s.queue.Load() > 0 {
		s.wake()
	}
}

func (s *Slots) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return
	}
	s.waiting[0] <- struct{}{}
	s.waiting = s.waiting[1:]
	s.queue.Store(int64(len(s.waiting)))
}

// leave takes a waiter out of the queue. If it was woken already, the turn
// goes to the next.
func (s *Slots) leave(turn chan struct{}) {
	s.mu.Lock()
	for i, w := range s.waiting {
		if w == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.queue.Store(int64(len(s.waiting)))
			s.mu.Unlock()
			return
		}
	}
	s.mu.Unlock()
	s.wake()
}
