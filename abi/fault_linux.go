//go:build amd64 || arm64

package abi

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// In assembly: they run on threads that Go does not know, in C's way of calling.
func faultHandler()
func exitHandler()

// What the two use. All of it is written before they can be called, and never
// again.
var (
	faultHandlerPC, exitHandlerPC uintptr // in assembly: their addresses

	faults       *faultRing
	faultsFile   int64       // descriptor of the file in which they lie
	faultsAt     int64       // where in the file
	faultsBefore [65]uintptr // by signal: the action that goes on
)

// sigaction is the kernel's.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// RecordFaults has each fault of native code noted, and each call of exit(), on
// whatever thread. It changes the process for good, is called once, and before
// any library is loaded: those that bring actions for signals of their own go
// on to what they find.
func (r *Recorder) RecordFaults() error {
	if r == nil {
		return nil
	}
	faults = &r.layout.faults
	faultsAt = int64(unsafe.Offsetof(r.layout.faults))
	conn, err := r.file.SyscallConn()
	if err != nil {
		return err
	}
	if err := conn.Control(func(fd uintptr) { faultsFile = int64(fd) }); err != nil {
		return err
	}
	for _, signal := range []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGABRT, syscall.SIGTRAP} {
		var action sigaction
		if err := changeAction(signal, nil, &action); err != nil {
			return err
		}
		if action.handler <= 1 {
			continue // the system's own: nothing could go on to it
		}
		faultsBefore[signal], action.handler = action.handler, faultHandlerPC
		if err := changeAction(signal, &action, nil); err != nil {
			return err
		}
	}
	atExit := lookup(purego.RTLD_DEFAULT, "__cxa_atexit")
	if atExit == 0 {
		return errors.New("the C library has no __cxa_atexit")
	}
	if code, _, _ := purego.SyscallN(atExit, exitHandlerPC, 0, 0); int32(code) != 0 {
		return errors.New("the C library has no room for a function to call at exit")
	}
	return nil
}

// changeAction is sound: the kernel reads and writes one action, which is as
// large as the kernel's by its fixed-width fields, and keeps no address.
func changeAction(signal syscall.Signal, to, was *sigaction) error {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(signal),
		uintptr(unsafe.Pointer(to)), uintptr(unsafe.Pointer(was)), unsafe.Sizeof(sigaction{}.mask), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("rt_sigaction", errno)
	}
	return nil
}
