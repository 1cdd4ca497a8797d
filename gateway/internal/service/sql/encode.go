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
	var columns []abi.SQLColumn
	result.Columns, columns = abi.MakeList[abi.SQLColumn](room, len(r.Columns))
	for n := range r.Columns {
		c := &r.Columns[n]
		columns[n] = abi.SQLColumn{Name: room.Text(c.Name), Native: room.TextOrAbsent(c.Native), Type: uint32(c.Type)}
	}
	var values []abi.SQLValue
	result.Values, values = abi.MakeList[abi.SQLValue](room, len(r.Values))
	for n := range r.Values {
		v := &r.Values[n]
		values[n] = abi.SQLValue{Type: uint32(v.Type), Number: v.Number, Bytes: room.Bytes(v.Bytes)}
	}
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
	list, results := abi.MakeList[uintptr](room, len(b))
	for k := range b {
		results[k] = (*encoded)(&b[k]).Place(room)
	}
	return abi.Place(room, abi.SQLResults{StructSize: abi.StructSize[abi.SQLResults](), Results: list, Count: uint64(len(b))})
}
