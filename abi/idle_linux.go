package abi

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// idle is what Slow has changed.
var idle struct {
	sync.Mutex
	threads map[Thread]idleThread
	others  map[int]bool // threads that ran at SCHED_IDLE before the first of these
}

// idleThread is a slowed thread: its id, and how it was scheduled before.
type idleThread struct {
	id     int
	before *unix.SchedAttr
}

// Slow has the thread, whose id is as Threads has it, run only where the
// machine has nothing else to do (SCHED_IDLE), until Restore. It also ends when
// the thread makes another native call or a callback into Go.
func (t Thread) Slow(id int) error {
	if !twoWay() {
		return ErrOneWay
	}
	idle.Lock()
	defer idle.Unlock()
	if _, done := idle.threads[t]; done {
		return nil
	}
	before, err := unix.SchedGetAttr(id, 0)
	if err != nil {
		return err
	}
	if before.Policy != unix.SCHED_NORMAL && before.Policy != unix.SCHED_BATCH {
		return nil // somebody has chosen for it
	}
	if len(idle.threads) == 0 {
		idle.threads, idle.others = map[Thread]idleThread{}, map[int]bool{}
		eachIdle(func(id int) { idle.others[id] = true })
	}
	if err := unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0); err != nil {
		return err
	}
	idle.threads[t] = idleThread{id, before}
	slowed.Add(1)
	return nil
}

// Restore gives a thread that was slowed down its priority back.
func (t Thread) Restore() {
	idle.Lock()
	defer idle.Unlock()
	thread, ok := idle.threads[t]
	if !ok {
		return
	}
	delete(idle.threads, t)
	slowed.Add(-1)
	// Without success the thread has ended: that it may be done was tried out.
	_ = unix.SchedSetAttr(thread.id, thread.before, 0)
}

// RestoreStrays gives ordinary priority to threads that got the lowest from
// the slowed thread that started them: a handler's own, or those of its Go
// runtime. To be called while something is slowed down, and once after.
func RestoreStrays() {
	idle.Lock()
	defer idle.Unlock()
	mine := map[int]bool{}
	for _, thread := range idle.threads {
		mine[thread.id] = true
	}
	eachIdle(func(id int) {
		if !mine[id] && !idle.others[id] {
			_ = unix.SchedSetAttr(id, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
		}
	})
}

// eachIdle calls f with the id of every thread of the process at SCHED_IDLE.
func eachIdle(f func(id int)) {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		if attr, err := unix.SchedGetAttr(id, 0); err == nil && attr.Policy == unix.SCHED_IDLE {
			f(id)
		}
	}
}

// twoWay tells whether this process may leave SCHED_IDLE again, which takes
// what it takes to be less nice: it is tried out by being less nice for a
// moment, which can be taken back whatever comes of it.
var twoWay = sync.OnceValue(func() bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return false
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NICE, &limit) == nil && int64(limit.Cur) >= int64(20-now.Nice) {
		return true
	}
	less := *now
	less.Nice--
	err = unix.SchedSetAttr(0, &less, 0)
	return errors.Join(err, unix.SchedSetAttr(0, now, 0)) == nil
})
