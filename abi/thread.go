package abi

import "errors"

// Thread names a thread of this process for as long as it lives: by the
// address of its thread-local memory, which a call can note in a nanosecond,
// where asking the kernel for the thread's id takes 200. 0 where there is no
// such name.
type Thread uintptr

// Why a thread is not slowed down.
var (
	// ErrOneWay says that the system would not let this process take it back.
	ErrOneWay = errors.New("the system lets this process lower a thread's priority, but not raise it again; " +
		"it would with CAP_SYS_NICE, or with a limit on nice (RLIMIT_NICE) of 20")

	// ErrNoIdle says that the system has no such priority.
	ErrNoIdle = errors.New("this system cannot lower the priority of a single thread")
)
