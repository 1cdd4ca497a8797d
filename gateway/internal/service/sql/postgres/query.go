package postgres

import (
	"context"
	"errors"

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
func (c *conn) Query(ctx context.Context, s *sql.Statement, limits sql.Limits) (result sql.Result, err error) {
	args := make([]any, 1, 1+len(s.Params))
	args[0] = formats
	for n := range s.Params {
		args = append(args, argument(&s.Params[n]))
	}
	inside := c.InTransaction()
	err = c.try(ctx, func() error {
		rows, err := c.pg.Query(ctx, s.Text, args...)
		if err != nil {
			return err
		}
		fields := rows.FieldDescriptions()
		found, tooMuch := collect(fields, rows.Next, rows.RawValues, s.One, limits)
		if tooMuch != nil {
			c.drain(ctx, rows.Next, rows.RawValues)
		}
		rows.Close()
		if err := rows.Err(); err != nil && tooMuch == nil {
			return err
		}
		if tooMuch != nil {
			c.settle(ctx, rows.Err())
			return tooMuch
		}
		result = found.Result
		result.Affected = affected(rows.CommandTag())
		c.nameTypes(ctx, fields, result.Columns)
		return nil
	})
	if err == nil && !inside {
		err = c.leftOpen(ctx)
	}
	return result, err
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
func (c *conn) Batch(ctx context.Context, list []sql.Statement, limits sql.Limits) (results []sql.Result, err error) {
	inside := c.InTransaction()
	var fields [][]pgconn.FieldDescription
	position := 0
	err = c.try(ctx, func() error {
		results, fields = make([]sql.Result, 0, len(list)), make([][]pgconn.FieldDescription, 0, len(list))
		batch := &pgconn.Batch{}
		for n := range list {
			values, kinds := encode(list[n].Params)
			batch.ExecParams(list[n].Text, values, nil, kinds, nil)
		}
		reader := c.pg.PgConn().ExecBatch(ctx, batch)
		var tooMuch error
		for position = 0; reader.NextResult(); position++ {
			r := reader.ResultReader()
			var found *sql.Rows
			if found, tooMuch = collect(r.FieldDescriptions(), r.NextRow, r.Values, list[position].One, limits); tooMuch != nil {
				c.drain(ctx, r.NextRow, r.Values)
				break
			}
			fields = append(fields, append([]pgconn.FieldDescription(nil), r.FieldDescriptions()...))
			tag, err := r.Close()
			if err != nil {
				break // and Close below gives it
			}
			found.Result.Affected = affected(tag)
			limits.Bytes -= found.Result.Size()
			results = append(results, found.Result)
		}
		err := reader.Close()
		if tooMuch != nil {
			c.settle(ctx, err)
			return tooMuch
		}
		return err
	})
	switch {
	case err == nil && !inside:
		err = c.leftOpen(ctx)
	case err != nil && !inside && c.pg.IsClosed() && service.ErrorOf(err).Status == abi.ErrUnavailable && position >= 0:
		err = service.Errorf(abi.ErrUnknown, "the connection was lost while the batch ran: it may have happened, or not")
	}
	if err != nil {
		if known := new(service.Error); errors.As(err, &known) {
			known.Position = position
		}
		return nil, err
	}
	for n := range results {
		c.nameTypes(ctx, fields[n], results[n].Columns)
	}
	return results, nil
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
