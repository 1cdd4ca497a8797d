package registry

import (
	"sync"
	"sync/atomic"
)

// Instance is a module that an endpoint uses, or used, with the count of the
// requests inside it.
//
// The count and the mark of draining share one word, so that taking a guard is
// one addition: Acquire adds one and looks at the mark in the result. When the
// mark is set, each request that got in before is still counted, each later one
// takes its one back at once, and whoever brings the count to zero under the
// mark reports it. A transient count can make several report; idle takes that.
type Instance struct {
	Module Module
	// Version names the library: the SHA-256 of its bytes, in hex.
	Version string
	// Identity is equal for instances that can stand in for one another: the
	// same version with the same config. Empty for one that never can.
	Identity string

	guards atomic.Int64

	mu     sync.Mutex
	idle   chan struct{} // closed when drained; made anew by undrain
	closed bool          // shut down: never to be used again
}

const draining = 1 << 62

// NewInstance wraps a module that has started.
func NewInstance(m Module, version, identity string) *Instance {
	return &Instance{Module: m, Version: version, Identity: identity, idle: make(chan struct{})}
}

// Acquire takes a guard; false if the instance is draining.
func (i *Instance) Acquire() bool {
	if i.guards.Add(1)&draining == 0 {
		return true
	}
	i.Release()
	return false
}

// Hold takes one more guard while the caller knows that one is held.
func (i *Instance) Hold() { i.guards.Add(1) }

// Release gives a guard back.
func (i *Instance) Release() {
	if i.guards.Add(-1) == draining {
		i.drained()
	}
}

// InFlight is the number of requests inside.
func (i *Instance) InFlight() int64 { return i.guards.Load() &^ draining }

// drain lets no further request in. The result is closed when the last one has
// left.
func (i *Instance) drain() <-chan struct{} {
	i.mu.Lock()
	idle := i.idle
	i.mu.Unlock()
	if i.guards.Add(draining) == draining {
		i.drained()
	}
	return idle
}

func (i *Instance) drained() {
	i.mu.Lock()
	defer i.mu.Unlock()
	select {
	case <-i.idle:
	default:
		if i.guards.Load() == draining {
			close(i.idle)
		}
	}
}

// undrain takes a draining instance back into use; false if it was shut down.
func (i *Instance) undrain() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	closeOnce(i.idle) // who waits for the end finds that it did not come
	i.idle = make(chan struct{})
	i.guards.Add(-draining)
	return true
}

// close marks a drained instance as used up; false if it was taken back into
// use meanwhile or has been closed before.
func (i *Instance) close() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.guards.Load() != draining {
		return false
	}
	i.closed = true
	return true
}
