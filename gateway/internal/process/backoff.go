package process

import "time"

// Backoff tells how long to wait before a process that has ended is started
// again. The zero value has seen no end.
//
// Of ends that follow each other within ten seconds the first few are not waited
// after: those who are being served notice each wait. After the others there is
// one, longer each time, or processes that end as they start would take the
// machine.
type Backoff struct {
	last time.Time
	row  int // that followed each other
}

const (
	recent    = 10 * time.Second
	atOnce    = 3
	waitLeast = 100 * time.Millisecond
	waitMost  = 5 * time.Second
)

// Next is for an end now.
func (b *Backoff) Next(now time.Time) (wait time.Duration) {
	if now.Sub(b.last) > recent {
		b.row = 0
	}
	b.last = now
	b.row++
	if b.row <= atOnce {
		return 0
	}
	wait = waitLeast
	for range b.row - atOnce - 1 {
		if wait = 2 * wait; wait > waitMost {
			return waitMost
		}
	}
	return wait
}
