package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParsePatternTakesGoodPaths(t *testing.T) {
	tests := []struct {
		path   string
		params string // separated by spaces
		shapes string // separated by spaces
	}{
		{"/", "", "/"},
		{"/a/b/", "", "/a/b/"},
		{"/a%20b/%2F%C3%A9", "", "/a%20b/%2F%C3%A9"},
		{"/~u/a;v=1,2/@x:y!$&'()*+", "", "/~u/a;v=1,2/@x:y!$&'()*+"},
		{"/.well-known/...", "", "/.well-known/..."},
		{"/hello/{name}", "name", "/hello/{1}"},
		{"/{b}/{a}", "b a", "/{1}/{2}"},
		{"/v{major}.{minor-2}/x", "major minor-2", "/v{1}.{2}/x"},
		{"/{id:[0-9]{3}}/{k:*}", "id k", "/{1:[0-9]{3}}/{2:*}"},
		{"/{x:(?:a|b?)}", "x", "/{1:(?:a|b?)}"},
		{"/{x?}", "x", "/ /{1}"},
		{"/a/{x?}/{y?:[a-z]+}", "x y", "/a /a/{1} /a/{1}/{2:[a-z]+}"},
		{"/a/{x}/{k?:*}", "x k", "/a/{1} /a/{1}/{2:*}"},
	}
	for _, test := range tests {
		p, err := ParsePattern(test.path)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := strings.Join(p.Params(), " "); got != test.params {
			t.Errorf("%s: params %s", test.path, got)
		}
		if got := strings.Join(p.Shapes(), " "); got != test.shapes {
			t.Errorf("%s: shapes %s", test.path, got)
		}
	}
}

func TestParsePatternGivesParts(t *testing.T) {
	got, err := ParsePattern("/a/v{x:[0-9]}.json/{k?:*}")
	want := Pattern{[]Segment{
		{Parts: []Part{{Text: "a"}}},
		{Parts: []Part{{Text: "v"}, {Param: "x", Expr: "[0-9]"}, {Text: ".json"}}},
		{Parts: []Part{{Param: "k"}}, Optional: true, CatchAll: true},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestParsePatternRefusesPathsThatCannotMatch(t *testing.T) {
	tests := []struct{ path, want string }{
		{"", `must start with "/"`},
		{"a/b", `must start with "/"`},
		{"//", `an empty segment ("//") can never match`},
		{"/a//b", `an empty segment ("//") can never match`},
		{"/a/./b", `a segment "." can never match`},
		{"/..", `a segment ".." can never match`},
		{"/a b", `' ' can never match: write %20`},
		{"/a\tb", `'\t' can never match: write %09`},
		{"/a\\b", `'\\' can never match: write %5C`},
		{"/a?b", `'?' can never match: the query is not part of the path`},
		{"/a#b", `'#' can never match: a fragment is never sent`},
		{"/é", `"é" can never match: write it percent-encoded`},
		{"/%2f", `%2f can never match: write %2F`},
		{"/%41", `%41 can never match: write A`},
		{"/%2e%2e", `%2e can never match: write .`},
		{"/%2", `'%' must be followed by two hexadecimal digits; the character itself is written %25`},
		{"/100%", `'%' must be followed by two hexadecimal digits; the character itself is written %25`},
		{"/%+1", `'%' must be followed by two hexadecimal digits; the character itself is written %25`},
		{"/a/{x", `unbalanced braces at "{x"; a brace in text is written %7B or %7D`},
		{"/a/{x/b", `unbalanced braces at "{x/b"; a brace in text is written %7B or %7D`},
		{"/a/x}/b", `unbalanced braces at "}/b"; a brace in text is written %7B or %7D`},
		{"/{}", `parameter {} has no name`},
		{"/{?}", `parameter {?} has no name`},
		{"/{:*}", `parameter {:*} has no name`},
		{"/{a b}", `parameter {a b}: a name is letters, digits, '_' and '-'`},
		{"/{{a}}", `parameter {{a}}: a name is letters, digits, '_' and '-'`},
		{"/{x}/{x}", `parameter {x} is there twice`},
		{"/{x}{y}", `there must be text between {x} and the next parameter`},
		{"/{x:*}/b", `{x:*} takes the rest of the path, so nothing may follow it`},
		{"/{x:*}/", `{x:*} takes the rest of the path, so nothing may follow it`},
		{"/a{x:*}", `an optional or catch-all parameter must be alone between slashes`},
		{"/{x?}.json", `an optional or catch-all parameter must be alone between slashes`},
		{"/{x?}/b", `only optional parameters may follow {x?}`},
		{"/{x?}/{y}", `only optional parameters may follow {x?}`},
		{"/{x:}", `parameter {x:}: the regular expression after ':' is empty`},
		{"/{x:a/b}", `parameter {x:a/b}: a parameter takes no slash, so its expression cannot have one`},
		{"/{x:(a)}", `parameter {x:(a)}: groups that capture are not allowed; write (?:...)`},
		{"/{x:[}", "parameter {x:[}: error parsing regexp: missing closing ]: `[`"},
		{strings.Repeat("/{x}", 17), `has more than 16 parameters`},
		{"/" + strings.Repeat("a", maxPattern), `is longer than 2048 bytes`},
	}
	for _, test := range tests {
		_, err := ParsePattern(test.path)
		if err == nil {
			t.Errorf("%q was accepted", test.path)
			continue
		}
		if _, got, _ := strings.Cut(err.Error(), `": `); got != test.want {
			t.Errorf("%q: got %s, want %s", test.path, got, test.want)
		}
	}
}

// A shape is a pattern itself, and its own shape, so that it may be routed in
// place of the pattern.
func FuzzShapesAreStable(f *testing.F) {
	for _, seed := range []string{"/", "/a/{x?}/{y?:[a-z]{2}}", "/v{a}-{b}/{c:*}", "/%2F/{", "//", "/{x:\\}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p, err := ParsePattern(path)
		if err != nil {
			return
		}
		for _, s := range p.Shapes() {
			again, err := ParsePattern(s)
			if err != nil || !slices.Equal(again.Shapes(), []string{s}) {
				t.Fatalf("%q: shape %q: %v, %v", path, s, again, err)
			}
		}
		if !Conflicts(Route{Path: path}, Route{Path: path}) {
			t.Fatalf("%q does not conflict with itself", path)
		}
	})
}
