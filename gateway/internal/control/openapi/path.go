package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// route is a path as the gateway has it.
type route struct {
	path   string
	params map[string]string // names in the path by names in the document
}

// basePath is the path of the first server, which goes before that of every
// operation: the operation's, the path's or the document's.
func (d *reading) basePath(item *openapi3.PathItem, o *openapi3.Operation) (string, error) {
	servers := d.doc.Servers
	if len(item.Servers) > 0 {
		servers = item.Servers
	}
	if o.Servers != nil && len(*o.Servers) > 0 {
		servers = *o.Servers
	}
	if len(servers) == 0 || servers[0] == nil {
		return "", nil
	}
	text := servers[0].URL
	for name, variable := range servers[0].Variables {
		if variable != nil {
			text = strings.ReplaceAll(text, "{"+name+"}", variable.Default)
		}
	}
	server, err := url.Parse(text)
	if err != nil || strings.ContainsAny(server.Path, "{}") {
		return "", fmt.Errorf("its server %q is not a URL", clip(servers[0].URL))
	}
	return strings.TrimRight(server.EscapedPath(), "/"), nil
}

// convert makes a pattern of the gateway from the path of an operation.
func convert(base, path string) (route, error) {
	r := route{params: map[string]string{}}
	if !strings.HasPrefix(path, "/") {
		return r, errors.New("its path does not begin with /")
	}
	if strings.ContainsAny(path, "?#") {
		return r, errors.New("its path has a query or a fragment, and endpoints are told apart by paths alone")
	}
	var b strings.Builder
	b.WriteString(encode(base))
	if base != "" && !strings.HasPrefix(base, "/") {
		return r, errors.New("the path of its server does not begin with /")
	}
	for rest := path; rest != ""; {
		text, after, found := strings.Cut(rest, "{")
		b.WriteString(encode(text))
		if !found {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || strings.Contains(name, "{") {
			return r, errors.New("the braces in its path are not balanced")
		}
		if strings.Contains(name, ":") {
			return r, fmt.Errorf("parameter {%s} has a pattern, which OpenAPI has no place for in a path", name)
		}
		bare, rest1 := strings.CutSuffix(name, "+")
		local := r.local(bare)
		r.params[bare] = local
		if b.WriteString("{" + local); rest1 {
			b.WriteString(":*")
		}
		b.WriteString("}")
		rest = after
	}
	r.path = b.String()
	if len(r.path) > 1024 {
		return r, errors.New("its path is longer than 1024 bytes")
	}
	_, err := config.ParsePattern(r.path)
	return r, err
}

// local is what a parameter is called in the path: its name as far as the
// gateway takes it.
func (r *route) local(name string) string {
	local := strings.Map(func(c rune) rune {
		if c < 0x80 && (isAlphanumeric(byte(c)) || c == '_' || c == '-') {
			return c
		}
		return '_'
	}, name)
	if local == "" {
		local = "_"
	}
	taken := func(candidate string) bool {
		for _, other := range r.params {
			if other == candidate {
				return true
			}
		}
		return false
	}
	candidate := local
	for n := 2; taken(candidate); n++ {
		candidate = fmt.Sprintf("%s_%d", local, n)
	}
	return candidate
}

// encode writes text of a path in its normal form.
func encode(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) {
			if decoded, err := url.PathUnescape(text[i : i+3]); err == nil {
				c = decoded[0]
				i += 2
				if c == '/' || !isUnreserved(c) {
					fmt.Fprintf(&b, "%%%02X", c)
					continue
				}
			}
		}
		if isUnreserved(c) || strings.IndexByte("/!$&'()*+,;=:@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isUnreserved(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0 }
