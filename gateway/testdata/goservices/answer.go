// Package goservices is a handler that uses the services. The tests run it in
// both forms: as a function of the program, and compiled to a library.
package goservices

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var steps = map[string]func(*edge.Request, io.Writer) error{
	"values": values, "pages": pages, "batch": batch, "transaction": transaction, "open": open, "errors": failures,
	"cache": caching, "mail": mailing, "together": together, "big": big, "denied": denied, "hang": hang, "count": count, "files": files, "upload": upload, "list": list, "order": order, "fetch": fetch,
}

// Answer runs what the path names and answers with what came of it.
func Answer(r *edge.Request) (*edge.Response, error) {
	step := steps[r.Param("step")]
	if step == nil {
		return edge.Text(404, r.Path), nil
	}
	var out bytes.Buffer
	if err := step(r, &out); err != nil {
		fmt.Fprintf(&out, "error %s\n", describe(err))
	}
	return edge.Text(200, out.String()), nil
}

func describe(err error) string {
	var failure *edge.ServiceError
	if !errors.As(err, &failure) {
		return err.Error()
	}
	return fmt.Sprintf("%d %q %d: %v", failure.Status, failure.Code, failure.Position, failure.Unwrap())
}

func values(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	if _, err := db.Exec("create table v (i integer, t text unique, b blob, at timestamp, f boolean, j json, r real, n text)"); err != nil {
		return err
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	done, err := db.Exec("insert into v values ($1, $2, $3, $4, $5, $6, $7, $8)", 7, "é", []byte{0, 255}, at, true, edge.JSON(`{"a":1}`), 0.5, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%+v\n", done)
	result, err := db.Query("select *, i as t from v where t = $1 and $1 <> ''", "é")
	if err != nil {
		return err
	}
	for i, c := range result.Columns {
		fmt.Fprintf(out, "%+v %T %v\n", c, result.Rows[0].Values[i], result.Rows[0].Values[i])
	}
	_, err = db.QueryOne("select i from v where i = 8")
	return err
}

func pages(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	const numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1) select i from n"
	count, sum := 0, int64(0)
	for row, err := range db.Each(100, numbers, 20_050) {
		if err != nil {
			return err
		}
		count, sum = count+1, sum+row.Values[0].(int64)
	}
	fmt.Fprintln(out, count, sum)
	for range 20 { // a loop that is left gives its connection back
		for _, err := range db.Each(1, numbers, 10) {
			if err != nil {
				return err
			}
			break
		}
	}
	_, err = db.Query(numbers, 20_000)
	return err
}

func batch(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	results, err := db.Batch(
		edge.Statement{Text: "create table b (t text unique)"},
		edge.Statement{Text: "insert into b values ($1), ($2)", Params: []any{"x", "y"}},
		edge.Statement{Text: "select t from b order by t desc"})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, len(results), results[1].Affected, results[2].Rows[0].Values, results[2].Rows[1].Values)
	_, err = db.Batch(edge.Statement{Text: "delete from b"}, edge.Statement{Text: "insert into b values ('z'), ('z')"})
	fmt.Fprintln(out, describe(err))
	row, err := db.QueryOne("select count(*) from b")
	fmt.Fprintln(out, row.Values, err)
	return nil
}

