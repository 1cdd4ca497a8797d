package cache

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Conn is a worker's connection to a backend. It belongs to one goroutine at a
// time.
type Conn interface {
	// Do runs a request and returns when ctx ends at the latest. Its errors
	// are of [service.Error], or say that the backend was not reached.
	Do(ctx context.Context, r *Request) (Result, error)
	// Lost tells whether the connection is closed. Do opens it again; whoever
	// has a reason to blame the backend drops it.
	Lost() bool
}

// Remote is a driver whose backend is another process.
type Remote[C Conn] struct {
	*actor.Actor[C]
	probe func(ctx context.Context) error
}

// NewRemote starts a driver. probe reaches the backend on a connection of its
// own.
func NewRemote[C Conn](backend actor.Backend[C], opts actor.Options, probe func(ctx context.Context) error) *Remote[C] {
	return &Remote[C]{Actor: actor.New(backend, opts), probe: probe}
}

// Probe implements Driver.
func (d *Remote[C]) Probe(ctx context.Context) error { return d.probe(ctx) }

// Submit implements Driver.
func (d *Remote[C]) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	return d.Send(actor.Message[C]{
		Deadline: call.Deadline,
		Run: func(ctx context.Context, conn C) error {
			result, err := conn.Do(ctx, &r)
			if ended := Ended(ctx); err != nil && ended != nil {
				err = ended // how the connection took its end is of no interest
			} else if errors.Is(err, os.ErrDeadlineExceeded) {
				err = context.DeadlineExceeded // the client's own timeout, which is the service's
			}
			fault := faultOf(err)
			if !conn.Lost() && fault != nil {
				fault = actor.Kept(fault)
			}
			done(result, err)
			return fault
		},
		Fail: func(err error) { done(Result{}, err) },
	})
}

// faultOf is err if it speaks of the backend and not of the request.
func faultOf(err error) error {
	if err == nil {
		return nil
	}
	switch e := service.ErrorOf(err); {
	case e.Status == abi.ErrUnavailable, e.Status == abi.ErrDeadline, e.Login:
		return err
	}
	return nil
}

// Ended is why ctx is over, or nil. It knows it at the deadline, a moment before
// ctx itself does: the network's own timers may be as early.
func Ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}
