package registry

import (
	"sync/atomic"
	"time"
)

// rate bounds how many requests are let in, by one word: the time at which the
// next one would be due if all came evenly, interval apart. A request may come
// before that, by slack at most, and moves it on by one interval.
//
// Why no more than burst + rate × t requests are let in within any time t,
// however many goroutines ask at once: the word never goes back, and each
// request that is let in has moved it on by an interval at least, from the
// later of what it was and the time of the request. When the n-th of a row is
// let in, the first of which came at t1, the word is thus t1 + (n-1) intervals
// or more. It was let in at tn, so the word was tn + slack or less:
// n-1 ≤ (tn-t1 + slack) / interval, and slack is burst-1 intervals. That the
// times of requests come to the word in another order changes nothing.
//
// A compare-and-swap fails only if another request was let in meanwhile; one
// that is refused writes nothing.
type rate struct{ due atomic.Int64 }

// take lets a request in that comes at now, or tells how long it comes too
// early. Times are on one clock that begins at 0.
func (r *rate) take(now, interval, slack int64) (wait int64) {
	for {
		due := r.due.Load()
		if wait := due - slack - now; wait > 0 {
			return wait
		}
		if r.due.CompareAndSwap(due, max(due, now)+interval) {
			return 0
		}
	}
}

// Limited takes note of a request at a time, by the rate of the endpoint, or
// tells when it may come again; 0: it is let in.
func (e *Endpoint) Limited(now int64) (wait time.Duration) {
	l := e.limits.Load()
	if l.Interval == 0 {
		return 0
	}
	return time.Duration(e.rate.take(now, l.Interval, l.Slack))
}
