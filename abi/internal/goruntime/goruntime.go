// Package goruntime loads libraries that bring a Go runtime of their own into
// this process, which has one already.
//
// Go does not support two runtimes in one process. On linux with glibc it
// holds under these rules, which this package and its callers share:
//
//   - Loads come one after the other.
//   - A library takes the process's signal handlers while it loads. The host's
//     handler of SIGURG, by which its scheduler preempts goroutines, is put back
//     at once, and every thread is sent one SIGURG: a thread whose signal fell
//     into the library's hands would wait for it and never be preempted again.
//   - The handlers of SIGSEGV, SIGBUS and SIGFPE stay as they are. Each library
//     passes on what is not its own to the one before, the first to the host:
//     so a nil dereference is recovered by the code that made it. The chain is
//     as long as there are libraries, on a signal stack of fixed size: [Cap].
//   - A library is never unloaded: its threads go on for ever.
//   - A thread that ever called such a library must not exit, so no goroutine
//     may end while it is locked to its thread.
//   - The process was started with room for the libraries' thread-local memory
//     in the loader: [Ready] and [Tunables].
//
// What it costs: the code of a library is not preempted in a loop without
// calls, so its own collector may wait for one.
package goruntime

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Cap is how many Go runtimes a process can take beside its own. The chain of
// signal handlers breaks between 100 and 110.
const Cap = 60

var (
	// ErrUnsupported says that this process can load no Go library at all. The
	// error around it tells why and what to do.
	ErrUnsupported = errors.New("Go handler libraries are not supported here")

	// ErrFull says that the process has taken [Cap] of them.
	ErrFull = fmt.Errorf("this process has loaded %d Go libraries, which is the most it can take, "+
		"and Go libraries cannot be unloaded: edge-gateway recycle makes room, "+
		"and isolation = \"process\" gives an endpoint a process of its own, with room for its library", Cap)
)

var loads struct {
	sync.Mutex
	count atomic.Int64 // changed under the lock
}

// Load calls open, which loads one Go library and returns its handle, with the
// care that this takes. open should do nothing else: the host's goroutines are
// not preempted until it returns. Errors of open come back as they are;
// [ErrUnsupported] and [ErrFull] come before it is called.
//
// It may be called from every goroutine, and waits for other loads.
func Load(open func() (uintptr, error)) (uintptr, error) {
	if err := Ready(); err != nil {
		return 0, err
	}
	loads.Lock()
	defer loads.Unlock()
	if loads.count.Load() >= Cap {
		return 0, ErrFull
	}
	handle, arrived, err := load(open)
	if arrived || err == nil {
		loads.count.Add(1)
	}
	return handle, err
}

// Loaded is how many Go runtimes this process has taken, those of failed loads
// too. It never falls.
func Loaded() int { return int(loads.count.Load()) }
