package logs

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// sieve lets the lines through that a filter selects. Most of the others it
// knows without decoding them.
type sieve struct {
	model.LogFilter
	needles [][]byte // that every line which passes has
}

// plain is text that JSON writes as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func newSieve(f model.LogFilter) sieve {
	s := sieve{LogFilter: f}
	for _, member := range []struct{ name, value string }{
		{"endpoint", f.Endpoint}, {"request_id", f.RequestID}, {"service", f.Service},
	} {
		if plain.MatchString(member.value) {
			s.needles = append(s.needles, []byte(`"`+member.name+`":"`+member.value+`"`))
		}
	}
	return s
}

// pass decodes a line that the filter selects. What is no line never passes.
func (s sieve) pass(line []byte) (model.LogLine, bool) {
	if !s.early(line) {
		return model.LogLine{}, false
	}
	l, err := decode(line)
	ok := err == nil &&
		(s.Endpoint == "" || s.Endpoint == l.Endpoint) &&
		(s.RequestID == "" || s.RequestID == l.RequestID) &&
		(s.Service == "" || s.Service == l.Service) &&
		(len(s.Names) == 0 || slices.Contains(s.Names, l.Endpoint))
	return l, ok
}

// early is false for lines that cannot pass.
func (s sieve) early(line []byte) bool {
	for _, needle := range s.needles {
		if !bytes.Contains(line, needle) {
			return false
		}
	}
	if len(s.Names) > 0 && !s.named(line) {
		return false
	}
	at, level, err := head(line)
	return err == nil && level >= s.Level && (s.Since.IsZero() || !at.Before(s.Since))
}

// named is true if a member called endpoint is one of the names. Within a text
// JSON has a backslash before the quotes, so what is found is a member.
func (s sieve) named(line []byte) bool {
	for {
		_, rest, found := bytes.Cut(line, []byte(`"endpoint":"`))
		if !found {
			return false
		}
		name, _, _ := bytes.Cut(rest, []byte(`"`))
		if slices.Contains(s.Names, string(name)) {
			return true
		}
		line = rest
	}
}
