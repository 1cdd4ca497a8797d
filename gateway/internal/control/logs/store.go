// Package logs keeps the log that the admin API serves: the lines of the
// gateway and of its handlers, in files of a bounded size in the data
// directory.
//
//	logger -> Handler -> queue -> segments -> Last
//	                         \-> subscribers -> Tail
//
// Whoever logs adds to the queue and never waits for a disk or for a reader.
// The lines are JSON as slog writes it, one after the other, in the order in
// which they were logged; clocks may jump without an effect on it.
package logs

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	leastBudget = 1 << 20
	searchMost  = 256 << 20            // bytes of segments that one search reads
	pause       = 5 * time.Millisecond // between two writes
)

// Store is the log of one gateway. Its methods are safe for use from many
// goroutines. A goroutine of its own writes what was logged; Close ends it.
type Store struct {
	queue   *queue
	refused atomic.Uint64 // lines that the disk did not take
	closing chan struct{}
	written sync.WaitGroup // the writing goroutine

	// The lock covers a whole step: lines go from the queue to the segments
	// and to the subscribers, or a reader sees the state between two steps.
	mu          sync.Mutex
	segments    segments
	subscribers map[*subscriber]bool
	searchMost  int64
	closed      bool
	next        slog.Handler // told when the disk takes no lines; nil without one
	untold      uint64       // of refused, what the log does not tell yet
	failed      error        // why the disk takes no lines; nil while it does
}

// Open opens the log in dir, which it makes if it is missing. All files
// together have at most budget bytes; the oldest lines go first. What a killed
// process left of its last line is dropped.
func Open(dir string, budget int64) (*Store, error) {
	s := &Store{
		queue: newQueue(queueMost), closing: make(chan struct{}),
		subscribers: map[*subscriber]bool{}, searchMost: searchMost,
	}
	if err := s.segments.open(dir, max(budget, leastBudget)); err != nil {
		return nil, err
	}
	s.written.Go(s.write)
	return s, nil
}

// Handler hands records to next and keeps them. The first one's next is also
// told when lines cannot be written.
func (s *Store) Handler(next slog.Handler) slog.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = next
	}
	return tee{next: next, kept: encoder(s.queue)}
}

// Write keeps one line of a [Tee] elsewhere. What is none is dropped.
func (s *Store) Write(line []byte) (int, error) {
	if _, _, err := head(line); err == nil && line[len(line)-1] == '\n' {
		_, _ = s.queue.Write(line) // it takes everything
	}
	return len(line), nil
}

// LeftOut is how many lines were not kept since Open.
func (s *Store) LeftOut() uint64 { return s.refused.Load() + s.queue.leftOut() }

// Close writes what was logged until now, and ends every Tail. What is logged
// later is not kept.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.closing)
	s.mu.Unlock()
	s.written.Wait()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.close()
	s.step()
	for one := range s.subscribers {
		one.end()
	}
	clear(s.subscribers)
	return s.segments.close()
}

// write writes a line that comes after a silence at once: the last words of a
// handler that crashes the process matter most. In a flood it makes steps of
// many lines.
func (s *Store) write() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.queue.filled:
		case <-s.closing:
			return
		}
		s.mu.Lock()
		s.step()
		s.mu.Unlock()
		timer.Reset(pause)
		select {
		case <-timer.C:
		case <-s.closing:
			return
		}
	}
}

// step moves the lines of the queue to the disk and to the subscribers. s.mu is
// held.
func (s *Store) step() {
	lines, lost := s.queue.take()
	if lost > 0 {
		lines = append(lines, leftOut(lost, "more came than could be written")...)
	}
	if len(lines) > 0 {
		s.keep(lines)
		s.publish(lines)
	}
	s.queue.giveBack(lines)
}

// keep writes lines, and in front of them how many could not be written before.
func (s *Store) keep(lines []byte) {
	var note []byte
	if s.failed != nil {
		note = leftOut(s.untold, "the log could not be written: "+s.failed.Error())
	}
	rest, err := s.segments.append(append(note, lines...))
	if len(rest) <= len(lines) {
		s.untold = 0 // the note was written
	} else {
		rest = lines
	}
	if err != nil {
		s.refuse(rest, err)
		return
	}
	if s.failed != nil {
		s.failed = nil
		s.tell(slog.LevelInfo, "the log can be written again")
	}
}

// refuse counts lines that could not be written, and says so the first time.
func (s *Store) refuse(lines []byte, err error) {
	n := uint64(bytes.Count(lines, newline))
	s.untold += n
	s.refused.Add(n)
	if s.failed == nil {
		s.tell(slog.LevelError, "the log cannot be written; lines are left out until it can", slog.Any("error", err))
	}
	s.failed = err
}
