package edge

import "strings"

// Field is a header, a path parameter or a config value.
type Field struct{ Name, Value string }

// Fields keeps order and repeats.
type Fields []Field

// Get is the first value of that name, in any case; "" if there is none.
func (f Fields) Get(name string) string {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return ""
}

// Values are all values of that name, in any case and in order.
func (f Fields) Values(name string) []string {
	var values []string
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			values = append(values, f[i].Value)
		}
	}
	return values
}
