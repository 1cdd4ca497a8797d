package metric

import "sync/atomic"

// Statuses counts answers by their status, which is below 600. The zero value is
// ready for use, from any goroutine.
type Statuses struct {
	classes [6]atomic.Pointer[class]
}

// class counts the statuses that begin with the same digit.
type class [100]atomic.Uint64

// Add counts an answer.
func (s *Statuses) Add(status int) {
	at := &s.classes[status/100]
	counts := at.Load()
	if counts == nil {
		at.CompareAndSwap(nil, new(class)) // one of those that try is the first
		counts = at.Load()
	}
	counts[status%100].Add(1)
}

// Read is the counts so far, without those that are zero. It is never nil.
func (s *Statuses) Read() map[int]uint64 {
	all := map[int]uint64{}
	for hundreds := range s.classes {
		counts := s.classes[hundreds].Load()
		if counts == nil {
			continue
		}
		for rest := range counts {
			if n := counts[rest].Load(); n > 0 {
				all[hundreds*100+rest] = n
			}
		}
	}
	return all
}
