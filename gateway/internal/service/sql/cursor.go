package sql

import (
	"context"
	"sync/atomic"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

const maxCursors = 16 // of a session

var cursorIDs atomic.Uint64

// page runs a query that has pages.
func (x *session) page(ctx context.Context, conn Conn, o *operation) (Result, error) {
	if len(x.cursors) >= maxCursors {
		return Result{}, service.Errorf(abi.ErrOverloaded, "the transaction has %d open cursors", maxCursors)
	}
	pages, err := conn.Pages(ctx, &o.Statements[0])
	if err != nil {
		return Result{}, err
	}
	id := cursorIDs.Add(1)
	x.cursors[id] = pages
	x.holding.setCursor(id, x)
	return x.turn(ctx, id)
}

// turn reads the next page.
func (x *session) turn(ctx context.Context, id uint64) (Result, error) {
	pages := x.cursors[id]
	if pages == nil {
		return Result{}, gone("the cursor is closed")
	}
	r, more, err := pages.Next(ctx, x.service.limits.Bytes)
	if err == nil && !more {
		err = pages.Close(ctx)
	}
	if err != nil || !more {
		x.forget(id)
		return r, err
	}
	r.Cursor = id
	return r, nil
}

func (x *session) closeCursor(ctx context.Context, id uint64) error {
	pages := x.cursors[id]
	if pages == nil {
		return gone("the cursor is closed")
	}
	x.forget(id)
	return pages.Close(ctx)
}

func (x *session) forget(id uint64) {
	delete(x.cursors, id)
	x.holding.setCursor(id, nil)
}
