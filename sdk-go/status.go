package edge

import "fmt"

// Status is an error of the contract between gateway and handler, comparable
// with errors.Is. A handler that returns one, wrapped or not, has the gateway
// log it under its name; for the client [ErrOverloaded], [ErrUnavailable] and
// [ErrClosing] are a 503 with Retry-After: 1, [ErrDeadline] is a 504 and every
// other error a 500.
type Status int32

const (
	ErrInternal    Status = -1  // a fault of the other side
	ErrInvalid     Status = -2  // an argument breaks a rule
	ErrUnsupported Status = -3  // no such service or operation
	ErrDenied      Status = -4  // the endpoint has no binding of that name
	ErrNoMemory    Status = -5  // the bound on a request's memory is reached
	ErrDeadline    Status = -6  // the request's time is up
	ErrCanceled    Status = -7  // nobody wants the answer any more
	ErrClosing     Status = -8  // the instance or the gateway is shutting down
	ErrStale       Status = -9  // the request has been answered
	ErrDone        Status = -10 // the request has been completed before
	ErrOverloaded  Status = -11 // a queue is full; try later
	ErrNotFound    Status = -12 // no value of that name
	ErrUnavailable Status = -13 // the backend cannot be reached
	ErrTooLarge    Status = -14 // over a limit on size
	ErrTxGone      Status = -15 // the transaction has ended, by rollback
	ErrUnknown     Status = -16 // the outcome: it may have happened, or not
	ErrConflict    Status = -17 // what is there already forbids it
	ErrRefused     Status = -18 // the backend understood, and said no
)

var statusText = [...]string{
	"",
	"internal fault",
	"invalid argument",
	"unsupported by this gateway",
	"denied: the endpoint has no such binding",
	"the bound on the request's memory is reached",
	"the request's deadline has passed",
	"the request was canceled",
	"the gateway is shutting down",
	"the request has been answered already",
	"the request has been completed already",
	"overloaded: try again later",
	"not found",
	"the service cannot be reached",
	"too large",
	"the transaction has ended by rollback",
	"the outcome is unknown: it may have happened, or not",
	"in conflict with what is there",
	"refused by the backend",
}

func (s Status) Error() string {
	if s < 0 && s > -Status(len(statusText)) {
		return statusText[-s]
	}
	return fmt.Sprintf("status %d", int32(s))
}
