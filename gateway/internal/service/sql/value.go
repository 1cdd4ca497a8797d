package sql

import (
	"math"
	"time"
)

// Type is what a value is, by the numbers of edge_gateway_sql.h.
type Type uint32

// The types. In a column NullType says that the type is not known.
const (
	NullType Type = iota
	BoolType
	Int64Type
	Float64Type
	TextType
	BytesType
	TimestampType
	JSONType
)

// Value is a parameter, or a field of a row. Its zero value is null.
type Value struct {
	Type   Type
	Number uint64 // of a bool, integer, float or timestamp
	Bytes  []byte // of a text, of bytes or of JSON
}

// Null is the null value.
func Null() Value { return Value{} }

// Bool makes a truth value.
func Bool(v bool) Value {
	if v {
		return Value{Type: BoolType, Number: 1}
	}
	return Value{Type: BoolType}
}

// Int64 makes an integer.
func Int64(v int64) Value { return Value{Type: Int64Type, Number: uint64(v)} }

// Float64 makes a floating-point number.
func Float64(v float64) Value { return Value{Type: Float64Type, Number: math.Float64bits(v)} }

// Text makes a text. It has to be UTF-8 without NUL.
func Text(v string) Value { return Value{Type: TextType, Bytes: []byte(v)} }

// Bytes makes a value of any bytes. They are the value's from now on.
func Bytes(v []byte) Value { return Value{Type: BytesType, Bytes: v} }

// Timestamp makes a point in time, exact to the microsecond.
func Timestamp(v time.Time) Value {
	return Value{Type: TimestampType, Number: uint64(v.UnixMicro())}
}

// JSON makes a JSON document from its text.
func JSON(v string) Value { return Value{Type: JSONType, Bytes: []byte(v)} }

// IsNull tells whether it is null.
func (v Value) IsNull() bool { return v.Type == NullType }

// Bool is the truth value.
func (v Value) Bool() bool { return v.Number != 0 }

// Int64 is the integer; of a timestamp its microseconds.
func (v Value) Int64() int64 { return int64(v.Number) }

// Float64 is the floating-point number.
func (v Value) Float64() float64 { return math.Float64frombits(v.Number) }

// Text is the text, JSON or bytes as a string.
func (v Value) Text() string { return string(v.Bytes) }

// Time is the point in time, in UTC.
func (v Value) Time() time.Time { return time.UnixMicro(int64(v.Number)).UTC() }
