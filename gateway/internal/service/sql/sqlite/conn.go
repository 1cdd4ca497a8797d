package sqlite

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/durable"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// conn is a connection. See [sql.Conn].
type conn struct {
	driver *driver
	role   sql.Role
	db     *sqlite3.Conn
	cache  cache
	guard  guard
	lost   error

	readOnly bool // the transaction is
	pages    []*pages
	// heavy: big values went through. The engine's memory never shrinks, so the
	// connection is opened anew when it has the time.
	heavy bool
}

const heavy = 8 << 20 // bytes

func (c *conn) open(ctx context.Context) error {
	db, err := c.driver.open(ctx, c.role)
	if err != nil {
		return err
	}
	c.db, c.cache, c.guard, c.heavy = db, cache{db: db}, guard{}, false
	return db.SetAuthorizer(c.guard.authorize)
}

// Close implements sql.Conn.
func (c *conn) Close() {
	if c.db == nil {
		return // it was closed to be opened anew, which failed
	}
	c.closePages()
	c.cache.clear()
	_ = c.db.Close()
	c.db = nil
}

// Lost implements sql.Conn.
func (c *conn) Lost() error { return c.lost }

// InTransaction implements sql.Conn. A lost connection may be closed already.
func (c *conn) InTransaction() bool { return c.lost == nil && !c.db.GetAutocommit() }

// enter makes ctx interrupt what runs until leave is called.
func (c *conn) enter(ctx context.Context) error {
	if c.heavy && !c.InTransaction() {
		c.Close()
		if err := c.open(ctx); err != nil {
			c.lost = err
			return err
		}
	}
	c.db.SetInterrupt(ctx)
	return nil
}

func (c *conn) leave() { c.db.SetInterrupt(context.Background()) }

// problem makes an error out of sqlite's, and notices when the connection is of
// no use any more.
func (c *conn) problem(ctx context.Context, err error) error {
	if refused := c.guard.why(err); refused != nil {
		return refused
	}
	err = problem(ctx, err)
	known := new(service.Error)
	switch {
	case !errors.As(err, &known):
	case known.Code == ioError && durable.Full(c.driver.path):
		return sql.Refusal(diskFull, "", "the disk is full")
	case known.Code == ioError, known.Code == corrupted:
		c.lost = err
	}
	return err
}

// own runs one of the statements that only this package may run.
func (c *conn) own(text string) error {
	c.guard.off = true
	defer func() { c.guard.off = false }()
	return c.db.Exec(text)
}

// Begin implements sql.Conn.
func (c *conn) Begin(ctx context.Context, options sql.TxOptions) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	text := "BEGIN IMMEDIATE"
	if c.readOnly = options.ReadOnly; c.readOnly || c.role == sql.Reader {
		text = "BEGIN"
	}
	if err := c.own(text); err != nil {
		return c.problem(ctx, err)
	}
	return nil
}

// Commit implements sql.Conn.
func (c *conn) Commit(ctx context.Context) error {
	c.closePages()
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.leave()
	err := c.own("COMMIT")
	if err == nil {
		return nil
	}
	err = c.problem(ctx, err)
	if c.lost != nil {
		return service.Errorf(abi.ErrUnknown, "the commit failed on its way to the disk: %v", err)
	}
	return err
}

// Rollback implements sql.Conn.
func (c *conn) Rollback(ctx context.Context) error {
	c.closePages()
	if !c.InTransaction() {
		return nil
	}
	c.db.SetInterrupt(ctx)
	defer c.leave()
	if err := c.own("ROLLBACK"); err != nil {
		c.lost = c.problem(ctx, err)
		return c.lost
	}
	return nil
}

func (c *conn) closePages() {
	for _, p := range c.pages {
		_ = p.stmt.Close()
		p.stmt = nil
	}
	c.pages = nil
}
