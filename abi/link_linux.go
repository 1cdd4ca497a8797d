package abi

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapSharedAt maps a file at an address that is free. The result is no Go
// memory.
func mapSharedAt(file *os.File, at, size uintptr) (p unsafe.Pointer, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := conn.Control(func(fd uintptr) {
		hint := *(*unsafe.Pointer)(unsafe.Pointer(&at)) // nothing is read there before it is mapped
		p, err = unix.MmapPtr(int(fd), 0, hint, size, unix.PROT_READ|unix.PROT_WRITE,
			unix.MAP_SHARED|unix.MAP_NORESERVE|unix.MAP_FIXED_NOREPLACE)
		if err == nil && uintptr(p) != at { // by a kernel that does not know the flag
			_ = unix.MunmapPtr(p, size)
			err = fmt.Errorf("address %#x is taken", at)
		}
	})
	if failed != nil {
		return nil, failed
	}
	return p, err
}

func unmapShared(p unsafe.Pointer, size uintptr) error { return unix.MunmapPtr(p, size) }

// discardShared gives the pages of a shared file back and keeps the addresses.
func discardShared(p unsafe.Pointer, size uintptr) {
	_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_REMOVE)
}

// The kernel's futex calls, for words that processes share.
const (
	futexWait = 0
	futexWake = 1
)

// sleep waits while a word is 0, or for no reason returns earlier.
func sleep(word *atomic.Uint32) {
	// Sound: the word lies in mapped memory, which stays.
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, 0, 0, 0, 0)
}

// wake wakes one thread that sleeps on a word. It does not block, so that the
// scheduler need not hear of it.
func wake(word *atomic.Uint32) {
	_, _, _ = unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1, 0, 0, 0)
}

// newBell makes what the gateway is woken with: its runtime's poller waits for
// it, which no thread has to do then.
func newBell() (*os.File, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return os.NewFile(uintptr(fd), "bell"), nil
}

var one = [8]byte{7: 0, 0: 1}

// ring rings a bell.
func ringBell(bell int) {
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(bell), uintptr(unsafe.Pointer(&one)), 8)
}
