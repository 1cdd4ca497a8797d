package wire

import "bytes"

// Target is a request target in its parts, each a part of the bytes parsed.
type Target struct {
	Authority []byte // of a URL, valid by [ValidHost]; nil for a plain path
	Path      []byte // as sent, starts with a slash; give it to NormalizePath
	Query     []byte // as sent, without '?'
	HasQuery  bool   // there was a '?'
}

var rootPath = []byte("/")

// ParseTarget takes the target of a request line apart. It accepts a path with
// an optional query, and an http or https URL, whose authority stands above
// the Host header.
//
// Errors, each a *[Refusal]: [ErrConnect], [ErrAsterisk], [ErrTarget],
// [ErrTargetFragment], [ErrTargetControl], [ErrHost].
func ParseTarget(method, target []byte) (Target, error) {
	if string(method) == "CONNECT" {
		return Target{}, ErrConnect
	}
	if len(target) == 1 && target[0] == '*' {
		return Target{}, ErrAsterisk
	}
	for _, b := range target {
		switch {
		case b == '#':
			return Target{}, ErrTargetFragment
		case b == ' ' || is(b, controlByte):
			return Target{}, ErrTargetControl
		}
	}
	var t Target
	if len(target) == 0 || target[0] != '/' {
		rest, ok := afterScheme(target)
		if !ok {
			return Target{}, ErrTarget
		}
		n := bytes.IndexAny(rest, "/?")
		if n < 0 {
			n = len(rest)
		}
		if !ValidHost(rest[:n]) {
			return Target{}, ErrHost
		}
		t.Authority, target = rest[:n], rest[n:]
	}
	t.Path, t.Query, t.HasQuery = bytes.Cut(target, []byte{'?'})
	if len(t.Path) == 0 { // "http://example.com?q"
		t.Path = rootPath
	}
	return t, nil
}

func afterScheme(target []byte) ([]byte, bool) {
	scheme, rest, ok := bytes.Cut(target, []byte("://"))
	return rest, ok && (equalFold(scheme, "http") || equalFold(scheme, "https"))
}

// CheckVersion accepts "HTTP/1.0" and "HTTP/1.1" and tells them apart;
// everything else is [ErrVersion].
func CheckVersion(protocol []byte) (http11 bool, err error) {
	switch string(protocol) {
	case "HTTP/1.1":
		return true, nil
	case "HTTP/1.0":
		return false, nil
	}
	return false, ErrVersion
}
