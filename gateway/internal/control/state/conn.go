package state

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/prepared"
)

// conn is a connection to the database. It is used by one goroutine at a time.
type conn struct {
	db         *sqlite3.Conn
	statements *prepared.Statements
	lost       bool // of no use any more
}

// dial opens the database and changes nothing of it. Whatever files appear
// beside it have its mode.
func dial(ctx context.Context, path string) (*conn, error) {
	// SQLite makes the log with the mode that is asked for here; the log's index
	// it would make readable by others.
	if err := errors.Join(makeFile(path), makeFile(path+"-shm")); err != nil {
		return nil, err
	}
	query := "modeof=" + strings.ReplaceAll(url.QueryEscape(path), "+", "%20") // SQLite takes a plus as it is
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query}
	if filepath.VolumeName(path) != "" {
		name.Path = "/" + name.Path
	}
	db, err := sqlite3.OpenContext(ctx, name.String())
	if err != nil {
		return nil, err
	}
	// Nobody else writes; a backup program may hold the file for a moment.
	if err := db.BusyTimeout(5 * time.Second); err != nil {
		_ = db.Close()
		return nil, err
	}
	return &conn{db: db, statements: prepared.On(db)}, nil
}

// settings of a connection. With FULL a commit is on the disk before it
// returns. What is deleted is overwritten.
const settings = `
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = FULL;
	PRAGMA secure_delete = ON;
	PRAGMA foreign_keys = ON;
	PRAGMA trusted_schema = OFF;
	PRAGMA journal_size_limit = 16777216;
`

// connect opens a database that has been prepared.
func connect(ctx context.Context, path string, readOnly bool) (*conn, error) {
	c, err := dial(ctx, path)
	if err != nil {
		return nil, err
	}
	text := settings
	if readOnly {
		text += "PRAGMA query_only = ON;"
	}
	if err := c.exec(text); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() {
	if c == nil {
		return
	}
	c.statements.Close()
	_ = c.db.Close()
}

func (c *conn) isLost() bool { return c != nil && c.lost }

// exec runs statements that have neither parameters nor rows.
func (c *conn) exec(text string) error { return c.noted(c.db.Exec(text)) }

// run runs a statement that has no rows, and tells how many it changed.
func (c *conn) run(text string, args ...any) (changed int64, err error) {
	err = c.noted(c.statements.Run(text, args...))
	return c.db.Changes(), err
}

// number is the one number that a statement gives.
func (c *conn) number(text string, args ...any) (int64, error) {
	n, err := c.statements.Number(text, args...)
	return n, c.noted(err)
}

// rows runs a statement and has each called for every row; it must not run the
// same statement.
func (c *conn) rows(text string, each func(*sqlite3.Stmt) error, args ...any) error {
	return c.noted(c.statements.Rows(text, each, args...))
}

// noted sees when a connection is of no use any more: after all errors but
// those of what was asked for.
func (c *conn) noted(err error) error {
	switch codeOf(err) {
	case 0, sqlite3.BUSY, sqlite3.INTERRUPT, sqlite3.CONSTRAINT, sqlite3.READONLY, sqlite3.FULL:
	default:
		c.lost = true
	}
	return err
}
