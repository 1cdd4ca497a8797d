package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Read takes the value of an option as TOML or JSON has it (a string, a whole
// number, a boolean, a list of strings) and gives it as [Options] hold it. A
// text may still be a reference; see [Option.Resolve]. The error shows no
// secret.
func (o Option) Read(value any) (any, error) {
	switch o.Type {
	case Text, Path:
		return o.text(value)
	case Secret:
		text, err := o.text(value)
		return Hidden(text), err
	case Integer:
		n, text, ok := whole(value)
		if !ok {
			return nil, o.wrong("an integer", value)
		}
		if n < 0 {
			return nil, fmt.Errorf("%q must be a number from 0, not %s", o.Name, text)
		}
		return n, nil
	case Boolean:
		if value, ok := value.(bool); ok {
			return value, nil
		}
		return nil, o.wrong("true or false", value)
	case Duration:
		return o.duration(value)
	case Size:
		return o.size(value)
	}
	return o.texts(value)
}

// Resolve reads what a text or a secret refers to, by "env:NAME" or "file:PATH",
// and makes a path absolute. Relative paths start from dir.
func (o Option) Resolve(value any, dir string) (any, error) {
	switch given := value.(type) {
	case Hidden:
		text, err := referred(given.Reveal(), dir)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", o.Name, err)
		}
		return Hidden(text), nil
	case string:
		if o.Type == Path {
			return resolve(dir, given), nil
		}
		text, err := referred(given, dir)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", o.Name, err)
		}
		return text, o.Check(text)
	}
	return value, nil
}

// Check tells whether an option may have a text, if not all are allowed.
func (o Option) Check(text string) error {
	if len(o.Values) == 0 || slices.Contains(o.Values, text) {
		return nil
	}
	return fmt.Errorf("%q must be one of %s, not %q%s", o.Name, strings.Join(o.Values, ", "), text, suggest(text, o.Values))
}

// Refers tells whether a text or a secret stands for another one.
func Refers(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

func (o Option) text(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", o.wrong("a string", value)
	}
	if text == "" {
		return "", fmt.Errorf("%q is empty", o.Name)
	}
	return text, nil
}

// duration is from 1 ms to a year.
func (o Option) duration(value any) (any, error) {
	const want = `a string with a unit, such as "5s" or "24h"`
	text, ok := value.(string)
	if !ok {
		return nil, o.wrong(want, value)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > 366*24*time.Hour {
		return nil, fmt.Errorf("%q must be %s, not %q", o.Name, want, text)
	}
	return d, nil
}

func (o Option) size(value any) (any, error) {
	n, err := readSize(o.Name, value, 1, 1<<50)
	return n, err
}

// readSize takes an integer, or a text such as "8MiB".
func readSize(name string, value any, least, most int64) (int64, error) {
	const want = `an integer (bytes) or a string such as "8MiB" or "64KB"`
	n, shown, ok := whole(value)
	if text, is := value.(string); is {
		if n, ok = ParseSize(text); !ok {
			return 0, fmt.Errorf("%q must be %s, not %q", name, want, text)
		}
		shown = text
	}
	if !ok {
		return 0, fmt.Errorf("%q must be %s, not %s", name, want, typeName(value))
	}
	if n < least || n > most {
		return 0, fmt.Errorf("%q must be from %s to %s, not %s", name, formatSize(least), formatSize(most), shown)
	}
	return n, nil
}

// itemError is about one item of a list.
type itemError struct {
	item int
	error
}

// texts reads a list, or one text.
func (o Option) texts(value any) (any, error) {
	var list []string
	switch given := value.(type) {
	case []string:
		return given, nil
	case []any:
		for i, item := range given {
			text, err := o.text(item)
			if err != nil {
				return nil, itemError{i, err}
			}
			list = append(list, text)
		}
		return list, nil
	}
	text, err := o.text(value)
	return []string{text}, err
}

func (o Option) wrong(want string, value any) error {
	return fmt.Errorf("%q must be %s, not %s", o.Name, want, typeName(value))
}

// whole gives a whole number, and how it was written. One that an int64 does
// not hold is -1, which is in no range.
func whole(value any) (n int64, text string, ok bool) {
	switch v := value.(type) {
	case int64:
		return v, strconv.FormatInt(v, 10), true
	case int:
		return int64(v), strconv.Itoa(v), true
	case float64:
		if math.Abs(v) > 1<<53 {
			return -1, strconv.FormatFloat(v, 'g', -1, 64), true
		}
		return int64(v), strconv.FormatFloat(v, 'f', -1, 64), v == math.Trunc(v)
	case integer:
		n, err := strconv.ParseInt(string(v), 0, 64)
		if err != nil {
			n = -1
		}
		return n, string(v), true
	}
	return 0, "", false
}
