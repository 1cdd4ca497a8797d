package email

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/prepared"
)

// schema of the outbox. A mail's body is apart, so that its state changes
// without the body being written again. `due` is when somebody may lease the
// mail: for its next try, or because the lease has run out. The triggers count
// those that wait.
const schema = `
CREATE TABLE mail (
	id         TEXT PRIMARY KEY,
	sender     TEXT NOT NULL,
	recipients TEXT NOT NULL,
	state      INTEGER NOT NULL DEFAULT 1,
	attempts   INTEGER NOT NULL DEFAULT 0,
	served     INTEGER NOT NULL DEFAULT 0,
	refused    TEXT NOT NULL DEFAULT '',
	reason     TEXT NOT NULL DEFAULT '',
	down       INTEGER NOT NULL DEFAULT 0,
	accepted   INTEGER NOT NULL,
	due        INTEGER NOT NULL,
	owner      TEXT,
	done       INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE body (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE INDEX mail_due ON mail (due) WHERE state = 1;
CREATE INDEX mail_done ON mail (done) WHERE state <> 1;
CREATE TABLE outbox (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO outbox VALUES ('queued', 0);
CREATE TRIGGER mail_enters AFTER INSERT ON mail WHEN NEW.state = 1 BEGIN
	UPDATE outbox SET value = value + 1 WHERE name = 'queued';
END;
CREATE TRIGGER mail_is_done AFTER UPDATE OF state ON mail WHEN OLD.state = 1 AND NEW.state <> 1 BEGIN
	UPDATE outbox SET value = value - 1 WHERE name = 'queued';
END;
PRAGMA user_version = 1;
`

const schemaVersion = 1

// outbox opens queues on the database in a service's folder. It is the backend
// of an actor with one worker: within a process one connection writes.
type outbox struct {
	dir    string
	owner  string                 // of leases: this service, this time
	queued atomic.Int64           // mails that wait, when last looked at
	id     atomic.Pointer[string] // of this outbox, for good; nil until it was open
}

// known is the outbox's id; "" until it was opened for the first time.
func (o *outbox) known() string {
	if id := o.id.Load(); id != nil {
		return *id
	}
	return ""
}

func newOutbox(dir string) *outbox { return &outbox{dir: dir, owner: rand.Text()} }

// Open implements actor.Backend.
func (o *outbox) Open(ctx context.Context) (*queue, error) {
	q := &queue{outbox: o}
	return q, q.open(ctx)
}

// Close implements actor.Backend.
func (o *outbox) Close(q *queue) { q.close() }

// queue is the outbox as one connection sees it. It is not safe for concurrent
// use: it belongs to the worker of an actor.
type queue struct {
	outbox     *outbox
	conn       *sqlite3.Conn // nil: closed
	statements *prepared.Statements
	// heavy: a large mail went through. The memory of the engine never shrinks,
	// so the connection is opened anew before it is used again.
	heavy bool
	lost  error // why the connection is of no use any more
}

const heavy = 4 << 20 // bytes

func (q *queue) open(ctx context.Context) (err error) {
	dir := q.outbox.dir
	if err = durable.MakeDir(dir); err != nil {
		return fmt.Errorf("the outbox cannot be opened: %w", err)
	}
	q.conn, err = sqlite3.OpenContext(ctx, "file:"+filepath.ToSlash(filepath.Join(dir, "outbox.sqlite")))
	if err != nil {
		return fmt.Errorf("the outbox cannot be opened: %w", err)
	}
	q.statements, q.heavy = prepared.On(q.conn), false
	q.conn.SetInterrupt(ctx)
	defer func() {
		if err != nil {
			q.close()
			err = fmt.Errorf("the outbox cannot be opened: %w", err)
		} else {
			q.conn.SetInterrupt(context.Background())
		}
	}()
	err = q.prepare()
	for errors.Is(err, sqlite3.BUSY) && ctx.Err() == nil {
		// Another process is making the outbox at this moment.
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
			err = q.prepare()
		}
	}
	return err
}

func (q *queue) close() {
	if q.conn == nil {
		return
	}
	q.statements.Close()
	_ = q.conn.Close()
	q.conn = nil
}

// use runs f, which ctx interrupts.
func (q *queue) use(ctx context.Context, f func(*queue) error) error {
	if q.heavy {
		q.close()
		if err := q.open(ctx); err != nil {
			q.lost = err
			return err
		}
	}
	q.conn.SetInterrupt(ctx)
	err := f(q)
	q.conn.SetInterrupt(context.Background())
	var fault *sqlite3.Error
	if errors.As(err, &fault) && !slices.Contains(harmless, fault.Code()) {
		q.lost = err
	}
	return err
}

// harmless are the errors after which the connection is as good as before.
var harmless = []sqlite3.ErrorCode{sqlite3.BUSY, sqlite3.INTERRUPT, sqlite3.CONSTRAINT}

func (q *queue) prepare() error {
	// What other process has the same outbox writes for moments only.
	if err := q.conn.BusyTimeout(5 * time.Second); err != nil {
		return err
	}
	err := q.conn.Exec(`
		PRAGMA auto_vacuum = INCREMENTAL;
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
	`)
	if err != nil {
		return err
	}
	err = q.write(func() error {
		version, err := q.number(`PRAGMA user_version`)
		switch {
		case err != nil:
			return err
		case version > schemaVersion:
			return fmt.Errorf("it was written by a newer edge gateway (version %d)", version)
		case version == 0:
			if err := q.conn.Exec(schema); err != nil {
				return err
			}
		}
		return q.run(`INSERT INTO outbox VALUES ('id', ?1) ON CONFLICT DO NOTHING`, rand.Text())
	})
	if err != nil {
		return err
	}
	err = q.rows(`SELECT value FROM outbox WHERE name = 'id'`, func(s *sqlite3.Stmt) error {
		id := s.ColumnText(0)
		q.outbox.id.Store(&id)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := q.count(); err != nil {
		return err
	}
	// The write above has made the log beside the database, and SQLite does not
	// see to it that the names of the two survive a power failure.
	return durable.SyncDir(q.outbox.dir)
}

// write runs f in a transaction that is on the disk when write returns nil.
func (q *queue) write(f func() error) error {
	err := q.conn.Exec(`BEGIN IMMEDIATE`)
	if err != nil {
		return err
	}
	if err = f(); err == nil {
		err = q.conn.Exec(`COMMIT`)
	}
	if err != nil && !q.conn.GetAutocommit() {
		q.conn.SetInterrupt(context.Background())
		err = errors.Join(err, q.conn.Exec(`ROLLBACK`))
	}
	return err
}

func (q *queue) run(text string, args ...any) error { return q.statements.Run(text, args...) }

func (q *queue) number(text string, args ...any) (int64, error) {
	return q.statements.Number(text, args...)
}

func (q *queue) rows(text string, each func(*sqlite3.Stmt) error, args ...any) error {
	return q.statements.Rows(text, each, args...)
}
