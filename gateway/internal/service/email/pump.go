package email

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
)

const (
	glance   = 2 * time.Second // at an outbox that others may fill, or whose disk is full
	knock    = time.Second     // between two attempts to reach a server that is down
	cleaning = time.Minute
)

// pump moves mails from the outbox to the workers that deliver, and notes what
// became of them. One goroutine runs it, and all its fields are that one's,
// but for the channels and fault.
type pump struct {
	settings settings
	name     string
	log      *slog.Logger
	timeout  time.Duration
	workers  int
	outbox   *actor.Actor[*queue]
	delivery *actor.Actor[Conn]
	probe    func(context.Context) error

	wake    chan struct{}
	results chan result
	probed  chan error
	quit    chan struct{} // closed: take no more mails
	abandon chan struct{} // closed: wait no longer for those under way
	ended   chan struct{}
	fault   atomic.Pointer[fault] // why nothing can be delivered; nil: it can

	busy      map[*leased]func() // under way, with what cancels it
	unnoted   []outcome
	stopping  bool
	stopProbe func() // nil: no probe is under way
	knocks    int
	knockAt   time.Time
	cleanAt   time.Time
	troubleAt time.Time // the outbox did not work
}

type result struct {
	mail    *leased
	verdict Verdict
	reached bool // the receiver was there
}

type fault struct {
	err error
	at  time.Time
}

// Wake has the pump look at the outbox. It never blocks.
func (p *pump) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *pump) run() {
	defer close(p.ended)
	quit, abandon := p.quit, p.abandon
	for {
		for n := len(p.results); n > 0; n-- {
			p.take(<-p.results)
		}
		timer := time.NewTimer(p.turn())
		if p.stopping && len(p.busy) == 0 && p.stopProbe == nil && (len(p.unnoted) == 0 || abandon == nil) {
			timer.Stop()
			return
		}
		select {
		case <-timer.C:
		case <-p.wake:
		case r := <-p.results:
			p.take(r)
		case err := <-p.probed:
			p.stopProbe()
			p.stopProbe = nil
			p.found(err)
		case <-quit:
			quit, p.stopping = nil, true
			if p.stopProbe != nil {
				p.stopProbe()
			}
		case <-abandon:
			abandon = nil
			for _, cancel := range p.busy {
				cancel()
			}
		}
		timer.Stop()
	}
}

// turn notes outcomes, leases mails and hands them out, and tells how long
// there is nothing to do unless something happens.
func (p *pump) turn() time.Duration {
	now := time.Now()
	wait := glance
	if p.fault.Load() != nil && !p.stopping {
		wait = min(wait, p.knockAt.Sub(now))
		if wait <= 0 && p.stopProbe == nil {
			ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
			p.stopProbe = cancel
			go func() { p.probed <- p.probe(ctx) }()
		}
		if p.stopProbe != nil {
			wait = glance
		}
	}
	free := p.workers - len(p.busy)
	if p.stopping || p.fault.Load() != nil {
		free = 0
	}
	if p.troubleAt.After(now) {
		return p.troubleAt.Sub(now)
	}
	mails, due, err := p.exchange(free, now)
	if err != nil {
		p.log.Error("the outbox does not work", "service", p.name, "error", err)
		p.troubleAt = now.Add(knock)
		return knock
	}
	for _, m := range mails {
		p.deliver(m)
	}
	if !due.IsZero() && free > len(mails) {
		wait = min(wait, max(0, time.Until(due)))
	}
	return wait
}

