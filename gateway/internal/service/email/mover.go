package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

const (
	eager    = 50 * time.Millisecond // after a failure, then twice as long each time
	sluggish = time.Second           // at most
	interval = 2 * time.Second       // between looks without an occasion
	handful  = 50                    // mails that are looked at together
	piece    = 512 << 10             // bytes of a body that are read at once: results are bounded
	// A row is moved within moments by the outbox that it names. One that lies
	// there for longer is somebody else's who is gone, and is adopted.
	orphaned = 10 * time.Minute
	adoption = time.Minute // between two looks for those
)

// movers bring mails from the databases into the outbox.
type movers struct {
	quit  chan struct{}
	ended sync.WaitGroup
	all   map[string]*mover
}

// mover serves one database. Its goroutine ends with movers.stop.
type mover struct {
	service  *Service
	env      service.Env
	database string
	wake     chan struct{}
	quit     chan struct{}
	ready    atomic.Bool  // the table is there
	expected atomic.Int64 // requests that may commit mails
	homeless atomic.Int64 // until then (Unix seconds) mails without an outbox may be committed

	hooked    Database // has our hook
	adoptedAt time.Time
}

func startMovers(s *Service, env service.Env) *movers {
	all := &movers{quit: make(chan struct{}), all: map[string]*mover{}}
	for _, name := range s.settings.databases {
		if all.all[name] != nil {
			continue
		}
		m := &mover{service: s, env: env, database: name, wake: make(chan struct{}, 1), quit: all.quit}
		all.all[name] = m
		all.ended.Go(m.run)
	}
	return all
}

func (m *movers) stop() {
	close(m.quit)
	m.ended.Wait()
}

func (m *movers) of(database string) *mover { return m.all[database] }

// expect says that a request has put a mail into the table: from now until it is
// answered, each commit may be the one.
func (m *mover) expect(scope *abi.Scope) {
	m.expected.Add(1)
	end := func() {
		m.expected.Add(-1)
		m.kick()
	}
	if !scope.OnEnd(end) {
		end()
	}
}

// leave says that a mail was put into the table before the outbox had a name:
// it is to be adopted as soon as it is committed.
func (m *mover) leave() { m.homeless.Store(time.Now().Add(2 * adoption).Unix()) }

