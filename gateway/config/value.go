package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// position is where a problem with the entry's value is to be shown.
func (e *entry) position() position {
	switch v := e.value.(type) {
	case *scalar:
		return v.at
	case *table:
		return v.at
	}
	return e.at
}

// typeName names the type of a value in a message.
func typeName(value any) string {
	switch v := value.(type) {
	case *table:
		return "a table"
	case *array:
		return "an array"
	case *scalar:
		switch v.kind {
		case unstable.String:
			return "a string"
		case unstable.Integer:
			return "an integer"
		case unstable.Float:
			return "a float"
		case unstable.Bool:
			return "a boolean"
		}
	}
	return "a date or time"
}

// reader reads values and notes what is wrong with them. Its methods return
// false where they have noted something.
type reader struct {
	problems *problems
	foreign  bool // see ParseForeign
}

func (r reader) wrongType(e *entry, want string) {
	r.problems.add(e.position(), "%q must be %s, not %s", e.key, want, typeName(e.value))
}

func (r reader) scalar(e *entry, kind unstable.Kind, want string) (string, bool) {
	if s, ok := e.value.(*scalar); ok && s.kind == kind {
		return s.text, true
	}
	r.wrongType(e, want)
	return "", false
}

// text reads a string that is not empty.
func (r reader) text(e *entry, to *string) bool {
	text, ok := r.scalar(e, unstable.String, "a string")
	if ok && text == "" {
		r.problems.add(e.position(), "%q is empty", e.key)
		return false
	}
	*to = text
	return ok
}

// duration reads "5s", "1m30s" and so on, from 1 ms to 1 h.
func (r reader) duration(e *entry, to *time.Duration) {
	const want = `a string with a unit, such as "5s" or "250ms"`
	text, ok := r.scalar(e, unstable.String, want)
	if !ok {
		return
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.problems.add(e.position(), "%q must be %s, not %q", e.key, want, text)
	case d < time.Millisecond || d > time.Hour:
		r.problems.add(e.position(), "%q must be from 1ms to 1h, not %s", e.key, text)
	default:
		*to = d
	}
}

// longDuration reads a duration of an option, from 1 ms to a year.
func (r reader) longDuration(e *entry, o Options) {
	const want = `a string with a unit, such as "5s" or "24h"`
	text, ok := r.scalar(e, unstable.String, want)
	if !ok {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > 366*24*time.Hour {
		r.problems.add(e.position(), "%q must be %s, not %q", e.key, want, text)
		return
	}
	o[e.key] = d
}

// count reads an integer from 1 to most.
func (r reader) count(e *entry, most int64, to *int) {
	text, ok := r.scalar(e, unstable.Integer, "an integer")
	if !ok {
		return
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil || n < 1 || n > most {
		r.problems.add(e.position(), "%q must be from 1 to %d, not %s", e.key, most, text)
		return
	}
	*to = int(n)
}

// size reads a number of bytes, an integer or "8MiB", from least to most.
func (r reader) size(e *entry, least, most int64, to *int64) {
	const want = `an integer (bytes) or a string such as "8MiB" or "64KB"`
	s, ok := e.value.(*scalar)
	if !ok || s.kind != unstable.Integer && s.kind != unstable.String {
		r.wrongType(e, want)
		return
	}
	n, ok := int64(0), true
	if s.kind == unstable.String {
		n, ok = ParseSize(s.text)
	} else if parsed, err := strconv.ParseInt(s.text, 0, 64); err == nil {
		n = parsed
	} else {
		n = math.MaxInt64
	}
	switch {
	case !ok:
		r.problems.add(s.at, "%q must be %s, not %q", e.key, want, s.text)
	case n < least || n > most:
		r.problems.add(s.at, "%q must be from %s to %s, not %s", e.key, formatSize(least), formatSize(most), s.text)
	default:
		*to = n
	}
}

var units = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// ParseSize reads a whole number and a unit. A size too great for an int64
// comes back as the greatest there is, for the caller's limit to refuse.
func ParseSize(text string) (int64, bool) {
	for _, u := range units {
		digits, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		digits = strings.TrimSuffix(digits, " ")
		if strings.Trim(digits, "0123456789") != "" || digits == "" {
			return 0, false
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > math.MaxInt64/u.bytes {
			return math.MaxInt64, true
		}
		return n * u.bytes, true
	}
	return 0, false
}

// formatSize writes a size in the greatest binary unit that divides it.
func formatSize(n int64) string {
	for _, u := range units[:3] {
		if n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// configText turns a value of [endpoint.config] into the text a handler sees.
func configText(value any) (string, error) {
	s, ok := value.(*scalar)
	if !ok {
		return "", fmt.Errorf("must be a string, an integer, a float or a boolean, not %s", typeName(value))
	}
	switch s.kind {
	case unstable.String, unstable.Bool:
		return s.text, nil
	case unstable.Integer:
		n, err := strconv.ParseInt(s.text, 0, 64)
		if err != nil {
			return "", fmt.Errorf("must be an integer of 64 bits, not %s", s.text)
		}
		return strconv.FormatInt(n, 10), nil
	case unstable.Float:
		f, err := strconv.ParseFloat(strings.ReplaceAll(s.text, "_", ""), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return "", fmt.Errorf("must be a finite number, not %s", s.text)
		}
		if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
			return strconv.FormatFloat(f, 'e', -1, 64), nil
		}
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("must be a string, an integer, a float or a boolean, not %s; put it in quotes", typeName(value))
}
