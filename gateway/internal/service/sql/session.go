package sql

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

const (
	maxQueue     = 512 // operations that wait in a session
	maxCursors   = 16  // of a session
	rollbackTime = time.Second
)

// session keeps a connection for a request: a transaction, or one cursor by
// itself. Its loop runs on the worker that owns the connection, and ends with a
// commit, a rollback or the last page, when the request is answered, or after
// tx_idle without an operation.
type session struct {
	service *Service
	holding *holding
	first   *operation // BEGIN, or the query that has pages

	// Of the loop alone.
	cursors map[uint64]Pages

	mu     sync.Mutex
	queue  []*operation
	wake   chan struct{} // holds one signal
	now    *operation    // the one that runs
	began  bool
	ended  bool // the request was answered
	over   bool // takes no more operations
	failed bool // only to be rolled back
	// ending is the COMMIT or ROLLBACK that waits or runs, or came too late.
	ending *operation
}

var cursorIDs atomic.Uint64

// open starts a session for an operation that needs one.
func (s *Service) open(o *operation) {
	if o.call.Scope == nil {
		o.finish(Result{}, service.Errorf(abi.ErrUnsupported, "transactions and cursors belong to a request: without one, use a batch"))
		return
	}
	if s.spec.Workers < 2 {
		o.finish(Result{}, service.Errorf(abi.ErrUnsupported, "service %q has one worker: transactions and cursors need at least two", s.spec.Name))
		return
	}
	x := &session{service: s, holding: s.hold(o.call.Scope), first: o, cursors: map[uint64]Pages{}, wake: make(chan struct{}, 1)}
	if err := x.holding.add(x); err != nil {
		o.finish(Result{}, err)
		return
	}
	lane, long := s.lane(o)
	o.follow(lane.Send(actor.Message[Conn]{Deadline: o.deadline, Long: long, Run: x.run, Fail: x.fail}))
}

// lane says which actor a session runs on, and whether as a long message. The
// one writer is made for sessions: who waits for it does so until the deadline.
func (s *Service) lane(o *operation) (lane *actor.Actor[Conn], long bool) {
	switch {
	case s.read == s.write:
		return s.write, true
	case s.readers > 1 && (o.Op == OpQuery || o.Options.ReadOnly):
		return s.read, true
	}
	return s.write, false
}

// post puts an operation into the queue, or says why not; false if it is not
// for the session any more. The holding is locked.
func (x *session) post(o *operation) (taken bool, why *service.Error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.ending != nil && x.ending.told():
		return false, nil
	case x.over:
		if o.Op == OpCommit || o.Op == OpRollback {
			x.ending = o // and now it knows
		}
		return true, gone("the transaction is just being rolled back")
	case o.Op == OpBegin && x.ending == nil:
		return true, errBegun
	case len(x.queue) >= maxQueue:
		x.failed = true
		return true, service.Errorf(abi.ErrOverloaded, "%d operations of the transaction wait already", maxQueue)
	}
	if x.ending == nil && (o.Op == OpCommit || o.Op == OpRollback) {
		x.ending = o
	}
	o.ctx, o.free = context.WithDeadline(context.Background(), o.deadline)
	o.follow(o.free)
	late, cancel := o.watch(), o.free
	o.free = func() { late.Stop(); cancel() }
	x.queue = append(x.queue, o)
	x.signal()
	return true, nil
}

func (x *session) signal() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// concluded tells whether the request knows of the transaction's end, which may
// still be going on: the deadline has cut it.
func (x *session) concluded() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ending != nil && x.ending.told()
}

func (x *session) miss() {
	x.mu.Lock()
	x.failed = true
	x.mu.Unlock()
}

// end is called when the request was answered. What runs is of no use any more,
// but for the end of the transaction.
func (x *session) end() {
	x.mu.Lock()
	x.ended = true
	now := x.now
	if now != nil && (now.Op == OpCommit || now.Op == OpRollback) {
		now = nil
	}
	x.signal()
	began := x.began
	x.mu.Unlock()
	if !began {
		x.first.abandon()
	}
	if now != nil {
		now.abandon()
	}
}

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
	late := o.watch()
	defer late.Stop()
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

func (x *session) rollback(conn Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	_ = conn.Rollback(ctx) // what cannot be rolled back is Lost, and closed
}

// lose closes a session whose transaction ended without the request's doing.
func (x *session) lose(format string, args ...any) {
	lost := gone(format, args...)
	x.close(lost, lost, false)
}

// close takes no more operations. Those that wait learn why the transaction
// ended, or run by themselves; so do later ones. With retry a later BEGIN runs
// in any case.
func (x *session) close(waiting, later *service.Error, retry bool) {
	x.holding.drop(x, later, retry)
	x.mu.Lock()
	queue := x.queue
	x.queue, x.over = nil, true
	x.mu.Unlock()
	for _, o := range queue {
		o.free()
		if waiting != nil {
			o.finish(Result{}, waiting)
		} else {
			x.service.route(o)
		}
	}
}

// fail ends a session that could not start, or whose driver panicked.
func (x *session) fail(err error) {
	x.mu.Lock()
	now, began := x.now, x.began
	x.mu.Unlock()
	if now == nil {
		now = x.first
	} else {
		now.free()
	}
	lost := gone("the transaction has ended: %v", err)
	if !began {
		lost = gone("the transaction did not begin: %v", err)
	}
	x.close(lost, lost, !began)
	if now.Op == OpCommit {
		err = now.cut(err)
	}
	now.finish(Result{}, err)
}
