package registry

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestARateLetsABurstInAndThenOneForEachInterval(t *testing.T) {
	const interval, burst = 100, 3
	for _, c := range []struct {
		name string
		at   []int64
		in   int
		wait int64 // of the last
	}{
		{"a burst at the start", []int64{0, 0, 0}, 3, 0},
		{"one more", []int64{0, 0, 0, 0}, 3, 100},
		{"evenly", []int64{0, 100, 200, 300, 400, 500, 600}, 7, 0},
		{"one after a burst", []int64{0, 0, 0, 99, 100, 101}, 4, 99},
		{"a burst after a pause", []int64{0, 10_000, 10_000, 10_000, 10_000}, 4, 100},
		{"those refused cost nothing", []int64{0, 0, 0, 0, 0, 0, 0, 0, 100, 200}, 5, 0},
		{"a time that comes late", []int64{1000, 900, 800, 700}, 2, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r rate
			in, wait := 0, int64(0)
			for _, now := range c.at {
				if wait = r.take(now, interval, (burst-1)*interval); wait == 0 {
					in++
				}
			}
			if in != c.in || wait != c.wait {
				t.Errorf("%d are let in, and the last waits %d; want %d and %d", in, wait, c.in, c.wait)
			}
		})
	}
}

// However many ask at once, no more are let in than the burst and what the time
// has brought; and no fewer, since there is always somebody who asks. Each look
// at the clock moves it on.
func TestARateHoldsWhateverHappensAtOnce(t *testing.T) {
	e := testEndpoint()
	const interval, burst, askers, each = 100, 50, 8, 50_000
	e.SetLimits(Limits{Interval: interval, Slack: (burst - 1) * interval})
	var clock, in, refused atomic.Int64
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range each {
				if e.Limited(clock.Add(1)) == 0 {
					in.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	const brought = askers * each / interval
	if n := in.Load(); n > brought+burst || n < brought {
		t.Errorf("%d were let in, want %d to %d", n, brought, brought+burst)
	}
	if in.Load()+refused.Load() != askers*each {
		t.Error("some got no answer")
	}
}

func TestAnotherRateBeginsAnew(t *testing.T) {
	e := testEndpoint()
	limits := Limits{Interval: int64(time.Hour)}
	e.SetLimits(limits)
	if e.Limited(1) != 0 || e.Limited(2) != time.Hour-1 {
		t.Fatal("one an hour is not what is let in")
	}
	limits.Timeout = time.Second
	if e.SetLimits(limits); e.Limited(3) == 0 {
		t.Error("another limit has changed the rate")
	}
	limits.Interval = int64(time.Minute)
	if e.SetLimits(limits); e.Limited(4) != 0 {
		t.Error("the old rate is still in force")
	}
	limits.Interval = 0
	e.SetLimits(limits)
	for range 3 {
		if e.Limited(5) != 0 {
			t.Error("there is no rate, and it is in force")
		}
	}
}
