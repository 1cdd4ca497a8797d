package sql

import (
	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
)

// Column describes a column of a result.
type Column struct {
	Name   string // names may repeat
	Native string // the type as the database calls it; may be empty
	Type   Type   // that all values have that are not null; NullType: not known
}

// Result is what a statement brought.
type Result struct {
	Columns   []Column
	Values    []Value // row after row
	RowCount  int
	Affected  uint64 // rows inserted, updated or deleted
	LastID    int64  // of the row inserted last, if HasLastID
	HasLastID bool
	Cursor    uint64   // for Next; 0 when there are no more rows
	Batch     []Result // of a batch: one for each statement, and nothing else
}

// Row is one row.
func (r *Result) Row(n int) []Value {
	return r.Values[n*len(r.Columns) : (n+1)*len(r.Columns)]
}

// Limits bound a result.
type Limits struct {
	Rows  int
	Bytes int
}

// Rows collects the rows of a result within its limits, for drivers. It copies
// what it is given.
type Rows struct {
	Result Result
	limits Limits
	size   int
	chunk  []byte
}

// NewRows starts a result.
func NewRows(columns []Column, limits Limits) *Rows {
	// Room for one row, as many results have.
	return &Rows{Result: Result{Columns: columns, Values: make([]Value, 0, len(columns))}, limits: limits}
}

// Copy keeps b with the result; never nil.
func (r *Rows) Copy(b []byte) []byte {
	if len(b) == 0 {
		return []byte{}
	}
	if len(b) > cap(r.chunk)-len(r.chunk) {
		r.chunk = make([]byte, 0, max(len(b), min(2*cap(r.chunk), 64<<10), 64))
	}
	start := len(r.chunk)
	r.chunk = append(r.chunk, b...)
	return r.chunk[start:len(r.chunk):len(r.chunk)]
}

// Fits tells whether a value of so many bytes still fits, before it is copied.
func (r *Rows) Fits(size int) error {
	if r.size += size + valueSize; r.size > r.limits.Bytes {
		return service.Errorf(abi.ErrTooLarge, "the result has more than %d bytes; ask for fewer or smaller rows, or for pages", r.limits.Bytes)
	}
	return nil
}

const valueSize = 32 // of a value beside its bytes, as the library gets it

// Add takes a value; after the last one of a row call EndRow.
func (r *Rows) Add(v Value) {
	if r.Result.Values == nil {
		r.Result.Values = make([]Value, 0, len(r.Result.Columns)) // one row, more often than not
	}
	r.Result.Values = append(r.Result.Values, v)
}

// EndRow ends a row.
func (r *Rows) EndRow() { r.Result.RowCount++ }

// Room tells, before a row is read, whether the result may have another one.
func (r *Rows) Room() error {
	if r.Result.RowCount >= r.limits.Rows {
		return service.Errorf(abi.ErrTooLarge, "the result has more than %d rows; ask for fewer, or for pages", r.limits.Rows)
	}
	return nil
}

// Size is how many bytes of the limit the result takes.
func (r *Result) Size() int {
	n := valueSize * len(r.Values)
	for i := range r.Values {
		n += len(r.Values[i].Bytes)
	}
	return n
}
