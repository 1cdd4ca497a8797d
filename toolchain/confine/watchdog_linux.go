package confine

import (
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/toolchain/internal/disk"
)

// A watchdog measures a process and all its descendants, and ends them when a
// limit is passed. It is one goroutine; stop ends it.
type watchdog struct {
	pid    int
	policy Policy
	kill   func()
	stopAt chan struct{}
	passed chan *LimitError // one, when it has ended; nil if no limit was passed
}

// How often is looked, at most: what looking costs is no more than a
// twentieth of a processor.
const (
	lookEvery    = 50 * time.Millisecond
	measureEvery = 100 * time.Millisecond
	share        = 20
	tick         = time.Second / 100 // the kernel's unit of time in /proc
)

func startWatchdog(pid int, p Policy, kill func()) *watchdog {
	w := &watchdog{pid: pid, policy: p, kill: kill, stopAt: make(chan struct{}), passed: make(chan *LimitError, 1)}
	go w.run()
	return w
}

// stop ends the watch. The error is nil or a [*LimitError].
func (w *watchdog) stop() error {
	close(w.stopAt)
	if passed := <-w.passed; passed != nil {
		return passed
	}
	return nil
}

func (w *watchdog) run() {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	measured := time.Now()
	for {
		select {
		case <-w.stopAt:
			w.passed <- nil
			return
		case <-timer.C:
		}
		began := time.Now()
		found := descendants(w.pid)
		passed := w.look(found)
		pause := max(lookEvery, share*time.Since(began))
		if passed == nil && began.After(measured) {
			began := time.Now()
			passed = w.measure(found)
			measured = time.Now().Add(max(measureEvery, share*time.Since(began)))
		}
		if passed != nil {
			w.kill()
			w.passed <- passed
			return
		}
		timer.Reset(pause)
	}
}

// look checks what costs little to find out.
func (w *watchdog) look(found []process) *LimitError {
	limits := w.policy.Limits
	if n := len(found); limits.Processes > 0 && n > limits.Processes {
		return &LimitError{"Processes", fmt.Sprint(n), fmt.Sprint(limits.Processes)}
	}
	var memory, ticks int64
	for _, p := range found {
		memory += memoryOf(p.pid)
		ticks += p.ticks
	}
	if limits.Memory > 0 && memory > limits.Memory {
		return &LimitError{"Memory", size(memory), size(limits.Memory)}
	}
	if first, ok := readProcess(w.pid); ok {
		ticks += first.ticks // what has ended was waited for by it
	}
	if cpu := time.Duration(ticks) * tick; limits.CPU > 0 && cpu > limits.CPU {
		return &LimitError{"CPU", cpu.String(), limits.CPU.String()}
	}
	return nil
}

func (w *watchdog) measure(found []process) *LimitError {
	limit := w.policy.Limits.Disk
	if limit <= 0 {
		return nil
	}
	used := unlinkedOf(found)
	for _, dir := range w.policy.Measure {
		used += disk.Folder(dir)
	}
	if used > limit {
		return &LimitError{"Disk", size(used), size(limit)}
	}
	return nil
}
