package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// route reads "[METHODS] [domain]/path", as in "GET,POST example.com/a/{x}".
// The text names the endpoint.
func route(t testing.TB, text string) *Route {
	t.Helper()
	methods, place, ok := strings.Cut(text, " ")
	if !ok {
		methods, place = "", text
	}
	slash := strings.IndexByte(place, '/')
	pattern, err := config.ParsePattern(place[slash:])
	if err != nil {
		t.Fatal(err)
	}
	r := &Route{Domain: place[:slash], Pattern: pattern, Endpoint: registry.NewEndpoint(text, nil)}
	if methods != "" {
		r.Methods = strings.Split(methods, ",")
	}
	return r
}

func table(t testing.TB, routes ...string) *Table {
	t.Helper()
	var list []*Route
	for _, text := range routes {
		list = append(list, route(t, text))
	}
	table, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// find gives the name of the endpoint with its parameters, as in
// "/a/{x} x=1", or "405 GET, HEAD, OPTIONS", or "404".
func find(table *Table, method, host, path string) string {
	var ctx fasthttp.RequestCtx
	ctx.Request.Header.SetMethod(method)
	m := table.Find(&ctx, []byte(host), []byte(path))
	switch {
	case m.Route != nil:
		out := m.Route.Endpoint.Name
		for i := range m.Route.Params() {
			if name, value, ok := m.Route.Param(&ctx, i); ok {
				out += fmt.Sprintf(" %s=%s", name, value)
			}
		}
		return out
	case m.Allow != "":
		return "405 " + m.Allow
	}
	return "404"
}

func TestPathsFindTheMostSpecificRoute(t *testing.T) {
	for _, c := range []struct {
		routes []string
		want   map[string]string // by path
	}{
		{[]string{"/u/me1", "/u/me2", "/u/{n}"}, map[string]string{
			"/u/me1": "/u/me1", "/u/me2": "/u/me2", "/u/me": "/u/{n} n=me", "/u/m": "/u/{n} n=m",
			"/u/me11": "/u/{n} n=me11", "/u/x": "/u/{n} n=x", "/u": "404", "/u/": "404", "/u/me1/": "404",
		}},
		{[]string{"/u/me1", "/u/me2", "/u/{n}", "/{all:*}"}, map[string]string{
			"/u/me": "/u/{n} n=me", "/u/me/": "/{all:*} all=u/me/",
		}},
		{[]string{"/u/me1", "/u/me2", "/u/{n}", "/{x}/{y}"}, map[string]string{
			"/u/me": "/u/{n} n=me", "/v/me": "/{x}/{y} x=v y=me",
		}},
		{[]string{"/f/readme", "/f/{k:*}"}, map[string]string{
			"/f/readme": "/f/readme", "/f/readme/": "/f/{k:*} k=readme/", "/f/readme/a": "/f/{k:*} k=readme/a",
			"/f/read": "/f/{k:*} k=read", "/f/readme2": "/f/{k:*} k=readme2", "/f/": "/f/{k:*} k=", "/f": "404",
		}},
		{[]string{"/a"}, map[string]string{"/a/": "404", "/A": "404", "/": "404"}},
		{[]string{"/a/"}, map[string]string{"/a/": "/a/", "/a": "404", "/a/b": "404"}},
		{[]string{"/a/{x?}"}, map[string]string{"/a": "/a/{x?}", "/a/1": "/a/{x?} x=1", "/a/1/2": "404"}},
		{[]string{"/a/{x?}/{y?}"}, map[string]string{
			"/a": "/a/{x?}/{y?}", "/a/1": "/a/{x?}/{y?} x=1", "/a/1/2": "/a/{x?}/{y?} x=1 y=2", "/a/1/2/3": "404",
		}},
		{[]string{"/{x?}"}, map[string]string{"/": "/{x?}", "/a": "/{x?} x=a"}},
		{[]string{"/{all:*}"}, map[string]string{"/": "/{all:*} all=", "/a": "/{all:*} all=a", "/a/b/": "/{all:*} all=a/b/"}},
		{[]string{"/a/b", "/{x}/c", "/{all:*}"}, map[string]string{
			"/a/b": "/a/b", "/a/c": "/{x}/c x=a", "/a/d": "/{all:*} all=a/d", "/b/c": "/{x}/c x=b",
		}},
		{[]string{"/{id:[0-9]+}", "/{all:*}"}, map[string]string{
			"/12": "/{id:[0-9]+} id=12", "/1a": "/{all:*} all=1a", "/12/": "/{all:*} all=12/",
		}},
		{[]string{"/{name}.txt"}, map[string]string{"/a.txt": "/{name}.txt name=a", "/axtxt": "404", "/.txt": "404", "/ab": "404"}},
		{[]string{"/{id:a|ab}", "/{all:*}"}, map[string]string{"/a": "/{id:a|ab} id=a", "/ab": "/{id:a|ab} id=ab", "/b": "/{all:*} all=b"}},
		{[]string{"/{a}-{b}"}, map[string]string{"/a-b": "/{a}-{b} a=a b=b", "/ab": "404", "/a-": "404"}},
		{[]string{"/a%2Fb", "/a/b"}, map[string]string{"/a%2Fb": "/a%2Fb", "/a/b": "/a/b"}},
	} {
		for _, reversed := range []bool{false, true} {
			routes := slices.Clone(c.routes)
			if reversed {
				slices.Reverse(routes)
			}
			table := table(t, routes...)
			for path, want := range c.want {
				if got := find(table, "GET", "", path); got != want {
					t.Errorf("%q asked for %q: %q, want %q", routes, path, got, want)
				}
			}
		}
	}
}

func TestMethodsShareAPath(t *testing.T) {
	table := table(t, "GET /a/{x}", "POST,PUT /a/{y}", "/any", "DELETE /a/b", "GET /slash/")
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/a/1", "GET /a/{x} x=1"},
		{"HEAD", "/a/1", "GET /a/{x} x=1"},
		{"PUT", "/a/1", "POST,PUT /a/{y} y=1"},
		{"PATCH", "/a/1", "405 GET, HEAD, OPTIONS, POST, PUT"},
		{"OPTIONS", "/a/1", "405 GET, HEAD, OPTIONS, POST, PUT"},
		{"GET", "/a/b", "GET /a/{x} x=b"},
		{"DELETE", "/a/b", "DELETE /a/b"},
		{"DELETE", "/a/c", "405 GET, HEAD, OPTIONS, POST, PUT"},
		{"PATCH", "/a/b", "405 DELETE, GET, HEAD, OPTIONS, POST, PUT"},
		{"BREW", "/any", "/any"},
		{"BREW", "/a/1", "405 GET, HEAD, OPTIONS, POST, PUT"},
		{"POST", "/slash/", "405 GET, HEAD, OPTIONS"},
		{"POST", "/slash", "404"},
		{"GET", "/none", "404"},
	} {
		if got := find(table, c.method, "", c.path); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestARouteForOneMethodDoesNotHideAMoreSpecificOneForAll(t *testing.T) {
	table := table(t, "GET /{all:*}", "/a/b", "/c/{x}")
	for path, want := range map[string]string{
		"/a/b": "/a/b", "/c/1": "/c/{x} x=1", "/a": "GET /{all:*} all=a", "/c/1/2": "GET /{all:*} all=c/1/2",
	} {
		if got := find(table, "GET", "", path); got != want {
			t.Errorf("GET %s: %q, want %q", path, got, want)
		}
	}
}

func TestDomainsFromExactToAny(t *testing.T) {
	table := table(t, "Example.com/a", "*.example.com/a", "*.deep.example.com/a", "/a", "/b", "GET example.com/c", "POST /c")
	for _, c := range []struct{ method, host, path, want string }{
		{"GET", "example.com", "/a", "Example.com/a"},
		{"GET", "x.example.com", "/a", "*.example.com/a"},
		{"GET", "x.y.example.com", "/a", "*.example.com/a"},
		{"GET", "x.deep.example.com", "/a", "*.deep.example.com/a"},
		{"GET", "deep.example.com", "/a", "*.example.com/a"},
		{"GET", "badexample.com", "/a", "/a"},
		{"GET", ".example.com", "/a", "/a"},
		{"GET", "", "/a", "/a"},
		{"GET", "example.com", "/b", "/b"},
		{"GET", "x.example.com", "/b", "/b"},
		{"POST", "example.com", "/c", "405 GET, HEAD, OPTIONS"},
		{"POST", "other.com", "/c", "POST /c"},
	} {
		if got := find(table, c.method, c.host, c.path); got != c.want {
			t.Errorf("%s %s%s: %q, want %q", c.method, c.host, c.path, got, c.want)
		}
	}
}

func TestAnEmptyTableHasNothing(t *testing.T) {
	if got := find(&Table{}, "GET", "example.com", "/"); got != "404" {
		t.Error(got)
	}
}
