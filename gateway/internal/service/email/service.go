package email

import (
	"context"
	"errors"
	"net/mail"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/letter"
)

// Service is a service of the kind email. Its methods are safe for use from
// many goroutines.
type Service struct {
	spec     service.Spec
	settings settings
	driver   Driver
	store    *outbox
	outbox   *actor.Actor[*queue]
	delivery *actor.Actor[Conn]
	pump     *pump
	movers   *movers
	closing  atomic.Bool
	// waiting is how many operations of callers are in the outbox's mailbox,
	// where a crowd of them has to leave room for the pump and the movers.
	waiting    atomic.Int64
	held       atomic.Int64 // bytes of the mails among them
	overloaded atomic.Uint64
}

// settings are the options that every driver has.
type settings struct {
	from        *mail.Address
	databases   []string
	maxAttempts int
	retry       time.Duration
	maxMessage  int64
	maxQueued   int64
	keep        time.Duration
	lease       time.Duration
}

// A mail that was brought in from a database is known at least this long after
// it is done, so that who brings it in again sees it.
const remember = 10 * time.Minute

// grace is for what is cut short by a Close, to come to its end.
const grace = time.Second

// New starts a service over a driver. It does not connect.
func New(spec service.Spec, env service.Env, driver Driver) (*Service, error) {
	o := spec.Options
	from, err := letter.ParseAddress("from", o.Text("from"))
	if err != nil {
		return nil, err
	}
	s := &Service{spec: spec, driver: driver, settings: settings{
		from: from, databases: o.Texts("databases"), maxAttempts: max(1, int(o.Int("max_attempts"))), retry: o.Duration("retry"),
		maxMessage: o.Int("max_message"), maxQueued: max(1, o.Int("max_queued")), keep: o.Duration("keep"), lease: 2 * spec.Timeout,
	}}
	if len(s.settings.databases) > 0 {
		s.settings.keep = max(s.settings.keep, remember)
	}
	dir, err := filepath.Abs(env.Dir)
	if err != nil {
		return nil, err
	}
	s.store = newOutbox(dir)
	accepting := spec.Actor(env)
	accepting.Workers = 1
	accepting.Mailbox += 2 + len(s.settings.databases) // for the pump and the movers
	s.outbox = actor.New(s.store, accepting)
	delivering := spec.Actor(env)
	delivering.Name, delivering.Mailbox = spec.Name+" delivery", spec.Workers
	s.delivery = actor.New(backend{driver}, delivering)
	s.pump = &pump{
		settings: s.settings, name: spec.Name, log: env.Log, timeout: spec.Timeout, workers: spec.Workers,
		outbox: s.outbox, delivery: s.delivery, probe: s.Probe,
		wake: make(chan struct{}, 1), results: make(chan result, 2*spec.Workers), probed: make(chan error, 1),
		quit: make(chan struct{}), abandon: make(chan struct{}), ended: make(chan struct{}), busy: map[*leased]func(){},
	}
	go s.pump.run()
	s.movers = startMovers(s, env)
	return s, nil
}

// backend makes connections for the workers of the delivery.
type backend struct{ Driver }

func (b backend) Open(ctx context.Context) (Conn, error) { return b.Connect(ctx) }
func (b backend) Close(c Conn)                           { c.Close() }

// ID implements service.Service.
func (s *Service) ID() string { return abi.EmailID }

// Probe implements service.Service: it connects and logs in, without a mail.
func (s *Service) Probe(ctx context.Context) error {
	conn, err := s.driver.Connect(ctx)
	if err == nil {
		conn.Close()
	}
	return err
}

// Stats implements service.Service: of the outbox, with the connections and the
// fault of the delivery.
func (s *Service) Stats() actor.Stats {
	stats, delivery := s.outbox.Stats(), s.delivery.Stats()
	stats.Connections = delivery.Connections
	stats.Panics += delivery.Panics
	stats.Overloaded += s.overloaded.Load()
	if f := s.pump.fault.Load(); f != nil {
		stats.Fault, stats.FaultAt = f.err, f.at
	}
	return stats
}

