//go:build linux && (amd64 || arm64)

package goruntime

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// preemptionSignal is what Go's scheduler sends to a thread whose goroutine
// has run for too long.
const preemptionSignal = syscall.SIGURG

// action is the kernel's struct sigaction, which is the same on amd64 and
// arm64. It is only carried, and compared. os/signal cannot do that: it knows
// nothing of handlers that it did not install.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// Both system calls are sound: the kernel reads or writes one action, which is
// as large as the kernel's by its fixed-width fields, and keeps no address.

func preemptionAction() (action, error) {
	var current action
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(preemptionSignal),
		0, uintptr(unsafe.Pointer(&current)), unsafe.Sizeof(current.mask), 0, 0)
	if errno != 0 {
		return action{}, errno
	}
	return current, nil
}

func setPreemptionAction(a action) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(preemptionSignal),
		uintptr(unsafe.Pointer(&a)), 0, unsafe.Sizeof(a.mask), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// signalEveryThread sends the preemption signal to each thread of the process,
// where it does no harm: a scheduler looks whether it wants something, and a
// thread that it does not know ignores it. A thread that ends meanwhile is no
// error, and one that starts meanwhile has missed nothing.
func signalEveryThread() error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	process := os.Getpid()
	for _, entry := range threads {
		thread, err := strconv.Atoi(entry.Name())
		if err != nil {
			return err
		}
		_, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(process), uintptr(thread), uintptr(preemptionSignal))
		if errno != 0 && errno != syscall.ESRCH {
			return os.NewSyscallError("tgkill", errno)
		}
	}
	return nil
}
