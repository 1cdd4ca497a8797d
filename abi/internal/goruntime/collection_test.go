//go:build linux && (amd64 || arm64)

package goruntime

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// collection is how long a collection took that began while a goroutine ran a
// loop without calls, and how long the loop took.
type collection struct{ took, loop time.Duration }

func (c collection) String() string {
	return fmt.Sprintf("%.1f of %.0f ms", float64(c.took)/1e6, float64(c.loop)/1e6)
}

// collectionAgainstLoop fails when the collection has to wait for the loop. It
// takes a few percent of it when the goroutine is preempted, and all of it when
// it is not; the bound lies between, for a machine that is busy. One that is
// very busy can hold up any collection, so it is tried again, on the same
// thread: one that is never preempted again is not at the third time either.
func collectionAgainstLoop() (c collection, err error) {
	thread, end := oneThread()
	defer end()
	for range 3 {
		if c = collect(thread); !c.waited() {
			return c, nil
		}
	}
	return c, fmt.Errorf("a collection took %v with %d libraries: the host's goroutines are not preempted", c, Loaded())
}

// oneThread has functions run on one thread, one after the other.
func oneThread() (run func(func()), end func()) {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for f := range work {
			f()
		}
	}()
	return func(f func()) { work <- f }, func() { close(work) }
}

func (c collection) waited() bool { return c.took > c.loop/2 }

// collect has start run the loop beside this goroutine.
func collect(start func(func())) (c collection) {
	const sample = 1 << 26
	began := time.Now()
	loopSink.Store(tightLoop(sample))
	turns := uint64(float64(sample) * float64(500*time.Millisecond) / float64(time.Since(began)))

	var running atomic.Bool
	done := make(chan time.Duration)
	start(func() {
		running.Store(true)
		began := time.Now()
		loopSink.Store(tightLoop(turns))
		done <- time.Since(began)
	})
	for !running.Load() {
		runtime.Gosched()
	}
	began = time.Now()
	runtime.GC()
	c.took = time.Since(began)
	c.loop = <-done
	return c
}

var loopSink atomic.Uint64

//go:noinline
func tightLoop(turns uint64) (x uint64) {
	for i := range turns {
		x = x*31 + i
	}
	return x
}

// swallowed loads a library and, before its handler is replaced, has it get
// the preemption signal of a thread of the host: which the scheduler then waits
// for, and sends that thread no other.
func swallowed(files []string) error {
	thread, end := oneThread()
	defer end()

	_, err := Load(func() (uintptr, error) {
		handle, err := open(files[0])()
		if c := collect(thread); err == nil && !c.waited() {
			err = fmt.Errorf("a collection took %v with the library's handler in place: this shows nothing", c)
		}
		return handle, err
	})
	if err != nil {
		return err
	}
	if c := collect(thread); c.waited() {
		return errors.New("a collection took " + c.String() + ": the thread is never preempted again")
	}
	return nil
}
