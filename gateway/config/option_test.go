package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestOptionsAreReadFromWhatJSONHas(t *testing.T) {
	for _, test := range []struct {
		option Option
		given  any
		want   any
		err    string
	}{
		{option: Option{Type: Text}, given: "x", want: "x"},
		{option: Option{Type: Text}, given: "", err: `"o" is empty`},
		{option: Option{Type: Text}, given: 3.0, err: `"o" must be a string, not an integer`},
		{option: Option{Type: Text}, given: nil, err: `"o" must be a string, not null`},
		{option: Option{Type: Secret}, given: "s", want: Hidden("s")},
		{option: Option{Type: Integer}, given: 3.0, want: int64(3)},
		{option: Option{Type: Integer}, given: int64(4), want: int64(4)},
		{option: Option{Type: Integer}, given: 3.5, err: `"o" must be an integer, not a float`},
		{option: Option{Type: Integer}, given: -3.0, err: `"o" must be a number from 0, not -3`},
		{option: Option{Type: Integer}, given: 1e300, err: `"o" must be a number from 0, not 1e+300`},
		{option: Option{Type: Boolean}, given: true, want: true},
		{option: Option{Type: Boolean}, given: "true", err: `"o" must be true or false, not a string`},
		{option: Option{Type: Duration}, given: "36h", want: 36 * time.Hour},
		{option: Option{Type: Duration}, given: 5.0, err: `"o" must be a string with a unit, such as "5s" or "24h", not an integer`},
		{option: Option{Type: Duration}, given: "9999h", err: `"o" must be a string with a unit, such as "5s" or "24h", not "9999h"`},
		{option: Option{Type: Size}, given: 4096.0, want: int64(4096)},
		{option: Option{Type: Size}, given: "8MiB", want: int64(8 << 20)},
		{option: Option{Type: Size}, given: 0.0, err: `"o" must be from 1B to 1048576GiB, not 0`},
		{option: Option{Type: Size}, given: map[string]any{}, err: `"o" must be an integer (bytes) or a string such as "8MiB" or "64KB", not a table`},
		{option: Option{Type: Texts}, given: "a", want: []string{"a"}},
		{option: Option{Type: Texts}, given: []any{"a", "b"}, want: []string{"a", "b"}},
		{option: Option{Type: Texts}, given: []any{"a", 1.0}, err: `"o" must be a string, not an integer`},
	} {
		test.option.Name = "o"
		got, err := test.option.Read(test.given)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%v of %v: error %v, want %s", test.option.Type, test.given, err, test.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%v of %v: %v, %v", test.option.Type, test.given, got, err)
		}
	}
}

func TestAReferenceThatLeadsNowhereShowsNothing(t *testing.T) {
	o := Option{Name: "password", Type: Secret}
	_, err := o.Resolve(Hidden("env:TEST_NOT_SET"), "/")
	if err == nil || err.Error() != `"password": the environment variable TEST_NOT_SET is not set` {
		t.Error(err)
	}
	t.Setenv("TEST_SECRET", "hunter2")
	got, err := o.Resolve(Hidden("env:TEST_SECRET"), "/")
	if err != nil || got != Hidden("hunter2") || strings.Contains(fmt.Sprint(got), "hunter2") {
		t.Error(got, err)
	}
}
