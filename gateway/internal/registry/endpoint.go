package registry

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/metric"
)

// Limits bound what one endpoint may take; see gateway.Limits.
type Limits struct {
	Timeout        time.Duration
	MaxBody        int64
	MaxConcurrency int64
	MaxNative      int
	MaxStuck       int64

	// Of the rate, in nanoseconds: between two requests, and how much sooner
	// one may come, since others came later. 0 for no rate.
	Interval, Slack int64
}

// Endpoint is what stays of an endpoint while its versions come and go.
type Endpoint struct {
	Name string

	// Refused counts requests that were answered without a version.
	Refused metric.Statuses

	limits atomic.Pointer[Limits]
	split  atomic.Pointer[Split]

	rate     rate
	requests atomic.Int64 // in flight, but for stuck ones
	stuck    atomic.Int64
	Native   Slots

	// Canceling counts the calls of handler_cancel that have not returned.
	Canceling atomic.Int64

	full   atomic.Pointer[chan struct{}] // closed while max_stuck is reached
	stuckM sync.Mutex

	dropped sync.Map // version+header -> struct{}: log lines written once

	log     *slog.Logger
	retired sync.WaitGroup // instances being drained

	mu        sync.Mutex         // guards what follows, and the versions' own
	live      map[*Instance]bool // that have not ended; true for those that drain
	versions  []*Version         // the one used last at the end
	forgotten int64              // instances unloaded of versions that are not kept any more
}

// NewEndpoint makes an endpoint without a version.
func NewEndpoint(name string, log *slog.Logger) *Endpoint {
	e := &Endpoint{Name: name, log: log, live: map[*Instance]bool{}}
	e.split.Store(&Split{})
	open := make(chan struct{})
	e.full.Store(&open)
	return e
}

// SetLimits changes the limits for requests to come.
func (e *Endpoint) SetLimits(l Limits) {
	old := e.limits.Swap(&l)
	if old != nil && (old.Interval != l.Interval || old.Slack != l.Slack) {
		e.rate.due.Store(0) // it may be far ahead
	}
	e.Native.SetLimit(l.MaxNative)
	e.tellFull()
}

// Limits are those in force.
func (e *Endpoint) Limits() *Limits { return e.limits.Load() }

// Refusal says why a request is not let in.
type Refusal int

// The refusals.
const (
	Admitted Refusal = iota
	Busy             // max_concurrency requests are in flight
	Stuck            // max_stuck calls have not returned
)

// Admit takes a permit for a request; Leave gives it back.
func (e *Endpoint) Admit() Refusal {
	l := e.limits.Load()
	if e.stuck.Load() >= l.MaxStuck {
		return Stuck
	}
	if e.requests.Add(1) > l.MaxConcurrency {
		e.requests.Add(-1)
		return Busy
	}
	return Admitted
}

// Leave gives a permit back.
func (e *Endpoint) Leave() { e.requests.Add(-1) }

// GetStuck turns a permit into one of the stuck calls; false if max_stuck are
// stuck already: the call counts all the same, its client is told so.
func (e *Endpoint) GetStuck() bool {
	e.requests.Add(-1)
	n, most := e.stuck.Add(1), e.limits.Load().MaxStuck
	if n >= most {
		e.tellFull()
	}
	return n <= most
}

// Unstick says that a stuck call has returned.
func (e *Endpoint) Unstick() {
	e.stuck.Add(-1)
	e.tellFull()
}

// tellFull makes Full true to the count, which whoever has changed it calls for:
// the last of them sees it as it stays.
func (e *Endpoint) tellFull() {
	e.stuckM.Lock()
	defer e.stuckM.Unlock()
	if e.stuck.Load() >= e.limits.Load().MaxStuck {
		closeOnce(*e.full.Load())
		return
	}
	select {
	case <-*e.full.Load():
		open := make(chan struct{})
		e.full.Store(&open)
	default:
	}
}

// Unstuck takes GetStuck back: the call has returned in time after all.
func (e *Endpoint) Unstuck() {
	e.requests.Add(1)
	e.Unstick()
}

// Full is closed when max_stuck calls are stuck: who waits for a native slot
// then need not wait for its deadline.
func (e *Endpoint) Full() <-chan struct{} { return *e.full.Load() }

func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// InFlight counts the requests with a permit.
func (e *Endpoint) InFlight() int64 { return e.requests.Load() }

// StuckCalls counts the calls past their deadline that have not returned.
func (e *Endpoint) StuckCalls() int64 { return e.stuck.Load() }

// Once tells whether something about a version is said for the first time.
func (e *Endpoint) Once(version, what string) bool {
	_, before := e.dropped.LoadOrStore(version+"\x00"+what, struct{}{})
	return !before
}
