package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// typeOf is the type that values of a type of PostgreSQL come as. Those that
// the header does not know are text, as PostgreSQL writes them.
func typeOf(oid uint32) sql.Type {
	switch oid {
	case pgtype.BoolOID:
		return sql.BoolType
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return sql.Int64Type
	case pgtype.Float4OID, pgtype.Float8OID:
		return sql.Float64Type
	case pgtype.ByteaOID:
		return sql.BytesType
	case pgtype.TimestamptzOID, pgtype.TimestampOID:
		return sql.TimestampType
	case pgtype.JSONOID, pgtype.JSONBOID:
		return sql.JSONType
	}
	return sql.TextType
}

// argument is a parameter for pgx: text, which the server reads as the type
// that the statement wants, or bytes, or nil.
func argument(v *sql.Value) any {
	switch v.Type {
	case sql.NullType:
		return nil
	case sql.BytesType:
		if v.Bytes == nil {
			return []byte{}
		}
		return v.Bytes
	}
	return text(v)
}

// encode does the same for the protocol itself.
func encode(params []sql.Value) (values [][]byte, formats []int16) {
	values, formats = make([][]byte, len(params)), make([]int16, len(params))
	for n := range params {
		switch v := &params[n]; v.Type {
		case sql.NullType:
		case sql.BytesType:
			if values[n], formats[n] = v.Bytes, pgtype.BinaryFormatCode; v.Bytes == nil {
				values[n] = []byte{}
			}
		case sql.TextType, sql.JSONType:
			if values[n] = v.Bytes; v.Bytes == nil {
				values[n] = []byte{}
			}
		default:
			values[n] = []byte(text(v))
		}
	}
	return values, formats
}

func text(v *sql.Value) string {
	switch v.Type {
	case sql.BoolType:
		return strconv.FormatBool(v.Bool())
	case sql.Int64Type:
		return strconv.FormatInt(v.Int64(), 10)
	case sql.Float64Type:
		return strconv.FormatFloat(v.Float64(), 'g', -1, 64) // NaN and +Inf are known, too
	case sql.TimestampType:
		return formatTime(v.Int64())
	}
	return v.Text()
}

// decode adds a field of a row.
func decode(field *pgconn.FieldDescription, raw []byte, rows *sql.Rows) error {
	if err := rows.Fits(len(raw)); err != nil {
		return err
	}
	if raw == nil {
		rows.Add(sql.Null())
		return nil
	}
	v := sql.Value{Type: typeOf(field.DataTypeOID)}
	var err error
	switch v.Type {
	case sql.BoolType:
		v = sql.Bool(len(raw) == 1 && raw[0] == 't')
	case sql.Int64Type:
		var n int64
		n, err = strconv.ParseInt(string(raw), 10, 64)
		v = sql.Int64(n)
	case sql.Float64Type:
		var f float64
		f, err = strconv.ParseFloat(string(raw), 64)
		v = sql.Float64(f)
	case sql.TimestampType:
		var micros int64
		micros, err = parseTime(raw)
		v.Number = uint64(micros)
	case sql.BytesType:
		v.Bytes, err = decodeBytes(field, raw, rows)
	default:
		v.Bytes = rows.Copy(raw)
	}
	if err != nil {
		return service.Errorf(abi.ErrInternal, "column %q has a value that is not understood", field.Name)
	}
	rows.Add(v)
	return nil
}

func decodeBytes(field *pgconn.FieldDescription, raw []byte, rows *sql.Rows) ([]byte, error) {
	if field.Format == pgtype.BinaryFormatCode {
		return rows.Copy(raw), nil
	}
	digits, ok := bytes.CutPrefix(raw, []byte(`\x`))
	if !ok {
		return rows.Copy(raw), nil // bytea_output = escape, which somebody asked for
	}
	v := make([]byte, hex.DecodedLen(len(digits)))
	_, err := hex.Decode(v, digits)
	return v, err
}

// Infinite timestamps are the greatest and the least number.
const (
	infinity    = math.MaxInt64
	minInfinity = math.MinInt64
)

func formatTime(micros int64) string {
	switch micros {
	case infinity:
		return "infinity"
	case minInfinity:
		return "-infinity"
	}
	t := time.UnixMicro(micros).UTC()
	if year := t.Year(); year <= 0 {
		return fmt.Sprintf("%04d-%s BC", 1-year, t.Format("01-02 15:04:05.999999+00")) // the year 0 is 1 BC
	}
	return t.Format("2006-01-02 15:04:05.999999+00")
}

// nameTypes gives columns the names of their types. Those of the database's own
// types are asked for once.
func (c *conn) nameTypes(ctx context.Context, fields []pgconn.FieldDescription, columns []sql.Column) {
	for n := range columns {
		oid := fields[n].DataTypeOID
		if known, ok := c.pg.TypeMap().TypeForOID(oid); ok {
			columns[n].Native = known.Name
			continue
		}
		name, ok := c.driver.typeName(oid)
		if !ok {
			r := c.pg.PgConn().ExecParams(ctx, "select typname from pg_catalog.pg_type where oid = $1",
				[][]byte{strconv.AppendUint(nil, uint64(oid), 10)}, nil, nil, nil).Read()
			if r.Err == nil && len(r.Rows) == 1 {
				name = string(r.Rows[0][0])
				c.driver.setTypeName(oid, name)
			}
		}
		columns[n].Native = name
	}
}
