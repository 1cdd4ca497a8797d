package control

import (
	"reflect"
	"strings"
)

// differences names the fields of two specs that are not the same, as the API
// calls them. It shows no value: one may be a secret.
func differences[T any](before, after T) string {
	a, b := reflect.ValueOf(before), reflect.ValueOf(after)
	var names []string
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nothing changed"
	}
	return "changed " + strings.Join(names, ", ")
}
