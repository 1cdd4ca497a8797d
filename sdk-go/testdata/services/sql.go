package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func init() {
	steps["/sql/query"] = query
	steps["/sql/one"] = one
	steps["/sql/exec"] = exec
	steps["/sql/batch"] = batch
	steps["/sql/each"] = each
	steps["/sql/tx"] = transact
	steps["/sql/fail"] = fail
	steps["/sql/together"] = together
	steps["/sql/outlive"] = outlive
	steps["/big"] = big
	steps["/lookup"] = lookup
}

// of every type and of types that stand for it; an empty text is none of NULL
var values = []any{nil, true, int64(-5), 1.5, "é", []byte{}, time.Unix(1700000000, 123456789), edge.JSON(`{"a":1}`), uint8(7), new("p"), ""}

func query(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	result, err := db.Query("select $1", values...)
	if err != nil {
		return err
	}
	o.say("affected %d last %d", result.Affected, result.LastID)
	for n, row := range result.Rows {
		for i, v := range row.Values {
			o.say("%d %v %T %v", n, result.Columns[i], v, v)
		}
	}
	return nil
}

func one(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	row, err := db.QueryOne("numbers 3")
	if err != nil {
		return err
	}
	var n int
	err = row.Scan(&n)
	o.say("one %d %v", n, err)
	_, err = db.QueryOne("numbers 0")
	return err
}

func exec(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	done, err := db.Exec("insert")
	o.say("%+v %v", done, err)
	done, err = db.Exec("numbers 0")
	o.say("%+v %v", done, err)
	_, err = db.Exec("insert $1, $2", 1, struct{}{})
	return err
}

func batch(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	results, err := db.Batch(edge.Statement{Text: "a", Params: []any{1, "x"}}, edge.Statement{Text: "b"})
	if err != nil {
		return err
	}
	for _, result := range results {
		o.say("%d rows of %d columns, affected %d, %v", len(result.Rows), len(result.Columns), result.Affected, result.Rows[0].Values)
	}
	_, err = db.Batch(edge.Statement{Text: "a"}, edge.Statement{Text: "fail -17 23505 notes_title 1 taken"})
	o.failed(err)
	_, err = db.Batch(edge.Statement{Text: "a"}, edge.Statement{Text: "b", Params: []any{make(chan int)}})
	return err
}

func each(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	sum := int64(0)
	for row, err := range db.Each(3, "numbers 8") {
		if err != nil {
			return err
		}
		sum += row.Get("n").(int64)
	}
	o.say("sum %d", sum)
	for row := range db.Each(2, "numbers 8") {
		if row.Values[0] == int64(2) {
			break // a page was begun
		}
	}
	for row, err := range db.Each(4, "numbers 13") {
		if err != nil {
			return err
		}
		o.say("row %v", row.Values...)
	}
	return nil
}

func transact(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{Isolation: edge.Serializable, ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("insert"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = tx.Exec("late")
	o.failed(err)
	tx, err = db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	return tx.Rollback()
}

func fail(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	for _, text := range []string{"fail -17 23505 notes_title 2 that title is taken", "fail -18 none none 0 no", "fail -16 - - 0", "fail -15 none none 0 gone", "nothing"} {
		_, err := db.Query(text)
		o.failed(err)
		o.say("conflict %v", errors.Is(err, edge.ErrConflict))
	}
	return nil
}

func together(r *edge.Request, o *out) error {
	const count = 16
	var all sync.WaitGroup
	rows := make([]edge.Row, count)
	failures := make([]error, count)
	for i := range count {
		all.Go(func() {
			db, err := r.SQL("db")
			if err == nil {
				rows[i], err = db.QueryOne(fmt.Sprintf("together %d", count), strings.Repeat(string(rune('a'+i)), 1000*i))
			}
			failures[i] = err
		})
	}
	all.Wait()
	for i, row := range rows {
		if failures[i] != nil {
			return failures[i]
		}
		if row.Values[0] != strings.Repeat(string(rune('a'+i)), 1000*i) {
			o.say("row %d is another's", i)
		}
	}
	o.say("together")
	return nil
}

func outlive(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	late.Go(func() { _, late.err = db.Query("outlive") })
	_, err = db.Query("together 2") // so that the other call is under way
	return err
}

// big sends what is not copied but lent, and gets it back.
func big(r *edge.Request, o *out) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
	row, err := db.QueryOne("echo", sent, string(sent[:5000]))
	if err != nil {
		return err
	}
	var got []byte
	var text string
	err = row.Scan(&got, &text)
	o.say("%d %v %v %v", len(got), bytes.Equal(got, sent), text == string(sent[:5000]), err)
	return nil
}

func lookup(r *edge.Request, o *out) error {
	_, err := r.SQL("other")
	o.failed(err)
	o.say("denied %v", errors.Is(err, edge.ErrDenied))
	_, err = r.Cache("db")
	o.failed(err)
	_, err = r.Storage("")
	o.failed(err)
	_, err = r.Email("x")
	o.failed(err)
	_, err = r.HTTP("x")
	return err
}
