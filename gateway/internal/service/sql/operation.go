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

// watch answers the operation at its deadline, unless it is stopped before. It
// is for the time in which a driver has it, which may need longer to notice.
func (o *operation) watch() *time.Timer {
	return time.AfterFunc(time.Until(o.deadline), func() { o.finish(Result{}, o.cut(context.DeadlineExceeded)) })
}

// cut is the error of an operation that was cut off on its way.
func (o *operation) cut(err error) error {
	if o.Op == OpCommit || o.Op == OpBatch {
		return service.Errorf(abi.ErrUnknown, "the commit was cut off: it may have happened, or not")
	}
	return err
}