func (m *mover) kick() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mover) run() {
	failures := 0
	for {
		wait := interval
		switch err := m.round(); {
		case err == nil:
			failures = 0
		case errors.Is(err, errStopped):
			return
		default:
			wait = min(eager<<min(failures, 10), sluggish)
			if failures++; failures == 6 {
				m.env.Log.Warn("mail that was sent within transactions waits in the database", "service", m.service.spec.Name, "database", m.database, "error", err)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-m.quit:
			timer.Stop()
			return
		case <-m.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

var errStopped = errors.New("the service ends")

// round moves what is there.
func (m *mover) round() error {
	if !m.ready.Load() {
		if err := m.prepare(); err != nil {
			return err
		}
		m.ready.Store(true)
	}
	outbox, err := m.outbox()
	if err != nil {
		return err
	}
	if now := time.Now(); now.Sub(m.adoptedAt) >= adoption || now.Unix() < m.homeless.Load() {
		_, err := m.do(`UPDATE edge_gateway_outbox SET outbox = $1, taken = $2 WHERE service = $3 AND outbox <> $1 AND taken < $4`,
			sql.Text(outbox), sql.Int64(now.Unix()), sql.Text(m.service.spec.Name), sql.Int64(now.Add(-orphaned).Unix()))
		if err != nil {
			return m.missing(err)
		}
		m.adoptedAt = now
	}
	for {
		rows, err := m.do(fmt.Sprintf(`SELECT message_id, accepted, sender, recipients, length(body) FROM edge_gateway_outbox
			WHERE service = $1 AND outbox = $2 ORDER BY accepted LIMIT %d`, handful), sql.Text(m.service.spec.Name), sql.Text(outbox))
		if err != nil {
			return m.missing(err)
		}
		for n := range rows.RowCount {
			if err := m.move(rows.Row(n)); err != nil {
				return err
			}
		}
		if rows.RowCount < handful {
			return nil
		}
	}
}

// prepare makes the table, outside any transaction of a request. The gateway's
// user may have no right to, where somebody else has made it.
func (m *mover) prepare() error {
	_, err := m.do(`SELECT 1 FROM edge_gateway_outbox LIMIT 0`)
	if err == nil || !isMissing(err) {
		return err
	}
	_, err = m.request(func(db Database) sql.Request {
		return sql.Request{Op: sql.OpBatch, Statements: createTable(db.Dialect())}
	})
	return err
}

// outbox is the id of the outbox, once it is open.
func (m *mover) outbox() (id string, err error) {
	if m.service.store.known() == "" {
		err = ask(m.service.outbox, func(*queue) error { return nil })
	}
	return m.service.store.known(), err
}

// move brings one mail in: stored first, then deleted. Done again it finds the
// mail stored.
func (m *mover) move(row []sql.Value) error {
	mail := &Mail{ID: row[0].Text(), Accepted: time.Unix(0, row[1].Int64()), Sender: row[2].Text()}
	if err := json.Unmarshal(row[3].Bytes, &mail.Recipients); err != nil {
		return fmt.Errorf("the mail %s cannot be read: %w", mail.ID, err)
	}
	for size := row[4].Int64(); int64(len(mail.Body)) < size; {
		r, err := m.do(fmt.Sprintf(`SELECT substr(body, %d, %d) FROM edge_gateway_outbox WHERE message_id = $1`, len(mail.Body)+1, piece), sql.Text(mail.ID))
		if err != nil {
			return err
		}
		if r.RowCount == 0 || len(r.Values[0].Bytes) == 0 {
			return nil // somebody else has moved it
		}
		mail.Body = append(mail.Body, r.Values[0].Bytes...)
	}
	failpoint.Reach("move.read", mail.ID)
	if err := ask(m.service.outbox, func(q *queue) error { return q.put(mail, 0) }); err != nil {
		return err
	}
	m.service.pump.Wake()
	failpoint.Reach("move.stored", mail.ID)
	_, err := m.do(`DELETE FROM edge_gateway_outbox WHERE message_id = $1`, sql.Text(mail.ID))
	failpoint.Reach("move.deleted", mail.ID)
	return err
}

func (m *mover) missing(err error) error {
	if isMissing(err) {
		m.ready.Store(false)
	}
	return err
}

// do runs a statement.
func (m *mover) do(text string, params ...sql.Value) (sql.Result, error) {
	return m.request(func(Database) sql.Request { return sql.Do(text, params...) })
}

// request submits a request to the database and waits for its outcome.
func (m *mover) request(build func(Database) sql.Request) (sql.Result, error) {
	type outcome struct {
		result sql.Result
		err    error
	}
	err := error(service.Errorf(abi.ErrUnavailable, "service %q is not active", m.database))
	answer := make(chan outcome, 1)
	cancel := func() {}
	handle, ok := m.env.Lookup(m.database)
	if !ok {
		return sql.Result{}, err
	}
	handle.With(func(found service.Service) {
		db, ok := found.(Database)
		if !ok {
			err = fmt.Errorf("service %q is not a database", m.database)
			return
		}
		err = nil
		m.hook(db)
		cancel = db.Submit(service.Call{}, build(db), func(r sql.Result, err error) { answer <- outcome{r, err} })
	})
	if err != nil {
		return sql.Result{}, err
	}
	select {
	case o := <-answer:
		return o.result, o.err
	case <-m.quit:
		cancel()
		<-answer
		return sql.Result{}, errStopped
	}
}

// hook has commits wake the mover. The database may live longer than it, and
// must not keep it.
func (m *mover) hook(db Database) {
	if m.hooked == db {
		return
	}
	m.hooked = db
	self := weak.Make(m)
	db.OnCommit(func() {
		if m := self.Value(); m != nil && m.expected.Load() > 0 {
			m.kick()
		}
	})
}
