package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

var sqlScenarios = map[string]func(*run) error{
	"sql-types": sqlTypes, "sql-placeholders": sqlPlaceholders, "sql-columns": sqlColumns, "sql-one": sqlOne, "sql-exec": sqlExec,
	"sql-batch": sqlBatch, "sql-pages": sqlPages, "sql-commit": sqlCommit, "sql-rollback": sqlRollback, "sql-forget": sqlForget,
	"sql-count": sqlCount, "sql-conflict": sqlConflict, "sql-refused": sqlRefused, "sql-wrong-type": sqlWrongType, "sql-not-utf8": sqlNotUTF8,
	"sql-too-many": sqlTooMany, "sql-read-only": sqlReadOnly, "sql-broken": sqlBroken,
}

const (
	insertTyped = "insert into typed values ($1, $2, $3, $4, $5, $6, $7, $8)"
	insertNote  = "insert into note values ($1, $2, $3)"
	countNotes  = "select count(*) from note"
	numbers     = "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) select i from n"
)

// database is the one of all scenarios, without notes.
func (r *run) database() (edge.SQL, error) {
	db, err := r.SQL("db")
	if err == nil {
		_, err = db.Exec("delete from note")
	}
	return db, err
}

// failed says how a statement failed: by status, SQLSTATE, subject and place.
func (r *run) failed(label string, err error) {
	if err == nil {
		r.say("%s: ok", label)
		return
	}
	failure := failureOf(err)
	r.say("%s: error %d%s%s at %d", label, int32(failure.Status), spaced(failure.Code), spaced(failure.Subject), failure.Position)
}

func (r *run) row(label string, row edge.Row) {
	values := make([]string, len(row.Values))
	for i, v := range row.Values {
		switch v := v.(type) {
		case nil:
			values[i] = "null"
		case bool:
			values[i] = fmt.Sprintf("bool %t", v)
		case int64:
			values[i] = fmt.Sprintf("int %d", v)
		case float64:
			values[i] = fmt.Sprintf("float %.3f", v)
		case string:
			values[i] = "text '" + v + "'"
		case []byte:
			values[i] = fmt.Sprintf("bytes '%x'", v)
		case time.Time:
			values[i] = fmt.Sprintf("timestamp %d", v.UnixMicro())
		case edge.JSON:
			values[i] = "json " + string(v)
		}
	}
	r.say("%s: %s", label, strings.Join(values, ", "))
}

// one says the only row of a query.
func (r *run) one(label string, db edge.SQL, text string, params ...any) error {
	row, err := db.QueryOne(text, params...)
	if err == nil {
		r.row(label, row)
	}
	return err
}

func sqlTypes(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	if _, err := db.Exec("delete from typed"); err != nil {
		return err
	}
	for _, row := range [][]any{
		{1, true, int64(9007199254740993), -0.5, "é '$1'", []byte{0, 1, 255}, time.UnixMicro(1700000000123456), edge.JSON(`{"a":[1,null]}`)},
		{2, false, -1, 0.25, "", []byte{}, time.UnixMicro(-1), edge.JSON(`[]`)},
		{3, nil, nil, nil, nil, nil, nil, nil},
	} {
		if _, err := db.Exec(insertTyped, row...); err != nil {
			return err
		}
	}
	all, err := db.Query("select b, i, f, s, y, t, j from typed order by id")
	if err != nil {
		return err
	}
	for _, row := range all.Rows {
		r.row("row", row)
	}
	return nil
}

func sqlPlaceholders(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	return r.one("row", db, "select cast($2 as text) || cast($1 as text) || cast($2 as text), cast($3 as bigint)", "a", "b", 7)
}

func sqlColumns(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	all, err := db.Query(`select 1 as a, 'x' as a, 2 as "B b", null as c`)
	if err != nil {
		return err
	}
	for _, c := range all.Columns {
		r.say("column: %s", c.Name)
	}
	r.row("row", all.Rows[0])
	return nil
}

func sqlOne(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	if _, err := db.QueryOne("select id from note"); errors.Is(err, edge.ErrNotFound) {
		r.say("nothing: none")
	}
	return r.one("first", db, fmt.Sprintf(numbers, 1000))
}

func sqlExec(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	for _, s := range []struct{ label, text string }{
		{"insert", "insert into note values (1, 'a', 1), (2, 'b', 2)"},
		{"update", "update note set size = 3 where id = 2"},
		{"nothing", "update note set size = 3 where id = 9"},
		{"delete", "delete from note"},
	} {
		done, err := db.Exec(s.text)
		if err != nil {
			return err
		}
		last := "none"
		if done.LastID != 0 {
			last = fmt.Sprint(done.LastID)
		}
		r.say("%s: affected %d, last %s", s.label, done.Affected, last)
	}
	return nil
}