// exchange notes and leases in one transaction. Outcomes that cannot be noted
// are kept, and nothing is leased before they are: the mails would go out again.
func (p *pump) exchange(free int, now time.Time) (mails []*leased, due time.Time, err error) {
	clean := now.After(p.cleanAt)
	if len(p.unnoted) == 0 && free == 0 && !clean {
		return nil, due, nil
	}
	err = ask(p.outbox, func(q *queue) error {
		var err error
		if free > 0 {
			if due, err = q.next(); err != nil {
				return err
			}
		}
		if len(p.unnoted) > 0 || (!due.IsZero() && !due.After(now)) {
			failpoint.Reach("turn.begun", "")
			err := q.write(func() error {
				for _, o := range p.unnoted {
					if err := q.note(o, now); err != nil {
						return err
					}
				}
				if free > 0 {
					if mails, err = q.lease(free, now, now.Add(p.settings.lease)); err != nil {
						return err
					}
				}
				failpoint.Reach("turn.written", "")
				_, err := q.count()
				return err
			})
			if err != nil {
				return err
			}
			for _, o := range p.unnoted {
				failpoint.Reach("noted", o.id)
			}
			for _, m := range mails {
				failpoint.Reach("leased", m.ID)
			}
			if due, err = q.next(); err != nil {
				due = now // noted and leased all the same
			}
		}
		if clean {
			p.cleanAt = now.Add(max(time.Second, min(cleaning, p.settings.keep)))
			if err := q.purge(now.Add(-p.settings.keep)); err != nil {
				p.log.Error("mails that are done stay in the outbox", "service", p.name, "error", err)
			}
		}
		return nil
	})
	if err == nil {
		p.unnoted = p.unnoted[:0]
	}
	return mails, due, err
}

func (p *pump) deliver(m *leased) {
	if m.Attempts > p.settings.maxAttempts {
		// The process died each time that it was tried.
		p.unnoted = append(p.unnoted, outcomeOf(m, Verdict{Later: Refuse(m.Recipients, "no try came to an end")}, p.settings.maxAttempts, p.settings.retry, time.Now()))
		p.Wake()
		return
	}
	// There is room for every worker's.
	report := func(v Verdict, reached bool) { p.results <- result{m, v, reached} }
	p.busy[m] = nil
	p.busy[m] = p.delivery.Send(actor.Message[Conn]{
		Run: func(ctx context.Context, conn Conn) error {
			failpoint.Reach("deliver.begun", m.ID)
			v := conn.Deliver(ctx, &m.Mail)
			failpoint.Reach("deliver.ended", m.ID)
			report(v, v.Down == nil)
			return v.Down
		},
		Fail: func(err error) {
			v := Unavailable(&m.Mail, err)
			switch {
			case errors.Is(err, actor.ErrPanic):
				v.Down = nil
			case errors.Is(err, context.Canceled):
				v = Verdict{Later: Refuse(m.Recipients, "the service was closed meanwhile")}
			}
			report(v, false)
		},
	})
}

// take is told what a try came to.
func (p *pump) take(r result) {
	delete(p.busy, r.mail)
	p.unnoted = append(p.unnoted, outcomeOf(r.mail, r.verdict, p.settings.maxAttempts, p.settings.retry, time.Now()))
	switch down := r.verdict.Down; {
	case r.reached && p.fault.Load() != nil:
		p.found(nil)
	case down != nil && p.fault.Load() == nil:
		p.log.Warn("mail cannot be delivered; it waits", "service", p.name, "error", down)
		p.knocks = 0
		p.missed(down)
	}
}

// found is told what a probe came to.
func (p *pump) found(err error) {
	if err != nil {
		p.missed(err)
		return
	}
	if p.fault.Swap(nil) == nil {
		return
	}
	p.log.Info("mail can be delivered again", "service", p.name)
	if err := ask(p.outbox, func(q *queue) error { return q.revive(time.Now()) }); err != nil {
		p.log.Error("mails that waited for the server wait for their next try", "service", p.name, "error", err)
	}
}

func (p *pump) missed(err error) {
	now := time.Now()
	p.knocks++
	pause := knock
	if errors.Is(err, ErrRefused) {
		pause = max(knock, backoff(p.settings.retry, p.knocks))
	}
	p.knockAt = now.Add(pause)
	p.fault.Store(&fault{err, now})
}

// ask runs f on the outbox and waits for it. f may run until the actor's
// timeout has passed, and not after ask has returned.
func ask(outbox *actor.Actor[*queue], f func(*queue) error) error {
	answer := make(chan error, 1)
	outbox.Send(actor.Message[*queue]{
		Run: func(ctx context.Context, q *queue) error {
			answer <- q.use(ctx, f)
			return q.lost
		},
		Fail: func(err error) { answer <- err },
	})
	return <-answer
}
