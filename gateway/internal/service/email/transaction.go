package email

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/actor"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/email/letter"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Database is what a service of the kind sql has for mail that is sent within
// its transactions.
type Database interface {
	Submit(call service.Call, r sql.Request, done func(sql.Result, error)) (cancel func())
	// InTransaction tells whether the request has a transaction on it, in which
	// everything that is submitted for the request then runs.
	InTransaction(scope *abi.Scope) bool
	// Dialect is "sqlite" or "postgres".
	Dialect() string
	// OnCommit has f called after each transaction that was committed.
	OnCommit(f func())
}

var _ Database = (*sql.Service)(nil)

// createTable makes the table of the mails that wait to be moved into an
// outbox. A row belongs to the outbox that it names, of the service that it
// names; `taken` is since when.
func createTable(dialect string) []sql.Statement {
	const head, tail = `CREATE TABLE IF NOT EXISTS edge_gateway_outbox (
		message_id text PRIMARY KEY,
		service    text NOT NULL,
		outbox     text NOT NULL,
		taken      bigint NOT NULL,
		accepted   bigint NOT NULL,
		sender     text NOT NULL,
		recipients text NOT NULL,
		body       `, ` NOT NULL
	)`
	if dialect == "postgres" {
		// Two that create it at once would fail, one of them, if they took no turns.
		return []sql.Statement{{Text: `SELECT pg_advisory_xact_lock(hashtext('edge_gateway_outbox'))`}, {Text: head + "bytea" + tail}}
	}
	return []sql.Statement{{Text: head + "BLOB" + tail}}
}

// enlist sends a mail within the request's transaction. A mail that is refused
// lets the transaction fail: who commits it means both or neither. It starts
// the statement before it returns, so that operations of one list keep their
// order.
func (s *Service) enlist(call service.Call, message *Message, done func(Result, error)) (cancel func()) {
	m, err := letter.Compose(message, s.settings.from, s.settings.maxMessage, time.Now())
	switch {
	case err != nil:
	case s.closing.Load():
		err = actor.ErrClosed
	case !s.carries(message.Transaction.Name):
		err = service.Errorf(abi.ErrDenied, "service %q takes no mail from transactions of %q", s.spec.Name, message.Transaction.Name)
	case s.store.queued.Load() >= s.settings.maxQueued:
		err = service.Errorf(abi.ErrOverloaded, "the outbox holds %d mails that wait", s.store.queued.Load())
	}
	cancel = func() {}
	if err != nil {
		spoil(call, message.Transaction)
		done(Result{}, err)
		return cancel
	}
	mover := s.movers.of(message.Transaction.Name)
	err = service.Errorf(abi.ErrUnavailable, "service %q is not active", message.Transaction.Name)
	message.Transaction.With(func(found service.Service) {
		db, ok := found.(Database)
		switch {
		case !ok:
			err = service.Errorf(abi.ErrInvalid, "service %q is not a database", message.Transaction.Name)
		case !db.InTransaction(call.Scope):
			err = service.Errorf(abi.ErrTxGone, "the request has no transaction on %q", message.Transaction.Name)
		default:
			err = nil
			mover.expect(call.Scope)
			outbox := s.store.known()
			if outbox == "" {
				mover.leave()
			}
			cancel = db.Submit(call, s.insertion(m, outbox, db, mover.ready.Load()), func(_ sql.Result, err error) {
				if isMissing(err) {
					mover.ready.Store(false)
				}
				done(Result{MessageID: m.ID}, err)
			})
		}
	})
	if err != nil {
		done(Result{}, err)
	}
	return cancel
}

// insertion is the request that puts a mail into the table. The mover makes the
// table; until it has come to that, it is made within the transaction, which may
// be holding the one writer that there is.
func (s *Service) insertion(m *Mail, outbox string, db Database, ready bool) sql.Request {
	recipients, _ := json.Marshal(m.Recipients) // strings
	taken := time.Now()
	if outbox == "" {
		taken = time.Time{} // to be adopted at once
	}
	insert := sql.Statement{
		Text: `INSERT INTO edge_gateway_outbox (message_id, service, outbox, taken, accepted, sender, recipients, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		Params: []sql.Value{
			sql.Text(m.ID), sql.Text(s.spec.Name), sql.Text(outbox), sql.Int64(taken.Unix()), sql.Int64(m.Accepted.UnixNano()),
			sql.Text(m.Sender), sql.Text(string(recipients)), sql.Bytes(m.Body),
		},
	}
	if ready {
		return sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{insert}}
	}
	return sql.Request{Op: sql.OpBatch, Statements: append(createTable(db.Dialect()), insert)}
}

// spoil lets the request's transaction fail, as every request does that a
// database refuses: this one has no statement.
func spoil(call service.Call, database *service.Handle) {
	database.With(func(found service.Service) {
		if db, ok := found.(Database); ok && db.InTransaction(call.Scope) {
			db.Submit(call, sql.Request{Op: sql.OpQuery}, func(sql.Result, error) {})
		}
	})
}

// isMissing tells whether an error says that the table is not there.
func isMissing(err error) bool {
	var known *service.Error
	return errors.As(err, &known) && known.Code == "42P01"
}
