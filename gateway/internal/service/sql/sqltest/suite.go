package sqltest

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
)

// Suite runs the cases. open gives a service with an empty database, which
// change may alter.
func Suite(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	s := open(t)
	for name, test := range map[string]func(*testing.T, *sql.Service){
		"types": types, "placeholders": placeholders, "counts": counts, "columns": columns, "one": one,
		"errors": refusals, "bad arguments": badArguments, "big values": bigValues, "batches": batches,
		"transactions": transactions, "a failed transaction": failedTransaction, "lists": lists,
		"scope": scopeEnd, "statements that end transactions": statementsThatEnd, "pages": pages,
		"pages in a transaction": pagesInTransaction, "isolation": isolation, "closing": canceling,
		"changed tables": changedTables, "read and write": readAndWrite, "hooks": hooks,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
	t.Run("limits", func(t *testing.T) { limits(t, open) })
	t.Run("idle", func(t *testing.T) { idle(t, open) })
	for _, workers := range []int{2, 3, 5} {
		t.Run(fmt.Sprintf("crowd of %d", workers), func(t *testing.T) { crowd(t, open, workers) })
	}
	t.Run("storm", func(t *testing.T) { storm(t, open) })
	t.Run("one worker", func(t *testing.T) { oneWorker(t, open) })
	t.Run("replaced", func(t *testing.T) { replaced(t, open) })
}

// fresh makes a table with the name of the test.
func fresh(t *testing.T, s *sql.Service, columns string) (*Client, string) {
	t.Helper()
	c := Background(t, s)
	table := "t_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, t.Name()[strings.LastIndex(t.Name(), "/")+1:])
	c.Must("create table " + table + " (" + columns + ")")
	t.Cleanup(func() { _, _ = c.Try("drop table " + table) })
	return c, table
}

func types(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "id bigint primary key, b boolean, i bigint, f double precision, s text, y bytea, t timestamp with time zone, j json")
	moment := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.FixedZone("", -7*3600))
	rows := [][]sql.Value{
		{sql.Bool(true), sql.Int64(math.MaxInt64), sql.Float64(math.MaxFloat64), sql.Text("é\n'\"$1"), sql.Bytes([]byte{0, 1, 255}), sql.Timestamp(moment), sql.JSON(`{"a":[1,null,"x"]}`)},
		{sql.Bool(false), sql.Int64(math.MinInt64), sql.Float64(5e-324), sql.Text(""), sql.Bytes([]byte{}), sql.Timestamp(time.UnixMicro(0)), sql.JSON(`"text"`)},
		{sql.Null(), sql.Null(), sql.Null(), sql.Null(), sql.Null(), sql.Null(), sql.Null()},
		{sql.Bool(true), sql.Int64(0), sql.Float64(-0.1), sql.Text(strings.Repeat("ü", 1000)), sql.Bytes(bytes.Repeat([]byte{7}, 70_000)), sql.Timestamp(time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)), sql.JSON(`[]`)},
		{sql.Bool(true), sql.Int64(1), sql.Float64(1), sql.Text("x"), sql.Bytes([]byte("x")), sql.Timestamp(time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)), sql.JSON(`{}`)},
	}
	want := []sql.Type{sql.BoolType, sql.Int64Type, sql.Float64Type, sql.TextType, sql.BytesType, sql.TimestampType, sql.JSONType}
	for n, row := range rows {
		c.Must("insert into "+table+" values ($1, $2, $3, $4, $5, $6, $7, $8)", append([]sql.Value{sql.Int64(int64(n))}, row...)...)
		r := c.Must("select b, i, f, s, y, t, j from "+table+" where id = $1", sql.Int64(int64(n)))
		if r.RowCount != 1 || !reflect.DeepEqual(r.Values, row) {
			t.Errorf("row %d: got %v, want %v", n, r.Values, row)
		}
		for k, column := range r.Columns {
			if column.Type != want[k] || column.Native == "" {
				t.Errorf("row %d: column %+v, want type %d", n, column, want[k])
			}
		}
	}
	batch, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "select b, i, f, s, y, t, j from " + table + " order by id"}}})
	if err != nil {
		t.Fatal(err)
	}
	var all []sql.Value
	for _, row := range rows {
		all = append(all, row...)
	}
	if got := batch.Batch[0]; got.RowCount != len(rows) || !reflect.DeepEqual(got.Values, all) {
		t.Errorf("in a batch: %v", got.Values)
	}
	// Equal as a parameter, not only as it is stored.
	for column, v := range map[string]sql.Value{"b": rows[0][0], "i": rows[0][1], "f": rows[0][2], "s": rows[0][3], "y": rows[0][4], "t": rows[0][5]} {
		if n := c.Number("select count(*) from "+table+" where "+column+" = $1 and id = 0", v); n != 1 {
			t.Errorf("%s does not equal itself", column)
		}
	}
	if r := c.Must("select s from "+table+" where id = $1 and s is not null", sql.Int64(-1)); r.RowCount != 0 || len(r.Columns) != 1 || r.Columns[0].Type != sql.TextType {
		t.Errorf("no rows: %+v", r)
	}
}

