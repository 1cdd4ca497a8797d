package abi

import (
	"runtime"
	"sync/atomic"
)

// waker wakes the threads of the other process. It does so at once for a request
// that is alone; among others, after the goroutines that can run have done so: of
// these many have a message, too, and a thread that is woken for one finds them
// all. At 64 in flight that takes a ninth off what a request costs.
type waker struct {
	threads *waiters
	inside  atomic.Int64 // requests that the other process has
	due     atomic.Bool  // run has been told
	kick    chan struct{}
}

func newWaker(threads *waiters) *waker {
	// One is for run to be told, one for stop.
	return &waker{threads: threads, kick: make(chan struct{}, 2)}
}

// sent is for who has sent a message. It does not block.
func (w *waker) sent() {
	switch {
	case !w.threads.idle():
	case w.inside.Load() <= 1:
		w.threads.rouse()
	case w.due.CompareAndSwap(false, true):
		w.kick <- struct{}{}
	}
}

// run wakes, until stop.
func (w *waker) run(stopped *atomic.Bool) {
	for range w.kick {
		if stopped.Load() {
			return
		}
		runtime.Gosched() // to behind the others
		w.due.Store(false)
		if w.threads.idle() {
			w.threads.rouse()
		}
	}
}

// stop ends run, after what tells it to has been set. To be called once.
func (w *waker) stop() { w.kick <- struct{}{} }
