package sql

import (
	"context"
	"errors"
)

// Driver makes connections to one database.
type Driver interface {
	// Dialect is "sqlite" or "postgres".
	Dialect() string
	// OneWriter tells that one connection at most may write, so that writing
	// has a connection and a queue of its own.
	OneWriter() bool
	// Connect opens a connection. It respects the context.
	Connect(ctx context.Context, role Role) (Conn, error)
}

// Role is what a connection is for.
type Role int

// The roles. Where there is more than one writer, every connection is one.
const (
	Writer Role = iota
	Reader
)

// ErrWrites is what a Reader answers to a statement that writes. Nothing was
// done.
var ErrWrites = errors.New("the statement writes")

// Conn is a connection. It is used by one goroutine at a time. Its methods end
// soon after their context does. Their errors are [service.Error]s, or those of
// the context.
type Conn interface {
	// Query runs a statement, by itself or in the open transaction.
	Query(ctx context.Context, s *Statement, limits Limits) (Result, error)
	// Batch runs statements as one transaction, or in the open one. The error
	// says which one failed.
	Batch(ctx context.Context, list []Statement, limits Limits) ([]Result, error)

	// Begin starts a transaction.
	Begin(ctx context.Context, options TxOptions) error
	// Commit ends it. An error with another status than EG_E_UNKNOWN_OUTCOME
	// says that it had no effect.
	Commit(ctx context.Context) error
	// Rollback ends it, if there is one.
	Rollback(ctx context.Context) error
	// InTransaction tells whether there is still one.
	InTransaction() bool

	// Pages starts a query whose rows are read in pages, in a transaction.
	Pages(ctx context.Context, s *Statement) (Pages, error)

	// Lost is why the connection is of no use any more; nil if it is good.
	Lost() error
	// Close ends it. It does not block for long.
	Close()
}

// Pages are the rows of a query. They are closed with their transaction.
type Pages interface {
	// Next reads a page; more tells whether there is another one.
	Next(ctx context.Context, maxBytes int) (page Result, more bool, err error)
	// Close gives them up.
	Close(ctx context.Context) error
}
