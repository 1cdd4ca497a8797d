package metric

import (
	"maps"
	"sync"
	"testing"
	"time"
)

func TestADurationFallsIntoTheBucketOfTheFirstBoundThatIsNotBelowIt(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		bucket int
	}{
		{0, 0}, {100 * time.Microsecond, 0}, {100*time.Microsecond + 1, 1}, {250 * time.Microsecond, 1},
		{time.Millisecond, 3}, {time.Second, 12}, {30 * time.Second, 16}, {30*time.Second + 1, 17}, {time.Hour, 17},
	} {
		var l Latency
		l.Observe(c.d)
		h := l.Read()
		if h.Buckets[c.bucket] != 1 || h.Count() != 1 || h.Sum != c.d {
			t.Errorf("%v: %+v, want bucket %d", c.d, h, c.bucket)
		}
		if twice := h.Add(h); twice.Buckets[c.bucket] != 2 || twice.Sum != 2*c.d {
			t.Errorf("%v twice: %+v", c.d, twice)
		}
	}
}

func TestNoCountIsLost(t *testing.T) {
	var statuses Statuses
	var latency Latency
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 3000 {
				statuses.Add(200 + 100*(n%3))
				latency.Observe(time.Duration(n) * time.Microsecond)
			}
		})
	}
	all.Wait()
	if got := statuses.Read(); !maps.Equal(got, map[int]uint64{200: 8000, 300: 8000, 400: 8000}) {
		t.Error(got)
	}
	if n := latency.Read().Count(); n != 24000 {
		t.Error(n)
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	var statuses Statuses
	var latency Latency
	count := func() {
		statuses.Add(599)
		latency.Observe(time.Second)
	}
	count()
	if n := testing.AllocsPerRun(100, count); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
