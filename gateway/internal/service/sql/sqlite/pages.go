package sqlite

import (
	"context"
	"math"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// pages is a statement that stands at a row, see [sql.Pages].
type pages struct {
	conn *conn
	stmt *statement
	size int
	more bool
}

// Pages implements sql.Conn.
func (c *conn) Pages(ctx context.Context, s *sql.Statement) (sql.Pages, error) {
	if err := c.enter(ctx); err != nil {
		return nil, err
	}
	defer c.leave()
	stmt, err := prepare(c.db, s.Text, 0) // its own: the cached one may be needed meanwhile
	if err != nil {
		return nil, c.problem(ctx, err)
	}
	if !stmt.ReadOnly() || len(stmt.columns) == 0 {
		_ = stmt.Close()
		return nil, sql.Refusal("42601", "", "only a query that does not write can be read in pages")
	}
	p := &pages{conn: c, stmt: stmt, size: s.Page}
	if err = c.bind(stmt, s.Params); err == nil {
		p.more = c.step(stmt)
		err = stmt.Err()
	}
	if err != nil {
		_ = stmt.Close()
		return nil, c.problem(ctx, err)
	}
	c.pages = append(c.pages, p)
	return p, nil
}

// Next implements sql.Pages.
func (p *pages) Next(ctx context.Context, maxBytes int) (sql.Result, bool, error) {
	if err := p.conn.enter(ctx); err != nil {
		return sql.Result{}, false, err
	}
	defer p.conn.leave()
	rows := sql.NewRows(slices.Clone(p.stmt.columns), sql.Limits{Rows: math.MaxInt, Bytes: maxBytes})
	for p.more && rows.Result.RowCount < p.size {
		if err := p.conn.row(p.stmt, rows); err != nil {
			return sql.Result{}, false, err
		}
		p.more = p.conn.step(p.stmt)
	}
	if err := p.stmt.Err(); err != nil {
		return sql.Result{}, false, p.conn.problem(ctx, err)
	}
	settle(&rows.Result)
	return rows.Result, p.more, nil
}

// Close implements sql.Pages.
func (p *pages) Close(context.Context) error {
	if p.stmt == nil {
		return nil // with its transaction
	}
	_ = p.stmt.Close()
	p.stmt = nil
	if i := slices.Index(p.conn.pages, p); i >= 0 {
		p.conn.pages = slices.Delete(p.conn.pages, i, i+1)
	}
	return nil
}
