package model

import "fmt"

// Kind of an error, for whoever has to decide on it. The admin API gives each
// a status of HTTP.
type Kind int

// The kinds of errors. Everything else is a fault of the gateway's own.
const (
	Invalid      Kind = iota + 1 // what was given cannot be: 422
	Missing                      // there is no such thing: 404
	Conflict                     // it contradicts something that is there: 409
	ReadOnly                     // the configuration file declares it: 409
	Stale                        // it has changed since the caller looked: 412
	TooLarge                     // more than a limit allows: 413
	Refused                      // a library, a source or a trial was not good enough: 422
	Busy                         // too much of it is under way: 429
	Unavailable                  // it cannot be done now: 503
	Denied                       // the caller may not: 403
	Unauthorized                 // the caller is not known: 401
)

// Error is a reason that people can act on.
type Error struct {
	Kind   Kind
	Field  string // of the request, dotted, where one is at fault: "limits.timeout"
	Reason string // a sentence without its full stop
	Other  string // of a conflict, the other one: "endpoint/orders"
	Detail string // long text beside the reason, such as a compiler's output
	Err    error  // cause; may be nil
}

func (e *Error) Error() string { return e.Reason }
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a kind. A cause may be wrapped with %w.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Reason: err.Error(), Err: err}
}

// At names the field that is at fault.
func (e *Error) At(field string) *Error {
	e.Field = field
	return e
}