func placeholders(t *testing.T, s *sql.Service) {
	c := Background(t, s)
	for _, test := range []struct{ text, want string }{
		{"select $2 || $1 || $2", "bab"},
		{"select '$1' || $1 || $2", "$1ab"},
		{"select $1 /* $3 */ || $2 -- $4", "ab"},
		{`select "$5" || $1 || $2 from (select 'x' as "$5") as q`, "xab"},
		{"select $1 || '''$3''' || $2;", "a'$3'b"},
	} {
		r, err := c.Try(strings.NewReplacer("$1 ", "cast($1 as text) ", "$2 ", "cast($2 as text) ").Replace(test.text), sql.Text("a"), sql.Text("b"))
		if err != nil || r.Values[0].Text() != test.want {
			t.Errorf("%s: %v %v", test.text, r.Values, err)
		}
	}
	many := make([]sql.Value, 200)
	var text strings.Builder
	for n := range many {
		many[n] = sql.Int64(int64(n))
		fmt.Fprintf(&text, "+ cast($%d as bigint) ", n+1)
	}
	if n := c.Number("select 0 "+text.String(), many...); n != 199*200/2 {
		t.Errorf("the sum is %d", n)
	}
	for _, n := range []int{0, 1, 3} {
		_, err := c.Try("select cast($1 as text), cast($2 as text)", make([]sql.Value, n)...)
		Want(t, err, abi.ErrInvalid, "")
	}
	_, err := c.Try("select 1", sql.Int64(1))
	Want(t, err, abi.ErrInvalid, "")
	for _, text := range []string{"select ?", "select :a", "select @a", "select $0", "select $a"} {
		if _, err := c.Try(text, sql.Int64(1)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func counts(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "id integer primary key, v text")
	for n := range 5 {
		r := c.Must("insert into "+table+" values ($1, $2)", sql.Int64(int64(n+10)), sql.Text("a"))
		if r.Affected != 1 || r.RowCount != 0 || len(r.Columns) != 0 {
			t.Errorf("insert: %+v", r)
		}
		if s.Dialect() == "sqlite" && (!r.HasLastID || r.LastID != int64(n+10)) || s.Dialect() == "postgres" && r.HasLastID {
			t.Errorf("last id: %+v", r)
		}
	}
	for text, want := range map[string]uint64{
		"update " + table + " set v = 'b' where id < 12": 2,
		"update " + table + " set v = 'b' where id = 99": 0,
		"delete from " + table + " where id > 12":        2,
	} {
		if r := c.Must(text); r.Affected != want || r.HasLastID {
			t.Errorf("%s: %+v", text, r)
		}
	}
	if r := c.Must("select * from " + table + " where id < 12"); r.Affected != 0 || r.RowCount != 2 {
		t.Errorf("select: %+v", r)
	}
	r := c.Must("insert into "+table+" values ($1, 'r'), ($2, 'r') returning id, v", sql.Int64(30), sql.Int64(31))
	if r.Affected != 2 || r.RowCount != 2 || r.Row(1)[0].Int64() != 31 {
		t.Errorf("returning: %+v", r)
	}
	r = c.Must("insert into " + table + " values (30, 'other') on conflict (id) do update set v = excluded.v returning v")
	if r.Affected != 1 || r.Values[0].Text() != "other" {
		t.Errorf("upsert: %+v", r)
	}
}

func columns(t *testing.T, s *sql.Service) {
	r := Background(t, s).Must(`select 1 as a, 'x' as a, 2 as "B b", null as c`)
	names := ""
	for _, c := range r.Columns {
		names += c.Name + ","
	}
	if names != "a,a,B b,c," || r.RowCount != 1 || r.Values[0].Int64() != 1 || r.Values[1].Text() != "x" || !r.Values[3].IsNull() {
		t.Errorf("%s %+v", names, r)
	}
}

const numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) select i from n"

func one(t *testing.T, s *sql.Service) {
	c := Background(t, s)
	for text, want := range map[string]int{"select 1 where 1 = 0": 0, "select 7": 1, fmt.Sprintf(numbers, 100_000): 1} {
		for range 2 {
			r, err := c.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: text, One: true}}})
			if err != nil || r.RowCount != want || len(r.Values) != want {
				t.Errorf("%s: %d rows, %v", text, r.RowCount, err)
			}
		}
	}
}

