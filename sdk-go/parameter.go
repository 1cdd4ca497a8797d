package edge

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
)

// JSON is a JSON text, as a parameter and as a value of a row.
type JSON = json.RawMessage

// Parameter turns what a handler gives for a placeholder into one of nil, bool,
// int64, float64, string, []byte, time.Time and [JSON]. Every integer, float,
// string, boolean and byte slice will do, of named types too; a pointer stands
// for what it points to and a nil one for NULL, as do a nil []byte and a nil
// JSON; a driver.Valuer, such as sql.Null, for its value.
func Parameter(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return v, nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case JSON:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case int:
		return int64(v), nil
	}
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return nil, nil
	}
	if valuer, ok := v.(driver.Valuer); ok {
		inner, err := valuer.Value()
		if err != nil {
			return nil, err
		}
		if _, again := inner.(driver.Valuer); again {
			return nil, fmt.Errorf("a %T cannot be a parameter", v)
		}
		return Parameter(inner)
	}
	switch value.Kind() {
	case reflect.Pointer:
		return Parameter(value.Elem().Interface())
	case reflect.Bool:
		return value.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n := value.Uint(); n <= math.MaxInt64 {
			return int64(n), nil
		}
		return nil, fmt.Errorf("%d is too great for a parameter", v)
	case reflect.Float32, reflect.Float64:
		return value.Float(), nil
	case reflect.String:
		return value.String(), nil
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return Parameter(value.Bytes())
		}
	}
	return nil, fmt.Errorf("a %T cannot be a parameter", v)
}
