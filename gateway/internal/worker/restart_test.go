package worker

import (
	"slices"
	"testing"
	"time"
)

func TestOnlyCrashesThatKeepComingAreWaitedAfter(t *testing.T) {
	var c crashes
	now := time.Now()
	in := func(gap time.Duration, n int) (waits []time.Duration) {
		for range n {
			now = now.Add(gap)
			waits = append(waits, c.next(now))
		}
		return waits
	}
	const ms = time.Millisecond
	if waits, want := in(ms, 12), []time.Duration{0, 0, 0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, waitMost, waitMost, waitMost}; !slices.Equal(waits, want) {
		t.Errorf("of those that come at once: %v, want %v", waits, want)
	}
	if waits := in(recent+ms, 20); slices.Max(waits) != 0 {
		t.Errorf("of those far apart: %v", waits)
	}
	if waits := in(ms, 1<<16); slices.Max(waits) != waitMost || !slices.IsSorted(waits) {
		t.Errorf("of very many the longest is %v", slices.Max(waits))
	}
}