func refusals(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "id integer primary key, title text not null unique, n integer, other integer references t_errors(id), constraint small check (n < 10)")
	c.Must("insert into " + table + " values (1, 'a', 1, null)")
	insert := "insert into " + table + " values ($1, $2, $3, $4)"
	for _, test := range []struct {
		name    string
		text    string
		params  []sql.Value
		status  abi.Status
		code    string
		subject string // of sqlite, or part of that of postgres
	}{
		{"primary key", insert, []sql.Value{sql.Int64(1), sql.Text("b"), sql.Null(), sql.Null()}, abi.ErrConflict, "23505", "t_errors_pkey|t_errors.id"},
		{"unique", insert, []sql.Value{sql.Int64(2), sql.Text("a"), sql.Null(), sql.Null()}, abi.ErrConflict, "23505", "t_errors_title_key|t_errors.title"},
		{"not null", insert, []sql.Value{sql.Int64(2), sql.Null(), sql.Null(), sql.Null()}, abi.ErrConflict, "23502", "t_errors.title|t_errors.title"},
		{"check", insert, []sql.Value{sql.Int64(2), sql.Text("b"), sql.Int64(10), sql.Null()}, abi.ErrConflict, "23514", "small|small"},
		{"foreign key", insert, []sql.Value{sql.Int64(2), sql.Text("b"), sql.Null(), sql.Int64(77)}, abi.ErrConflict, "23503", "t_errors_other_fkey|"},
		{"table", "select * from missing_table", nil, abi.ErrRefused, "42P01", ""},
		{"column", "select missing_column from " + table, nil, abi.ErrRefused, "42703", ""},
		{"function", "select missing_function(1)", nil, abi.ErrRefused, "42883", ""},
		{"syntax", "selct 1", nil, abi.ErrRefused, "42601", ""},
		{"exists", "create table " + table + " (id integer)", nil, abi.ErrRefused, "42P07", ""},
	} {
		_, err := c.Try(test.text, test.params...)
		e := Want(t, err, test.status, test.code)
		postgres, sqlite, _ := strings.Cut(test.subject, "|")
		if want := map[string]string{"postgres": postgres, "sqlite": sqlite}[s.Dialect()]; want != "" && e.Subject != want {
			t.Errorf("%s: subject %q, want %q", test.name, e.Subject, want)
		}
		if e.Message == "" {
			t.Errorf("%s: no message", test.name)
		}
	}
	if n := c.Number("select count(*) from " + table); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func badArguments(t *testing.T, s *sql.Service) {
	c := Background(t, s)
	statement := func(text string, params ...sql.Value) []sql.Statement {
		return []sql.Statement{{Text: text, Params: params}}
	}
	for name, test := range map[string]struct {
		r      sql.Request
		status abi.Status
	}{
		"no operation":     {sql.Request{Op: 99}, abi.ErrUnsupported},
		"no statement":     {sql.Request{Op: sql.OpQuery}, abi.ErrInvalid},
		"empty":            {sql.Do(" \n"), abi.ErrInvalid},
		"comment":          {sql.Do("-- nothing"), abi.ErrInvalid},
		"comments":         {sql.Do(" -- a\n /* b */ ; -- c"), abi.ErrInvalid},
		"two statements":   {sql.Do("select 1; select 2"), 0},
		"NUL in SQL":       {sql.Do("select 1\x00"), abi.ErrInvalid},
		"bytes in SQL":     {sql.Do("select '\xff'"), abi.ErrInvalid},
		"NUL":              {sql.Do("select cast($1 as text)", sql.Text("a\x00b")), abi.ErrInvalid},
		"not UTF-8":        {sql.Do("select cast($1 as text)", sql.Text("a\xffb")), abi.ErrInvalid},
		"JSON not UTF-8":   {sql.Do("select cast($1 as json)", sql.JSON("\"\xff\"")), abi.ErrInvalid},
		"no JSON":          {sql.Do("select cast($1 as json)", sql.JSON("{")), abi.ErrRefused},
		"type":             {sql.Do("select cast($1 as text)", sql.Value{Type: 8}), abi.ErrInvalid},
		"bool":             {sql.Do("select cast($1 as boolean)", sql.Value{Type: sql.BoolType, Number: 2}), abi.ErrInvalid},
		"long SQL":         {sql.Do("select '" + strings.Repeat("x", 1<<20) + "'"), abi.ErrTooLarge},
		"huge value":       {sql.Do("select $1", sql.Bytes(make([]byte, 64<<20+1))), abi.ErrTooLarge},
		"page of a batch":  {sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "select 1", Page: 1}}}, abi.ErrInvalid},
		"empty batch":      {sql.Request{Op: sql.OpBatch}, abi.ErrInvalid},
		"huge batch":       {sql.Request{Op: sql.OpBatch, Statements: make([]sql.Statement, 1001)}, abi.ErrInvalid},
		"page":             {sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: "select 1", Page: -1}}}, abi.ErrInvalid},
		"isolation":        {sql.Request{Op: sql.OpBegin, Options: sql.TxOptions{Isolation: 4}}, abi.ErrInvalid},
		"begin, no scope":  {sql.Request{Op: sql.OpBegin}, abi.ErrUnsupported},
		"page, no scope":   {sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: "select 1", Page: 1}}}, abi.ErrUnsupported},
		"commit, no scope": {sql.Request{Op: sql.OpCommit}, abi.ErrTxGone},
		"next, no scope":   {sql.Request{Op: sql.OpNext, Cursor: 1}, abi.ErrTxGone},
		"count":            {sql.Request{Op: sql.OpQuery, Statements: statement("select cast($1 as text)")}, abi.ErrInvalid},
	} {
		_, err := c.Do(test.r)
		if err == nil {
			t.Errorf("%s: taken", name)
		} else if e := service.ErrorOf(err); test.status != 0 && e.Status != test.status {
			t.Errorf("%s: %s %s", name, e.Status, e.Message)
		}
	}
	if n := c.Number("select 42"); n != 42 {
		t.Error("nothing works any more")
	}
}

