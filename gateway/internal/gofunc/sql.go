package gofunc

import (
	"bytes"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	"github.com/edge-gateway/edge-gateway/sdk-go/backend"
)

// querying runs the operations of a database.
type querying struct{ lent[*sql.Service] }

func (s *services) SQL(name string) (edge.SQL, error) {
	l, err := lend[*sql.Service](s, name)
	if err != nil {
		return nil, err
	}
	return backend.NewSQL(querying{l}), nil
}

func (q querying) do(r sql.Request) (sql.Result, error) {
	cut := edge.ErrDeadline
	if r.Op == sql.OpCommit || r.Op == sql.OpBatch {
		cut = edge.ErrUnknown
	}
	return await(q.lent, cut, func(s *sql.Service, call service.Call, done func(sql.Result, error)) func() {
		return s.Submit(call, r, done)
	})
}

func (q querying) Run(query backend.Query) (*backend.Page, error) {
	statement, err := statementOf(query.Statement)
	if err != nil {
		return nil, err
	}
	statement.One, statement.Page = query.One, query.Page
	return pageOf(q.do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{statement}}))
}

func (q querying) Batch(statements []edge.Statement) ([]*edge.Result, error) {
	list := make([]sql.Statement, len(statements))
	for n := range statements {
		var err error
		if list[n], err = statementOf(statements[n]); err != nil {
			return nil, err
		}
	}
	result, err := q.do(sql.Request{Op: sql.OpBatch, Statements: list})
	if err != nil {
		return nil, err
	}
	results := make([]*edge.Result, len(result.Batch))
	for n := range results {
		results[n] = resultOf(&result.Batch[n])
	}
	return results, nil
}

func (q querying) Next(cursor uint64) (*backend.Page, error) {
	return pageOf(q.do(sql.Request{Op: sql.OpNext, Cursor: cursor}))
}

func (q querying) Close(cursor uint64) error {
	_, err := q.do(sql.Request{Op: sql.OpClose, Cursor: cursor})
	return err
}

func (q querying) Begin(options edge.TxOptions) error {
	_, err := q.do(sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{
		Isolation: sql.Isolation(options.Isolation), ReadOnly: options.ReadOnly,
	}})
	return err
}

func (q querying) Commit() error {
	_, err := q.do(sql.Request{Op: sql.OpCommit})
	return err
}

func (q querying) Rollback() error {
	_, err := q.do(sql.Request{Op: sql.OpRollback})
	return err
}

// statementOf copies what the driver may read after the call: past the deadline
// the handler has its bytes back.
func statementOf(s edge.Statement) (sql.Statement, error) {
	statement := sql.Statement{Text: s.Text, Params: make([]sql.Value, len(s.Params))}
	for n, p := range s.Params {
		v := &statement.Params[n]
		switch p := p.(type) {
		case nil:
		case bool:
			*v = sql.Bool(p)
		case int64:
			*v = sql.Int64(p)
		case float64:
			*v = sql.Float64(p)
		case string:
			*v = sql.Text(p)
		case []byte:
			*v = sql.Bytes(bytes.Clone(p))
		case time.Time:
			*v = sql.Timestamp(p)
		case edge.JSON:
			*v = sql.JSON(string(p))
		default:
			return statement, &edge.ServiceError{Status: edge.ErrInvalid, Message: fmt.Sprintf("a %T cannot be a parameter", p)}
		}
	}
	return statement, nil
}

func pageOf(r sql.Result, err error) (*backend.Page, error) {
	if err != nil {
		return nil, err
	}
	return &backend.Page{Result: resultOf(&r), Cursor: r.Cursor}, nil
}

func resultOf(r *sql.Result) *edge.Result {
	columns := make([]edge.Column, len(r.Columns))
	for n, c := range r.Columns {
		columns[n] = edge.Column{Name: c.Name, Native: c.Native, Type: edge.Type(c.Type)}
	}
	values := make([]any, len(r.Values))
	for n := range r.Values {
		values[n] = valueOf(&r.Values[n])
	}
	result := &edge.Result{Columns: columns, Rows: backend.Rows(columns, values, r.RowCount)}
	result.Affected = int64(r.Affected)
	if r.HasLastID {
		result.LastID = r.LastID
	}
	return result
}

func valueOf(v *sql.Value) any {
	switch v.Type {
	case sql.BoolType:
		return v.Bool()
	case sql.Int64Type:
		return v.Int64()
	case sql.Float64Type:
		return v.Float64()
	case sql.TextType:
		return v.Text()
	case sql.BytesType:
		return v.Bytes
	case sql.TimestampType:
		return v.Time()
	case sql.JSONType:
		return edge.JSON(v.Bytes)
	}
	return nil
}
