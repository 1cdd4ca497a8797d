package cli

import (
	"errors"
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
)

// The exit statuses, for scripts.
const (
	Failed      = 1   // whatever has none of its own
	Usage       = 2   // the command line is wrong
	Unreachable = 3   // no gateway answers
	NotAllowed  = 4   // the token is missing, unknown or not enough
	NotFound    = 5   // there is no such thing
	Conflicting = 6   // it contradicts something, or has changed meanwhile
	Interrupted = 130 // by Ctrl-C, as a shell has it
	Refused     = 7   // what was given is not good: it does not compile, load, or pass its trial
)

// ErrInterrupted says that whoever ran the command has ended it.
var ErrInterrupted = errors.New("interrupted")

// refusal is an error about what was given, found before the API was asked, such
// as a source that does not compile.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// ExitStatus is the status that a program ends with after an error.
func ExitStatus(err error) int {
	var problem *client.Problem
	var refused refusal
	switch {
	case errors.Is(err, ErrInterrupted):
		return Interrupted
	case errors.Is(err, client.ErrUnreachable):
		return Unreachable
	case errors.As(err, &refused):
		return Refused
	case !errors.As(err, &problem):
		return Failed
	}
	switch problem.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return NotAllowed
	case http.StatusNotFound:
		return NotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return Conflicting
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return Refused
	}
	return Failed
}
