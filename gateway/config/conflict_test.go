package config

import (
	"reflect"
	"testing"
)

func TestConflicts(t *testing.T) {
	get, post, head := []string{"GET"}, []string{"POST"}, []string{"HEAD"}
	tests := []struct {
		name string
		a, b Route
		want bool
	}{
		{"same path", Route{Path: "/a"}, Route{Path: "/a"}, true},
		{"other text", Route{Path: "/a"}, Route{Path: "/b"}, false},
		{"letter case matters", Route{Path: "/a"}, Route{Path: "/A"}, false},
		{"names do not matter", Route{Path: "/a/{x}/c"}, Route{Path: "/a/{y}/c"}, true},
		{"expressions do not matter", Route{Path: "/a/{x:[0-9]+}"}, Route{Path: "/a/{y}"}, true},
		{"text after a parameter does not matter", Route{Path: "/a/{x}.txt"}, Route{Path: "/a/{y}-{z}"}, true},
		{"text before a parameter matters", Route{Path: "/a/v{x}"}, Route{Path: "/a/{y}"}, false},
		{"trailing slash does not matter", Route{Path: "/a"}, Route{Path: "/a/"}, true},
		{"root", Route{Path: "/"}, Route{Path: "/{x}"}, false},
		{"text beside a parameter", Route{Path: "/a/b"}, Route{Path: "/a/{x}"}, false},
		{"catch-all beside a parameter", Route{Path: "/a/{x:*}"}, Route{Path: "/a/{x}"}, false},
		{"two catch-alls", Route{Path: "/a/{x:*}"}, Route{Path: "/a/{y?:*}"}, true},
		{"optional left out", Route{Path: "/a/{x?}"}, Route{Path: "/a"}, true},
		{"optional taken", Route{Path: "/a/{x?}/{y?}"}, Route{Path: "/a/{z}"}, true},
		{"optional of the root", Route{Path: "/{x?}"}, Route{Path: "/"}, true},
		{"optional beside what is longer", Route{Path: "/a/{x?}"}, Route{Path: "/a/{x}/b"}, false},
		{"other methods", Route{Path: "/a", Methods: get}, Route{Path: "/a", Methods: post}, false},
		{"GET answers HEAD", Route{Path: "/a", Methods: get}, Route{Path: "/a", Methods: head}, true},
		{"HEAD beside POST", Route{Path: "/a", Methods: head}, Route{Path: "/a", Methods: post}, false},
		{"any method", Route{Path: "/a"}, Route{Path: "/a", Methods: post}, true},
		{"other domain", Route{Path: "/a", Domain: "x.org"}, Route{Path: "/a", Domain: "y.org"}, false},
		{"domain beside any", Route{Path: "/a", Domain: "x.org"}, Route{Path: "/a"}, false},
		{"domain beside wildcard", Route{Path: "/a", Domain: "x.y.org"}, Route{Path: "/a", Domain: "*.y.org"}, false},
		{"letter case of a domain", Route{Path: "/a", Domain: "x.org"}, Route{Path: "/a", Domain: "X.org"}, true},
		{"bad path", Route{Path: "a"}, Route{Path: "a"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if Conflicts(test.a, test.b) != test.want || Conflicts(test.b, test.a) != test.want {
				t.Errorf("%+v and %+v: want %v", test.a, test.b, test.want)
			}
		})
	}
}

func TestFindConflictsNamesEachPairOnce(t *testing.T) {
	got := FindConflicts([]Route{
		{Path: "/a/{x?}/{y?}", Methods: []string{"GET", "POST"}},
		{Path: "/b"},
		{Path: "/a/{z?}", Methods: []string{"HEAD", "PUT"}},
		{Path: "/a"},
		{Path: "/b/"},
	})
	want := []Conflict{
		{0, 2, []string{"HEAD"}},
		{0, 3, []string{"GET", "POST"}},
		{2, 3, []string{"HEAD", "PUT"}},
		{1, 4, nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
