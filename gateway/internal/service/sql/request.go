package sql

// Op says what a request is for, by the numbers of edge_gateway_sql.h.
type Op uint32

// The operations.
const (
	OpQuery    Op = 1 // Statements[0]
	OpBatch    Op = 2 // Statements, as one transaction
	OpNext     Op = 3 // Cursor
	OpClose    Op = 4 // Cursor
	OpBegin    Op = 5 // Options
	OpCommit   Op = 6
	OpRollback Op = 7
)

// Request is one operation. What it points to is read until the operation has
// ended, which can be after its deadline: do not use it again.
type Request struct {
	Op         Op
	Statements []Statement
	Cursor     uint64
	Options    TxOptions
}

// opens tells whether the request is for something that the caller holds then.
func (r *Request) opens() bool {
	return r.Op == OpBegin || r.Op == OpQuery && len(r.Statements) == 1 && r.Statements[0].Page > 0
}

// Statement is one SQL statement with placeholders $1, $2 …
type Statement struct {
	Text   string
	Params []Value // exactly as many as the greatest $n
	One    bool    // at most one row is wanted; others are not read
	Page   int     // rows in a page, with a cursor for the next; 0: all rows at once
}

// TxOptions say how a transaction is to be.
type TxOptions struct {
	Isolation Isolation
	ReadOnly  bool
}

// Isolation is the least isolation of a transaction.
type Isolation uint32

// The isolation levels.
const (
	IsolationDefault Isolation = iota
	ReadCommitted
	RepeatableRead
	Serializable
)

// Do is the request to run one statement.
func Do(text string, params ...Value) Request {
	return Request{Op: OpQuery, Statements: []Statement{{Text: text, Params: params}}}
}
