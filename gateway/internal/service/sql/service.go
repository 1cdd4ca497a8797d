// Package sql is the kind "sql": databases, for handlers that get an answer
// later and for Go code.
//
// A [Service] has a [Driver] and one or two actors with its connections: one
// for all, or where a database takes one writer at a time ([Driver.OneWriter])
// one actor with the writer and one with the readers.
//
// What a request holds, a transaction and cursors, hangs on its scope under the
// service's name. Each of them is a session: a message that keeps a worker and
// its connection until it ends, with a queue of the request's operations.
package sql

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

// Service is a database with its connections. Its methods are safe for use from
// many goroutines.
type Service struct {
	spec   service.Spec
	driver Driver
	limits Limits
	txIdle time.Duration
	key    any // of what a request holds, in its scope

	write *actor.Actor[Conn]
	read  *actor.Actor[Conn] // the same as write unless the driver has one writer
	// readers is how many workers read has if it is not the same.
	readers int
	writing texts

	mu    sync.Mutex
	hooks []func()
}

// New starts a service. It does not connect.
func New(spec service.Spec, env service.Env, driver Driver) *Service {
	s := &Service{
		spec: spec, driver: driver, txIdle: spec.Options.Duration("tx_idle"), key: holdingOf(spec.Name),
		limits: Limits{Rows: int(spec.Options.Int("max_rows")), Bytes: int(spec.Options.Int("max_bytes"))},
	}
	opts := spec.Actor(env)
	if driver.OneWriter() {
		opts.Workers = 1
	}
	s.write = actor.New(backend{driver, Writer}, opts)
	s.read = s.write
	if driver.OneWriter() && spec.Workers > 1 {
		s.readers = spec.Workers - 1
		opts.Workers = s.readers
		s.read = actor.New(backend{driver, Reader}, opts)
	}
	return s
}

type backend struct {
	driver Driver
	role   Role
}

func (b backend) Open(ctx context.Context) (Conn, error) { return b.driver.Connect(ctx, b.role) }
func (b backend) Close(c Conn)                           { c.Close() }

// ID is the id of the kind's table.
func (s *Service) ID() string { return abi.SQLID }

// Dialect is "sqlite" or "postgres".
func (s *Service) Dialect() string { return s.driver.Dialect() }

// OnCommit has f called after each transaction and batch that was committed. f
// must not block. It lasts as long as the service, which a new configuration
// replaces by another one.
func (s *Service) OnCommit(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks[:len(s.hooks):len(s.hooks)], f)
}

func (s *Service) committed() {
	s.mu.Lock()
	hooks := s.hooks
	s.mu.Unlock()
	for _, f := range hooks {
		f()
	}
}

// Submit starts an operation and never blocks. done is called exactly once,
// during Submit or later, from any goroutine, and must not block. cancel gives
// the operation up; done is called all the same. Operations of a transaction
// run in the order in which they were submitted.
func (s *Service) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	o := &operation{Request: r, call: call, done: done, deadline: time.Now().Add(s.spec.Timeout)}
	if !call.Deadline.IsZero() && call.Deadline.Before(o.deadline) {
		o.deadline = call.Deadline
	}
	if err := r.check(); err != nil {
		s.refuse(call, err)
		o.finish(Result{}, err)
		return o.abandon
	}
	s.route(o)
	return o.abandon
}

// refuse lets the transaction of a request fail for an operation that it will
// miss.
func (s *Service) refuse(call service.Call, err error) {
	if h := s.find(call.Scope); h != nil {
		h.miss()
	}
}

// route finds out where an operation runs.
func (s *Service) route(o *operation) {
	if h := s.find(o.call.Scope); h != nil {
		taken, why := h.take(o)
		if why != nil {
			o.finish(Result{}, why)
		}
		if taken {
			return
		}
	}
	switch {
	case o.opens():
		s.open(o)
	case o.Op == OpQuery || o.Op == OpBatch:
		s.plain(o)
	case o.Op == OpNext || o.Op == OpClose:
		o.finish(Result{}, gone("the cursor is closed"))
	default:
		o.finish(Result{}, gone("there is no transaction"))
	}
}

// plain runs an operation on whatever connection is free.
func (s *Service) plain(o *operation) {
	lane := s.read
	if lane != s.write && s.writing.have(o.Statements) {
		lane = s.write
	}
	s.send(o, lane)
}

func (s *Service) send(o *operation, lane *actor.Actor[Conn]) {
	o.follow(lane.Send(actor.Message[Conn]{
		Deadline: o.deadline,
		Run: func(ctx context.Context, conn Conn) error {
			r, err := s.run(ctx, conn, o)
			if errors.Is(err, ErrWrites) {
				s.writing.add(o.Statements)
				s.send(o, s.write)
				return nil
			}
			if err == nil && o.Op == OpBatch {
				s.committed()
			}
			o.finish(r, err)
			return conn.Lost()
		},
		Fail: func(err error) { o.finish(Result{}, err) },
		Cut:  o.leave,
	}))
}

// run runs statements without pages.
func (s *Service) run(ctx context.Context, conn Conn, o *operation) (r Result, err error) {
	if o.Op == OpQuery {
		return conn.Query(ctx, &o.Statements[0], s.limits)
	}
	r.Batch, err = conn.Batch(ctx, o.Statements, s.limits)
	return r, err
}

// Probe really reaches the database, on a connection of its own.
func (s *Service) Probe(ctx context.Context) error {
	role := Writer
	if s.driver.OneWriter() {
		role = Reader
	}
	conn, err := s.driver.Connect(ctx, role)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Query(ctx, &Statement{Text: "select 1"}, s.limits)
	return err
}

// Stats adds up what the actors do.
func (s *Service) Stats() actor.Stats {
	total := s.write.Stats()
	if s.read != s.write {
		total = total.Add(s.read.Stats())
	}
	return total
}

// Close takes no new work and finishes what it has, open transactions too.
func (s *Service) Close(ctx context.Context) error {
	if s.read == s.write {
		return s.write.Close(ctx)
	}
	return errors.Join(s.read.Close(ctx), s.write.Close(ctx))
}
