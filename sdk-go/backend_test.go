package edge_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// fake notes what it is asked. What is called when next runs out of them has no
// error.
type fake struct {
	backend.SQL
	calls []string
	next  []error
}

func (f *fake) did(format string, args ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
	if len(f.next) == 0 {
		return nil
	}
	err := f.next[0]
	f.next = f.next[1:]
	return err
}

func (f *fake) page(cursor uint64, err error) (*backend.Page, error) {
	if err != nil {
		return nil, err
	}
	columns := []edge.Column{{Name: "n"}}
	return &backend.Page{Result: &edge.Result{Columns: columns, Rows: backend.Rows(columns, []any{int64(1), int64(2)}, 2)}, Cursor: cursor}, nil
}

func (f *fake) Run(q backend.Query) (*backend.Page, error) {
	return f.page(uint64(q.Page), f.did("run %s %v", q.Text, q.Params))
}
func (f *fake) Next(cursor uint64) (*backend.Page, error) {
	return f.page(cursor-1, f.did("next %d", cursor))
}
func (f *fake) Close(cursor uint64) error  { return f.did("close %d", cursor) }
func (f *fake) Begin(edge.TxOptions) error { return f.did("begin") }
func (f *fake) Commit() error              { return f.did("commit") }
func (f *fake) Rollback() error            { return f.did("rollback") }

func (f *fake) expect(t *testing.T, calls ...string) {
	t.Helper()
	if !slices.Equal(f.calls, calls) {
		t.Errorf("calls %q, want %q", f.calls, calls)
	}
	f.calls = nil
}

func TestEachClosesTheCursorThatItDidNotReadToTheEnd(t *testing.T) {
	f := &fake{}
	rows := 0
	for _, err := range backend.NewSQL(f).Each(2, "q", 1) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if rows != 6 {
		t.Errorf("%d rows", rows)
	}
	f.expect(t, "run q [1]", "next 2", "next 1")
	for range backend.NewSQL(f).Each(2, "q") {
		break
	}
	f.expect(t, "run q []", "close 2")
	func() {
		defer func() { _ = recover() }()
		for range backend.NewSQL(f).Each(2, "q") {
			panic("within")
		}
	}()
	f.expect(t, "run q []", "close 2")
	broken := errors.New("broken")
	f.next = []error{nil, broken}
	var last error
	for _, err := range backend.NewSQL(f).Each(2, "q") {
		last = err
	}
	if last != broken {
		t.Errorf("the last error is %v", last)
	}
	f.expect(t, "run q []", "next 2", "close 2")
	for _, err := range backend.NewSQL(f).Each(0, "q") {
		if !errors.Is(err, edge.ErrInvalid) {
			t.Errorf("pages of no rows: %v", err)
		}
	}
	f.expect(t)
}

func TestATransactionIsOverOnce(t *testing.T) {
	begin := func(f *fake) edge.Tx {
		tx, err := backend.NewSQL(f).Begin(edge.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	over := func(tx edge.Tx) {
		t.Helper()
		_, query := tx.Query("q")
		_, one := tx.QueryOne("q")
		_, exec := tx.Exec("q")
		_, batch := tx.Batch()
		_, begin := tx.Begin(edge.TxOptions{})
		for _, err := range []error{query, one, exec, batch, begin, tx.Commit()} {
			if !errors.Is(err, edge.ErrTxGone) {
				t.Errorf("after the end: %v", err)
			}
		}
		for _, err := range tx.Each(1, "q") {
			if !errors.Is(err, edge.ErrTxGone) {
				t.Errorf("after the end: %v", err)
			}
		}
		if err := tx.Rollback(); err != nil {
			t.Errorf("a second rollback: %v", err)
		}
	}
	f := &fake{}
	tx := begin(f)
	if _, err := tx.Begin(edge.TxOptions{}); !errors.Is(err, edge.ErrConflict) {
		t.Errorf("a transaction within: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	over(tx)
	f.expect(t, "begin", "commit")

	tx = begin(f)
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	over(tx)
	f.expect(t, "begin", "rollback")

	for status, calls := range map[edge.Status][]string{
		edge.ErrConflict: {"begin", "commit"}, edge.ErrUnknown: {"begin", "commit"}, edge.ErrTxGone: {"begin", "commit"},
		edge.ErrOverloaded: {"begin", "commit", "rollback"},
	} {
		tx = begin(f)
		f.next = []error{&edge.ServiceError{Status: status}}
		if err := tx.Commit(); !errors.Is(err, status) {
			t.Errorf("got %v, want %v", err, status)
		}
		over(tx)
		f.expect(t, calls...)
	}
}
