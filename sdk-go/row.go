package edge

import (
	"fmt"
	"reflect"
	"time"
)

// Row is one row of a result. It is the handler's own.
type Row struct {
	Columns []Column
	Values  []any // nil, bool, int64, float64, string, []byte, time.Time or JSON
}

// Get is the value of the first column of that name; nil if there is none.
func (r Row) Get(name string) any {
	for i := range r.Columns {
		if r.Columns[i].Name == name && i < len(r.Values) {
			return r.Values[i]
		}
	}
	return nil
}

// Scan stores the values, one after the other, where the pointers lead. A
// number goes into every number type that can hold it, text, bytes and JSON go
// into each other, and everything into an any. NULL goes into a pointer
// (**string), an any, a []byte, and what has a method Scan(any) error, such as
// sql.Null.
func (r Row) Scan(into ...any) error {
	if len(into) != len(r.Values) {
		return fmt.Errorf("a row of %d columns cannot be scanned into %d variables", len(r.Values), len(into))
	}
	for i, v := range r.Values {
		if err := scan(v, into[i]); err != nil {
			name := ""
			if i < len(r.Columns) {
				name = r.Columns[i].Name
			}
			return fmt.Errorf("column %d, %q: %w", i+1, name, err)
		}
	}
	return nil
}

func scan(v, into any) error {
	switch into := into.(type) {
	case interface{ Scan(any) error }:
		return into.Scan(v)
	case *any:
		*into = v
		return nil
	case *string:
		if s, ok := text(v); ok {
			*into = s
			return nil
		}
	case *time.Time:
		if t, ok := v.(time.Time); ok {
			*into = t
			return nil
		}
	}
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("%T is no pointer to a variable", into)
	}
	if !set(v, target.Elem()) {
		if v == nil {
			return fmt.Errorf("NULL does not fit into a %s", target.Elem().Type())
		}
		return fmt.Errorf("a %T does not fit into a %s", v, target.Elem().Type())
	}
	return nil
}

// set stores v in a variable of any type; false if it does not fit.
func set(v any, to reflect.Value) bool {
	switch kind := to.Kind(); {
	case kind == reflect.Pointer:
		if v == nil {
			to.SetZero()
			return true
		}
		fresh := reflect.New(to.Type().Elem())
		if scan(v, fresh.Interface()) != nil {
			return false
		}
		to.Set(fresh)
		return true
	case kind == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8:
		if v == nil {
			to.SetZero()
			return true
		}
		s, ok := text(v)
		if ok {
			to.SetBytes([]byte(s))
		}
		return ok
	case kind == reflect.String:
		s, ok := text(v)
		if ok {
			to.SetString(s)
		}
		return ok
	}
	switch v := v.(type) {
	case bool:
		if to.Kind() == reflect.Bool {
			to.SetBool(v)
			return true
		}
	case int64:
		return setInteger(v, to)
	case float64:
		if to.CanFloat() && !to.OverflowFloat(v) {
			to.SetFloat(v)
			return true
		}
	}
	return false
}

func setInteger(v int64, to reflect.Value) bool {
	switch {
	case to.CanInt():
		if to.OverflowInt(v) {
			return false
		}
		to.SetInt(v)
	case to.CanUint():
		if v < 0 || to.OverflowUint(uint64(v)) {
			return false
		}
		to.SetUint(uint64(v))
	case to.CanFloat():
		if int64(float64(v)) != v {
			return false
		}
		to.SetFloat(float64(v))
	case to.Kind() == reflect.Bool && (v == 0 || v == 1): // SQLite has no booleans
		to.SetBool(v == 1)
	default:
		return false
	}
	return true
}

// text is what text, bytes and JSON have in common.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case JSON:
		return string(v), true
	}
	return "", false
}
