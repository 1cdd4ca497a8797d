package gateway_test

import (
	"fmt"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// route is an endpoint that answers with its domain and path and what its
// handler sees.
func route(domain, path string) gateway.Endpoint {
	name := fmt.Sprintf("%x", domain+path)
	return gateway.Endpoint{Name: name, Domain: domain, Path: path, Handler: func(r *edge.Request) (*edge.Response, error) {
		return edge.Text(200, fmt.Sprintf("%s%s saw %s %q", domain, path, r.Path, r.Params)), nil
	}}
}

func TestWhatIsRoutedIsWhatTheHandlerSees(t *testing.T) {
	addr := serving(t, route("", "/a/b"), route("", "/p/{x}"), route("", "/a%2Fb"), route("", "/{rest:*}"))
	c := connect(t, addr)
	for target, want := range map[string]string{
		"/a/b":              `/a/b saw /a/b []`,
		"//a///b":           `/a/b saw /a/b []`,
		"/./a/./b":          `/a/b saw /a/b []`,
		"/x/../a/b":         `/a/b saw /a/b []`,
		"/x/%2e%2E/a/b":     `/a/b saw /a/b []`,
		"/%61/%62":          `/a/b saw /a/b []`,
		"/a/b?q=/../c":      `/a/b saw /a/b []`,
		"http://h/a/b":      `/a/b saw /a/b []`,
		"/a/b/":             `/{rest:*} saw /a/b/ [{"rest" "a/b/"}]`,
		"/A/b":              `/{rest:*} saw /A/b [{"rest" "A/b"}]`,
		"/a%2fb":            `/a%2Fb saw /a%2Fb []`,
		"/a%5cb":            `/{rest:*} saw /a%5Cb [{"rest" "a\\b"}]`,
		"/p/1+2":            `/p/{x} saw /p/1+2 [{"x" "1+2"}]`,
		"/p/a%20b":          `/p/{x} saw /p/a%20b [{"x" "a b"}]`,
		"/p/a%2fb":          `/p/{x} saw /p/a%2Fb [{"x" "a/b"}]`,
		"/p/..%2fa":         `/p/{x} saw /p/..%2Fa [{"x" "../a"}]`,
		"/p/%252e":          `/p/{x} saw /p/%252e [{"x" "%2e"}]`,
		"/p/\xc3\xa9":       `/p/{x} saw /p/%C3%A9 [{"x" "é"}]`,
		"/p/x/..":           `/{rest:*} saw /p/ [{"rest" "p/"}]`,
		"/":                 `/{rest:*} saw / [{"rest" ""}]`,
		"/p/a;b=c,d@e:f!$&": `/p/{x} saw /p/a;b=c,d@e:f!$& [{"x" "a;b=c,d@e:f!$&"}]`,
	} {
		r, err := c.Do([]byte("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"))
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		if r.Status != 200 || string(r.Body) != want {
			t.Errorf("%q: %d %s, want %s", target, r.Status, r.Body, want)
		}
	}
	for _, target := range []string{"/..", "/a/../../b", "/%2e%2e/a", "/a%00", "/a%2", "/a%zz", "a/b", "/a#b", "ftp://h/a"} {
		if r := ask(t, addr, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n"); r.Status != 400 || !r.Close {
			t.Errorf("%q: %d %q, close %t; want 400 and close", target, r.Status, r.Body, r.Close)
		}
	}
}

func TestTheQueryReachesTheHandlerAsSent(t *testing.T) {
	addr := serving(t, function("q", "/q", func(r *edge.Request) (*edge.Response, error) { return edge.Text(200, r.Query), nil }))
	for target, want := range map[string]string{"/q": "", "/q?": "", "/q?a=1&a=2": "a=1&a=2", "/q?%41+%2f?/../": "%41+%2f?/../"} {
		if got := string(ask(t, addr, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n").Body); got != want {
			t.Errorf("%q: %q, want %q", target, got, want)
		}
	}
}

func TestTheHostChoosesTheDomain(t *testing.T) {
	addr := serving(t, route("example.com", "/a"), route("*.example.com", "/a"), route("", "/a"), route("", "/b"))
	for _, c := range []struct{ target, host, want string }{
		{"/a", "example.com", "example.com/a"},
		{"/a", "EXAMPLE.com:8080", "example.com/a"},
		{"/a", "example.com.", "example.com/a"},
		{"/a", "x.Example.com:1", "*.example.com/a"},
		{"/a", "y.x.example.com", "*.example.com/a"},
		{"/a", "notexample.com", "/a"},
		{"/a", "example.com.evil.org", "/a"},
		{"/a", "[::1]:80", "/a"},
		{"/b", "example.com", "/b"},
		{"http://example.com:80/a", "other.org", "example.com/a"},
	} {
		r := ask(t, addr, "GET "+c.target+" HTTP/1.1\r\nHost: "+c.host+"\r\n\r\n")
		path := c.want[len(c.want)-2:]
		if want := fmt.Sprintf("%s saw %s []", c.want, path); string(r.Body) != want {
			t.Errorf("%s of %s: %d %q, want %q", c.target, c.host, r.Status, r.Body, want)
		}
	}
	if r := ask(t, addr, "GET /a HTTP/1.0\r\n\r\n"); string(r.Body) != "/a saw /a []" {
		t.Errorf("without a host: %d %q", r.Status, r.Body)
	}
}

func TestStaticBeforeParameterBeforeCatchAll(t *testing.T) {
	addr := serving(t, route("", "/u/{n}"), route("", "/u/me1"), route("", "/u/me2"), route("", "/f/{k:*}"),
		route("", "/f/readme"), route("", "/o/{x?}"))
	for path, want := range map[string]string{
		"/u/me1":     `/u/me1 saw /u/me1 []`,
		"/u/me":      `/u/{n} saw /u/me [{"n" "me"}]`,
		"/f/readme":  `/f/readme saw /f/readme []`,
		"/f/readme/": `/f/{k:*} saw /f/readme/ [{"k" "readme/"}]`,
		"/f/":        `/f/{k:*} saw /f/ [{"k" ""}]`,
		"/o":         `/o/{x?} saw /o []`,
		"/o/1":       `/o/{x?} saw /o/1 [{"x" "1"}]`,
	} {
		if r := get(t, addr, path); string(r.Body) != want {
			t.Errorf("%s: %d %s, want %s", path, r.Status, r.Body, want)
		}
	}
}
