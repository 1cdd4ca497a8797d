package process

import (
	"reflect"
	"testing"
	"time"
)

func TestEndsThatKeepFollowingEachOtherAreWaitedBetween(t *testing.T) {
	var b Backoff
	now := time.Now()
	var waits []time.Duration
	for range 12 {
		waits = append(waits, b.Next(now))
		now = now.Add(time.Second)
	}
	now = now.Add(10 * time.Second)
	waits = append(waits, b.Next(now), b.Next(now), b.Next(now), b.Next(now))
	const ms = time.Millisecond
	want := []time.Duration{
		0, 0, 0, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms, 5000 * ms,
		0, 0, 0, 100 * ms,
	}
	if !reflect.DeepEqual(waits, want) {
		t.Errorf("%v, want %v", waits, want)
	}
}
