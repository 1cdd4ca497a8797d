package main

import "time"

// How long nothing is changed, of a tenth.
const (
	restLeast = 3 * time.Second
	restMost  = 10 * time.Second
)

// restTwice has the second and the last tenth of the run begin with a new worker
// and without a change for a while: what a worker keeps of replaced Go libraries
// is a matter of chance, and the two are to be compared. The load goes on until
// the second rest is over.
func (s *soak) restTwice() {
	for i, tenth := range []int{1, 9} {
		s.reaches(tenth, 0)
		s.changes.Lock()
		s.recycle()
		s.part.Store(int32(i + 1))
		s.wait(restLeast)
		s.reaches(tenth+1, restMost-restLeast)
		s.changes.Unlock()
		s.reaches(tenth+1, 0)
		if tenth == 1 {
			s.part.Store(0)
		}
	}
	s.rested.Store(true)
}

// reaches waits until so many tenths of the requests are sent, but no longer
// than most, if that is not 0, and than the load goes on.
func (s *soak) reaches(tenths int, most time.Duration) {
	for begin := time.Now(); s.sent.Load() < int64(tenths)*int64(s.o.requests)/10; {
		if !s.wait(20*time.Millisecond) || most > 0 && time.Since(begin) > most {
			return
		}
	}
}
