package sqltest

import (
	"context"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Panics has a driver panic in the middle of its calls.
func Panics(t *testing.T, driver sql.Driver, spec service.Spec) {
	s := Start(t, func(spec service.Spec, env service.Env) (service.Service, error) {
		return sql.New(spec, env, fragile{driver}), nil
	}, spec, "")
	outside, table := fresh(t, s, "id integer primary key")
	neighbour := Request(t, s)
	if _, err := neighbour.Do(sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{ReadOnly: true}}); err != nil {
		t.Fatal(err)
	}
	_, err := outside.Try("select 'please panic'")
	Want(t, err, abi.ErrInternal, "")
	c := Request(t, s)
	c.Op(sql.OpBegin)
	c.Must("insert into " + table + " values (1)")
	waits := []func() (sql.Result, error){c.Send(sql.Do("select 'please panic'")), c.Send(sql.Do("select 1")), c.Send(sql.Request{Op: sql.OpCommit})}
	_, err = waits[0]()
	Want(t, err, abi.ErrInternal, "")
	for _, wait := range waits[1:] {
		_, err = wait()
		Want(t, err, abi.ErrTxGone, "")
	}
	for range 8 {
		if n := outside.Number("select count(*) from " + table); n != 0 {
			t.Errorf("%d rows of a transaction that panicked", n)
		}
	}
	outside.Must("insert into " + table + " values (1)")
	if n := neighbour.Number("select 1"); n != 1 {
		t.Error("another transaction was harmed")
	}
	if n := s.Stats().Panics; n != 2 {
		t.Errorf("%d panics", n)
	}
}

// fragile panics on a word in a statement.
type fragile struct{ sql.Driver }

func (f fragile) Connect(ctx context.Context, role sql.Role) (sql.Conn, error) {
	c, err := f.Driver.Connect(ctx, role)
	if err != nil {
		return nil, err
	}
	return fragileConn{c}, nil
}

type fragileConn struct{ sql.Conn }

func (c fragileConn) Query(ctx context.Context, s *sql.Statement, limits sql.Limits) (sql.Result, error) {
	r, err := c.Conn.Query(ctx, s, limits)
	if strings.Contains(s.Text, "please panic") {
		panic("as asked for")
	}
	return r, err
}
