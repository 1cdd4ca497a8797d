package sqlite

import (
	"context"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Query implements sql.Conn.
func (c *conn) Query(ctx context.Context, s *sql.Statement, limits sql.Limits) (sql.Result, error) {
	if err := c.enter(ctx); err != nil {
		return sql.Result{}, err
	}
	defer c.leave()
	stmt, err := c.cache.get(s.Text)
	if err != nil {
		return sql.Result{}, c.problem(ctx, err)
	}
	// What writes and has rows too is done when the first row comes, so it needs
	// a transaction for "the result is too large" to mean that nothing was done.
	if !stmt.ReadOnly() && len(stmt.columns) > 0 && !c.InTransaction() && c.role == sql.Writer {
		return c.queryInTransaction(ctx, s, limits)
	}
	return c.run(ctx, stmt, s, limits)
}

func (c *conn) queryInTransaction(ctx context.Context, s *sql.Statement, limits sql.Limits) (sql.Result, error) {
	results, err := c.Batch(ctx, []sql.Statement{*s}, limits)
	if err != nil {
		return sql.Result{}, err
	}
	return results[0], nil
}

// Batch implements sql.Conn.
func (c *conn) Batch(ctx context.Context, list []sql.Statement, limits sql.Limits) (results []sql.Result, err error) {
	if !c.InTransaction() {
		if err := c.Begin(ctx, sql.TxOptions{}); err != nil {
			return nil, err
		}
		defer func() {
			if err == nil {
				err = c.Commit(ctx)
			}
			if err != nil {
				_ = c.Rollback(context.Background())
			}
		}()
	}
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	defer c.leave()
	results = make([]sql.Result, 0, len(list))
	for n := range list {
		stmt, err := c.cache.get(list[n].Text)
		if err != nil {
			return nil, at(n, c.problem(ctx, err))
		}
		r, err := c.run(ctx, stmt, &list[n], limits)
		if err != nil {
			return nil, at(n, err)
		}
		limits.Bytes -= r.Size()
		results = append(results, r)
	}
	return results, nil
}

// at says which statement of a batch an error is about.
func at(n int, err error) error {
	if e, ok := err.(*service.Error); ok {
		e.Position = n
	}
	return err
}

// run runs a prepared statement.
func (c *conn) run(ctx context.Context, stmt *statement, s *sql.Statement, limits sql.Limits) (sql.Result, error) {
	writes := !stmt.ReadOnly()
	switch {
	case writes && c.role == sql.Reader:
		return sql.Result{}, sql.ErrWrites
	case writes && c.readOnly && c.InTransaction():
		return sql.Result{}, sql.Refusal("25006", "", "the transaction is read-only")
	}
	defer stmt.end()
	if err := c.bind(stmt, s.Params); err != nil {
		return sql.Result{}, c.problem(ctx, err)
	}
	var changes int64
	if writes {
		c.db.SetLastInsertRowID(0)
		changes = c.db.TotalChanges()
	}
	rows, err := c.rows(ctx, stmt, s.One, limits)
	if err != nil {
		return sql.Result{}, err
	}
	r := &rows.Result
	if writes && c.db.TotalChanges() != changes {
		r.Affected = uint64(c.db.Changes())
		r.LastID = c.db.LastInsertRowID()
		r.HasLastID = r.LastID != 0
	}
	return *r, nil
}

func (c *conn) bind(stmt *statement, params []sql.Value) error {
	for n := range params {
		c.heavy = c.heavy || len(params[n].Bytes) > heavy
	}
	return stmt.bind(params)
}

// rows runs the statement to its end, or to its first row if one is enough.
func (c *conn) rows(ctx context.Context, stmt *statement, one bool, limits sql.Limits) (*sql.Rows, error) {
	more := c.step(stmt)
	rows := sql.NewRows(slices.Clone(stmt.columns), limits)
	for ; more; more = c.step(stmt) {
		if err := c.row(stmt, rows); err != nil {
			return nil, err
		}
		if one {
			break
		}
	}
	if err := stmt.Err(); err != nil {
		return nil, c.problem(ctx, err)
	}
	settle(&rows.Result)
	return rows, nil
}

// step goes to the next row. The tables may have changed since the statement
// was prepared: then sqlite has prepared it again.
func (c *conn) step(stmt *statement) bool {
	c.guard.running = true
	more := stmt.Step()
	c.guard.running = false
	if stmt.Status(sqlite3.STMTSTATUS_REPREPARE, true) > 0 {
		stmt.describeColumns()
	}
	return more
}

func (c *conn) row(stmt *statement, rows *sql.Rows) error {
	if err := rows.Room(); err != nil {
		return err
	}
	for i := range stmt.columns {
		if err := read(stmt.Stmt, i, stmt.columns[i].Type, rows); err != nil {
			return err
		}
	}
	rows.EndRow()
	return nil
}
