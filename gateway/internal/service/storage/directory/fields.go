package directory

import (
	"maps"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
)

func sorted(fields map[string]string) []storage.Field {
	out := make([]storage.Field, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, storage.Field{Name: name, Value: fields[name]})
	}
	return out
}
