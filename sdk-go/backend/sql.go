package backend

import (
	"errors"
	"iter"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// SQL is what a gateway has of a database, for one request or for an instance.
// The parameters of statements are what [edge.Parameter] gives.
type SQL interface {
	Run(Query) (*Page, error)
	Batch([]edge.Statement) ([]*edge.Result, error)
	Next(cursor uint64) (*Page, error)
	Close(cursor uint64) error
	Begin(edge.TxOptions) error
	Commit() error
	Rollback() error
}

// Query is a statement that is run by itself.
type Query struct {
	edge.Statement
	One  bool // at most one row is wanted
	Page int  // rows in a page; 0: all in one result
}

// Page is a result or a part of it.
type Page struct {
	*edge.Result
	Cursor uint64 // for Next; 0 when there are no more rows
}

// NewSQL makes the service of a backend.
func NewSQL(b SQL) edge.SQL { return database{b} }

type database struct{ backend SQL }

func (d database) Query(text string, params ...any) (*edge.Result, error) {
	page, err := d.run(Query{Statement: edge.Statement{Text: text, Params: params}})
	if err != nil {
		return nil, err
	}
	return page.Result, nil
}

func (d database) QueryOne(text string, params ...any) (edge.Row, error) {
	page, err := d.run(Query{Statement: edge.Statement{Text: text, Params: params}, One: true})
	switch {
	case err != nil:
		return edge.Row{}, err
	case len(page.Rows) == 0:
		return edge.Row{}, failure(edge.ErrNotFound, "the statement found no row")
	}
	return page.Rows[0], nil
}

func (d database) Exec(text string, params ...any) (edge.Outcome, error) {
	page, err := d.run(Query{Statement: edge.Statement{Text: text, Params: params}})
	if err != nil {
		return edge.Outcome{}, err
	}
	return page.Outcome, nil
}

func (d database) Batch(statements ...edge.Statement) ([]*edge.Result, error) {
	ready := make([]edge.Statement, len(statements))
	for i, s := range statements {
		var err error
		if ready[i], err = prepare(s); err != nil {
			var f *edge.ServiceError
			if errors.As(err, &f) {
				f.Position = i
			}
			return nil, err
		}
	}
	return d.backend.Batch(ready)
}

func (d database) Each(size int, text string, params ...any) iter.Seq2[edge.Row, error] {
	return func(yield func(edge.Row, error) bool) {
		if size <= 0 {
			yield(edge.Row{}, failure(edge.ErrInvalid, "a page of %d rows", size))
			return
		}
		page, err := d.run(Query{Statement: edge.Statement{Text: text, Params: params}, Page: size})
		var cursor uint64
		defer func() {
			if cursor != 0 {
				_ = d.backend.Close(cursor)
			}
		}()
		for {
			if err != nil {
				yield(edge.Row{}, err)
				return
			}
			cursor = page.Cursor
			for _, row := range page.Rows {
				if !yield(row, nil) {
					return
				}
			}
			if cursor == 0 {
				return
			}
			page, err = d.backend.Next(cursor)
		}
	}
}

func (d database) Begin(options edge.TxOptions) (edge.Tx, error) {
	if err := d.backend.Begin(options); err != nil {
		return nil, err
	}
	return &transaction{database: d}, nil
}

func (d database) run(q Query) (*Page, error) {
	var err error
	if q.Statement, err = prepare(q.Statement); err != nil {
		return nil, err
	}
	return d.backend.Run(q)
}

// prepare brings parameters into their few types. What the handler has stays as
// it is.
func prepare(s edge.Statement) (edge.Statement, error) {
	params := make([]any, len(s.Params))
	for i, p := range s.Params {
		v, err := edge.Parameter(p)
		if err != nil {
			return s, failure(edge.ErrInvalid, "parameter $%d: %v", i+1, err)
		}
		params[i] = v
	}
	return edge.Statement{Text: s.Text, Params: params}, nil
}

// Rows cuts values, row after row, into that many rows.
func Rows(columns []edge.Column, values []any, count int) []edge.Row {
	rows := make([]edge.Row, count)
	for i := range rows {
		first := i * len(columns)
		rows[i] = edge.Row{Columns: columns, Values: values[first : first+len(columns) : first+len(columns)]}
	}
	return rows
}
