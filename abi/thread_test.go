//go:build linux && (amd64 || arm64)

package abi

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// onThread runs f on a thread that nobody else uses meanwhile.
func onThread(f func()) {
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		f()
	})
	done.Wait()
}

func TestThreadIsFoundByItsName(t *testing.T) {
	var names sync.Map
	var ready, all sync.WaitGroup
	ready.Add(8)
	for range 8 {
		all.Go(func() {
			onThread(func() {
				name, id := CurrentThread(), unix.Gettid()
				ready.Done()
				ready.Wait() // so that all are threads of their own
				if ids, err := Threads(); err != nil || ids[name] != id {
					t.Errorf("thread %d is found as %d: %v", id, ids[name], err)
				}
				if _, twice := names.LoadOrStore(name, id); twice {
					t.Errorf("two threads have the name %#x", name)
				}
			})
		})
	}
	all.Wait()
}

func policy(t *testing.T) uint32 {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return attr.Policy
}

func TestThreadIsSlowedDownAndPutBack(t *testing.T) {
	onThread(func() {
		me := CurrentThread()
		if err := me.Slow(unix.Gettid()); errors.Is(err, ErrOneWay) {
			if policy(t) != unix.SCHED_NORMAL {
				t.Error("it was slowed down, for good")
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if p := policy(t); p != unix.SCHED_IDLE {
			t.Errorf("its policy is %d", p)
		}
		awake()
		if p := policy(t); p != unix.SCHED_NORMAL {
			t.Errorf("after another call its policy is %d", p)
		}
		if n := slowed.Load(); n != 0 {
			t.Errorf("%d threads count as slowed down", n)
		}
		me.Restore() // does nothing
	})
}

// What a slowed thread starts has the lowest priority too, and nobody who would
// give it back; what others have chosen stays.
func TestStraysArePutBackAndOthersStay(t *testing.T) {
	if !twoWay() {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal(ErrOneWay)
		}
		t.Skip(ErrOneWay)
	}
	lowest := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}
	ordinary := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}
	onThread(func() {
		if err := unix.SchedSetAttr(0, lowest, 0); err != nil { // its own choice
			t.Fatal(err)
		}
		defer func() { _ = unix.SchedSetAttr(0, ordinary, 0) }()
		onThread(func() {
			if err := CurrentThread().Slow(unix.Gettid()); err != nil {
				t.Fatal(err)
			}
			onThread(func() {
				defer func() { _ = unix.SchedSetAttr(0, ordinary, 0) }()
				if err := unix.SchedSetAttr(0, lowest, 0); err != nil { // as if inherited
					t.Fatal(err)
				}
				RestoreStrays()
				if p := policy(t); p != unix.SCHED_NORMAL {
					t.Errorf("a stray has the policy %d", p)
				}
			})
			if p := policy(t); p != unix.SCHED_IDLE {
				t.Errorf("the slowed thread has the policy %d", p)
			}
			CurrentThread().Restore()
		})
		if p := policy(t); p != unix.SCHED_IDLE {
			t.Errorf("a thread that chose the lowest priority has the policy %d", p)
		}
	})
}

func BenchmarkCurrentThread(b *testing.B) {
	for b.Loop() {
		CurrentThread()
	}
}
