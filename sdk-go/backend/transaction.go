package backend

import (
	"errors"
	"iter"
	"sync/atomic"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// transaction is the database while the request has a transaction on it. When
// that is over, the same operations would run outside of one, so they are
// refused here.
type transaction struct {
	database
	over atomic.Bool
}

var errOver = failure(edge.ErrTxGone, "the transaction has been committed or rolled back")

func (t *transaction) Query(text string, params ...any) (*edge.Result, error) {
	if t.over.Load() {
		return nil, errOver
	}
	return t.database.Query(text, params...)
}

func (t *transaction) QueryOne(text string, params ...any) (edge.Row, error) {
	if t.over.Load() {
		return edge.Row{}, errOver
	}
	return t.database.QueryOne(text, params...)
}

func (t *transaction) Exec(text string, params ...any) (edge.Outcome, error) {
	if t.over.Load() {
		return edge.Outcome{}, errOver
	}
	return t.database.Exec(text, params...)
}

func (t *transaction) Batch(statements ...edge.Statement) ([]*edge.Result, error) {
	if t.over.Load() {
		return nil, errOver
	}
	return t.database.Batch(statements...)
}

func (t *transaction) Each(size int, text string, params ...any) iter.Seq2[edge.Row, error] {
	if t.over.Load() {
		return func(yield func(edge.Row, error) bool) { yield(edge.Row{}, errOver) }
	}
	return t.database.Each(size, text, params...)
}

func (t *transaction) Begin(edge.TxOptions) (edge.Tx, error) {
	if t.over.Load() {
		return nil, errOver
	}
	return nil, failure(edge.ErrConflict, "a transaction cannot begin another")
}

func (t *transaction) Commit() error {
	if t.over.Swap(true) {
		return errOver
	}
	err := t.backend.Commit()
	if err != nil && !errors.Is(err, edge.ErrTxGone) && !errors.Is(err, edge.ErrConflict) && !errors.Is(err, edge.ErrUnknown) {
		_ = t.backend.Rollback() // it may be open still, and nobody would end it
	}
	return err
}

func (t *transaction) Rollback() error {
	if t.over.Swap(true) {
		return nil
	}
	return t.backend.Rollback()
}
