package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// conn is a connection. See [sql.Conn]. Outside a transaction it connects anew
// when it finds that the server has gone away since it was last used.
type conn struct {
	driver *driver
	pg     *pgx.Conn
	used   time.Time
	pages  int // cursors in the transaction so far, for their names
}

func (c *conn) open(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, c.driver.connectTimeout)
	defer cancel()
	pg, err := pgx.ConnectConfig(limited, c.driver.config)
	if err != nil {
		return connectProblem(ctx, err)
	}
	c.pg, c.used = pg, time.Now()
	return nil
}

// Close implements sql.Conn.
func (c *conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
	defer cancel()
	_ = c.pg.Close(ctx)
}

// Lost implements sql.Conn.
func (c *conn) Lost() error {
	if c.pg.IsClosed() {
		return errLost
	}
	return nil
}

var errLost = service.Errorf(abi.ErrUnavailable, "the connection to the database was lost")

// InTransaction implements sql.Conn. A transaction that failed is still one.
func (c *conn) InTransaction() bool {
	return !c.pg.IsClosed() && c.pg.PgConn().TxStatus() != 'I'
}

// sound is how long a connection is taken to be good after its last use.
const sound = time.Millisecond

// ready makes sure that the connection is good, as far as that can be seen
// without asking the server. Within a transaction nothing can be done about it.
func (c *conn) ready(ctx context.Context) error {
	switch {
	case c.InTransaction():
		return nil
	case c.pg.IsClosed():
	case time.Since(c.used) < sound, !stale(ctx, c.pg.PgConn(), time.Since(c.used)):
		return nil
	}
	c.Close()
	return c.open(ctx)
}

// Begin implements sql.Conn.
func (c *conn) Begin(ctx context.Context, options sql.TxOptions) error {
	text := "begin"
	switch options.Isolation {
	case sql.ReadCommitted:
		text += " isolation level read committed"
	case sql.RepeatableRead:
		text += " isolation level repeatable read"
	case sql.Serializable:
		text += " isolation level serializable"
	}
	if options.ReadOnly {
		text += " read only"
	}
	c.pages = 0
	if err := c.ready(ctx); err != nil {
		return err
	}
	return c.simple(ctx, text)
}

// simple runs a statement of this package.
func (c *conn) simple(ctx context.Context, text string) error {
	err := c.pg.PgConn().Exec(ctx, text).Close()
	c.used = time.Now()
	return c.problem(ctx, err)
}

// Commit implements sql.Conn.
func (c *conn) Commit(ctx context.Context) error {
	if c.pg.IsClosed() || ctx.Err() != nil { // it cannot be sent
		return c.problem(ctx, errLost)
	}
	results, err := c.pg.PgConn().Exec(ctx, "commit").ReadAll()
	c.used = time.Now()
	switch {
	case err == nil && len(results) == 1 && results[0].CommandTag.String() == "ROLLBACK":
		return service.Errorf(abi.ErrTxGone, "the transaction was rolled back, since one of its statements failed")
	case err != nil && c.pg.IsClosed():
		return service.Errorf(abi.ErrUnknown, "the connection was lost while the transaction was being committed: it may have happened, or not")
	}
	return c.problem(ctx, err)
}

// Rollback implements sql.Conn.
func (c *conn) Rollback(ctx context.Context) error {
	if !c.InTransaction() {
		return nil
	}
	err := c.simple(ctx, "rollback")
	if err != nil {
		c.Close()
	}
	return err
}
