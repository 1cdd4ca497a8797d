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
	Module  Module
	Version *Version
	// Identity is equal for instances that can stand in for one another: the
	// same version with the same config. Empty for one that never can.
	Identity string
	// Cancels are what its handler is to be told of.
	Cancels Cancels

	size   int64 // of the library, in bytes
	guards atomic.Int64
	holds  atomic.Int64 // of the guards, those that are no request's

	mu     sync.Mutex
	idle   chan struct{} // closed when drained; made anew by undrain
	closed bool          // shut down: never to be used again
}

const draining = 1 << 62

func newInstance(m Module, v *Version, identity string, size int64) *Instance {
	return &Instance{Module: m, Version: v, Identity: identity, size: size, idle: make(chan struct{})}
}

// Acquire takes a guard; false if the instance is draining.
func (i *Instance) Acquire() bool {
	if i.guards.Add(1)&draining == 0 {
		return true
	}
	i.Release()
	return false
}

// Hold takes one more guard while the caller knows that one is held, for what is
// left to do after the request. Let gives it back.
func (i *Instance) Hold() {
	i.holds.Add(1)
	i.guards.Add(1)
}

// Let gives back what Hold took.
func (i *Instance) Let() {
	i.holds.Add(-1)
	i.Release()
}

// Release gives a guard back.
func (i *Instance) Release() {
	if i.guards.Add(-1) == draining {
		i.drained()
	}
}

// InFlight is the number of requests inside.
func (i *Instance) InFlight() int64 { return max(0, i.guards.Load()&^draining-i.holds.Load()) }

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

// close marks an instance as used up that has drained since a call of drain, whose
// result this is; false if it was taken back into use since. Requests that come
// too late may be counted at this moment: none of them gets in.
func (i *Instance) close(idle <-chan struct{}) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.idle != idle {
		return false
	}
	i.closed = true
	return true
}
