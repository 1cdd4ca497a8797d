package control

import (
	"context"
	"errors"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Recycle has a new worker process serve, without losing a request.
func (c *Control) Recycle(ctx context.Context) (r model.Recycled, err error) {
	d := c.deed(ctx, "gateway.recycle", "gateway")
	defer d.ended(&err)
	w, ok := c.worker.(interface {
		Recycle(context.Context) (before, after int, err error)
	})
	if !ok {
		return r, model.Errorf(model.Conflict, "the gateway serves in a single process, which cannot be replaced while it serves")
	}
	r.Before, r.Pid, err = w.Recycle(ctx)
	if errors.Is(err, gateway.ErrClosed) {
		err = model.Errorf(model.Unavailable, "the gateway is shutting down")
	}
	if err != nil {
		return r, err
	}
	d.tell("process %d for %d", r.Pid, r.Before)
	return r, c.state.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return d.done(tx) })
}
