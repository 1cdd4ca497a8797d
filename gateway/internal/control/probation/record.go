package probation

import "time"

// Look is what is seen of a version at some moment.
type Look struct {
	At       time.Time
	Requests uint64    // answered since the record began
	Process  time.Time // when its process was started; zero while there is none
	Memory   int64     // resident bytes of it; 0 where the system does not tell
}

// samplesMost is how much of a process' memory is remembered. When that is full,
// every second sample is dropped, and half as many are taken from then on.
const samplesMost = 256

// Record is what a version has done, without a fault, in a process of its own.
// It is for one goroutine at a time.
type Record struct {
	Began time.Time
	last  Look

	// Of the present process; another one begins anew.
	samples []sample
	every   int // one look of so many is kept
	looks   int // since the last one that was
}

type sample struct {
	at     time.Time
	memory int64
}

// Begin is an empty record.
func Begin(at time.Time) *Record { return &Record{Began: at, last: Look{At: at}, every: 1} }

// Add adds a look, which is later than those before.
func (r *Record) Add(l Look) {
	if !l.Process.Equal(r.last.Process) {
		r.samples, r.every, r.looks = nil, 1, 0
	}
	r.last = l
	if l.Process.IsZero() {
		return
	}
	if r.looks++; r.looks < r.every {
		return
	}
	if len(r.samples) == samplesMost {
		for i := range samplesMost / 2 {
			r.samples[i] = r.samples[2*i+1]
		}
		// The next one is due when as much time has passed again.
		r.samples, r.every = r.samples[:samplesMost/2], 2*r.every
		return
	}
	r.looks = 0
	r.samples = append(r.samples, sample{l.At, l.Memory})
}

// least is the least memory between two moments.
func (r *Record) least(from, to time.Time) (memory int64, known bool) {
	for _, s := range r.samples {
		if !s.at.Before(from) && s.at.Before(to) && s.memory > 0 && (!known || s.memory < memory) {
			memory, known = s.memory, true
		}
	}
	return memory, known
}
