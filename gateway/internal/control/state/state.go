// Package state keeps what the control plane knows, in an SQLite database in
// the data directory. Every change is on the disk before it is acknowledged.
package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/failpoint"
)

// Names of the files in the data directory. Beside the database there are its
// log (-wal), the log's index (-shm) and copies from before migrations.
const (
	fileName = "state.db"
	lockName = "state.lock"
	keyName  = "secret.key"
)

// ErrNewer says that a newer program has written the state.
var ErrNewer = errors.New("the state was written by a newer version of the program")

// ErrInUse says that another process has the state open.
var ErrInUse = errors.New("another process has the state open")

// ErrClosed says that the state has been closed.
var ErrClosed = errors.New("the state is closed")

// Store is the state. One process at a time may have it open.
//
// One connection writes, and few others read beside it: SQLite's log lets them
// see what was committed last while a change is on its way to the disk. A
// single connection would do for the load, but then a slow disk would stop
// those who only look, too.
type Store struct {
	path string
	lock *lock
	seal *seal
	now  func() time.Time

	// A connection is owned by who has taken it from here. nil stands for one
	// that is opened by who takes it.
	writer  chan *conn
	readers chan *conn
	closing sync.Once
}

const readers = 4

// Open opens the state in dir, and makes it where it is missing. An older one
// is migrated, with a copy of it kept beside; a newer one is refused.
func Open(ctx context.Context, dir string) (*Store, error) {
	return open(ctx, dir, steps)
}

func open(ctx context.Context, dir string, steps []string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	s := &Store{
		path: filepath.Join(dir, fileName), now: time.Now,
		writer: make(chan *conn, 1), readers: make(chan *conn, readers),
	}
	c, err := s.open(ctx, dir, steps)
	if err != nil {
		c.close()
		s.lock.release()
		return nil, s.openProblem(ctx, err)
	}
	s.writer <- c
	for range readers {
		s.readers <- nil
	}
	return s, nil
}

// open gives the connection that writes, and may give it beside an error.
func (s *Store) open(ctx context.Context, dir string, steps []string) (c *conn, err error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("make the folder of the state: %w", err)
	}
	if s.lock, err = takeLock(filepath.Join(dir, lockName)); err != nil {
		return nil, err
	}
	if err := durable.RemoveLeftovers(dir, 0); err != nil { // the lock says that nobody is at it
		return nil, err
	}
	if c, err = prepare(ctx, s.path, steps); err != nil {
		return nil, err
	}
	s.seal, err = openSeal(filepath.Join(dir, keyName), c)
	return c, err
}

// Close closes it, when what runs has ended.
func (s *Store) Close() error {
	s.closing.Do(func() {
		for range readers {
			c := <-s.readers
			c.close()
		}
		c := <-s.writer // the last one, which moves the log into the database
		c.close()
		close(s.readers)
		close(s.writer)
		s.lock.release()
	})
	return nil
}

// View runs f on the state as it is at one moment.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error {
	return s.use(ctx, s.readers, "BEGIN", "ROLLBACK", f)
}

// Update runs f and makes what it did durable, if it returns nil; else nothing
// of it remains. Updates run one after the other, so f must not call Update.
func (s *Store) Update(ctx context.Context, f func(*Tx) error) error {
	return s.use(ctx, s.writer, "BEGIN IMMEDIATE", "COMMIT", f)
}

// use runs f within a transaction of a connection.
func (s *Store) use(ctx context.Context, from chan *conn, begin, end string, f func(*Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *conn
	select {
	case taken, open := <-from:
		if !open {
			return ErrClosed
		}
		c = taken
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() {
		if c.isLost() {
			c.close()
			c = nil
		}
		from <- c
	}()
	if c == nil {
		if c, err = connect(ctx, s.path, from == s.readers); err != nil {
			return s.problem(ctx, err)
		}
	}
	return s.problem(ctx, c.transaction(ctx, begin, end, func() error {
		t := &Tx{store: s, conn: c}
		defer func() { t.conn = nil }()
		return f(t)
	}))
}

// transaction runs f between begin and end. It is rolled back if f fails or
// panics. ctx interrupts f, but not the end: whether a change was made is never
// left open.
func (c *conn) transaction(ctx context.Context, begin, end string, f func() error) (err error) {
	c.db.SetInterrupt(ctx)
	defer func() {
		c.db.SetInterrupt(context.Background())
		if c.db.GetAutocommit() {
			return
		}
		if rollbackErr := c.exec("ROLLBACK"); rollbackErr != nil {
			err = errors.Join(err, rollbackErr)
		}
	}()
	if err := c.exec(begin); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.db.SetInterrupt(context.Background())
	if end != "COMMIT" {
		return c.exec(end)
	}
	failpoint.Reach("state.written", "")
	if err := c.exec(end); err != nil {
		return err
	}
	failpoint.Reach("state.committed", "")
	return nil
}
