package bundle

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// plain writes the value of an option so that equal ones are equal texts,
// whichever way they are written: as in a configuration file, or as a number, a
// text or a list of JSON.
func plain(o config.Option, value any) string {
	switch v := value.(type) {
	case nil:
		if o.Default != nil {
			return plain(o, o.Default)
		}
		return ""
	case string:
		return plainText(o.Type, v)
	case config.Hidden:
		return v.Reveal()
	case []string:
		return strings.Join(v, ", ")
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			texts[i] = fmt.Sprint(one)
		}
		return strings.Join(texts, ", ")
	case time.Duration:
		return v.String()
	case float64: // any number of JSON
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(value)
}

func plainText(kind config.OptionType, text string) string {
	switch kind {
	case config.Duration:
		if d, err := time.ParseDuration(text); err == nil {
			return d.String()
		}
	case config.Size:
		if n, ok := config.ParseSize(text); ok {
			return strconv.FormatInt(n, 10)
		}
	}
	return text
}
