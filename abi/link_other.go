//go:build !linux

package abi

import (
	"os"
	"sync/atomic"
	"unsafe"
)

// There are no links here, so that nothing below is ever called but the first.

func mapSharedAt(*os.File, uintptr, uintptr) (unsafe.Pointer, error) { return nil, ErrNoLink }
func unmapShared(unsafe.Pointer, uintptr) error                      { return ErrNoLink }
func discardShared(unsafe.Pointer, uintptr)                          {}
func newBell() (*os.File, error)                                     { return nil, ErrNoLink }
func sleep(*atomic.Uint32)                                           {}
func wake(*atomic.Uint32)                                            {}
func ringBell(int)                                                   {}
