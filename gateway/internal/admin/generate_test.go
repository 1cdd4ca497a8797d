package admin

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
)

// schema is one of the document, as JSON gives it.
type schema = map[string]any

// generator makes values from schemas. The same seed makes the same values.
type generator struct {
	*rand.Rand
	schemas map[string]any
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) resolve(s schema) schema {
	for s["$ref"] != nil {
		s = g.schemas[strings.TrimPrefix(s["$ref"].(string), "#/components/schemas/")].(schema)
	}
	return s
}

// good makes a value that is valid.
func (g *generator) good(s schema) any {
	s = g.resolve(s)
	if enum, ok := s["enum"].([]any); ok {
		return pick(g, enum...)
	}
	switch kind(s) {
	case "string":
		return g.text(s)
	case "integer":
		low, high := bound(s, "minimum", 0), bound(s, "maximum", 1<<40)
		return pick(g, low, high, low+float64(g.IntN(int(min(high-low, 1000))+1)))
	case "number":
		low, high := bound(s, "minimum", bound(s, "exclusiveMinimum", 0)), bound(s, "maximum", bound(s, "exclusiveMaximum", 1000))
		return low + (high-low)*(0.01+0.98*g.Float64())
	case "boolean":
		return g.chance(50)
	case "array":
		list := []any{}
		for range g.IntN(3) {
			list = append(list, g.good(s["items"].(schema)))
		}
		return list
	case "object":
		return g.object(s)
	}
	return g.anything()
}

func (g *generator) object(s schema) any {
	object := map[string]any{}
	properties, _ := s["properties"].(schema)
	for _, name := range sorted(properties) {
		if slices.Contains(required(s), name) || g.chance(50) {
			object[name] = g.good(properties[name].(schema))
		}
	}
	if more, ok := s["additionalProperties"].(schema); ok {
		for range g.IntN(3) {
			object[pick(g, "a", "file", "url", "orders-db", "KEY", "é")] = g.good(more)
		}
	}
	return object
}

func (g *generator) text(s schema) any {
	if examples, ok := s["examples"].([]any); ok && g.chance(60) {
		return pick(g, examples...)
	}
	if s["format"] == "date-time" {
		return pick(g, "2030-01-02T03:04:05Z", "2001-01-01T00:00:00.000000001+14:00")
	}
	longest := int(bound(s, "maxLength", 40))
	if pattern, ok := s["pattern"].(string); ok {
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			panic(err)
		}
		for range 1000 {
			if text := g.matching(parsed.Simplify()); len([]rune(text)) <= longest && len(text) >= int(bound(s, "minLength", 0)) {
				return text
			}
		}
		panic("no text of the length that it has to have matches " + pattern)
	}
	text := pick(g, "orders", "/orders/{id}", "x", "GET", "a b", "ünïcödé", "../../etc/passwd", "{", "\x00", strings.Repeat("y", min(longest, 300)), `'"<>&`)
	if text == "" || len([]rune(text)) > longest {
		text = "x"
	}
	return text
}

// matching makes a text that an expression matches.
func (g *generator) matching(e *syntax.Regexp) string {
	var all strings.Builder
	repeat := func(low, high int) {
		if high < 0 {
			high = low + 8
		}
		for range low + g.IntN(high-low+1) {
			all.WriteString(g.matching(e.Sub[0]))
		}
	}
	switch e.Op {
	case syntax.OpLiteral:
		return string(e.Rune)
	case syntax.OpCharClass:
		i := 2 * g.IntN(len(e.Rune)/2)
		return string(e.Rune[i] + rune(g.IntN(int(e.Rune[i+1]-e.Rune[i])+1)))
	case syntax.OpConcat:
		for _, sub := range e.Sub {
			all.WriteString(g.matching(sub))
		}
	case syntax.OpAlternate:
		return g.matching(pick(g, e.Sub...))
	case syntax.OpCapture:
		return g.matching(e.Sub[0])
	case syntax.OpStar:
		repeat(0, -1)
	case syntax.OpPlus:
		repeat(1, -1)
	case syntax.OpQuest:
		repeat(0, 1)
	case syntax.OpRepeat:
		repeat(e.Min, e.Max)
	}
	return all.String()
}

// anything makes a value for what has no schema.
func (g *generator) anything() any {
	return pick[any](g, nil, true, -1.5, 1e300, "", "text", "[hidden]", "env:HOME", []any{}, []any{nil}, map[string]any{"a": map[string]any{}})
}

// bad makes a value that most likely is not valid: a good one of which one
// thing is changed.
func (g *generator) bad(s schema) any {
	s = g.resolve(s)
	if kind(s) != "object" || g.chance(20) {
		return g.wrong(s)
	}
	object := g.object(s).(map[string]any)
	properties, _ := s["properties"].(schema)
	names := sorted(properties)
	switch {
	case len(names) == 0 || g.chance(15):
		object["unknown"] = g.anything()
	case g.chance(25) && len(required(s)) > 0:
		delete(object, pick(g, required(s)...))
	default:
		name := pick(g, names...)
		object[name] = g.bad(properties[name].(schema))
	}
	return object
}

// wrong makes a value of another type, or out of its bounds.
func (g *generator) wrong(s schema) any {
	all := []any{nil, true, 7.0, -1e300, "text", "", []any{}, []any{1.0, "x", nil}, map[string]any{}, map[string]any{"a": 1.0}}
	switch kind(s) {
	case "string":
		all = append(all, strings.Repeat("z", int(bound(s, "maxLength", 5000))+1), "\x00", "\u202e", "%00", "../..", "<script>", "'; --")
	case "integer", "number":
		all = append(all, bound(s, "minimum", 0)-1, bound(s, "maximum", 1e18)+1, 1.5, "1")
	case "array":
		all = append(all, make([]any, 2000))
	}
	return pick(g, all...)
}

func kind(s schema) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		return fmt.Sprint(t[0]) // the other is null
	}
	return ""
}

func bound(s schema, name string, otherwise float64) float64 {
	if n, ok := s[name].(float64); ok {
		return n
	}
	return otherwise
}

func required(s schema) (names []string) {
	list, _ := s["required"].([]any)
	for _, name := range list {
		names = append(names, name.(string))
	}
	return names
}

func sorted(s schema) (names []string) {
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
