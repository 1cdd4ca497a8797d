package edge

import "iter"

// SQL is a database. Statements have placeholders $1, $2 … on every driver; one
// may be used again, and in any order. [Parameter] says what may be given for
// them.
//
// While the request has a transaction open on this database, every operation of
// the request runs in it, one after the other, whichever value it is called on.
type SQL interface {
	// Query runs a statement and gives all its rows. Over the service's
	// max_rows: [ErrTooLarge]; use Each. A violated constraint: [ErrConflict],
	// with its name as [ServiceError.Subject].
	Query(text string, params ...any) (*Result, error)

	// QueryOne gives the first row and reads no other. [ErrNotFound]: there is
	// none.
	QueryOne(text string, params ...any) (Row, error)

	// Exec runs a statement that has no rows, or none of interest.
	Exec(text string, params ...any) (Outcome, error)

	// Batch runs statements in one round trip and as one transaction, or within
	// that of the request: all or, with an error, none. The error's
	// [ServiceError.Position] tells which one failed.
	Batch(statements ...Statement) ([]*Result, error)

	// Each reads rows in pages of that many, for results of any size:
	//
	//	for row, err := range db.Each(500, "select id from notes") {
	//
	// It holds a connection until the loop ends. An error is the last that the
	// loop gets.
	Each(page int, text string, params ...any) iter.Seq2[Row, error]

	// Begin starts a transaction, on a connection of its own, and waits for one
	// until the deadline. [ErrConflict]: the request has one open on this
	// database. [ErrUnsupported]: background work has none; use Batch.
	Begin(TxOptions) (Tx, error)
}

// Tx is a transaction. It is rolled back when the request is answered, a 504
// too, and when no operation comes for the service's tx_idle; what is called
// later ends with [ErrTxGone]. So an error can simply be returned:
//
//	tx, err := db.Begin(edge.TxOptions{})
//	if err != nil {
//		return nil, err
//	}
//	defer tx.Rollback() // nothing, after a commit
type Tx interface {
	SQL // Begin is ErrConflict

	// Commit ends it. [ErrConflict]: it could not be serialised, run it again.
	// [ErrUnknown]: the deadline or the loss of the connection cut the commit,
	// which may have happened.
	Commit() error

	// Rollback ends it without effect. After Commit or Rollback it does nothing.
	Rollback() error
}

// TxOptions says what a transaction is to be.
type TxOptions struct {
	Isolation Isolation // at least
	ReadOnly  bool
}

// Isolation is how far transactions are kept apart.
type Isolation uint32

// The levels. SQLite is never less than serialisable.
const (
	IsolationDefault Isolation = iota
	ReadCommitted
	RepeatableRead
	Serializable
)

// Statement is a statement with its parameters, for a batch.
type Statement struct {
	Text   string
	Params []any
}

// Outcome is what a statement did.
type Outcome struct {
	Affected int64 // rows inserted, updated or deleted
	LastID   int64 // of the row inserted last: SQLite; elsewhere 0, use "returning"
}

// Result is the outcome of a statement with its rows.
type Result struct {
	Outcome
	Columns []Column
	Rows    []Row
}

// Column is a column of a result.
type Column struct {
	Name   string // names may repeat
	Native string // the type as the backend calls it; "" if that is not known
	Type   Type   // that the values have, or NULL; TypeNull: not known
}

// Type is that of a value.
type Type uint32

// The types, each with what Go has for it.
const (
	TypeNull      Type = iota // nil
	TypeBool                  // bool
	TypeInt64                 // int64
	TypeFloat64               // float64
	TypeText                  // string
	TypeBytes                 // []byte
	TypeTimestamp             // time.Time, UTC, in microseconds
	TypeJSON                  // JSON
)
