package dispatch

import (
	"log/slog"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

const (
	// The threads of late calls are looked at this often, and so many at a
	// time, in turn.
	lookEvery = 10 * time.Millisecond
	lookMost  = 64

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
// to another thread between the note and the call, though seldom: then a thread
// that serves requests is taken for the one that spins, if it is as busy, and
// gets its priority back with the next native call it makes.
type spinners struct {
	log *slog.Logger

	mu    sync.Mutex
	calls []*lateThread
	wake  chan struct{} // there is a first call

	once sync.Once // for the log line that says that nothing can be done
}

func newSpinners(log *slog.Logger) *spinners {
	return &spinners{log: log, wake: make(chan struct{}, 1)}
}

// add has the threads of a late request looked at until it ends. Not those of
// a Go function of this program: they serve other goroutines too.
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
		if !l.over.Load() {
			open = append(open, l)
		}
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
		if ids == nil && thread != 0 {
			ids, _ = abi.Threads() // none: nothing can be done
		}
		l.looked = looked{thread: thread, id: ids[thread]}
	}
}
