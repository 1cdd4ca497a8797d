package registry

import (
	"sync"
	"sync/atomic"
	"time"
)

// Slots bounds the threads that are inside native code. Taking a free one is
// one addition; only who finds none waits in the queue.
//
// No wake-up is lost: a waiter joins the queue before its second try, and who
// gives a slot back lowers the count before it looks at the queue.
type Slots struct {
	limit atomic.Int64
	used  atomic.Int64
	queue atomic.Int64 // length of waiting

	mu      sync.Mutex
	waiting []chan struct{}
}

// SetLimit changes the bound. Slots taken above it drain by themselves.
func (s *Slots) SetLimit(n int) { s.limit.Store(int64(n)) }

// Used is the number of slots taken.
func (s *Slots) Used() int64 { return s.used.Load() }

func (s *Slots) try() bool {
	if s.used.Add(1) <= s.limit.Load() {
		return true
	}
	s.used.Add(-1)
	return false
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
