package sql

import (
	"context"
	"time"
)

// run is the loop.
func (x *session) run(ctx context.Context, conn Conn) error {
	if over := x.start(ctx, conn); over {
		return conn.Lost()
	}
	idle := time.NewTimer(x.service.txIdle)
	defer idle.Stop()
	for {
		o, ended := x.next()
		switch {
		case ended:
			x.rollback(conn)
			x.lose("the request has been answered: its transaction was rolled back")
			return conn.Lost()
		case o != nil:
			over := x.serve(conn, o)
			o.free()
			if over {
				return conn.Lost()
			}
			idle.Reset(x.service.txIdle)
			continue
		}
		select {
		case <-x.wake:
		case <-idle.C:
			if x.expire() {
				x.rollback(conn)
				x.lose("the transaction was rolled back, after %s without an operation", x.service.txIdle)
				return conn.Lost()
			}
		}
	}
}

// next takes an operation from the queue.
func (x *session) next() (o *operation, ended bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now = nil
	if x.ended {
		return nil, true
	}
	if len(x.queue) > 0 {
		o, x.queue = x.queue[0], x.queue[1:]
		x.now = o
	}
	return o, false
}

// expire ends the taking of operations, unless one has just come.
func (x *session) expire() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = len(x.queue) == 0
	return x.over
}

// start begins the transaction, and with a cursor reads its first page.
func (x *session) start(ctx context.Context, conn Conn) (over bool) {
	o := x.first
	stop := o.watch(ctx)
	defer stop()
	err := conn.Begin(ctx, o.Options)
	var r Result
	if err == nil && o.Op == OpQuery {
		r, err = x.page(ctx, conn, o)
		if err == nil && len(x.cursors) == 0 { // the first page was the last one
			err, over = conn.Commit(ctx), true
		}
	}
	if err != nil {
		x.rollback(conn)
		lost := gone("the transaction did not begin")
		x.close(lost, lost, true)
		o.finish(Result{}, err)
		return true
	}
	x.mu.Lock()
	x.began = true
	x.mu.Unlock()
	if over {
		x.close(nil, nil, false)
	}
	o.finish(r, nil)
	return over
}

// serve runs one operation; over says that it was the last one.
func (x *session) serve(conn Conn, o *operation) (over bool) {
	x.mu.Lock()
	if o.ctx.Err() != nil {
		x.failed = true // the transaction misses it
	}
	failed := x.failed
	x.mu.Unlock()
	if o.Op == OpCommit || o.Op == OpRollback {
		x.conclude(conn, o, failed)
		return true
	}
	if failed {
		o.finish(Result{}, errFailed)
		return false
	}
	var r Result
	var err error
	switch {
	case o.Op == OpNext:
		r, err = x.turn(o.ctx, o.Cursor)
	case o.Op == OpClose:
		err = x.closeCursor(o.ctx, o.Cursor)
	case o.Op == OpQuery && o.Statements[0].Page > 0:
		r, err = x.page(o.ctx, conn, o)
	case o.Op == OpBegin:
		err = errBegun
	default:
		r, err = x.service.run(o.ctx, conn, o)
	}
	if err == ErrWrites {
		err = Refusal("25006", "", "the transaction is read-only")
	}
	if err != nil {
		x.miss()
	}
	switch alone := x.first.Op == OpQuery; {
	case conn.Lost() != nil, !conn.InTransaction():
		x.rollback(conn)
		if err == nil {
			err = Refusal("25000", "", "a statement ended the transaction: that is what EG_SQL_COMMIT and EG_SQL_ROLLBACK are for")
		}
		x.lose("the transaction has ended: %v", err)
		over = true
	case alone && err != nil:
		x.rollback(conn)
		x.close(nil, nil, false)
		over = true
	case alone && len(x.cursors) == 0:
		if err = conn.Commit(o.ctx); err != nil {
			x.rollback(conn)
		}
		x.close(nil, nil, false)
		over = true
	}
	o.finish(r, err)
	return over
}

// conclude runs COMMIT or ROLLBACK. Operations after it in the queue are on
// their own, unless the transaction that they may have counted on failed.
func (x *session) conclude(conn Conn, o *operation, failed bool) {
	var err error
	switch {
	case o.Op == OpRollback:
		x.rollback(conn)
		x.close(nil, nil, false)
	case failed:
		x.rollback(conn)
		lost := gone("the transaction was rolled back, since one of its operations failed")
		x.close(lost, nil, false)
		err = lost
	default:
		if err = conn.Commit(o.ctx); err != nil {
			if conn.Lost() == nil {
				x.rollback(conn)
			}
			x.close(gone("the commit failed: %v", err), nil, false)
			break
		}
		x.close(nil, nil, false)
		x.service.committed()
	}
	o.finish(Result{}, err)
}

func (x *session) rollback(conn Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	_ = conn.Rollback(ctx) // what cannot be rolled back is Lost, and closed
}
