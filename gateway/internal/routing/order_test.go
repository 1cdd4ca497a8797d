package routing

import (
	"slices"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// The rule, without the router: of the routes that match, the one whose
// segments are more specific from the left.
func expected(routes []string, path string) string {
	best, bestRank := "404", []int(nil)
	for _, pattern := range routes {
		rank, ok := rankOf(strings.Split(pattern, "/")[1:], strings.Split(path, "/")[1:])
		if ok && (bestRank == nil || slices.Compare(rank, bestRank) < 0) {
			best, bestRank = pattern, rank
		}
	}
	return best
}

func rankOf(pattern, path []string) (rank []int, ok bool) {
	for i, segment := range pattern {
		switch {
		case strings.HasSuffix(segment, ":*}"):
			return append(rank, 2), i < len(path)
		case i >= len(path):
			return nil, false
		case strings.HasPrefix(segment, "{"):
			if path[i] == "" {
				return nil, false
			}
			rank = append(rank, 1)
		case segment != path[i]:
			return nil, false
		default:
			rank = append(rank, 0)
		}
	}
	return rank, len(pattern) == len(path)
}

// Every set of up to three of these patterns without a conflict, asked for every path.
func TestOrderIsThatOfTheRuleForEverySetOfRoutes(t *testing.T) {
	patterns := []string{
		"/", "/a", "/a/", "/ab", "/abc", "/a/b", "/a/bc", "/a/b/", "/a/b/c", "/{x}", "/{x}/", "/{x}/b", "/a/{x}", "/a/{x}/",
		"/a/{x}/c", "/a/b/{x}", "/{x}/{y}", "/{x}/b/{y}", "/{x:*}", "/a/{x:*}", "/a/b/{x:*}", "/{x}/{y:*}",
	}
	paths := []string{
		"/", "/a", "/a/", "/ab", "/abc", "/abcd", "/b", "/b/", "/a/b", "/a/b/", "/a/bc", "/a/bcd", "/a/c", "/b/b", "/b/c",
		"/a/b/c", "/a/b/d", "/a/c/c", "/a/c/d", "/b/b/c", "/b/c/d", "/a/b/c/", "/a/b/c/d", "/b/c/d/e", "/a/c/",
	}
	failures := 0
	check := func(routes ...string) {
		var places []config.Route
		for _, path := range routes {
			places = append(places, config.Route{Path: path})
		}
		if len(config.FindConflicts(places)) > 0 {
			return // never gets as far as a table
		}
		table := table(t, routes...)
		for _, path := range paths {
			got, _, _ := strings.Cut(find(table, "GET", "", path), " ")
			if want := expected(routes, path); got != want {
				if failures++; failures <= 40 {
					t.Errorf("%q asked for %q: %q, want %q", routes, path, got, want)
				}
			}
		}
	}
	for i, a := range patterns {
		check(a)
		for j, b := range patterns[:i] {
			check(a, b)
			for _, c := range patterns[:j] {
				check(a, b, c)
			}
		}
	}
	if failures > 40 {
		t.Errorf("%d wrong in all", failures)
	}
}
