package registry

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Limits bound what one endpoint may take; see gateway.Limits.
type Limits struct {
	Timeout        time.Duration
	MaxBody        int64
	MaxConcurrency int64
	MaxNative      int
	MaxStuck       int64
}

// Endpoint is what stays of an endpoint while its versions come and go.
type Endpoint struct {
	Name string

	limits  atomic.Pointer[Limits]
	current atomic.Pointer[Instance]

	requests atomic.Int64 // in flight, but for stuck ones
	stuck    atomic.Int64
	Native   Slots

	full   atomic.Pointer[chan struct{}] // closed while max_stuck is reached
	stuckM sync.Mutex

	dropped sync.Map // version+header -> struct{}: log lines written once

	retired    sync.WaitGroup // instances being drained
	drainingMu sync.Mutex
	draining   map[*Instance]struct{}
	count      Counters
	log        *slog.Logger
}

// Counters tell what became of replaced instances.
type Counters struct {
	Unloaded atomic.Int64 // gone from the process
	Retained atomic.Int64 // shut down, but still mapped
	Draining atomic.Int64
}

// NewEndpoint makes an endpoint without a version.
func NewEndpoint(name string, log *slog.Logger) *Endpoint {
	e := &Endpoint{Name: name, log: log, draining: map[*Instance]struct{}{}}
	open := make(chan struct{})
	e.full.Store(&open)
	return e
}

// SetLimits changes the limits for requests to come.
func (e *Endpoint) SetLimits(l Limits) {
	e.limits.Store(&l)
	e.Native.SetLimit(l.MaxNative)
	e.tellFull()
}

// Limits are those in force.
func (e *Endpoint) Limits() *Limits { return e.limits.Load() }

// Counters of the instances that were replaced.
func (e *Endpoint) Counters() *Counters { return &e.count }

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

// Current is the instance for new requests; nil if no version is loaded.
func (e *Endpoint) Current() *Instance { return e.current.Load() }

// Acquire takes a guard on the current instance; nil if there is none. An
// instance that drains has a successor, so it looks again.
func (e *Endpoint) Acquire() *Instance {
	for {
		i := e.current.Load()
		if i == nil || i.Acquire() {
			return i
		}
	}
}

// Swap makes next the instance for new requests, nil for none. When it returns
// no request enters the old one, which is drained, shut down and unloaded in
// the background.
func (e *Endpoint) Swap(next *Instance) {
	old := e.current.Swap(next)
	if old == nil || old == next {
		return
	}
	e.retire(old)
}

// TakeBack finds a replaced instance that still drains and would do as well as
// a new one; nil if there is none. It lets requests in again as soon as Swap
// makes it the current one, or has to be discarded.
func (e *Endpoint) TakeBack(identity string) *Instance {
	e.drainingMu.Lock()
	defer e.drainingMu.Unlock()
	for i := range e.draining {
		if identity != "" && i.Identity == identity && i.undrain() {
			delete(e.draining, i)
			return i
		}
	}
	return nil
}

// Discard ends an instance that will not be used after all.
func (e *Endpoint) Discard(i *Instance) { e.retire(i) }

func (e *Endpoint) retire(old *Instance) {
	idle := old.drain()
	e.drainingMu.Lock()
	e.draining[old] = struct{}{}
	e.drainingMu.Unlock()
	e.count.Draining.Add(1)
	e.retired.Go(func() {
		defer e.count.Draining.Add(-1)
		<-idle
		if old.close() {
			e.drainingMu.Lock()
			delete(e.draining, old)
			e.drainingMu.Unlock()
			e.end(old)
		}
	})
}

func (e *Endpoint) end(i *Instance) {
	i.Module.Shutdown()
	gone, err := i.Module.Unload()
	switch {
	case err != nil:
		e.count.Retained.Add(1)
		e.log.Error("a replaced version could not be unloaded", "endpoint", e.Name, "version", i.Version, "error", err)
	case gone:
		e.count.Unloaded.Add(1)
	default:
		e.count.Retained.Add(1)
	}
}

// Retired waits until every replaced instance has been drained and ended.
func (e *Endpoint) Retired() { e.retired.Wait() }

// Once tells whether something about a version is said for the first time.
func (e *Endpoint) Once(version, what string) bool {
	_, before := e.dropped.LoadOrStore(version+"\x00"+what, struct{}{})
	return !before
}
