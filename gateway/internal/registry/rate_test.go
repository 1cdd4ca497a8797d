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
// has brought; and no fewer, if there is always somebody who asks.
func TestARateHoldsWhateverHappensAtOnce(t *testing.T) {
	e := testEndpoint()
	interval, burst := int64(20*time.Microsecond), int64(50)
	e.SetLimits(Limits{Interval: interval, Slack: (burst - 1) * interval})
	start := time.Now()
	var in, refused atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for time.Since(start) < 200*time.Millisecond {
				if e.Limited(int64(time.Since(start))) == 0 {
					in.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	took := int64(time.Since(start))
	if most := burst + took/interval; in.Load() > most {
		t.Errorf("%d were let in, and there is room for %d", in.Load(), most)
	}
	if refused.Load() == 0 {
		t.Error("nobody was refused: this shows nothing")
	}
	if least := int64(200*time.Millisecond)/interval/2 + 1; in.Load() < least { // half: the machine may be busy
		t.Errorf("%d were let in, and there was room for %d", in.Load(), 2*least)
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
