package postgres

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// pages is a cursor, see [sql.Pages].
type pages struct {
	conn *conn
	name string
	size int
	// held is the first row of the next page: that it is there says that there
	// is one.
	held [][]byte
}

// Pages implements sql.Conn.
func (c *conn) Pages(ctx context.Context, s *sql.Statement) (sql.Pages, error) {
	c.pages++
	p := &pages{conn: c, name: fmt.Sprintf("eg_%d", c.pages), size: s.Page}
	values, formats := encode(s.Params)
	text := fmt.Sprintf("declare %s no scroll cursor for %s", p.name, s.Text)
	r := c.pg.PgConn().ExecParams(ctx, text, values, nil, formats, nil).Read()
	if r.Err != nil {
		return nil, c.problem(ctx, r.Err)
	}
	return p, nil
}

// Next implements sql.Pages.
func (p *pages) Next(ctx context.Context, maxBytes int) (page sql.Result, more bool, err error) {
	c := p.conn
	want := p.size + 1
	if p.held != nil {
		want--
	}
	r := c.pg.PgConn().ExecParams(ctx, fmt.Sprintf("fetch %d from %s", want, p.name), nil, nil, nil, nil)
	// The held row comes first, and the last row is held.
	first, kept := p.held, [][]byte(nil)
	count := 0
	var now [][]byte
	next := func() bool {
		if first != nil {
			now, first = first, nil
			count++
			return true
		}
		if !r.NextRow() {
			return false
		}
		if count++; count > p.size {
			kept = keep(r.Values())
			return false
		}
		now = r.Values()
		return true
	}
	fields := append([]pgconn.FieldDescription(nil), r.FieldDescriptions()...)
	rows, tooMuch := collect(fields, next, func() [][]byte { return now }, false, sql.Limits{Rows: math.MaxInt, Bytes: maxBytes})
	if _, err := r.Close(); err != nil {
		return page, false, c.problem(ctx, err)
	}
	if tooMuch != nil {
		return page, false, tooMuch
	}
	p.held = kept
	c.nameTypes(ctx, fields, rows.Result.Columns)
	return rows.Result, kept != nil, nil
}

func keep(row [][]byte) [][]byte {
	kept := make([][]byte, len(row))
	for n, v := range row {
		kept[n] = bytes.Clone(v)
	}
	return kept
}

// Close implements sql.Pages.
func (p *pages) Close(ctx context.Context) error {
	return p.conn.simple(ctx, "close "+p.name)
}
