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
		case unstable.Float:
			return "a float"
		case unstable.String, unstable.Integer, unstable.Bool:
			return typeName(v.plain())
		}
	case string:
		return "a string"
	case integer, int, int64:
		return "an integer"
	case float64:
		if v == math.Trunc(v) {
			return "an integer"
		}
		return "a float"
	case bool:
		return "a boolean"
	case nil:
		return "null"
	case []any, []string:
		return "an array"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// integer is one as it is written in the file.
type integer string

// plain is the value of a scalar as [Option.Read] takes it.
func (s *scalar) plain() any {
	switch s.kind {
	case unstable.String:
		return s.text
	case unstable.Bool:
		return s.text == "true"
	case unstable.Integer:
		return integer(s.text)
	}
	return s
}

// plain is the value of an entry as [Option.Read] takes it.
func plain(value any) any {
	switch v := value.(type) {
	case *scalar:
		return v.plain()
	case *array:
		items := make([]any, len(v.items))
		for i, item := range v.items {
			items[i] = plain(item)
		}
		return items
	}
	return value
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

// nonzero reads an integer or a float that is not 0.
func (r reader) nonzero(e *entry, to *float64) {
	s, ok := e.value.(*scalar)
	if !ok || s.kind != unstable.Integer && s.kind != unstable.Float {
		r.wrongType(e, "a number")
		return
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(s.text, "_", ""), 64)
	if i, bad := strconv.ParseInt(s.text, 0, 64); bad == nil { // 0x10
		n, err = float64(i), nil
	}
	if err != nil || n == 0 {
		r.problems.add(e.position(), "%q must be above 0, not %s", e.key, s.text)
		return
	}
	*to = n
}

// size reads a number of bytes, an integer or "8MiB", from least to most.
func (r reader) size(e *entry, least, most int64, to *int64) {
	n, err := readSize(e.key, plain(e.value), least, most)
	if err == nil {
		*to = n
	}
	r.check(e, err)
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
