package config

import (
	"slices"
	"strings"
)

// Route is what decides which requests an endpoint answers.
type Route struct {
	Domain  string   // see CheckDomain; empty for any
	Path    string   // see ParsePattern
	Methods []string // empty for any; GET answers HEAD too
}

// Conflict is a pair of routes that some request could reach both.
type Conflict struct {
	First, Second int      // indexes of the routes; First < Second
	Methods       []string // that both answer; empty for every method
}

// Conflicts reports whether a request could reach both routes, with nothing to
// say which is meant: the domain is the same, a method is the same, and the
// paths have the same segments up to what their parameters are called.
//
// A path is told apart from others by its text, by where its parameters are
// and by the text before the first parameter of a segment. It is not told
// apart by the name or the regular expression of a parameter, by text after
// one, or by a trailing slash: "/a/{x:[0-9]+}", "/a/{y}.txt" and "/a/{z}/"
// conflict, while "/a/b", "/a/v{x}", "/a/{y}" and "/a/{z:*}" do not. An exact
// domain does not conflict with a wildcard or with any, since it goes first.
//
// A path that ParsePattern refuses conflicts with nothing.
func Conflicts(a, b Route) bool {
	return len(FindConflicts([]Route{a, b})) > 0
}

// FindConflicts returns the conflicts among routes, by the rule of
// [Conflicts], at most one for each pair, sorted by Second, then First.
func FindConflicts(routes []Route) []Conflict {
	var found []Conflict
	places := map[string][]int{}
	for i, r := range routes {
		var rivals []int
		for _, place := range r.places() {
			rivals = append(rivals, places[place]...)
			places[place] = append(places[place], i)
		}
		slices.Sort(rivals)
		for _, j := range slices.Compact(rivals) {
			if methods, overlap := commonMethods(routes[j].Methods, r.Methods); overlap {
				found = append(found, Conflict{j, i, methods})
			}
		}
	}
	return found
}

// places returns a key for each place in the routing table that the route
// takes; equal keys are equal places.
func (r Route) places() []string {
	pattern, err := ParsePattern(r.Path)
	if err != nil {
		return nil
	}
	var places []string
	for segments := range pattern.variants() {
		var b strings.Builder
		b.WriteString(strings.ToLower(r.Domain))
		for _, s := range segments {
			if len(s.Parts) == 0 {
				break // the trailing slash
			}
			b.WriteByte('/')
			for _, part := range s.Parts {
				if part.Param != "" {
					b.WriteString("{}")
					break
				}
				b.WriteString(part.Text)
			}
			if s.CatchAll {
				b.WriteByte('*')
			}
		}
		places = append(places, b.String())
	}
	return places
}

// commonMethods returns the methods that both lists answer; none of them, with
// true, means every method.
func commonMethods(a, b []string) (common []string, overlap bool) {
	if len(a) == 0 {
		return b, true
	}
	if len(b) == 0 {
		return a, true
	}
	a, b = withHead(a), withHead(b)
	for _, m := range a {
		if slices.Contains(b, m) {
			common = append(common, m)
		}
	}
	return common, len(common) > 0
}

func withHead(methods []string) []string {
	if slices.Contains(methods, "GET") && !slices.Contains(methods, "HEAD") {
		return append(slices.Clone(methods), "HEAD")
	}
	return methods
}
