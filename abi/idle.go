package abi

import "sync/atomic"

// slowed counts the threads that Slow has slowed down. Each native call and
// each callback looks at it: a thread that makes one is not where it was.
var slowed atomic.Int32

// awake gives the calling thread its priority back, should it have been slowed
// down. A thread that runs Go code without priority may hold, and keep from
// all others for as long as the machine is busy, a processor of Go's scheduler.
func awake() {
	if slowed.Load() != 0 {
		restoreCurrent()
	}
}

func restoreCurrent() { CurrentThread().Restore() }
