package edge_test

import (
	"database/sql"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

type (
	title string
	count uint16
)

func TestParametersBecomeOneOfAFewTypes(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct{ given, want any }{
		"null":           {nil, nil},
		"bool":           {true, true},
		"int":            {-1, int64(-1)},
		"named":          {count(7), int64(7)},
		"named text":     {title("x"), "x"},
		"greatest":       {uint64(math.MaxInt64), int64(math.MaxInt64)},
		"float32":        {float32(0.5), 0.5},
		"bytes":          {[]byte{}, []byte{}},
		"no bytes":       {[]byte(nil), nil},
		"time":           {now, now},
		"JSON":           {edge.JSON("1"), edge.JSON("1")},
		"no JSON":        {edge.JSON(nil), nil},
		"pointer":        {new(int8(3)), int64(3)},
		"nil pointer":    {(*string)(nil), nil},
		"pointer twice":  {new(new("x")), "x"},
		"nullable":       {sql.Null[string]{V: "x", Valid: true}, "x"},
		"null of a type": {sql.NullInt64{}, nil},
	} {
		if got, err := edge.Parameter(test.given); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %T %v, %v", name, got, got, err)
		}
	}
	for name, given := range map[string]any{"too great": uint64(math.MaxInt64 + 1), "struct": struct{}{}, "function": func() {}, "list": []int{1}} {
		if got, err := edge.Parameter(given); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestARowIsScannedIntoVariablesOfManyTypes(t *testing.T) {
	now := time.Now()
	columns := []edge.Column{{Name: "id"}, {Name: "id"}, {Name: "text"}, {Name: "none"}, {Name: "none"}, {Name: "at"}, {Name: "flag"}, {Name: "raw"}, {Name: "any"}, {Name: "half"}}
	row := edge.Row{Columns: columns, Values: []any{int64(7), int64(1), "é", nil, nil, now, true, edge.JSON("[1]"), int64(2), 0.5}}
	var (
		id   count
		flag bool
		text *title
		none *int
		null sql.Null[string]
		at   time.Time
		yes  *bool
		raw  []byte
		v    any
		half float32
	)
	null.Valid, none = true, new(1)
	if err := row.Scan(&id, &flag, &text, &none, &null, &at, &yes, &raw, &v, &half); err != nil {
		t.Fatal(err)
	}
	if id != 7 || !flag || *text != "é" || none != nil || null.Valid || at != now || !*yes || string(raw) != "[1]" || v != int64(2) || half != 0.5 {
		t.Error(id, flag, *text, none, null, at, *yes, raw, v, half)
	}
	if row.Get("id") != int64(7) || row.Get("half") != 0.5 || row.Get("ID") != nil {
		t.Error("a column is found by its exact name, the first of those that share it")
	}
}

func TestWhatDoesNotFitIsNotScanned(t *testing.T) {
	for name, test := range map[string]struct {
		value, into any
		reason      string
	}{
		"null":          {nil, new(1), "NULL does not fit into a int"},
		"null text":     {nil, new("x"), "NULL does not fit into a string"},
		"too great":     {int64(300), new(uint8(1)), "a int64 does not fit into a uint8"},
		"negative":      {int64(-1), new(uint64(1)), "does not fit"},
		"not a bool":    {int64(2), new(true), "does not fit"},
		"not exact":     {int64(1<<53 + 1), new(1.5), "does not fit"},
		"text":          {"1", new(1), "a string does not fit into a int"},
		"number":        {int64(1), new("x"), "does not fit"},
		"time":          {"now", new(time.Time), "does not fit"},
		"inner":         {int64(300), new(new(uint8(1))), "does not fit"},
		"no pointer":    {int64(1), 1, "int is no pointer"},
		"no variable":   {int64(1), nil, "is no pointer"},
		"a nil pointer": {int64(1), (*int)(nil), "is no pointer"},
	} {
		err := edge.Row{Columns: []edge.Column{{Name: "c"}}, Values: []any{test.value}}.Scan(test.into)
		if err == nil || !strings.HasPrefix(err.Error(), `column 1, "c": `) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := (edge.Row{Values: []any{nil}}).Scan(); err == nil {
		t.Error("a row was scanned into nothing")
	}
}