func transaction(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	if _, err := db.Exec("create table if not exists t (v text)"); err != nil {
		return err
	}
	for _, end := range []func(edge.Tx) error{edge.Tx.Rollback, edge.Tx.Commit} {
		tx, err := db.Begin(edge.TxOptions{Isolation: edge.Serializable})
		if err != nil {
			return err
		}
		if _, err := tx.Exec("insert into t values ('done')"); err != nil {
			return err
		}
		_, err = db.Begin(edge.TxOptions{})
		fmt.Fprintln(out, errors.Is(err, edge.ErrConflict), end(tx))
	}
	tx, err := db.Begin(edge.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.Exec("insert into t values ('read only')")
	fmt.Fprintln(out, err != nil)
	return nil
}

// open leaves a transaction open: the answer rolls it back.
func open(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	_, err = tx.Exec("insert into t values ('open')")
	return err
}

// hang waits within a transaction for longer than the request may take.
func hang(r *edge.Request, out io.Writer) error {
	if err := open(r, out); err != nil {
		return err
	}
	return r.Sleep(time.Minute)
}

func count(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	if _, err := db.Exec("delete from t where v = 'nothing'"); err != nil { // the writer is free
		return err
	}
	row, err := db.QueryOne("select count(*) from t where v = 'done'")
	if err != nil {
		return err
	}
	other, err := db.QueryOne("select count(*) from t where v <> 'done'")
	fmt.Fprintln(out, row.Values, other.Values)
	return err
}

func failures(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	for _, s := range []edge.Statement{
		{Text: "select"}, {Text: ""}, {Text: "select 1; select 2"}, {Text: "select $1"}, {Text: "select 1", Params: []any{1}},
		{Text: "select * from nowhere"}, {Text: "select $1", Params: []any{"\xff"}}, {Text: "select $1", Params: []any{"a\x00b"}},
		{Text: "select $1", Params: []any{[]int{1}}},
	} {
		_, err := db.Query(s.Text, s.Params...)
		fmt.Fprintf(out, "%s\n", describe(err))
	}
	return nil
}

func caching(r *edge.Request, out io.Writer) error {
	c, err := r.Cache("cache")
	if err != nil {
		return err
	}
	value := []byte("one")
	if err := c.Set("k", value, time.Minute); err != nil {
		return err
	}
	value[0] = 'X'
	entry, err := c.Get("k")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", entry.Value)
	entry.Value[0] = 'X'
	entries, err := c.GetMany("none", "k", "k")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%q %q %q\n", entries[0].Value, entries[1].Value, entries[2].Value)
	fmt.Fprintln(out, describe(c.Add("k", nil, 0)), describe(c.Replace("none", nil, 0)))
	fmt.Fprintln(out, c.Swap("k", []byte("two"), 0, entry.Version), describe(c.Swap("k", nil, 0, entry.Version)))
	n, err := c.CountFrom("n", 1, 10, 0)
	fmt.Fprintln(out, n, err)
	n, err = c.Count("n", -3)
	fmt.Fprintln(out, n, err)
	there, err := c.Exists("k")
	fmt.Fprintln(out, there, err, c.Touch("k", time.Minute))
	for range 2 {
		deleted, err := c.Delete("k")
		fmt.Fprintln(out, deleted, err)
	}
	_, err = c.GetMany("k", "")
	return err
}

func mailing(r *edge.Request, out io.Writer) error {
	m, err := r.Email("mail")
	if err != nil {
		return err
	}
	id, err := m.Send(edge.Message{To: []string{"A <a@example.com>"}, Cc: []string{"c@example.com"}, Bcc: []string{"b@example.com"},
		Subject: "order", Text: "thanks", HTML: "<p>thanks</p>", Attachments: []edge.Attachment{{Name: "bill.txt", Content: []byte("1 EUR")}}})
	if err != nil {
		return err
	}
	state, err := m.State(id)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, strings.Contains(id, "@"), state.State == edge.Failed, state.Accepted.IsZero())
	_, err = m.Send(edge.Message{Subject: "to nobody", Text: "x"})
	fmt.Fprintln(out, describe(err))
	_, err = m.State("other@example.com")
	return err
}

func together(r *edge.Request, out io.Writer) error {
	var all sync.WaitGroup
	failed := make([]error, 16)
	for n := range failed {
		all.Go(func() {
			db, err := r.SQL("db")
			if err != nil {
				failed[n] = err
				return
			}
			row, err := db.QueryOne("select $1", n)
			if err == nil && row.Values[0] != int64(n) {
				err = fmt.Errorf("%d is %v", n, row.Values)
			}
			failed[n] = err
		})
	}
	all.Wait()
	fmt.Fprintln(out, errors.Join(failed...))
	return nil
}

func big(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<19) // 8 MiB
	row, err := db.QueryOne("select $1, length($1)", sent)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, bytes.Equal(row.Values[0].([]byte), sent), row.Values[1])
	_, err = db.QueryOne("select $1", make([]byte, 65<<20))
	return err
}

func denied(r *edge.Request, out io.Writer) error {
	_, err := r.SQL("other")
	fmt.Fprintln(out, describe(err))
	m, err := r.Email("db")
	if err != nil {
		return err
	}
	_, err = m.State("1")
	return err
}

