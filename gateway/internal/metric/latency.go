package metric

import (
	"math"
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of a histogram's buckets, in seconds.
var Bounds = [...]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// bounds are the same as durations.
var bounds = func() (d [len(Bounds)]time.Duration) {
	for i, seconds := range Bounds {
		d[i] = time.Duration(math.Round(seconds * float64(time.Second)))
	}
	return d
}()

// Histogram counts durations by size.
type Histogram struct {
	Buckets [len(Bounds) + 1]uint64 // each for itself, not summed up
	Sum     time.Duration
}

// Count is the number of durations.
func (h Histogram) Count() (n uint64) {
	for _, of := range h.Buckets {
		n += of
	}
	return n
}

// Add adds up two histograms.
func (h Histogram) Add(o Histogram) Histogram {
	for i, n := range o.Buckets {
		h.Buckets[i] += n
	}
	h.Sum += o.Sum
	return h
}

// Latency is a histogram that durations are added to, from any goroutine.
type Latency struct {
	buckets [len(Bounds) + 1]atomic.Uint64
	sum     atomic.Int64
}

// Observe adds a duration. Most are short, so the buckets are looked through
// from the first one.
func (l *Latency) Observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	l.buckets[i].Add(1)
	l.sum.Add(int64(d))
}

// Read is the histogram so far.
func (l *Latency) Read() (h Histogram) {
	for i := range l.buckets {
		h.Buckets[i] = l.buckets[i].Load()
	}
	h.Sum = time.Duration(l.sum.Load())
	return h
}
