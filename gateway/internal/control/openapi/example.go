package openapi

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Bounds of an example: schemas may refer to themselves.
const (
	exampleDepth  = 8
	exampleValues = 500
)

// example makes a value that a schema allows, as far as that is easily had.
func example(ref *openapi3.SchemaRef) (any, bool) {
	m := &maker{left: exampleValues, open: map[*openapi3.Schema]bool{}}
	return m.value(ref, 0)
}

type maker struct {
	left int
	open map[*openapi3.Schema]bool // those that a value is being made for
}

func (m *maker) value(ref *openapi3.SchemaRef, depth int) (any, bool) {
	if m.left--; ref == nil || ref.Value == nil || depth > exampleDepth || m.left < 0 {
		return nil, false
	}
	s := ref.Value
	if m.open[s] {
		return nil, false // a part of itself, which can be left out or it has no end
	}
	m.open[s] = true
	defer delete(m.open, s)
	if given, ok := given(s); ok {
		return given, true
	}
	if len(s.AllOf) > 0 {
		return m.all(s, depth)
	}
	for _, choice := range slices.Concat(s.OneOf, s.AnyOf) {
		if value, ok := m.value(choice, depth+1); ok {
			return value, true
		}
	}
	switch schemaType(s) {
	case "object":
		return m.object(s, depth), true
	case "array":
		return m.array(s, depth), true
	case "string":
		return text(s), true
	case "integer":
		return math.Ceil(number(s)), true
	case "number":
		return number(s), true
	case "boolean":
		return true, true
	}
	return nil, true
}

// given is a value that the schema itself has.
func given(s *openapi3.Schema) (any, bool) {
	for _, value := range []any{s.Example, s.Const, s.Default} {
		if value != nil {
			return value, true
		}
	}
	for _, list := range [][]any{s.Examples, s.Enum} {
		if len(list) > 0 {
			return list[0], true
		}
	}
	return nil, false
}

// schemaType is the first type that is not null, or what the schema looks like.
func schemaType(s *openapi3.Schema) string {
	if s.Type != nil {
		for _, name := range *s.Type {
			if name != "null" {
				return name
			}
		}
	}
	switch {
	case len(s.Properties) > 0 || s.AdditionalProperties.Schema != nil:
		return "object"
	case s.Items != nil:
		return "array"
	}
	return ""
}

// all puts the properties of several schemas together.
func (m *maker) all(s *openapi3.Schema, depth int) (any, bool) {
	whole := m.object(s, depth)
	for _, part := range s.AllOf {
		value, ok := m.value(part, depth+1)
		object, isObject := value.(map[string]any)
		switch {
		case ok && isObject:
			maps.Copy(whole, object)
		case ok && value != nil && len(whole) == 0:
			return value, true // a schema of something else, with more said about it
		}
	}
	return whole, true
}

func (m *maker) object(s *openapi3.Schema, depth int) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		property := s.Properties[name]
		if property == nil || property.Value == nil || property.Value.WriteOnly {
			continue
		}
		if value, ok := m.value(property, depth+1); ok {
			object[name] = value
		}
	}
	return object
}

func (m *maker) array(s *openapi3.Schema, depth int) []any {
	list := []any{}
	for range max(1, min(s.MinItems, 3)) {
		if value, ok := m.value(s.Items, depth+1); ok {
			list = append(list, value)
		}
	}
	return list
}

var formats = map[string]string{
	"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "time": "12:00:00Z", "duration": "PT1H",
	"email": "someone@example.com", "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
	"uri": "https://example.com/", "url": "https://example.com/", "uuid": "123e4567-e89b-42d3-a456-426614174000",
	"byte": "c3RyaW5n",
}

func text(s *openapi3.Schema) string {
	value, ok := formats[s.Format]
	if !ok {
		value = "string"
	}
	if short := int(min(s.MinLength, 256)) - len(value); short > 0 {
		value += strings.Repeat("x", short)
	}
	if s.MaxLength != nil && uint64(len(value)) > *s.MaxLength {
		value = value[:*s.MaxLength]
	}
	return value
}

func number(s *openapi3.Schema) float64 {
	value := 1.0
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		value = *s.MultipleOf
	}
	if s.Min != nil && value < *s.Min {
		value = *s.Min
	}
	if s.Max != nil && value > *s.Max {
		value = *s.Max
	}
	return value
}
