package sqltest

import (
	"fmt"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// read reads all pages of a query and checks that they count from 1.
func (c *Client) read(rows, page int) {
	c.T.Helper()
	r, err := c.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: fmt.Sprintf(numbers, rows) + " where i > $1", Params: []sql.Value{sql.Int64(0)}, Page: page}}})
	next := int64(1)
	for pages := 1; ; pages++ {
		if err != nil {
			c.T.Errorf("page %d: %v", pages, err)
			return
		}
		if r.RowCount > page {
			c.T.Errorf("%d rows in a page of %d", r.RowCount, page)
		}
		for n := range r.RowCount {
			if got := r.Row(n)[0].Int64(); got != next {
				c.T.Errorf("row %d, want %d", got, next)
			}
			next++
		}
		if r.Cursor == 0 {
			if want := max(1, (rows+page-1)/page); pages != want {
				c.T.Errorf("%d pages of %d for %d rows, want %d", pages, page, rows, want)
			}
			break
		}
		r, err = c.Do(sql.Request{Op: sql.OpNext, Cursor: r.Cursor})
	}
	if next != int64(rows)+1 {
		c.T.Errorf("%d rows, want %d", next-1, rows)
	}
}

func pages(t *testing.T, s *sql.Service) {
	c := Request(t, s)
	for _, size := range []int{1, 2, 3, 10, 11} {
		c.read(10, size)
	}
	c.read(5000, 1000)
	waitFor(t, func() bool { return s.Stats().Busy == 0 })
	open := func() uint64 {
		r, err := c.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: fmt.Sprintf(numbers, 10), Page: 2}}})
		if err != nil || r.Cursor == 0 {
			t.Fatalf("%+v %v", r, err)
		}
		return r.Cursor
	}
	// Two at a time, and one given up.
	a, b := open(), open()
	if _, err := c.Do(sql.Request{Op: sql.OpClose, Cursor: a}); err != nil {
		t.Error(err)
	}
	if r, err := c.Do(sql.Request{Op: sql.OpNext, Cursor: b}); err != nil || r.Row(0)[0].Int64() != 3 {
		t.Errorf("%+v %v", r, err)
	}
	for _, op := range []sql.Op{sql.OpNext, sql.OpClose} {
		_, err := c.Do(sql.Request{Op: op, Cursor: a})
		Want(t, err, abi.ErrTxGone, "")
		_, err = Request(t, s).Do(sql.Request{Op: op, Cursor: b}) // another request's
		Want(t, err, abi.ErrTxGone, "")
	}
	c.End()
	waitFor(t, func() bool { return s.Stats().Busy == 0 })
	other := Request(t, s)
	for _, text := range []string{"insert into missing values (1)", "selct", "create table paged (id integer)"} {
		if _, err := other.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: text, Page: 2}}}); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
	other.Must("select 1")
}

func pagesInTransaction(t *testing.T, s *sql.Service) {
	_, table := fresh(t, s, "id integer primary key")
	c := Request(t, s)
	c.Op(sql.OpBegin)
	c.Must(fmt.Sprintf("insert into %s %s", table, fmt.Sprintf(numbers, 100)))
	c.read(10, 3)
	query := sql.Statement{Text: "select id from " + table + " order by id", Page: 40}
	r, err := c.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{query}})
	if err != nil || r.RowCount != 40 || r.Cursor == 0 {
		t.Fatalf("%+v %v", r, err)
	}
	c.Must("update " + table + " set id = id + 1000 where id = 100")
	if r, err = c.Do(sql.Request{Op: sql.OpNext, Cursor: r.Cursor}); err != nil || r.Row(0)[0].Int64() != 41 {
		t.Fatalf("%+v %v", r, err)
	}
	cursor := r.Cursor
	c.Op(sql.OpCommit)
	_, err = c.Do(sql.Request{Op: sql.OpNext, Cursor: cursor})
	Want(t, err, abi.ErrTxGone, "")
	if n := c.Number("select count(*) from " + table); n != 100 {
		t.Errorf("%d rows", n)
	}
}
