package wire

import (
	"errors"
	"testing"
)

func TestParseTargetTakesItApart(t *testing.T) {
	for _, c := range []struct {
		target, authority, path, query string
		hasQuery                       bool
	}{
		{target: "/", path: "/"},
		{target: "/a/b?c=d&e", path: "/a/b", query: "c=d&e", hasQuery: true},
		{target: "/a?", path: "/a", hasQuery: true},
		{target: "/a?b?c", path: "/a", query: "b?c", hasQuery: true},
		{target: "/a?\xc3\xa9", path: "/a", query: "\xc3\xa9", hasQuery: true},
		{target: "//a", path: "//a"},
		{target: "/http://x/", path: "/http://x/"},
		{target: "http://example.com", authority: "example.com", path: "/"},
		{target: "HTTPS://Example.com:443/a?b", authority: "Example.com:443", path: "/a", query: "b", hasQuery: true},
		{target: "http://example.com?b", authority: "example.com", path: "/", query: "b", hasQuery: true},
		{target: "http://[::1]:80/", authority: "[::1]:80", path: "/"},
	} {
		got, err := ParseTarget([]byte("GET"), []byte(c.target))
		if err != nil || string(got.Authority) != c.authority || string(got.Path) != c.path ||
			string(got.Query) != c.query || got.HasQuery != c.hasQuery {
			t.Errorf("ParseTarget(%q) = %q %q %q %v, %v", c.target, got.Authority, got.Path, got.Query, got.HasQuery, err)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for _, c := range []struct {
		method, target string
		want           *Refusal
	}{
		{"CONNECT", "example.com:443", ErrConnect},
		{"CONNECT", "/", ErrConnect},
		{"OPTIONS", "*", ErrAsterisk},
		{"GET", "*", ErrAsterisk},
		{"GET", "", ErrTarget},
		{"GET", "a", ErrTarget},
		{"GET", "example.com:80", ErrTarget},
		{"GET", "?a", ErrTarget},
		{"GET", "ftp://example.com/", ErrTarget},
		{"GET", "://example.com/", ErrTarget},
		{"GET", "http:/example.com/", ErrTarget},
		{"GET", "http:///a", ErrHost},
		{"GET", "http://", ErrHost},
		{"GET", "http://user@example.com/", ErrHost},
		{"GET", "http://example.com:99999/", ErrHost},
		{"GET", "/a#b", ErrTargetFragment},
		{"GET", "/a?b#c", ErrTargetFragment},
		{"GET", "/a b", ErrTargetControl},
		{"GET", "/a\tb", ErrTargetControl},
		{"GET", "/a?\x00", ErrTargetControl},
		{"GET", "/a?\x7f", ErrTargetControl},
	} {
		if _, err := ParseTarget([]byte(c.method), []byte(c.target)); !errors.Is(err, c.want) {
			t.Errorf("ParseTarget(%q, %q): %v, want %v", c.method, c.target, err, c.want)
		}
	}
}

func TestParseTargetAllocatesNothing(t *testing.T) {
	method := []byte("GET")
	for _, target := range []string{"/c/hello/world?x=1", "http://example.com/a?b"} {
		b := []byte(target)
		if n := testing.AllocsPerRun(100, func() { ParseTarget(method, b) }); n != 0 {
			t.Errorf("%q: %v allocations", target, n)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for protocol, http11 := range map[string]bool{"HTTP/1.0": false, "HTTP/1.1": true} {
		if got, err := CheckVersion([]byte(protocol)); err != nil || got != http11 {
			t.Errorf("%s: %v, %v", protocol, got, err)
		}
	}
	for _, protocol := range []string{"", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/1.10", "http/1.1", "HTTP/1.1 "} {
		if _, err := CheckVersion([]byte(protocol)); !errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", protocol, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"/a?b", "http://h:1/p?q", "http://[::1]", "*", "//", "http://a?b/c"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, target []byte) {
		got, err := ParseTarget([]byte("GET"), target)
		if err != nil {
			return
		}
		if len(got.Path) == 0 || got.Path[0] != '/' {
			t.Fatalf("%q: path %q", target, got.Path)
		}
		if got.Authority != nil && !ValidHost(got.Authority) {
			t.Fatalf("%q: authority %q", target, got.Authority)
		}
	})
}
