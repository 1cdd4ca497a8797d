package export

/*
#include "edge_gateway_sql.h"
*/
import "C"

import (
	"fmt"
	"math"
	"time"
	"unsafe"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

func lendStatement(loan *loan, s edge.Statement) (*C.eg_sql_statement, error) {
	params := make([]C.eg_sql_value, len(s.Params))
	for i, v := range s.Params {
		var err error
		if params[i], err = lendValue(loan, v); err != nil {
			return nil, err
		}
	}
	args := C.eg_sql_statement{struct_size: C.sizeof_eg_sql_statement, text: loan.text(s.Text)}
	args.params, args.param_count = lendList(loan, params), C.uint64_t(len(params))
	return (*C.eg_sql_statement)(lend(loan, args)), nil
}

func lendValue(loan *loan, v any) (C.eg_sql_value, error) {
	switch v := v.(type) {
	case nil:
		return C.eg_sql_value{_type: C.EG_SQL_NULL}, nil
	case bool:
		number := C.uint64_t(0)
		if v {
			number = 1
		}
		return C.eg_sql_value{_type: C.EG_SQL_BOOL, number: number}, nil
	case int64:
		return C.eg_sql_value{_type: C.EG_SQL_INT64, number: C.uint64_t(v)}, nil
	case float64:
		return C.eg_sql_value{_type: C.EG_SQL_FLOAT64, number: C.uint64_t(math.Float64bits(v))}, nil
	case string:
		return C.eg_sql_value{_type: C.EG_SQL_TEXT, bytes: loan.text(v)}, nil
	case []byte:
		return C.eg_sql_value{_type: C.EG_SQL_BYTES, bytes: loan.bytes(v)}, nil
	case time.Time:
		return C.eg_sql_value{_type: C.EG_SQL_TIMESTAMP, number: C.uint64_t(v.UnixMicro())}, nil
	case edge.JSON:
		return C.eg_sql_value{_type: C.EG_SQL_JSON, bytes: loan.bytes(v)}, nil
	}
	return C.eg_sql_value{}, &edge.ServiceError{Status: edge.ErrInvalid, Message: fmt.Sprintf("a %T cannot be a parameter", v)}
}

func readPage(r *C.eg_sql_result) *backend.Page {
	columns := make([]edge.Column, int(r.column_count))
	for i, c := range unsafe.Slice(r.columns, int(r.column_count)) {
		columns[i] = edge.Column{Name: string(view(c.name)), Native: string(view(c.native)), Type: edge.Type(c._type)}
	}
	cells := unsafe.Slice(r.values, int(r.row_count*r.column_count))
	values := make([]any, len(cells))
	for i := range cells {
		values[i] = readValue(&cells[i])
	}
	result := &edge.Result{Columns: columns, Rows: backend.Rows(columns, values, int(r.row_count))}
	result.Affected = int64(r.affected)
	if r.flags&C.EG_SQL_HAS_LAST_ID != 0 {
		result.LastID = int64(r.last_id)
	}
	return &backend.Page{Result: result, Cursor: uint64(r.cursor)}
}

func readValue(v *C.eg_sql_value) any {
	switch v._type {
	case C.EG_SQL_BOOL:
		return v.number != 0
	case C.EG_SQL_INT64:
		return int64(v.number)
	case C.EG_SQL_FLOAT64:
		return math.Float64frombits(uint64(v.number))
	case C.EG_SQL_TEXT:
		return string(view(v.bytes))
	case C.EG_SQL_BYTES:
		return clone(v.bytes)
	case C.EG_SQL_TIMESTAMP:
		return time.UnixMicro(int64(v.number)).UTC()
	case C.EG_SQL_JSON:
		return edge.JSON(clone(v.bytes))
	}
	return nil
}

// The numbers of package edge are those of the header.
var (
	_ = [1]struct{}{}[C.EG_SQL_NULL-edge.TypeNull]
	_ = [1]struct{}{}[C.EG_SQL_BOOL-edge.TypeBool]
	_ = [1]struct{}{}[C.EG_SQL_INT64-edge.TypeInt64]
	_ = [1]struct{}{}[C.EG_SQL_FLOAT64-edge.TypeFloat64]
	_ = [1]struct{}{}[C.EG_SQL_TEXT-edge.TypeText]
	_ = [1]struct{}{}[C.EG_SQL_BYTES-edge.TypeBytes]
	_ = [1]struct{}{}[C.EG_SQL_TIMESTAMP-edge.TypeTimestamp]
	_ = [1]struct{}{}[C.EG_SQL_JSON-edge.TypeJSON]
)