func bigValues(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "y bytea, s text")
	size := 64 << 20
	if testing.Short() {
		size = 1 << 20
	}
	y := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	c.Must("insert into "+table+" values ($1, $2)", sql.Bytes(y), sql.Null())
	if r := c.Must("select y from " + table); !bytes.Equal(r.Values[0].Bytes, y) {
		t.Errorf("%d bytes came back", len(r.Values[0].Bytes))
	}
	c.Must("update "+table+" set y = null, s = $1", sql.Value{Type: sql.TextType, Bytes: y})
	if r := c.Must("select s from " + table); !bytes.Equal(r.Values[0].Bytes, y) {
		t.Errorf("%d bytes of text came back", len(r.Values[0].Bytes))
	}
}

func limits(t *testing.T, open func(t *testing.T, change ...func(*service.Spec)) *sql.Service) {
	s := open(t, func(s *service.Spec) { s.Options["max_rows"], s.Options["max_bytes"] = int64(10), int64(4000) })
	c := Background(t, s)
	if r := c.Must(fmt.Sprintf(numbers, 10)); r.RowCount != 10 {
		t.Errorf("%d rows", r.RowCount)
	}
	for _, rows := range []int{11, 1_000_000} {
		begin := time.Now()
		_, err := c.Try(fmt.Sprintf(numbers, rows))
		Want(t, err, abi.ErrTooLarge, "")
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("%d rows: refused after %s", rows, took)
		}
	}
	_, err := c.Try("select cast($1 as text)", sql.Text(strings.Repeat("x", 4001)))
	Want(t, err, abi.ErrTooLarge, "")
	_, err = c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "select 1"}, {Text: fmt.Sprintf(numbers, 11)}}})
	if e := Want(t, err, abi.ErrTooLarge, ""); e.Position != 1 {
		t.Errorf("position %d", e.Position)
	}
	if n := c.Number("select 42"); n != 42 {
		t.Error("nothing works any more")
	}
}

