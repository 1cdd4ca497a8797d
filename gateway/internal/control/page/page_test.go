package page_test

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func want(t *testing.T, err error, field string) {
	t.Helper()
	problem := new(model.Error)
	if !errors.As(err, &problem) || problem.Kind != model.Invalid || problem.Field != field {
		t.Errorf("error %v (%+v), want one at %q", err, problem, field)
	}
}

func self(s string) string { return s }

func TestLimit(t *testing.T) {
	for limit, expect := range map[int]int{0: 100, 1: 1, 1000: 1000} {
		if got, err := page.Limit(model.Page{Limit: limit}); err != nil || got != expect {
			t.Errorf("%d: %d %v", limit, got, err)
		}
	}
	for _, limit := range []int{-1, 1001} {
		_, err := page.Limit(model.Page{Limit: limit})
		want(t, err, "limit")
	}
}

// TestPagesOfAListThatChanges: nothing that was there all the time is left out
// or given twice.
func TestPagesOfAListThatChanges(t *testing.T) {
	items := []string{"b", "d", "f", "h", "j"}
	read := func(after string) model.List[string] {
		t.Helper()
		l, err := page.Cut(items, "names", model.Page{Limit: 2, After: after}, self)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := read("")
	items = []string{"a", "b", "c", "e", "f", "h", "j"} // d, which the cursor is at, is gone
	second := read(first.Next)
	third := read(second.Next)
	if !slices.Equal(first.Items, []string{"b", "d"}) || !slices.Equal(second.Items, []string{"e", "f"}) || !slices.Equal(third.Items, []string{"h", "j"}) {
		t.Errorf("%q, %q, %q", first.Items, second.Items, third.Items)
	}
	if third.Next != "" {
		t.Error("there is a page behind the last")
	}
	items = nil
	if l := read(""); l.Items == nil || len(l.Items) != 0 || l.Next != "" {
		t.Errorf("of an empty list: %+v", l)
	}
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	for _, after := range []string{"x", "====", page.Next("services", "a"), page.Next("names", ""), page.Next("names", "a") + "=", "bmFtZXMAYR", " "} {
		_, err := page.Cut(nil, "names", model.Page{After: after}, self)
		want(t, err, "after")
	}
	for _, key := range []string{"0", "-1", "+1", "01", "1.0", "a", "9223372036854775808"} {
		_, err := page.Before("names", model.Page{After: page.Next("names", key)})
		want(t, err, "after")
	}
	if n, err := page.Before("names", model.Page{}); n != math.MaxInt64 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("deploys", "", int64(1))
	f.Add("deploys", page.Next("deploys", "17"), int64(17))
	f.Add("deploys", page.Next("builds", "17"), int64(math.MaxInt64))
	f.Add("a\x00b", "YQBiADE", int64(2))
	f.Add("", "ADE", int64(3))
	f.Fuzz(func(t *testing.T, list, after string, n int64) {
		key, err := page.After(list, model.Page{After: after})
		switch {
		case err != nil:
			want(t, err, "after")
		case after != "" && (key == "" || page.Next(list, key) != after):
			t.Errorf("%q is taken for the key %q", after, key)
		}
		if before, err := page.Before(list, model.Page{After: after}); err == nil && before < 1 {
			t.Errorf("%q is taken for %d", after, before)
		}
		if n < 1 {
			return
		}
		if got, err := page.Before(list, model.Page{After: page.Next(list, strconv.FormatInt(n, 10))}); err != nil || got != n {
			t.Errorf("%d became %d, %v", n, got, err)
		}
	})
}