func sqlBatch(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	insert := func(id int, title string) edge.Statement {
		return edge.Statement{Text: insertNote, Params: []any{id, title, 1}}
	}
	results, err := db.Batch(insert(1, "a"), insert(2, "b"), edge.Statement{Text: countNotes})
	if err != nil {
		return err
	}
	r.say("affected: %d %d", results[0].Affected, results[1].Affected)
	r.row("count", results[2].Rows[0])
	_, err = db.Batch(insert(3, "c"), insert(4, "a"), insert(5, "e"))
	r.failed("failing", err)
	return r.one("left", db, countNotes)
}

func sqlPages(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	rows, sum := 0, int64(0)
	for row, err := range db.Each(10, fmt.Sprintf(numbers, 25)) {
		if err != nil {
			return err
		}
		rows, sum = rows+1, sum+row.Values[0].(int64)
	}
	r.say("all: %d rows, sum %d", rows, sum)
	for row, err := range db.Each(10, fmt.Sprintf(numbers, 25)) {
		if err != nil {
			return err
		}
		r.row("given up after", row)
		break
	}
	return r.one("then", db, countNotes)
}

func sqlCommit(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{Isolation: edge.Serializable})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(insertNote, 1, "a", 1); err != nil {
		return err
	}
	if err := r.one("inside", db, countNotes); err != nil { // whichever value it is called on
		return err
	}
	_, err = db.Begin(edge.TxOptions{})
	r.failed("another", err)
	r.failed("commit", tx.Commit())
	return r.one("after", db, countNotes)
}

func sqlRollback(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	if _, err := tx.Batch(edge.Statement{Text: insertNote, Params: []any{1, "a", 1}}, edge.Statement{Text: insertNote, Params: []any{2, "b", 1}}); err != nil {
		return err
	}
	if err := r.one("inside", tx, countNotes); err != nil {
		return err
	}
	r.failed("rollback", tx.Rollback())
	return r.one("after", db, countNotes)
}

// sqlForget leaves a transaction open.
func sqlForget(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(insertNote, 1, "a", 1); err != nil {
		return err
	}
	return r.one("inside", tx, countNotes)
}

func sqlCount(r *run) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	return r.one("count", db, countNotes)
}

func sqlConflict(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	for _, s := range []struct {
		label  string
		params []any
	}{
		{"first", []any{1, "a", 1}}, {"unique", []any{2, "a", 1}}, {"key", []any{1, "b", 1}}, {"null", []any{2, nil, 1}}, {"check", []any{2, "b", 100}},
	} {
		_, err := db.Exec(insertNote, s.params...)
		r.failed(s.label, err)
	}
	return nil
}

func sqlRefused(r *run) error {
	db, err := r.SQL("db")
	if err != nil {
		return err
	}
	for _, s := range []struct {
		label, text string
		params      []any
	}{
		{"too few", "select cast($1 as text), cast($2 as text)", []any{"a"}},
		{"too many", "select cast($1 as text)", []any{"a", "b"}},
		{"table", "select * from missing", nil},
		{"syntax", "selct 1", nil},
		{"empty", " -- nothing", nil},
		{"NUL", "select cast($1 as text)", []any{"a\x00b"}},
		{"JSON", "select cast($1 as json)", []any{edge.JSON("{")}},
	} {
		_, err := db.Query(s.text, s.params...)
		r.failed(s.label, err)
	}
	return nil
}

func sqlWrongType(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	_, err = db.Exec(insertNote, "x", "a", 1)
	r.failed("text for a number", err)
	return nil
}

func sqlNotUTF8(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	_, err = db.Query("select cast($1 as text)", "a\xffb")
	r.failed("parameter", err)
	_, err = db.Query("select 'a\xffb'")
	r.failed("statement", err)
	return nil
}

func sqlTooMany(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	_, err = db.Query(fmt.Sprintf(numbers, 10001))
	r.failed("rows", err)
	return r.one("then", db, countNotes)
}

func sqlReadOnly(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	if err := r.one("read", tx, countNotes); err != nil {
		return err
	}
	_, err = tx.Exec(insertNote, 1, "a", 1)
	r.outcome("write", err)
	r.failed("rollback", tx.Rollback())
	return nil
}

// sqlBroken goes on in a transaction after a statement has failed.
func sqlBroken(r *run) error {
	db, err := r.database()
	if err != nil {
		return err
	}
	tx, err := db.Begin(edge.TxOptions{})
	if err != nil {
		return err
	}
	for _, label := range []string{"first", "same", "next"} {
		_, err := tx.Exec(insertNote, 1, "a", 1)
		r.outcome(label, err)
	}
	r.failed("commit", tx.Commit())
	return r.one("after", db, countNotes)
}
