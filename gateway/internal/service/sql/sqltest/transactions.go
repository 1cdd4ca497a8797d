package sqltest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

func transactions(t *testing.T, s *sql.Service) {
	outside, table := fresh(t, s, "id integer primary key")
	count := "select count(*) from " + table
	c := Request(t, s)
	for _, end := range []sql.Op{sql.OpRollback, sql.OpCommit} {
		c.Op(sql.OpBegin)
		if !s.InTransaction(c.Scope) || s.InTransaction(nil) {
			t.Error("InTransaction is wrong")
		}
		_, err := c.Do(sql.Request{Op: sql.OpBegin})
		Want(t, err, abi.ErrConflict, "")
		c.Must("insert into " + table + " values (1)")
		if _, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "insert into " + table + " values (2)"}, {Text: count}}}); err != nil {
			t.Fatal(err)
		}
		if in, out := c.Number(count), outside.Number(count); in != 2 || out != 0 {
			t.Errorf("%d rows inside, %d outside", in, out)
		}
		c.Op(end)
		if s.InTransaction(c.Scope) {
			t.Error("still in a transaction")
		}
		want := int64(0)
		if end == sql.OpCommit {
			want = 2
		}
		if in, out := c.Number(count), outside.Number(count); in != want || out != want {
			t.Errorf("after operation %d: %d rows, %d outside", end, in, out)
		}
		_, err = c.Do(sql.Request{Op: end})
		Want(t, err, abi.ErrTxGone, "")
	}
	// Read-only, on whatever connection that is.
	if _, err := c.Do(sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{ReadOnly: true}}); err != nil {
		t.Fatal(err)
	}
	if n := c.Number(count); n != 2 {
		t.Errorf("%d rows", n)
	}
	_, err := c.Try("insert into " + table + " values (3)")
	Want(t, err, abi.ErrRefused, "25006")
	c.Op(sql.OpRollback)
}

func failedTransaction(t *testing.T, s *sql.Service) {
	outside, table := fresh(t, s, "id integer primary key")
	for name, fail := range map[string]func(c *Client) error{
		"a constraint": func(c *Client) error { _, err := c.Try("insert into " + table + " values (1)"); return err },
		"bad SQL":      func(c *Client) error { _, err := c.Try("selct"); return err },
		"bad value":    func(c *Client) error { _, err := c.Try("select cast($1 as text)", sql.Text("\x00")); return err },
		"bad batch":    func(c *Client) error { _, err := c.Do(sql.Request{Op: sql.OpBatch}); return err },
	} {
		c := Request(t, s)
		c.Op(sql.OpBegin)
		c.Must("insert into " + table + " values (1)")
		if err := fail(c); err == nil {
			t.Errorf("%s: no error", name)
		}
		_, err := c.Try("insert into " + table + " values (2)")
		Want(t, err, abi.ErrRefused, "25P02")
		_, err = c.Do(sql.Request{Op: sql.OpCommit})
		Want(t, err, abi.ErrTxGone, "")
		if n := c.Number("select count(*) from " + table); n != 0 {
			t.Errorf("%s: %d rows", name, n)
		}
		c.Op(sql.OpBegin) // another try
		c.Op(sql.OpRollback)
	}
	_ = outside
}

// lists submits operations without waiting, as one list of a library.
func lists(t *testing.T, s *sql.Service) {
	_, table := fresh(t, s, "id integer primary key")
	insert := func(id int) sql.Request { return sql.Do(fmt.Sprintf("insert into %s values (%d)", table, id)) }
	c := Request(t, s)
	send := func(list ...sql.Request) (errs []error) {
		var waits []func() (sql.Result, error)
		for _, r := range list {
			waits = append(waits, c.Send(r))
		}
		for _, wait := range waits {
			_, err := wait()
			errs = append(errs, err)
		}
		return errs
	}
	begin, commit := sql.Request{Op: sql.OpBegin}, sql.Request{Op: sql.OpCommit}
	for n, err := range send(begin, insert(1), insert(2), commit, begin, insert(3), commit) {
		if err != nil {
			t.Errorf("operation %d: %v", n, err)
		}
	}
	if n := c.Number("select count(*) from " + table); n != 3 {
		t.Errorf("%d rows", n)
	}
	errs := send(begin, insert(4), insert(1), insert(5), commit)
	Want(t, errs[2], abi.ErrConflict, "23505")
	Want(t, errs[3], abi.ErrRefused, "25P02")
	Want(t, errs[4], abi.ErrTxGone, "")
	errs = send(begin, insert(4), sql.Do("select 1", sql.Value{Type: 99}), insert(5), commit)
	Want(t, errs[4], abi.ErrTxGone, "")
	if n := c.Number("select count(*) from " + table); n != 3 {
		t.Errorf("%d rows", n)
	}
	// A transaction that could not begin does not let its operations loose.
	c.Deadline = time.Nanosecond
	errs = send(begin)
	Want(t, errs[0], abi.ErrDeadline, "")
	c.Deadline = 0
	errs = send(insert(6), commit, insert(7))
	Want(t, errs[0], abi.ErrTxGone, "")
	Want(t, errs[1], abi.ErrTxGone, "")
	if errs[2] != nil || c.Number("select count(*) from "+table) != 4 {
		t.Errorf("%v", errs[2])
	}
}

