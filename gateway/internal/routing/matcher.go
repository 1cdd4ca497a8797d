package routing

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

// matcher matches one route by itself. The router gives up on some paths that
// a parameter or a catch-all would take, when a longer static path shares its
// beginning ("/u/{n}" beside "/u/me1" and "/u/me2", asked for "/u/me"). Before
// such a path is 404, the routes with parameters are asked one by one.
type matcher struct {
	route  *Route
	prefix string // text before the first parameter
	expr   *regexp.Regexp
	picky  bool  // has an expression, or text beside a parameter
	rank   []int // of each segment: static before parameter before catch-all
}

// newMatcher returns nil for a path without parameters: those the router finds.
func newMatcher(r *Route) (*matcher, error) {
	if len(r.params) == 0 {
		return nil, nil
	}
	m := &matcher{route: r}
	var expr strings.Builder
	expr.WriteString("^")
	fixed := true
	for _, s := range r.Pattern.Segments {
		piece, rank := segment(s)
		m.picky = m.picky || rank > 0 && (len(s.Parts) > 1 || s.Parts[0].Expr != "")
		if s.Optional {
			fmt.Fprintf(&expr, "(?:/%s)?", piece)
		} else {
			expr.WriteString("/" + piece)
		}
		if fixed && rank == 0 {
			m.prefix += "/" + textOf(s)
		} else {
			fixed = false
		}
		m.rank = append(m.rank, rank)
	}
	expr.WriteString("$")
	var err error
	m.expr, err = regexp.Compile(expr.String())
	return m, err
}

func segment(s config.Segment) (expr string, rank int) {
	for _, part := range s.Parts {
		switch {
		case part.Param == "":
			expr += regexp.QuoteMeta(part.Text)
		case s.CatchAll:
			expr, rank = expr+"(.*)", 2
		case part.Expr != "":
			expr, rank = expr+"("+part.Expr+")", 1
		default:
			expr, rank = expr+"([^/]+?)", 1
		}
	}
	return expr, rank
}

// sortMatchers puts what is more specific first.
func sortMatchers(list []*matcher) {
	slices.SortStableFunc(list, func(a, b *matcher) int { return slices.Compare(a.rank, b.rank) })
}

// search asks the matchers of a domain; with a ctx it leaves the parameters
// there.
func (d *domain) search(ctx *fasthttp.RequestCtx, method, path string) *Route {
	for _, m := range d.slow {
		if !strings.HasPrefix(path, m.prefix) || !answers(m.route.Methods, method) {
			continue
		}
		values := m.expr.FindStringSubmatchIndex(path)
		if values == nil {
			continue
		}
		if ctx != nil {
			for i, p := range m.route.params {
				if from, to := values[2*i+2], values[2*i+3]; from >= 0 {
					ctx.SetUserValue(p.key, strings.Clone(path[from:to]))
				}
			}
		}
		return m.route
	}
	return nil
}

func answers(methods []string, method string) bool {
	return len(methods) == 0 || slices.Contains(methods, method)
}

func textOf(s config.Segment) (text string) {
	for _, part := range s.Parts {
		text += part.Text
	}
	return text
}

// meets tells whether some path may match both.
func (m *matcher) meets(other *matcher) bool {
	return strings.HasPrefix(m.prefix, other.prefix) || strings.HasPrefix(other.prefix, m.prefix)
}
