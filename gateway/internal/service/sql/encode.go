package sql

import "github.com/edge-gateway/edge-gateway/abi"

// encode makes the result of an operation as a library gets it; nil for one
// that has none.
func encode(op Op, r *Result) abi.Result {
	switch op {
	case OpQuery, OpNext:
		return (*encoded)(r)
	case OpBatch:
		return encodedBatch(r.Batch)
	}
	return nil
}

// encoded is an eg_sql_result.
type encoded Result

// Space implements abi.Result.
func (r *encoded) Space() int {
	n := abi.SpaceOf[abi.SQLResult](1) + abi.SpaceOf[abi.SQLColumn](len(r.Columns)) + abi.SpaceOf[abi.SQLValue](len(r.Values))
	for _, c := range r.Columns {
		n += abi.SpaceFor(len(c.Name)) + abi.SpaceFor(len(c.Native))
	}
	for _, v := range r.Values {
		if v.Bytes != nil {
			n += abi.SpaceFor(len(v.Bytes))
		}
	}
	return n
}

// Place implements abi.Result.
func (r *encoded) Place(room *abi.Room) uintptr {
	result := abi.SQLResult{
		StructSize: abi.StructSize[abi.SQLResult](), Affected: r.Affected, LastID: r.LastID,
		ColumnCount: uint64(len(r.Columns)), RowCount: uint64(r.RowCount), Cursor: r.Cursor,
	}
	if r.HasLastID {
		result.Flags = abi.SQLHasLastID
	}
	columns := make([]abi.SQLColumn, len(r.Columns))
	for n, c := range r.Columns {
		columns[n] = abi.SQLColumn{Name: room.Text(c.Name), Native: room.TextOrAbsent(c.Native), Type: uint32(c.Type)}
	}
	values := make([]abi.SQLValue, len(r.Values))
	for n, v := range r.Values {
		values[n] = abi.SQLValue{Type: uint32(v.Type), Number: v.Number, Bytes: room.Bytes(v.Bytes)}
	}
	result.Columns, result.Values = abi.PlaceList(room, columns), abi.PlaceList(room, values)
	return abi.Place(room, result)
}

// encodedBatch is an eg_sql_results.
type encodedBatch []Result

// Space implements abi.Result.
func (b encodedBatch) Space() int {
	n := abi.SpaceOf[abi.SQLResults](1) + abi.SpaceOf[uintptr](len(b))
	for k := range b {
		n += (*encoded)(&b[k]).Space()
	}
	return n
}

// Place implements abi.Result.
func (b encodedBatch) Place(room *abi.Room) uintptr {
	results := make([]uintptr, len(b))
	for k := range b {
		results[k] = (*encoded)(&b[k]).Place(room)
	}
	return abi.Place(room, abi.SQLResults{
		StructSize: abi.StructSize[abi.SQLResults](), Results: abi.PlaceList(room, results), Count: uint64(len(b)),
	})
}
