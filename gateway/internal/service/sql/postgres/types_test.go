package postgres_test

import (
	"math"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/postgres"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/sql/sqltest"
)

func types(t *testing.T, server *servertest.PostgresServer) {
	s := start(t, server.URL())
	c := sqltest.Background(t, s)
	c.Must("create type mood as enum ('sad', 'happy')")
	c.Must("create domain positive as integer check (value > 0)")
	at := func(text string) sql.Value {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return sql.Timestamp(v)
	}
	infinity := sql.Value{Type: sql.TimestampType, Number: math.MaxInt64}
	for _, test := range []struct {
		expression, native string
		want               sql.Value
	}{
		{"int2 '-3'", "int2", sql.Int64(-3)},
		{"int4 '3'", "int4", sql.Int64(3)},
		{"float4 '0.1'", "float4", sql.Float64(0.1)},
		{"float8 'Infinity'", "float8", sql.Float64(math.Inf(1))},
		{"numeric '12345678901234567890.123'", "numeric", sql.Text("12345678901234567890.123")},
		{"uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "uuid", sql.Text("6ba7b810-9dad-11d1-80b4-00c04fd430c8")},
		{"array[1, null, 3]", "_int4", sql.Text("{1,NULL,3}")},
		{"inet '10.0.0.1/8'", "inet", sql.Text("10.0.0.1/8")},
		{"interval '1 day 2 hours'", "interval", sql.Text("1 day 02:00:00")},
		{"date '2024-02-29'", "date", sql.Text("2024-02-29")},
		{"time '12:30'", "time", sql.Text("12:30:00")},
		{"char(3) 'a'", "bpchar", sql.Text("a  ")},
		{"mood 'happy'", "mood", sql.Text("happy")},
		{"array['happy'::mood]", "_mood", sql.Text("{happy}")},
		{"7::positive", "int4", sql.Int64(7)},
		{`jsonb '{"b":1, "a":2}'`, "jsonb", sql.JSON(`{"a": 2, "b": 1}`)},
		{"timestamp '2024-02-29 12:00:00.5'", "timestamp", at("2024-02-29T12:00:00.5Z")},
		{"timestamptz '2024-02-29 12:00:00+05:30'", "timestamptz", at("2024-02-29T12:00:00+05:30")},
		{"timestamptz '12345-01-02 00:00:00+00'", "timestamptz", sql.Timestamp(time.Date(12345, 1, 2, 0, 0, 0, 0, time.UTC))},
		{"timestamptz '0044-03-15 00:00:00+00 BC'", "timestamptz", sql.Timestamp(time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC))},
		{"timestamptz 'infinity'", "timestamptz", infinity},
		{"(select null::bytea)", "bytea", sql.Null()},
		{"row(1, 'x')", "record", sql.Text("(1,x)")},
		{"pg_sleep(0)", "void", sql.Text("")},
	} {
		text := "select " + test.expression
		results := []sql.Result{c.Must(text)}
		batch, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: text}}})
		if err != nil {
			t.Fatal(err)
		}
		request := sqltest.Request(t, s)
		page, err := request.Do(sql.Request{Op: sql.OpQuery, Statements: []sql.Statement{{Text: text, Page: 10}}})
		if err != nil {
			t.Fatal(err)
		}
		for n, r := range append(results, batch.Batch[0], page) {
			got := r.Values[0]
			if got.Type != test.want.Type || got.Number != test.want.Number || got.Text() != test.want.Text() || r.Columns[0].Native != test.native {
				t.Errorf("%s, way %d: got %v %q of %q, want %v of %q", test.expression, n, got, got.Text(), r.Columns[0].Native, test.want, test.native)
			}
		}
	}
	c.Must("set timezone to 'Asia/Kolkata'")
	// As parameters: PostgreSQL reads the text as the type that it wants.
	for expression, v := range map[string]sql.Value{
		"$1::uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'": sql.Text("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"),
		"$1::numeric = 1.50":                            sql.Float64(1.5),
		"$1::int2 = 7":                                  sql.Int64(7),
		"$1::date = '2024-02-29'":                       sql.Text("2024-02-29"),
		"$1::mood = 'sad'":                              sql.Text("sad"),
		"$1::jsonb = '{\"a\": 1}'":                      sql.JSON(`{"a":1}`),
		"$1::timestamptz = '2024-02-29 12:00:00+05:30'": at("2024-02-29T12:00:00+05:30"),
		"$1::timestamp = '2024-02-29 06:30:00'":         at("2024-02-29T12:00:00+05:30"),
		"$1::timestamptz = '0044-02-28 00:00:00+00 BC'": sql.Timestamp(time.Date(-43, 2, 28, 0, 0, 0, 0, time.UTC)),
		"$1::timestamptz = 'infinity'":                  infinity,
		"$1::float8 = 'NaN'":                            sql.Float64(math.NaN()),
		"$1::text = 'true'":                             sql.Bool(true),
		"length($1::bytea) = 0":                         sql.Bytes(nil),
		"$1::int = any(array[1, 2])":                    sql.Int64(2),
	} {
		r := c.Must("select "+expression, v)
		if !r.Values[0].Bool() {
			t.Errorf("not %s", expression)
		}
		batch, err := c.Do(sql.Request{Op: sql.OpBatch, Statements: []sql.Statement{{Text: "select " + expression, Params: []sql.Value{v}}}})
		if err != nil || !batch.Batch[0].Values[0].Bool() {
			t.Errorf("in a batch: not %s: %v", expression, err)
		}
	}
	for expression, v := range map[string]sql.Value{
		"$1::int": sql.Text("abc"), "$1::int2": sql.Int64(70_000), "$1::uuid": sql.Int64(5), "$1::timestamptz": sql.Bool(true),
	} {
		_, err := c.Try("select "+expression, v)
		sqltest.Want(t, err, abi.ErrRefused, "")
	}
	_, err := c.Try("select $1::int", sql.Bytes([]byte{1}))
	sqltest.Want(t, err, abi.ErrRefused, "22P02")
}

func FuzzTime(f *testing.F) {
	for _, seed := range []int64{0, -1, 951_827_696_789_012, -62_167_219_200_000_000, -62_135_596_800_000_001, 253_402_300_800_000_000, math.MaxInt64, math.MinInt64} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, micros int64) {
		if year := time.UnixMicro(micros).UTC().Year(); micros != math.MaxInt64 && micros != math.MinInt64 && (year < -4712 || year > 294276) {
			t.Skip("PostgreSQL has no such time")
		}
		got, err := postgres.ParseTime([]byte(postgres.FormatTime(micros)))
		if err != nil || got != micros {
			t.Errorf("%d became %q and %d: %v", micros, postgres.FormatTime(micros), got, err)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	f.Add([]byte("2024-02-29 23:59:59.123456+05:30"))
	f.Add([]byte("0044-03-15 00:00:00+00 BC"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = postgres.ParseTime(b) })
}
