package dispatch

import (
	"sync"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi"
)

// A thread spins that so many looks in a row found running, or ready to,
// and that has not once waited for anything between them.
const spinLooks = 2

// lateThread is the thread that the native calls of one late request are on,
// one after the other.
type lateThread struct {
	at     atomic.Uintptr // abi.Thread; 0 while no call is under way
	over   atomic.Bool    // no other call will be
	looked                // of the looking goroutine alone

	mu   sync.Mutex // between slowing down and the return
	slow abi.Thread // slowed down for the call under way, or 0
}

// looked is what was seen of a thread.
type looked struct {
	thread abi.Thread
	id     int
	done   bool  // it was slowed down, or could not be: not tried again
	waits  int64 // voluntary switches
	busy   int   // looks in a row that found it busy
}

// spins takes another look into account.
func (l *looked) spins(now activity) bool {
	if !now.ready || now.waits != l.waits {
		l.busy = 0
	}
	if now.ready {
		l.busy++
	}
	l.waits = now.waits
	return l.busy >= spinLooks
}

// activity is what a look at a thread finds.
type activity struct {
	ready bool  // it runs, or would if it were its turn
	waits int64 // how often it has waited for something: voluntary switches
}

// enter says that a call begins on a thread.
func (l *lateThread) enter(thread abi.Thread) { l.at.Store(uintptr(thread)) }

// leave says that the call has returned: its thread is Go's again.
func (l *lateThread) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at.Store(0)
	if l.slow != 0 {
		l.slow.Restore()
		l.slow = 0
	}
}

// end is leave for the last call of the request.
func (l *lateThread) end() {
	l.leave()
	l.over.Store(true)
}

// look looks at a call's thread, and slows it down, once, if it spins.
func (l *lateThread) look(s *spinners) (slowed bool) {
	if l.done || l.id == 0 {
		return false
	}
	now, err := activityOf(l.id)
	if err != nil || !l.spins(now) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.Load() != uintptr(l.thread) {
		return false
	}
	l.done = true
	if err := l.thread.Slow(l.id); err != nil {
		s.once.Do(func() { s.log.Warn("a call that spins past its deadline keeps its priority", "error", err) })
		return false
	}
	l.slow = l.thread
	return true
}
