package sql

import (
	"context"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

const (
	maxQueue     = 512 // operations that wait in a session
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
	stop, cancel := o.watch(o.ctx), o.free
	o.free = func() { stop(); cancel() }
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
