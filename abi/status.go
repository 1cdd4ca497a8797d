package abi

import "fmt"

// Version of the ABI. While Major is 0 a library must carry exactly this pair.
const (
	Major = 0
	Minor = 2
)

// Status is what a function of the ABI returns: one of the EG_ constants.
type Status int32

// The answers of an entry, and the errors; see edge_gateway.h for each.
const (
	OK      Status = 0
	Await   Status = 1
	Pending Status = 2

	ErrInternal    Status = -1
	ErrInvalid     Status = -2
	ErrUnsupported Status = -3
	ErrDenied      Status = -4
	ErrNoMemory    Status = -5
	ErrDeadline    Status = -6
	ErrCanceled    Status = -7
	ErrClosing     Status = -8
	ErrStale       Status = -9
	ErrDone        Status = -10
	ErrOverloaded  Status = -11
	ErrNotFound    Status = -12
	ErrUnavailable Status = -13
	ErrTooLarge    Status = -14
	ErrTxGone      Status = -15
	ErrUnknown     Status = -16 // the outcome, that is
	ErrConflict    Status = -17
	ErrRefused     Status = -18
)

var statusNames = map[Status]string{
	OK: "EG_OK", Await: "EG_AWAIT", Pending: "EG_PENDING",
	ErrInternal: "EG_E_INTERNAL", ErrInvalid: "EG_E_INVALID", ErrUnsupported: "EG_E_UNSUPPORTED",
	ErrDenied: "EG_E_DENIED", ErrNoMemory: "EG_E_NO_MEMORY", ErrDeadline: "EG_E_DEADLINE",
	ErrCanceled: "EG_E_CANCELED", ErrClosing: "EG_E_CLOSING", ErrStale: "EG_E_STALE",
	ErrDone: "EG_E_DONE", ErrOverloaded: "EG_E_OVERLOADED", ErrNotFound: "EG_E_NOT_FOUND",
	ErrUnavailable: "EG_E_UNAVAILABLE", ErrTooLarge: "EG_E_TOO_LARGE",
	ErrTxGone: "EG_E_TX_GONE", ErrUnknown: "EG_E_UNKNOWN_OUTCOME", ErrConflict: "EG_E_CONFLICT", ErrRefused: "EG_E_REFUSED",
	Lost: "the process that had it has ended",
}

// String is the constant's name in the header.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("status %d", int32(s))
}

// Error makes a negative status usable as an error.
func (s Status) Error() string { return s.String() }
