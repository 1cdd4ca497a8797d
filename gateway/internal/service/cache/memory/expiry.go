package memory

import (
	"math"
	"time"

	"github.com/maypok86/otter/v2"
)

// clock counts the nanoseconds of this process. It does not jump when the time
// of day is set.
type clock struct{}

var started = time.Now()

func now() int64 { return int64(time.Since(started)) }

func (clock) NowNano() int64 { return now() }

func (clock) Tick(d time.Duration) <-chan time.Time { return time.Tick(d) }

// ends is when something that lives for ttl ends; 0 for no end.
func ends(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	at := now() + int64(ttl)
	if at < 0 { // past the end of time
		return math.MaxInt64
	}
	return at
}

// expiry reads an entry's end of life from the entry.
type expiry struct{}

func (expiry) ExpireAfterCreate(e otter.Entry[string, item]) time.Duration { return remaining(e) }

func (expiry) ExpireAfterUpdate(e otter.Entry[string, item], _ item) time.Duration {
	return remaining(e)
}

func (expiry) ExpireAfterRead(e otter.Entry[string, item]) time.Duration { return e.ExpiresAfter() }

func remaining(e otter.Entry[string, item]) time.Duration {
	if e.Value.expires == 0 {
		return math.MaxInt64 - time.Duration(e.SnapshotAtNano)
	}
	return time.Duration(max(1, e.Value.expires-e.SnapshotAtNano)) // less would be ignored
}
