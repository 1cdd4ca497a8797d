package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestNormalizePathGivesOneSpelling(t *testing.T) {
	for raw, want := range map[string]string{
		"/":                        "/",
		"/a/b":                     "/a/b",
		"/a/":                      "/a/",
		"/a.b/..c/.d/e..":          "/a.b/..c/.d/e..",
		"/!$&'()*+,;=:@-._~":       "/!$&'()*+,;=:@-._~",
		"/%2F%25%0A%20":            "/%2F%25%0A%20",
		"/a%2fb":                   "/a%2Fb",
		"/%61%2d%2E%5f%7e%41":      "/a-._~A",
		"/%5c%5C\\":                "/%5C%5C%5C",
		"/caf\xc3\xa9":             "/caf%C3%A9",
		"/caf%c3%a9":               "/caf%C3%A9",
		"/\"<>[]^`{|} ?#":          "/%22%3C%3E%5B%5D%5E%60%7B%7C%7D%20%3F%23",
		"//":                       "/",
		"//a///b//":                "/a/b/",
		"/.":                       "/",
		"/./a/./b/.":               "/a/b/",
		"/a/..":                    "/",
		"/a/../b":                  "/b",
		"/a/b/..":                  "/a/",
		"/a/b/../../c":             "/c",
		"/a//../b":                 "/b",
		"/a/%2e/b":                 "/a/b",
		"/a/%2e%2E/b":              "/b",
		"/a/.%2e":                  "/",
		"/a/%252e%252e/b":          "/a/%252e%252e/b",
		"/a/..;/b":                 "/a/..;/b",
		"/a/..%2fb":                "/a/..%2Fb",
		"/...":                     "/...",
		"/aaa/bbb/ccc/../../../d/": "/d/",
	} {
		path, changed, err := NormalizePath(nil, []byte(raw))
		if err != nil || string(path) != want || changed != (raw != want) {
			t.Errorf("NormalizePath(%q) = %q, %v, %v; want %q", raw, path, changed, err, want)
		}
	}
}

func TestNormalizePathRefuses(t *testing.T) {
	for raw, want := range map[string]*Refusal{
		"":                  ErrPathRelative,
		"a":                 ErrPathRelative,
		"*":                 ErrPathRelative,
		"/..":               ErrPathClimbs,
		"/../a":             ErrPathClimbs,
		"/a/../..":          ErrPathClimbs,
		"/a/../../b":        ErrPathClimbs,
		"//..":              ErrPathClimbs,
		"/./..":             ErrPathClimbs,
		"/%2e%2e":           ErrPathClimbs,
		"/a/%2E./.%2e/etc":  ErrPathClimbs,
		"/%":                ErrPathEscape,
		"/%4":               ErrPathEscape,
		"/%zz":              ErrPathEscape,
		"/%4g":              ErrPathEscape,
		"/% 41":             ErrPathEscape,
		"/a%%41":            ErrPathEscape,
		"/%u0041":           ErrPathEscape,
		"/a%00":             ErrPathControl,
		"/a\x00":            ErrPathControl,
		"/a\r\nX: y":        ErrPathControl,
		"/a\t":              ErrPathControl,
		"/a\x7f":            ErrPathControl,
		"/fine/%20/then/%0": ErrPathEscape,
	} {
		path, changed, err := NormalizePath(nil, []byte(raw))
		if !errors.Is(err, want) || path != nil || changed {
			t.Errorf("NormalizePath(%q) = %q, %v, %v; want %v", raw, path, changed, err, want)
		}
	}
}

func TestNormalizePathKeepsWhatIsNormalInPlace(t *testing.T) {
	raw := []byte("/c/hello/J%C3%BCrgen.txt")
	path, changed, err := NormalizePath(make([]byte, 64), raw)
	if err != nil || changed || &path[0] != &raw[0] {
		t.Errorf("got %q, %v, %v: not the bytes given", path, changed, err)
	}
}

func TestNormalizePathAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 256)
	for _, raw := range []string{"/c/hello/world", "/a/%2F/b", "/a//%2e/b\xff/%7e/../c"} {
		b := []byte(raw)
		if n := testing.AllocsPerRun(100, func() { NormalizePath(dst, b) }); n != 0 {
			t.Errorf("%q: %v allocations", raw, n)
		}
	}
}

func TestAppendUnescaped(t *testing.T) {
	for segment, want := range map[string]string{
		"":                   "",
		"plain":              "plain",
		"a+b":                "a+b",
		"J%C3%BCrgen":        "Jürgen",
		"a%2Fb%2fc%25%0D":    "a/b/c%\r",
		"%2B%2b":             "++",
		"%252F":              "%2F",
		"stays%":             "stays%",
		"stays%4":            "stays%4",
		"stays%zz%41":        "stays%zzA",
		"%E6%97%A5%E6%9C%AC": "日本",
	} {
		if got := AppendUnescaped([]byte(">"), []byte(segment)); string(got) != ">"+want {
			t.Errorf("AppendUnescaped(%q) = %q, want %q", segment, got, ">"+want)
		}
	}
}

func FuzzNormalizePath(f *testing.F) {
	for _, seed := range []string{
		"/", "/a//b/../%2e%2e/c", "/%2f%zz", "/..;/..", "/\\..\\", "/%00", "/a/./%2E/", "/%c3%A9\xff", "/a/b/..//../c/",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		path, changed, err := NormalizePath(nil, raw)
		if !bytes.Equal(raw, before) {
			t.Fatalf("changed its input %q to %q", before, raw)
		}
		if err != nil {
			return
		}
		if changed == bytes.Equal(path, raw) {
			t.Fatalf("%q to %q: changed is %v", raw, path, changed)
		}
		if len(path) > 3*len(raw) {
			t.Fatalf("%q grew to %q", raw, path)
		}
		again, changed, err := NormalizePath(nil, path)
		if err != nil || changed || !bytes.Equal(again, path) {
			t.Fatalf("%q became %q and then %q, %v, %v", raw, path, again, changed, err)
		}
		if path[0] != '/' || bytes.Contains(path, []byte("//")) {
			t.Fatalf("%q became %q", raw, path)
		}
		for _, segment := range bytes.Split(path[1:], []byte("/")) {
			if s := string(segment); s == "." || s == ".." {
				t.Fatalf("%q became %q: a dot segment is left", raw, path)
			}
			for i := 0; i < len(segment); i++ {
				if is(segment[i], pathByte) {
					continue
				}
				c, ok := escaped(segment[i:])
				if segment[i] != '%' || !ok || c == 0 || is(c, unreservedByte) {
					t.Fatalf("%q became %q: byte %q at %q", raw, path, segment[i], segment[i:])
				}
				i += 2
			}
		}
	})
}
