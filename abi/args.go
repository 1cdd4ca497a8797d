package abi

import (
	"errors"
	"unsafe"
)

// ErrArgs says that the arguments of an operation break a rule of the header.
var ErrArgs = errors.New("malformed arguments")

// Args is the argument struct of an operation. All that this file reads is
// memory of the library, at addresses that it chose: readable, if at all, until
// Start returns, and only under Start, where a bad address ends the list of
// operations and not the process.
type Args struct {
	address uintptr
	size    uint32
}

const maxArgs = 4096 // bytes of an argument struct

func argsAt(address uintptr) Args {
	if address == 0 {
		return Args{}
	}
	size := *at[uint32](address)
	if size < 8 || size > maxArgs {
		return Args{}
	}
	return Args{address, size}
}

// Given tells whether there are arguments at all.
func (a Args) Given() bool { return a.size > 0 }

// Load copies an argument struct, one of the mirrors of this package. What an
// older library does not have yet is zero.
func Load[T any](a Args) (v T, err error) {
	if !a.Given() {
		return v, ErrArgs
	}
	copyStruct(&v, a)
	return v, nil
}

// LoadAt is Load for a struct that starts with its size, at an address.
func LoadAt[T any](address uintptr) (v T, err error) { return Load[T](argsAt(address)) }

func copyStruct[T any](to *T, from Args) {
	whole := unsafe.Slice((*byte)(unsafe.Pointer(to)), unsafe.Sizeof(*to))
	// to is a mirror without pointers, so its bytes may be set.
	copy(whole, unsafe.Slice(at[byte](from.address), from.size))
}

// LoadList copies a list of structs, or of addresses, with at most `most` of
// them.
func LoadList[T any](address uintptr, count, most uint64) ([]T, error) {
	if count == 0 {
		return nil, nil
	}
	if address == 0 || count > most {
		return nil, ErrArgs
	}
	return append([]T(nil), unsafe.Slice(at[T](address), count)...), nil
}

// LoadItem copies the n-th of a list of structs; the caller knows that there are
// so many.
func LoadItem[T any](address uintptr, n int) (v T, err error) {
	if address == 0 {
		return v, ErrArgs
	}
	return unsafe.Slice(at[T](address), n+1)[n], nil
}

// View makes bytes of the library readable without copying them; nil if they
// are absent. Copy what outlives Start.
func (b Bytes) View(limit uint64) ([]byte, error) {
	if b.Ptr != 0 && b.Len == 0 {
		return []byte{}, nil
	}
	v, err := view(b, limit)
	if err != nil {
		return nil, ErrArgs
	}
	return v, nil
}

// Copy copies bytes of the library; nil if they are absent.
func (b Bytes) Copy(limit uint64) ([]byte, error) {
	v, err := b.View(limit)
	if v == nil {
		return nil, err
	}
	return append(make([]byte, 0, len(v)), v...), nil
}

// Text copies bytes of the library as a string; empty if they are absent.
func (b Bytes) Text(limit uint64) (string, error) {
	v, err := b.View(limit)
	return string(v), err
}

// Absent tells whether there are no bytes, not even empty ones.
func (b Bytes) Absent() bool { return b.Ptr == 0 && b.Len == 0 }