func files(r *edge.Request, out io.Writer) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	stored, err := s.Put("a/b", []byte("0123456789"), edge.PutOptions{ContentType: "text/css", Metadata: edge.Fields{{Name: "Owner", Value: "me"}}, Create: true})
	if err != nil {
		return err
	}
	show := func(o *edge.Object, err error) {
		if err != nil {
			fmt.Fprintf(out, "error %s\n", describe(err))
			return
		}
		fmt.Fprintf(out, "%d %d %q %v %s %v %v\n", o.Size, o.Offset, o.Body, o.ETag == stored.ETag, o.ContentType, o.Modified.IsZero(), o.Metadata)
	}
	show(s.Put("a/b", nil, edge.PutOptions{Create: true}))
	show(s.Get("a/b"))
	show(s.GetRange("a/b", edge.Range{Offset: 3, Length: 4, ETag: stored.ETag}))
	show(s.GetRange("a/b", edge.Range{Offset: 11}))
	show(s.GetRange("a/b", edge.Range{ETag: "other"}))
	show(s.Copy("a/b", "a/c"))
	show(s.Head("a/c"))
	fmt.Fprintln(out, s.Delete("a/c"), s.Delete("a/c"))
	show(s.Get("a/c"))
	_, err = s.PresignedURL(edge.ReadURL, "a/b", time.Minute)
	fmt.Fprintln(out, err == nil || errors.Is(err, edge.ErrUnsupported)) // a folder need not have them
	show(s.Head(""))
	return nil
}

func upload(r *edge.Request, out io.Writer) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	up, err := s.Upload("big", edge.PutOptions{})
	if err != nil {
		return err
	}
	var want []byte
	for n := range 100 {
		part := bytes.Repeat([]byte{byte(n)}, n*1000)
		want = append(want, part...)
		if _, err := up.Write(part); err != nil {
			return err
		}
	}
	_, err = s.Head("big")
	fmt.Fprintln(out, describe(err))
	if _, err := up.Finish(); err != nil {
		return err
	}
	object, err := s.Get("big")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, len(object.Body), bytes.Equal(object.Body, want), s.Delete("big"))
	if up, err = s.Upload("given up", edge.PutOptions{}); err != nil {
		return err
	}
	fmt.Fprintln(out, up.Abort())
	if up, err = s.Upload("left open", edge.PutOptions{}); err != nil {
		return err
	}
	_, err = up.Write([]byte("x"))
	return err // and the answer gives it up
}

func list(r *edge.Request, out io.Writer) error {
	s, err := r.Storage("files")
	if err != nil {
		return err
	}
	for n := range 7 {
		if _, err := s.Put(fmt.Sprintf("p/%d/x", n), nil, edge.PutOptions{}); err != nil {
			return err
		}
	}
	for _, o := range []edge.ListOptions{{Limit: 3}, {Prefix: "p/", Delimiter: "/", Limit: 3}} {
		for e, err := range s.List(o) {
			if err != nil {
				return err
			}
			fmt.Fprint(out, " ", e.Key, " ", e.IsPrefix(), " ", e.Size, ";")
		}
		fmt.Fprintln(out)
	}
	return nil
}

// order has a row and a mail in one transaction: neither and then both.
func order(r *edge.Request, out io.Writer) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	m, err := r.Email("mail")
	if err != nil {
		return err
	}
	ids := [2]string{}
	for i, end := range []func(edge.Tx) error{edge.Tx.Rollback, edge.Tx.Commit} {
		tx, err := db.Begin(edge.TxOptions{})
		if err != nil {
			return err
		}
		if ids[i], err = m.SendIn(tx, edge.Message{To: []string{"a@example.com"}, Subject: "order", Text: "x"}); err != nil {
			return err
		}
		if err := end(tx); err != nil {
			return err
		}
	}
	for {
		state, err := m.State(ids[1])
		if err == nil && state.State == edge.Delivered {
			break
		}
		if err != nil && !errors.Is(err, edge.ErrNotFound) {
			return err
		}
		if err := r.Sleep(time.Millisecond); err != nil {
			return err
		}
	}
	_, err = m.State(ids[0])
	return err
}

func fetch(r *edge.Request, out io.Writer) error {
	web, err := r.HTTP("web")
	if err != nil {
		return err
	}
	url, _ := r.Config("url")
	show := func(a *edge.HTTPResponse, err error) {
		if err != nil {
			fmt.Fprintf(out, "error %s\n", describe(err))
			return
		}
		fmt.Fprintln(out, a.Status, a.Headers.Values("set-cookie"), strings.TrimSpace(string(a.Body)), strings.TrimPrefix(a.URL, url), a.Elapsed > 0)
	}
	show(web.Do(edge.HTTPRequest{Method: "PUT", URL: url + "/a?b=c", Headers: edge.Fields{{Name: "x", Value: "1"}, {Name: "x", Value: "2"}},
		Body: []byte("sent"), Timeout: time.Minute}))
	show(web.Get(url + "/there"))
	show(web.Do(edge.HTTPRequest{URL: url + "/there", NoRedirects: true}))
	show(web.Get("http://elsewhere.example.com/"))
	show(web.Do(edge.HTTPRequest{URL: url + "/here", MaxBody: 3}))
	return nil
}
