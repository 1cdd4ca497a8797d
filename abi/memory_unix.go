//go:build unix

package abi

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve takes address space without memory behind it, at the address given
// where that is free. The result is not Go memory and lives until the process
// ends.
func reserve(at uintptr, size uintptr) (unsafe.Pointer, error) {
	hint := *(*unsafe.Pointer)(unsafe.Pointer(&at)) // a hint only: nothing is read there
	return unix.MmapPtr(-1, 0, hint, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
}

// commit makes reserved memory readable and writable.
func commit(p unsafe.Pointer, size uintptr) error {
	return unix.Mprotect(unsafe.Slice((*byte)(p), size), unix.PROT_READ|unix.PROT_WRITE)
}

// discard gives the pages back and keeps the addresses; they read as zero.
func discard(p unsafe.Pointer, size uintptr) {
	// Only a loss of memory if it fails: the block stays usable.
	_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_DONTNEED)
}
