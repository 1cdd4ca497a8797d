// Package service holds what every kind of service has in common, and the
// services that need no backend. Each kind has a folder of its own, and each
// backend one inside that of its kind:
//
//	actor      a mailbox and the workers that own connections
//	sql        postgres, sqlite
//	cache      memcached, memory, redis
//	storage    directory, s3
//	email      directory, smtp
//	fetch      outbound HTTP
//	roots      certificates that services trust
//	drivers    opens any of them by kind and driver
//
// The flow of one operation: the library's callback, or the dispatcher for
// EG_AWAIT, calls Start of a [Handle]; the kind decodes the arguments and
// hands a message to its actor; a worker runs it on its connection and
// finishes the operation. A Go function of the embedding program takes the same
// way from the kind's Submit on, without the encoding.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Service is a running service of some kind.
type Service interface {
	abi.Service
	// ID is what a library asks for, such as "eg.sql/1".
	ID() string
	// Probe really reaches the backend, on a connection of its own.
	Probe(ctx context.Context) error
	Stats() actor.Stats
	// Close takes no new work, finishes what it has and lets the backend go.
	// What ctx cuts short fails.
	Close(ctx context.Context) error
}

// Spec is what a service is to be. Its options are complete: defaults filled
// in, secrets read.
type Spec struct {
	Name    string
	Kind    string
	Driver  string
	Options config.Options
	Workers int
	Mailbox int
	Timeout time.Duration // of an operation, waiting included
}

// Env is what a service finds around it.
type Env struct {
	// Dir is a folder for this service alone, kept over restarts. It need not
	// be there yet.
	Dir string
	Log *slog.Logger
	// Lookup finds another service by name, at the time of the call.
	Lookup func(name string) (*Handle, bool)
}

// Actor makes the options of an actor for this service.
func (s Spec) Actor(env Env) actor.Options {
	return actor.Options{Name: s.Name, Workers: s.Workers, Mailbox: s.Mailbox, Timeout: s.Timeout, Log: env.Log}
}

// Call says for whom an operation runs.
type Call struct {
	// Scope is the request's; nil for background work.
	Scope    *abi.Scope
	Deadline time.Time
	// RequestID and Header are for kinds that pass them on. Header reads a
	// header of the request, "" if it has none of that name; nil for background
	// work. While the operation is started.
	RequestID string
	Header    func(name string) string
}

// CallOf is the call of an operation of a library, without what is passed on.
// During Start.
func CallOf(op *abi.Operation) Call { return Call{Scope: op.Scope(), Deadline: op.Deadline} }

// Error is why an operation failed. It goes to the library as its status and
// an eg_problem.
type Error struct {
	Status   abi.Status
	Message  string // a sentence, without secrets
	Code     string
	Subject  string
	Position int
	// Login says that the backend refuses the gateway's own credentials: a fault
	// of the service, although it was reached, and not of the operation.
	Login bool
}

// Mistaken is why a service of another kind than id cannot be used.
func Mistaken(name string, s Service, id string) *Error {
	kind := func(id string) string {
		kind, _, _ := strings.Cut(strings.TrimPrefix(id, "eg."), "/")
		return kind
	}
	return Errorf(abi.ErrDenied, "service %q is of kind %s, and was asked for as %s", name, kind(s.ID()), kind(id))
}

// Errorf makes an Error without code and subject.
func Errorf(status abi.Status, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the status, for errors.Is.
func (e *Error) Unwrap() error { return e.Status }

// ErrorOf turns any error of a service into an Error: those of an actor have
// their status, contexts theirs, and what is left is a backend that cannot be
// reached.
func ErrorOf(err error) *Error {
	var known *Error
	var status abi.Status
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &status):
		return &Error{Status: status, Message: err.Error()}
	case errors.Is(err, actor.ErrOverloaded):
		return &Error{Status: abi.ErrOverloaded, Message: err.Error()}
	case errors.Is(err, actor.ErrDeadline), errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: abi.ErrDeadline, Message: "the time is up"}
	case errors.Is(err, context.Canceled):
		return &Error{Status: abi.ErrCanceled, Message: "nobody waits for it any more"}
	case errors.Is(err, actor.ErrClosed):
		return &Error{Status: abi.ErrClosing, Message: err.Error()}
	case errors.Is(err, actor.ErrPanic):
		return &Error{Status: abi.ErrInternal, Message: err.Error()}
	}
	return &Error{Status: abi.ErrUnavailable, Message: err.Error()}
}

// Finish tells a library the outcome of its operation.
func Finish(op *abi.Operation, result abi.Result, err error) {
	if err == nil {
		op.Finish(abi.OK, result)
		return
	}
	e := ErrorOf(err)
	op.Fail(e.Status, abi.Failure{Message: e.Message, Code: e.Code, Subject: e.Subject, Position: e.Position})
}