func scopeEnd(t *testing.T, s *sql.Service) {
	outside, table := fresh(t, s, "id integer primary key")
	c := Request(t, s)
	c.Op(sql.OpBegin)
	c.Must("insert into " + table + " values (1)")
	c.End()
	_, err := c.Try("insert into " + table + " values (2)")
	Want(t, err, abi.ErrCanceled, "")
	outside.Must("insert into " + table + " values (1)") // waits for the rollback
	if n := outside.Number("select count(*) from " + table); n != 1 {
		t.Errorf("%d rows", n)
	}
	late := Request(t, s)
	late.End()
	_, err = late.Do(sql.Request{Op: sql.OpBegin})
	Want(t, err, abi.ErrCanceled, "")
	// While a statement runs: it is interrupted.
	long := Request(t, s)
	long.Op(sql.OpBegin)
	wait := long.Send(sql.Do(Slow(s)))
	begin := time.Now()
	long.End()
	if _, err := wait(); err == nil {
		t.Error("it ran to its end")
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("interrupted after %s", took)
	}
}

// Slow is a query that takes minutes.
func Slow(s *sql.Service) string {
	if s.Dialect() == "postgres" {
		return "select pg_sleep(100)"
	}
	return "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
}

func statementsThatEnd(t *testing.T, s *sql.Service) {
	_, table := fresh(t, s, "id integer primary key")
	for _, text := range []string{"commit", "rollback", "begin", "end"} {
		outside := Background(t, s)
		if _, err := outside.Try(text); err == nil && text == "begin" {
			t.Errorf("%s: taken outside", text)
		}
		c := Request(t, s)
		c.Op(sql.OpBegin)
		c.Must("insert into " + table + " values (1) on conflict do nothing")
		_, _ = c.Try(text)
		_, _ = c.Do(sql.Request{Op: sql.OpRollback})
		for range 4 { // no connection is left in a transaction
			if n := outside.Number("select 1"); n != 1 {
				t.Error(text)
			}
		}
		outside.Must("delete from " + table)
	}
}

func isolation(t *testing.T, s *sql.Service) {
	outside, table := fresh(t, s, "id integer primary key, n integer")
	outside.Must("insert into " + table + " values (1, 0)")
	for _, level := range []sql.Isolation{sql.ReadCommitted, sql.RepeatableRead, sql.Serializable} {
		c := Request(t, s)
		if _, err := c.Do(sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{Isolation: level, ReadOnly: true}}); err != nil {
			t.Fatal(err)
		}
		first := c.Number("select n from " + table)
		outside.Must("update " + table + " set n = n + 1")
		second := c.Number("select n from " + table)
		if level > sql.ReadCommitted && first != second {
			t.Errorf("level %d is not repeatable", level)
		}
		c.Op(sql.OpCommit)
	}
}

func canceling(t *testing.T, s *sql.Service) {
	done := make(chan error, 1)
	cancel := s.Submit(service.Call{}, sql.Do(Slow(s)), func(_ sql.Result, err error) { done <- err })
	cancel()
	cancel()
	Want(t, <-done, abi.ErrCanceled, "")
	begin := time.Now()
	c := Background(t, s)
	c.Deadline = 150 * time.Millisecond
	_, err := c.Try(Slow(s))
	Want(t, err, abi.ErrDeadline, "")
	if took := time.Since(begin); took > time.Second {
		t.Errorf("answered after %s", took)
	}
	c.Deadline = 0
	for range 8 {
		if n := c.Number("select 42"); n != 42 {
			t.Error("nothing works any more")
		}
	}
}

func readAndWrite(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "id integer primary key, n integer")
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for k := range 20 {
				if _, err := c.Try("insert into "+table+" values ($1, $2)", sql.Int64(int64(g*100+k)), sql.Int64(0)); err != nil {
					t.Error(err)
				}
				if r, err := c.Try("select n from "+table+" where id = $1", sql.Int64(int64(g*100+k))); err != nil || r.RowCount != 1 {
					t.Errorf("a row that was written is not there: %v", err)
				}
			}
		})
	}
	all.Wait()
	if n := c.Number("select count(*) from " + table); n != 160 {
		t.Errorf("%d rows", n)
	}
}

