package abi

// edge_gateway_sql.h: the structs field for field, see layout.go.

// SQLID is the id of the service.
const SQLID = "eg.sql/1"

// Operations, as the header has them.
const (
	SQLQueryOp    = 1
	SQLBatchOp    = 2
	SQLNextOp     = 3
	SQLCloseOp    = 4
	SQLBeginOp    = 5
	SQLCommitOp   = 6
	SQLRollbackOp = 7
)

// Values of fields, as the header has them.
const (
	SQLNull             = 0
	SQLBool             = 1
	SQLInt64            = 2
	SQLFloat64          = 3
	SQLText             = 4
	SQLBytes            = 5
	SQLTimestamp        = 6
	SQLJson             = 7
	SQLOne              = 1
	SQLIsolationDefault = 0
	SQLReadCommitted    = 1
	SQLRepeatableRead   = 2
	SQLSerializable     = 3
	SQLReadOnly         = 1
	SQLHasLastID        = 1
)

// SQLValue is eg_sql_value.
type SQLValue struct {
	Type     uint32
	Reserved uint32
	Number   uint64
	Bytes    Bytes
}

// SQLStatement is eg_sql_statement.
type SQLStatement struct {
	StructSize uint32
	Flags      uint32
	Text       Bytes
	Params     uintptr
	ParamCount uint64
	Page       uint64
}

// SQLBatch is eg_sql_batch.
type SQLBatch struct {
	StructSize uint32
	Reserved   uint32
	Statements uintptr
	Count      uint64
}

// SQLCursor is eg_sql_cursor.
type SQLCursor struct {
	StructSize uint32
	Reserved   uint32
	Cursor     uint64
}

// SQLBegin is eg_sql_begin.
type SQLBegin struct {
	StructSize uint32
	Flags      uint32
	Isolation  uint32
	Reserved   uint32
}

// SQLColumn is eg_sql_column.
type SQLColumn struct {
	Name     Bytes
	Native   Bytes
	Type     uint32
	Reserved uint32
}

// SQLResult is eg_sql_result.
type SQLResult struct {
	StructSize  uint32
	Flags       uint32
	Affected    uint64
	LastID      int64
	Columns     uintptr
	ColumnCount uint64
	Values      uintptr
	RowCount    uint64
	Cursor      uint64
}

// SQLResults is eg_sql_results.
type SQLResults struct {
	StructSize uint32
	Reserved   uint32
	Results    uintptr
	Count      uint64
}