// Submit starts a request; done is called exactly once, from any goroutine,
// maybe before Submit returns. A mail that was accepted is on the disk. cancel
// says that nobody waits any more; done is called all the same.
func (s *Service) Submit(call service.Call, r Request, done func(Result, error)) (cancel func()) {
	if r.Send != nil && r.Send.Transaction != nil {
		return s.enlist(call, r.Send, done)
	}
	if s.closing.Load() {
		done(Result{}, actor.ErrClosed)
		return func() {}
	}
	if r.Send == nil {
		return s.submit(call, 0, func(q *queue) (result Result, err error) {
			result.State, err = q.state(r.State)
			return result, err
		}, done)
	}
	if s.waiting.Load() >= int64(s.spec.Mailbox) {
		s.overloaded.Add(1)
		done(Result{}, actor.ErrOverloaded) // before there is work with it
		return func() {}
	}
	m, err := letter.Compose(r.Send, s.settings.from, s.settings.maxMessage, time.Now())
	if err != nil {
		done(Result{}, err)
		return func() {}
	}
	return s.submit(call, int64(len(m.Body)), func(q *queue) (Result, error) {
		if err := q.put(m, s.settings.maxQueued); err != nil {
			return Result{}, err
		}
		s.pump.Wake()
		return Result{MessageID: m.ID}, nil
	}, done)
}

// Mails in the mailbox of the outbox have at most so many bytes together, and
// at least the largest mail four times.
const maxWaiting = 64 << 20

// submit runs f on the outbox. size is what waits with it.
func (s *Service) submit(call service.Call, size int64, f func(*queue) (Result, error), done func(Result, error)) (cancel func()) {
	crowded := s.waiting.Add(1) > int64(s.spec.Mailbox)
	heavy := s.held.Add(size) > max(maxWaiting, 4*s.settings.maxMessage)
	if crowded || heavy {
		s.waiting.Add(-1)
		s.held.Add(-size)
		s.overloaded.Add(1)
		done(Result{}, actor.ErrOverloaded)
		return func() {}
	}
	begun := false
	return s.outbox.Send(actor.Message[*queue]{
		Deadline: call.Deadline,
		Run: func(ctx context.Context, q *queue) error {
			begun = true
			s.waiting.Add(-1)
			defer s.held.Add(-size)
			var result Result
			err := q.use(ctx, func(q *queue) (err error) {
				result, err = f(q)
				return err
			})
			done(result, outboxError(ctx, err))
			return q.lost
		},
		Fail: func(err error) {
			if !begun { // else it has panicked
				s.waiting.Add(-1)
				s.held.Add(-size)
				f = nil // the mailbox may keep the message for a while, but not the mail
			}
			done(Result{}, err)
		},
	})
}

// outboxError tells why the outbox failed, in the words of a service.
func outboxError(ctx context.Context, err error) error {
	var known *service.Error
	if err == nil {
		return nil
	}
	if errors.As(err, &known) {
		return known
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return service.Errorf(abi.ErrUnavailable, "the outbox does not work: %v", err)
}

// carries tells whether mail may be sent within transactions of a database.
func (s *Service) carries(database string) bool {
	return slices.Contains(s.settings.databases, database)
}

// Close implements service.Service. Mails that are still to be delivered stay
// in the outbox.
func (s *Service) Close(ctx context.Context) error {
	if s.closing.Swap(true) {
		return nil
	}
	s.movers.stop()
	close(s.pump.quit)
	select {
	case <-s.pump.ended:
	case <-ctx.Done():
		close(s.pump.abandon)
		select {
		case <-s.pump.ended:
		case <-time.After(grace): // a driver that does not listen
		}
	}
	err := s.delivery.Close(ctx)
	// The outbox answers in moments; cut it only if it does not.
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), grace)
		defer cancel()
	}
	if e := s.outbox.Close(ctx); err == nil {
		err = e
	}
	return err
}
