package dispatch

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

const (
	// The threads of late calls are looked at this often, and so many at a
	// time, in turn.
	lookEvery = 10 * time.Millisecond
	lookMost  = 64

	// A thread spins that so many looks in a row found running, or ready to,
	// and that has not once waited for anything between them.
	spinLooks = 2

	// Every so many looks, threads that slowed threads have started are put
	// back.
	strayLooks = 10
)

// spinners are the native calls that have not returned by their deadlines. One
// goroutine looks at their threads, as long as there are any, and slows down
// those that spin: they get what is left over of the machine (SCHED_IDLE)
// until their call returns.
//
// Which thread a call is on is noted just before it. Go may move the goroutine
// to another thread between the note and the call, once in millions: then a
// thread that serves requests is taken for the one that spins, if it is as
// busy, and gets its priority back with the next native call it makes.
type spinners struct {
	log *slog.Logger

	mu    sync.Mutex
	calls []*lateThread
	wake  chan struct{} // there is a first call

	once sync.Once // for the log line that says that nothing can be done
}

// lateThread is the thread of one native call that has not returned.
type lateThread struct {
	at     atomic.Uintptr // abi.Thread of the call
	looked                // of the looking goroutine alone

	mu   sync.Mutex // between slowing down and the return
	slow bool
	over bool
}

// looked is what was seen of a thread.
type looked struct {
	thread abi.Thread
	id     int
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

func newSpinners(log *slog.Logger) *spinners {
	return &spinners{log: log, wake: make(chan struct{}, 1)}
}

// add has a call's thread looked at until it returns. A Go function of this
// program is not: its thread serves other goroutines too.
func (s *spinners) add(l *lateThread, m registry.Module) {
	if _, native := m.(*abi.Instance); !native {
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, l)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// returned says that the call has returned: its thread is Go's again.
func (l *lateThread) returned() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.slow {
		l.thread.Restore()
	}
}

// run looks until stop is closed.
func (s *spinners) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-s.wake:
		}
		if !s.watch(stop) {
			return
		}
	}
}

// watch looks while there are late calls; false when stop is closed.
func (s *spinners) watch(stop <-chan struct{}) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	slowed := false
	for n := 1; ; n++ {
		calls, left := s.next()
		s.identify(calls)
		for _, l := range calls {
			slowed = l.look(s) || slowed
		}
		if slowed && (n%strayLooks == 0 || left == 0) {
			abi.RestoreStrays()
		}
		if left == 0 {
			return true
		}
		select {
		case <-stop:
			return false
		case <-tick.C:
		}
	}
}

// next drops the calls that are over, and hands out those whose turn it is and
// the number of all.
func (s *spinners) next() (turn []*lateThread, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.calls[:0]
	for _, l := range s.calls {
		l.mu.Lock()
		if !l.over {
			open = append(open, l)
		}
		l.mu.Unlock()
	}
	clear(s.calls[len(open):])
	n := min(len(open), lookMost)
	turn = append(turn, open[:n]...)
	s.calls = append(open[n:], turn...)
	return turn, len(s.calls)
}

// identify finds out which threads the calls are on that are on others than
// when they were looked at last.
func (s *spinners) identify(calls []*lateThread) {
	var ids map[abi.Thread]int
	for _, l := range calls {
		thread := abi.Thread(l.at.Load())
		if thread == l.thread {
			continue
		}
		if ids == nil {
			ids, _ = abi.Threads() // none: nothing can be done
		}
		l.looked = looked{thread: thread, id: ids[thread]}
	}
}

// look looks at a call's thread, and slows it down, once, if it spins.
func (l *lateThread) look(s *spinners) (slowed bool) {
	if l.slow || l.id == 0 {
		return false
	}
	now, err := activityOf(l.id)
	if err != nil || !l.spins(now) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || l.slow || l.at.Load() != uintptr(l.thread) {
		return false
	}
	l.slow = true // whatever comes of it: not tried again
	if err := l.thread.Slow(l.id); err != nil {
		s.once.Do(func() { s.log.Warn("a call that spins past its deadline keeps its priority", "error", err) })
		return false
	}
	return true
}