func batches(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "id integer primary key, v text")
	insert := func(id int64) sql.Statement {
		return sql.Statement{Text: "insert into " + table + " values ($1, $2)", Params: []sql.Value{sql.Int64(id), sql.Text("v")}}
	}
	count := sql.Statement{Text: "select count(*) from " + table}
	for range 3 { // prepared or not
		r, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{insert(1), insert(2), count, {Text: "delete from " + table}, {Text: "select 1 where 1 = 0"}, count}})
		if err != nil {
			t.Fatal(err)
		}
		b := r.Batch
		if len(b) != 6 || b[0].Affected != 1 || b[2].Values[0].Int64() != 2 || b[3].Affected != 2 || b[4].RowCount != 0 || b[5].Values[0].Int64() != 0 {
			t.Errorf("%+v", b)
		}
	}
	for n, bad := range []sql.Statement{insert(10), {Text: "selct"}, {Text: "select * from missing"}, {Text: "select cast($1 as text)"}} {
		_, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{insert(10), insert(11), bad, insert(12)}})
		if err == nil {
			t.Fatalf("%d: no error", n)
		}
		if e := service.ErrorOf(err); e.Position != 2 {
			t.Errorf("%d: position %d: %v", n, e.Position, e)
		}
		if left := c.Must(count.Text).Values[0].Int64(); left != 0 {
			t.Errorf("%d: %d rows of a failed batch", n, left)
		}
	}
	// What a statement needs may be made by the one before.
	if _, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{
		{Text: "create table made (id integer)"}, {Text: "insert into made values (1)"}, {Text: "drop table made"},
	}}); err != nil {
		t.Error(err)
	}
	many := make([]sql.Statement, 1000)
	for n := range many {
		many[n] = insert(int64(n))
	}
	if _, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: many}); err != nil {
		t.Error(err)
	}
	if n := c.Number(count.Text); n != 1000 {
		t.Errorf("%d rows", n)
	}
}

func changedTables(t *testing.T, s *sql.Service) {
	c, table := fresh(t, s, "a integer")
	c.Must("insert into " + table + " values (1)")
	for n := range 3 {
		for range 4 { // on more than one connection
			if r := c.Must("select * from " + table); len(r.Columns) != n+1 || len(r.Values) != n+1 {
				t.Errorf("%+v", r)
			}
		}
		c.Must(fmt.Sprintf("alter table %s add column b%d text", table, n))
	}
	c.Must("drop table " + table)
	_, err := c.Try("select * from " + table)
	Want(t, err, abi.ErrRefused, "42P01")
	c.Must("create table " + table + " (z text)")
	if r := c.Must("select * from " + table); len(r.Columns) != 1 || r.Columns[0].Name != "z" {
		t.Errorf("%+v", r)
	}
}
