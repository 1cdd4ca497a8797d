package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// formats has everything but bytes come as text, which says of any type what
// PostgreSQL says.
var formats = pgx.QueryResultFormatsByOID{pgtype.ByteaOID: pgtype.BinaryFormatCode}

// Query implements sql.Conn.
func (c *conn) Query(ctx context.Context, s *sql.Statement, limits sql.Limits) (sql.Result, error) {
	args := make([]any, 1, 1+len(s.Params))
	args[0] = formats
	for n := range s.Params {
		args = append(args, argument(&s.Params[n]))
	}
	if err := c.ready(ctx); err != nil {
		return sql.Result{}, err
	}
	inside := c.InTransaction()
	result, err := c.query(ctx, s, args, limits)
	if err != nil && !inside && ctx.Err() == nil {
		switch {
		case c.pg.IsClosed() && pgconn.SafeToRetry(err): // nothing was sent
			if err := c.open(ctx); err != nil {
				return sql.Result{}, err
			}
			result, err = c.query(ctx, s, args, limits)
		case replan(err):
			result, err = c.query(ctx, s, args, limits)
		}
	}
	c.used = time.Now()
	if err == nil && !inside {
		err = c.leftOpen(ctx)
	}
	return result, c.problem(ctx, err)
}

func (c *conn) query(ctx context.Context, s *sql.Statement, args []any, limits sql.Limits) (sql.Result, error) {
	rows, err := c.pg.Query(ctx, s.Text, args...)
	if err != nil {
		return sql.Result{}, err
	}
	fields := rows.FieldDescriptions()
	found, tooMuch := collect(fields, rows.Next, rows.RawValues, s.One, limits)
	if tooMuch != nil {
		c.drain(ctx, rows.Next, rows.RawValues)
	}
	rows.Close()
	switch err := rows.Err(); {
	case tooMuch != nil:
		c.settle(ctx, err)
		return sql.Result{}, tooMuch
	case err != nil:
		return sql.Result{}, err
	}
	found.Result.Affected = affected(rows.CommandTag())
	c.nameTypes(ctx, fields, found.Result.Columns)
	return found.Result, nil
}

// leftOpen ends a transaction that a statement started.
func (c *conn) leftOpen(ctx context.Context) error {
	if !c.InTransaction() {
		return nil
	}
	_ = c.Rollback(ctx)
	return sql.Refusal("25001", "", "a transaction is started with EG_SQL_BEGIN")
}

func affected(tag pgconn.CommandTag) uint64 {
	if tag.Insert() || tag.Update() || tag.Delete() || len(tag.String()) > 5 && tag.String()[:5] == "MERGE" {
		return uint64(tag.RowsAffected())
	}
	return 0
}

// Batch implements sql.Conn. All statements go out together, with one Sync at
// the end: PostgreSQL takes them as one transaction if there is none. They are
// not prepared before, so that one can need what another one makes.
func (c *conn) Batch(ctx context.Context, list []sql.Statement, limits sql.Limits) ([]sql.Result, error) {
	if err := c.ready(ctx); err != nil {
		return nil, err
	}
	inside := c.InTransaction()
	results, fields, position, err := c.batch(ctx, list, limits)
	c.used = time.Now()
	switch {
	case err == nil && !inside:
		err = c.leftOpen(ctx)
	case err != nil && !inside && c.pg.IsClosed():
		err = service.Errorf(abi.ErrUnknown, "the connection was lost while the batch ran: it may have happened, or not")
	}
	if err != nil {
		err = c.problem(ctx, err)
		if known := new(service.Error); errors.As(err, &known) {
			at := *known
			at.Position = position
			err = &at
		}
		return nil, err
	}
	for n := range results {
		c.nameTypes(ctx, fields[n], results[n].Columns)
	}
	return results, nil
}

// batch sends a batch and reads its results; position is that of the statement
// that failed.
func (c *conn) batch(ctx context.Context, list []sql.Statement, limits sql.Limits) (results []sql.Result, fields [][]pgconn.FieldDescription, position int, err error) {
	batch := &pgconn.Batch{}
	for n := range list {
		values, kinds := encode(list[n].Params)
		batch.ExecParams(list[n].Text, values, nil, kinds, nil)
	}
	reader := c.pg.PgConn().ExecBatch(ctx, batch)
	for reader.NextResult() {
		r := reader.ResultReader()
		found, tooMuch := collect(r.FieldDescriptions(), r.NextRow, r.Values, list[position].One, limits)
		if tooMuch != nil {
			c.drain(ctx, r.NextRow, r.Values)
			c.settle(ctx, reader.Close())
			return nil, nil, position, tooMuch
		}
		tag, err := r.Close()
		if err != nil {
			break // Close gives it, too
		}
		found.Result.Affected = affected(tag)
		limits.Bytes -= found.Result.Size()
		results, fields = append(results, found.Result), append(fields, slices.Clone(r.FieldDescriptions()))
		position++
	}
	return results, fields, position, reader.Close()
}

// collect reads rows into a result, or until they are too many.
func collect(fields []pgconn.FieldDescription, next func() bool, values func() [][]byte, one bool, limits sql.Limits) (*sql.Rows, error) {
	columns := make([]sql.Column, len(fields))
	for n := range fields {
		columns[n] = sql.Column{Name: fields[n].Name, Type: typeOf(fields[n].DataTypeOID)}
	}
	rows := sql.NewRows(columns, limits)
	for next() {
		if one && rows.Result.RowCount == 1 {
			continue // the rest is not kept
		}
		if err := rows.Room(); err != nil {
			return nil, err
		}
		for n, raw := range values() {
			if err := decode(&fields[n], raw, rows); err != nil {
				return nil, err
			}
		}
		rows.EndRow()
	}
	return rows, nil
}

// maxDrain is how many bytes of rows that nobody wants are read before the
// server is asked to stop.
const maxDrain = 256 << 10

// drain reads what is left of rows that are not wanted.
func (c *conn) drain(ctx context.Context, next func() bool, values func() [][]byte) {
	for n := 0; next(); {
		for _, raw := range values() {
			n += len(raw) + 8
		}
		if n > maxDrain {
			_ = c.pg.PgConn().CancelRequest(ctx)
			break
		}
	}
}

// settle makes sure that a cancel request does not hit what comes next: when it
// came too late for the query, it hits a ping.
func (c *conn) settle(ctx context.Context, err error) {
	if known := new(pgconn.PgError); !errors.As(err, &known) && !c.pg.IsClosed() {
		_ = c.pg.Ping(ctx)
	}
}
