package sql

import (
	"context"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// operation is a request under way. Exactly one outcome reaches its done, at
// its deadline at the latest, whatever the driver does.
type operation struct {
	Request
	call     service.Call
	deadline time.Time
	done     func(Result, error)

	// In a session, see post.
	ctx  context.Context
	free func()

	mu       sync.Mutex
	ended    bool
	canceled bool
	cancel   func()
}

func (o *operation) finish(r Result, err error) {
	o.mu.Lock()
	first := !o.ended
	o.ended, o.cancel = true, nil
	o.mu.Unlock()
	if first {
		o.done(r, err)
	}
}

// told tells whether the caller has the outcome.
func (o *operation) told() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended
}

// follow says how the operation is canceled from now on.
func (o *operation) follow(cancel func()) {
	o.mu.Lock()
	canceled := o.canceled
	if !o.ended {
		o.cancel = cancel
	}
	o.mu.Unlock()
	if canceled {
		cancel()
	}
}

// abandon cancels it, for a caller that does not wait any more.
func (o *operation) abandon() {
	o.mu.Lock()
	o.canceled = true
	cancel := o.cancel
	o.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// watch is to leave the operation when ctx ends before stop is called.
func (o *operation) watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { o.leave(ctx.Err()) })
}

// leave answers the operation while a driver has it, which may need longer to
// notice that its time is up.
func (o *operation) leave(err error) { o.finish(Result{}, o.cut(err)) }

// cut is the error of an operation that was cut off on its way.
func (o *operation) cut(err error) error {
	if o.Op == OpCommit || o.Op == OpBatch {
		return service.Errorf(abi.ErrUnknown, "the commit was cut off: it may have happened, or not")
	}
	return err
}
