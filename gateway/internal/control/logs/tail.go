package logs

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// unreadMost is how many bytes of lines wait for one reader.
const unreadMost = 1 << 20

// Tail sends the last n lines that f selects, and then those that come, without
// a gap or a line twice. The channel is closed once ctx or the log has ended.
// Who reads slowly holds up nobody: it misses lines, and a line in their place
// tells how many.
func (s *Store) Tail(ctx context.Context, f model.LogFilter, n int) (<-chan model.LogLine, error) {
	one := &subscriber{sieve: newSieve(f), filled: make(chan struct{}, 1), ended: make(chan struct{})}
	// In one step: what is in the segments now is found there, and what is not
	// yet will be published.
	s.mu.Lock()
	s.step()
	all := slices.Clone(s.segments.all)
	if s.closed {
		one.end()
	} else {
		s.subscribers[one] = true
	}
	s.mu.Unlock()

	found, err := s.search(ctx, all, one.sieve, n)
	if err != nil {
		s.unsubscribe(one)
		return nil, err
	}
	out := make(chan model.LogLine)
	go func() { // ends with ctx or the store
		defer close(out) // as the last thing
		defer s.unsubscribe(one)
		one.send(ctx, found, out)
	}()
	return out, nil
}

func (s *Store) unsubscribe(one *subscriber) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.subscribers, one)
}

// publish hands lines to whoever waits for them. s.mu is held.
func (s *Store) publish(lines []byte) {
	if len(s.subscribers) == 0 {
		return
	}
	for line := range bytes.Lines(lines) {
		for one := range s.subscribers {
			if one.sieve.early(line) {
				one.add(line)
			}
		}
	}
}

// subscriber is one Tail. The store adds lines; its own goroutine decodes and
// sends them.
type subscriber struct {
	sieve  sieve
	filled chan struct{} // has one while there may be lines
	ended  chan struct{} // closed with the store

	mu    sync.Mutex
	lines []byte
	left  uint64 // lines that came after those and did not fit
}

func (s *subscriber) end() { close(s.ended) }

func (s *subscriber) add(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 || len(s.lines)+len(line) > unreadMost {
		s.left++
		return
	}
	s.lines = append(s.lines, line...)
	select {
	case s.filled <- struct{}{}:
	default:
	}
}

// take empties the subscriber.
func (s *subscriber) take() (lines []byte, left uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines, left = s.lines, s.left
	s.lines, s.left = nil, 0
	return lines, left
}

// send sends what was found, and then what is added, until ctx or the store has
// ended.
func (s *subscriber) send(ctx context.Context, found []model.LogLine, out chan<- model.LogLine) {
	sent := func(l model.LogLine) bool {
		select {
		case out <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for _, l := range found {
		if !sent(l) {
			return
		}
	}
	for ended := false; !ended; {
		select {
		case <-s.filled:
		case <-s.ended:
			ended = true // and all that was published is there
		case <-ctx.Done():
			return
		}
		lines, left := s.take()
		for line := range bytes.Lines(lines) {
			if l, ok := s.sieve.pass(line); ok && !sent(l) {
				return
			}
		}
		if left > 0 && !sent(notice(leftOut(left, "they came faster than they were read"))) {
			return
		}
	}
}