func hooks(t *testing.T, s *sql.Service) {
	_, table := fresh(t, s, "id integer primary key")
	var committed atomic.Int64
	s.OnCommit(func() { committed.Add(1) })
	c := Request(t, s)
	for n, end := range []sql.Op{sql.OpRollback, sql.OpCommit, sql.OpCommit} {
		before := committed.Load()
		c.Op(sql.OpBegin)
		c.Must("insert into "+table+" values ($1)", sql.Int64(int64(n)))
		c.Op(end)
		if got := committed.Load() - before; got != int64(min(n, 1)) {
			t.Errorf("%d hooks after operation %d", got, end)
		}
	}
}

func idle(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	s := open(t, func(s *service.Spec) { s.Options["tx_idle"] = 200 * time.Millisecond })
	outside, table := fresh(t, s, "id integer primary key")
	c := Request(t, s)
	c.Op(sql.OpBegin)
	c.Must("insert into " + table + " values (1)")
	// Its handler is stuck now: others write as soon as the idle time is over.
	begin := time.Now()
	outside.Must("insert into " + table + " values (1)")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("others waited for %s", took)
	}
	for range 2 {
		_, err := c.Try("insert into " + table + " values (2)")
		Want(t, err, abi.ErrTxGone, "")
	}
	_, err := c.Do(sql.Request{Op: sql.OpBegin})
	Want(t, err, abi.ErrTxGone, "")
	_, err = c.Do(sql.Request{Op: sql.OpCommit})
	Want(t, err, abi.ErrTxGone, "")
	c.Must("insert into " + table + " values (3)") // by itself, now that it knows
	c.Op(sql.OpBegin)
	c.Op(sql.OpRollback)
	// A cursor, too.
	r, err := c.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: fmt.Sprintf(numbers, 10), Page: 2}}})
	if err != nil || r.Cursor == 0 {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return s.Stats().Busy == 0 })
	_, err = c.Do(sql.Request{Op: sql.OpNext, Cursor: r.Cursor})
	Want(t, err, abi.ErrTxGone, "")
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	for begin := time.Now(); !ready(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("it does not happen")
		}
	}
}

// crowd has twice as many transactions as connections, each of which reads
// outside as well.
func crowd(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service, workers int) {
	s := open(t, func(s *service.Spec) { s.Workers = workers })
	outside, table := fresh(t, s, "id integer primary key")
	var inside, most atomic.Int64
	var all sync.WaitGroup
	for n := range 2 * workers {
		all.Go(func() {
			c := Request(t, s)
			if _, err := c.Do(sql.Request{Op: sql.OpBegin}); err != nil {
				t.Error(err)
				return
			}
			now := inside.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			for range 5 {
				if _, err := outside.Try("select count(*) from " + table); err != nil {
					t.Errorf("outside: %v", err)
				}
			}
			if _, err := c.Try("insert into "+table+" values ($1)", sql.Int64(int64(n))); err != nil {
				t.Errorf("inside: %v", err)
			}
			inside.Add(-1)
			if _, err := c.Do(sql.Request{Op: sql.OpCommit}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := outside.Number("select count(*) from " + table); n != int64(2*workers) {
		t.Errorf("%d rows", n)
	}
	bound := int64(workers - 1)
	if s.Dialect() == "sqlite" {
		bound = 1
	}
	if most.Load() > bound {
		t.Errorf("%d transactions at a time with %d workers", most.Load(), workers)
	}
	if n := s.Stats().Connections; n > workers {
		t.Errorf("%d connections with %d workers", n, workers)
	}
}

func oneWorker(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	s := open(t, func(s *service.Spec) { s.Workers = 1 })
	c := Request(t, s)
	_, err := c.Do(sql.Request{Op: sql.OpBegin})
	Want(t, err, abi.ErrUnsupported, "")
	c.Must("create table single (id integer)")
	if _, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "insert into single values (1)"}, {Text: "select 1"}}}); err != nil {
		t.Error(err)
	}
	if n := c.Number("select count(*) from single"); n != 1 {
		t.Errorf("%d rows", n)
	}
	c.Must("drop table single")
}

// replaced keeps a request's transaction while its service is replaced.
func replaced(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	old := open(t)
	_, table := fresh(t, old, "id integer primary key")
	before := Request(t, old)
	before.Op(sql.OpBegin)
	before.Must("insert into " + table + " values (1)")
	closed := make(chan error, 1)
	go func() { closed <- old.Close(context.Background()) }()
	after := *before
	after.Service = open(t)
	after.Must("insert into " + table + " values (2)")
	after.Op(sql.OpCommit)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if n := after.Number("select count(*) from " + table); n != 2 {
		t.Errorf("%d rows", n)
	}
	after.Must("drop table " + table)
}
