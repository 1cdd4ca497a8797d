package actor

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
)

// Stats is what an actor is doing, and did.
type Stats struct {
	Waiting     int // messages in the mailboxes
	Busy        int // workers with a message
	Connections int
	Done        uint64 // messages that ran, or would have if there had been a connection
	Overloaded  uint64 // refused at once
	Deadlines   uint64 // not started in time
	Panics      uint64
	Errors      uint64           // of those done, the ones that failed for the backend's or the driver's sake
	Latency     metric.Histogram // of all done, waiting included

	// Fault is the last error of the backend, nil since something went well.
	Fault   error
	FaultAt time.Time
}

type counters struct {
	busy, connections                          atomic.Int64
	ran, overloaded, deadlines, panics, errors atomic.Uint64
	latency                                    metric.Latency
	faulty                                     atomic.Bool // lets healthy pass without the lock
	mu                                         sync.Mutex
	last                                       error
	at                                         time.Time
}

func (c *counters) done(took time.Duration) {
	c.ran.Add(1)
	c.latency.Observe(took)
}

func (c *counters) fault(err error) {
	c.errors.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.at = err, time.Now()
	c.faulty.Store(true)
}

func (c *counters) healthy() {
	if !c.faulty.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = nil
	c.faulty.Store(false)
}

// Stats tells what the actor is doing.
func (a *Actor[C]) Stats() Stats {
	c := &a.stats
	c.mu.Lock()
	last, at := c.last, c.at
	c.mu.Unlock()
	return Stats{
		Waiting: len(a.short) + len(a.long), Busy: int(c.busy.Load()), Connections: int(c.connections.Load()),
		Done: c.ran.Load(), Overloaded: c.overloaded.Load(), Deadlines: c.deadlines.Load(), Panics: c.panics.Load(),
		Errors: c.errors.Load(), Latency: c.latency.Read(), Fault: last, FaultAt: at,
	}
}

// Ended is what is left of an actor that was closed: its counts.
func (s Stats) Ended() Stats {
	s.Waiting, s.Busy, s.Connections, s.Fault, s.FaultAt = 0, 0, 0, nil, time.Time{}
	return s
}

// Add adds up what two actors of one service do. The fault is the later one of
// the two.
func (s Stats) Add(o Stats) Stats {
	sum := Stats{
		Waiting: s.Waiting + o.Waiting, Busy: s.Busy + o.Busy, Connections: s.Connections + o.Connections,
		Done: s.Done + o.Done, Overloaded: s.Overloaded + o.Overloaded, Deadlines: s.Deadlines + o.Deadlines,
		Panics: s.Panics + o.Panics, Errors: s.Errors + o.Errors, Latency: s.Latency.Add(o.Latency), Fault: s.Fault, FaultAt: s.FaultAt,
	}
	if s.Fault == nil || o.Fault != nil && o.FaultAt.After(s.FaultAt) {
		sum.Fault, sum.FaultAt = o.Fault, o.FaultAt
	}
	return sum
}
