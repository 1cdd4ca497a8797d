package sqlite

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// sqlite has five types. The others are told by what a column is declared to
// be, and stored in the form that sqlite's own functions understand:
//
//	BOOLEAN                the integers 0 and 1
//	TIMESTAMP, DATETIME    text "2006-01-02 15:04:05.000000" in UTC
//	JSON                   text
const timestamp = "2006-01-02 15:04:05.000000"

// declared is the type of a column with a declared type.
func declared(native string) sql.Type {
	t := strings.ToUpper(native)
	for _, known := range []struct {
		part string
		is   sql.Type
	}{
		{"BOOL", sql.BoolType}, {"TIMESTAMP", sql.TimestampType}, {"DATETIME", sql.TimestampType}, {"JSON", sql.JSONType},
		{"INT", sql.Int64Type}, {"CHAR", sql.TextType}, {"CLOB", sql.TextType}, {"TEXT", sql.TextType},
		{"BLOB", sql.BytesType}, {"BYTEA", sql.BytesType},
		{"REAL", sql.Float64Type}, {"FLOA", sql.Float64Type}, {"DOUB", sql.Float64Type},
	} {
		if strings.Contains(t, known.part) {
			return known.is
		}
	}
	return sql.NullType
}

func bind(s *sqlite3.Stmt, i int, v *sql.Value) error {
	switch v.Type {
	case sql.BoolType, sql.Int64Type:
		return s.BindInt64(i, v.Int64())
	case sql.Float64Type:
		return s.BindFloat(i, v.Float64())
	case sql.TextType:
		return s.BindText(i, v.Text())
	case sql.BytesType:
		if v.Bytes == nil {
			return s.BindZeroBlob(i, 0)
		}
		return s.BindBlob(i, v.Bytes)
	case sql.TimestampType:
		t := v.Time()
		if y := t.Year(); y < 0 || y > 9999 {
			return service.Errorf(abi.ErrInvalid, "sqlite has no timestamps outside the years 0 to 9999")
		}
		return s.BindText(i, t.Format(timestamp))
	case sql.JSONType:
		if !json.Valid(v.Bytes) {
			return sql.Refusal("22P02", "", "invalid JSON")
		}
		return s.BindText(i, v.Text())
	}
	return s.BindNull(i)
}

// read adds the value of a column to a row.
func read(s *sqlite3.Stmt, i int, is sql.Type, rows *sql.Rows) error {
	var v sql.Value
	var raw []byte
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		v = sql.Int64(s.ColumnInt64(i))
		switch {
		case is == sql.BoolType && v.Number <= 1:
			v.Type = sql.BoolType
		case is == sql.JSONType: // a column declared JSON turns "5" into a number
			raw = strconv.AppendInt(nil, v.Int64(), 10)
			v = sql.Value{Type: sql.JSONType}
		}
	case sqlite3.FLOAT:
		v = sql.Float64(s.ColumnFloat(i))
		if is == sql.JSONType {
			raw = strconv.AppendFloat(nil, v.Float64(), 'g', -1, 64)
			v = sql.Value{Type: sql.JSONType}
		}
	case sqlite3.TEXT:
		raw = s.ColumnRawText(i)
		v.Type = sql.TextType
		switch {
		case is == sql.TimestampType:
			if t, ok := parseTime(string(raw)); ok {
				v, raw = sql.Timestamp(t), nil
			}
		case is == sql.JSONType:
			v.Type = sql.JSONType
		}
		if raw != nil && !utf8.Valid(raw) {
			v.Type = sql.BytesType // sqlite does not check what is cast to text
		}
	case sqlite3.BLOB:
		raw = s.ColumnRawBlob(i)
		v.Type = sql.BytesType
	}
	if err := rows.Fits(len(raw)); err != nil {
		return err
	}
	if v.Type == sql.TextType || v.Type == sql.JSONType || v.Type == sql.BytesType {
		v.Bytes = rows.Copy(raw)
	}
	rows.Add(v)
	return nil
}

// parseTime reads what sqlite's functions take for a time.
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", time.RFC3339, "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil { // with a fraction, too
			return t, true
		}
	}
	return time.Time{}, false
}

// settle gives the columns the types that their values really have: sqlite lets
// every value into every column.
func settle(r *sql.Result) {
	width := len(r.Columns)
	for i := range r.Columns {
		known := false
		for k := i; k < len(r.Values); k += width {
			switch t := r.Values[k].Type; {
			case t == sql.NullType:
			case !known:
				r.Columns[i].Type, known = t, true
			case t != r.Columns[i].Type:
				r.Columns[i].Type = sql.NullType
				k = len(r.Values)
			}
		}
	}
}
