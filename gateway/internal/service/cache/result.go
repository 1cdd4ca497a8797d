package cache

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Entry is what a Get found for one key.
type Entry struct {
	Value   []byte // nil: not there. Nobody writes to it
	Version uint64 // for Swap
}

// Result is the answer to a request: Entries of a Get, in the order of its
// keys, or the Number that a Count came to.
type Result struct {
	Entries []Entry
	Number  uint64
}

// The answers that are no results; of every driver the same.
var (
	errNotFound = &service.Error{Status: abi.ErrNotFound, Message: "the key is not there"}
	errExists   = &service.Error{Status: abi.ErrConflict, Message: "the key is there already"}
	errChanged  = &service.Error{Status: abi.ErrConflict, Message: "the value has changed"}
	errNumber   = &service.Error{Status: abi.ErrConflict, Message: "the value is no decimal number from 0 to 2^64 - 1"}
	errOverflow = &service.Error{Status: abi.ErrConflict, Message: "the number would be greater than 2^64 - 1"}
)

// NotFound is the answer where the key is not there.
func NotFound() error { return errNotFound }

// KeyExists is the answer to an Add where the key is there.
func KeyExists() error { return errExists }

// Changed is the answer to a Swap where the value has changed.
func Changed() error { return errChanged }

// NoNumber is the answer to a Count where the value cannot be counted.
func NoNumber() error { return errNumber }

// Overflow is the answer to a Count over the greatest number.
func Overflow() error { return errOverflow }

// TooLarge is the answer where bytes are more than the limit.
func TooLarge(bytes, limit int) error {
	return service.Errorf(abi.ErrTooLarge, "a value of %d bytes; at most %d can be stored", bytes, limit)
}

// Budget bounds what one Get reads.
type Budget int

// Take notes a value, and fails when all of them are too much.
func (b *Budget) Take(value []byte) error {
	if *b += Budget(len(value)); *b > MaxValue {
		return service.Errorf(abi.ErrTooLarge, "the values are more than %d bytes together; read fewer keys at a time", MaxValue)
	}
	return nil
}
