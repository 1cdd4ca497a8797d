package abi

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// reserve takes address space without memory behind it, at the address given
// where that is free. The result is not Go memory and lives until the process
// ends.
func reserve(at uintptr, size uintptr) (unsafe.Pointer, error) {
	p, err := windows.VirtualAlloc(at, size, windows.MEM_RESERVE, windows.PAGE_NOACCESS)
	if err != nil {
		p, err = windows.VirtualAlloc(0, size, windows.MEM_RESERVE, windows.PAGE_NOACCESS)
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&p)), err
}

// commit makes reserved memory readable and writable.
func commit(p unsafe.Pointer, size uintptr) error {
	_, err := windows.VirtualAlloc(uintptr(p), size, windows.MEM_COMMIT, windows.PAGE_READWRITE)
	return err
}

// discard does nothing: decommitting would make the block unusable until it is
// committed again.
func discard(unsafe.Pointer, uintptr) {}
