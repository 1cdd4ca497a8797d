package main

import "time"

// restMost is how long nothing is changed, of a tenth.
const restMost = 10 * time.Second

// restTwice has the second and the last tenth of the run begin with a new worker
// and without a change for a while: what a worker keeps of replaced Go libraries
// is a matter of chance, and the two are to be compared.
func (s *soak) restTwice() {
	for i, tenth := range []int{1, 9} {
		if !s.reaches(tenth, 0) {
			return
		}
		s.changes.Lock()
		s.recycle()
		for len(s.tree.workers(s.gateway.cmd.Process.Pid)) > 1 && s.wait(sampleEvery) {
		}
		s.part.Store(int32(i + 1))
		s.reaches(tenth+1, restMost)
		s.changes.Unlock()
		if !s.reaches(tenth+1, 0) {
			return
		}
		s.part.Store(0)
	}
}

// reaches waits until so many tenths of the requests are sent, but no longer
// than most, if that is not 0. It tells whether the load goes on.
func (s *soak) reaches(tenths int, most time.Duration) bool {
	for begin := time.Now(); s.sent.Load() < int64(tenths)*int64(s.o.requests)/10; {
		if !s.wait(20 * time.Millisecond) {
			return false
		}
		if most > 0 && time.Since(begin) > most {
			break
		}
	}
	return true
}
