// Package routing finds the endpoint of a request by domain, path and method.
package routing

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/fasthttp/router"
	"github.com/savsgio/gotils/strconv"
	"github.com/valyala/fasthttp"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
)

// Route is one endpoint's place.
type Route struct {
	Domain   string // exact, "*.example.com", or "" for any
	Pattern  config.Pattern
	Methods  []string // none for all
	Endpoint *registry.Endpoint

	params    []param
	contested bool // the router's word is not enough: see lookup
}

type param struct {
	name []byte
	key  any // the router's name for it, ready for look-up without allocation
}

// Params is the number of parameters of the path.
func (r *Route) Params() int { return len(r.params) }

// Param is the n-th parameter as found in the path, still percent-encoded. ok
// is false for an optional one that the path leaves out.
func (r *Route) Param(ctx *fasthttp.RequestCtx, n int) (name []byte, value string, ok bool) {
	value, ok = ctx.UserValue(r.params[n].key).(string)
	return r.params[n].name, value, ok
}

// Table is a set of routes, immutable once built.
type Table struct {
	exact    map[string]*domain
	wildcard []*domain // longest suffix first
	any      *domain
}

type domain struct {
	suffix  string // ".example.com" of a wildcard
	router  *router.Router
	routes  []*Route
	slow    []*matcher        // for what the router overlooks
	static  map[string]*Route // for every method, by path
	methods []string
}

// New builds a table. Routes that contradict one another are an error.
func New(routes []*Route) (*Table, error) {
	t := &Table{exact: map[string]*domain{}}
	wild := map[string]*domain{}
	for _, r := range routes {
		for i, name := range r.Pattern.Params() {
			r.params = append(r.params, param{[]byte(name), fmt.Sprint(i + 1)}) // as Shapes calls it
		}
		var d *domain
		switch {
		case r.Domain == "":
			if t.any == nil {
				t.any = newDomain("")
			}
			d = t.any
		case strings.HasPrefix(r.Domain, "*."):
			suffix := strings.ToLower(r.Domain[1:])
			if wild[suffix] == nil {
				wild[suffix] = newDomain(suffix)
				t.wildcard = append(t.wildcard, wild[suffix])
			}
			d = wild[suffix]
		default:
			name := strings.ToLower(r.Domain)
			if t.exact[name] == nil {
				t.exact[name] = newDomain("")
			}
			d = t.exact[name]
		}
		d.routes = append(d.routes, r)
	}
	for _, d := range t.exact {
		if err := d.build(); err != nil {
			return nil, err
		}
	}
	for _, d := range t.wildcard {
		if err := d.build(); err != nil {
			return nil, err
		}
	}
	if t.any != nil {
		if err := t.any.build(); err != nil {
			return nil, err
		}
	}
	sort.Slice(t.wildcard, func(i, j int) bool { return len(t.wildcard[i].suffix) > len(t.wildcard[j].suffix) })
	return t, nil
}

func newDomain(suffix string) *domain {
	return &domain{suffix: suffix, router: router.New(), static: map[string]*Route{}}
}

// build fills the router. It panics on what it does not like, and on a route
// added after a catch-all that covers it, so those come last.
func (d *domain) build() (err error) {
	at := ""
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %v", at, p)
		}
	}()
	type entry struct {
		shape string
		route *Route
	}
	var entries []entry
	for _, r := range d.routes {
		shapes := r.Pattern.Shapes()
		for _, shape := range shapes {
			entries = append(entries, entry{shape, r})
		}
		if slow, err := newMatcher(r); err != nil {
			return fmt.Errorf("endpoint %q: %w", r.Endpoint.Name, err)
		} else if slow != nil {
			d.slow = append(d.slow, slow)
		} else if len(r.Methods) == 0 {
			d.static[shapes[0]] = r
		}
	}
	sort.SliceStable(entries, func(i, j int) bool {
		return !strings.Contains(entries[i].shape, ":*}") && strings.Contains(entries[j].shape, ":*}")
	})
	sortMatchers(d.slow)
	for i, m := range d.slow {
		m.route.contested = m.picky || slices.ContainsFunc(d.slow[:i], m.meets)
	}
	for _, e := range entries {
		at = fmt.Sprintf("endpoint %q: path %q", e.route.Endpoint.Name, e.shape)
		methods := e.route.Methods
		if len(methods) == 0 {
			methods = []string{router.MethodWild}
		}
		for _, m := range methods {
			// The router stores a function; which route it stands for is told
			// by calling it.
			d.router.Handle(m, e.shape, func(ctx *fasthttp.RequestCtx) { ctx.SetUserValue(found, e.route) })
			if !slices.Contains(d.methods, m) {
				d.methods = append(d.methods, m)
			}
		}
	}
	return nil
}

type foundKey struct{}

var found any = foundKey{}

// Match is the outcome of a look-up.
type Match struct {
	Route *Route
	// Allow lists the methods that the path has, when it has no route for the
	// one asked for; empty if there is no such path.
	Allow string
}

// Find looks a request up: an exact domain first, then the longest wildcard,
// then routes for any domain. The first of them that has the path answers for
// it. host and path are in normal form. Parameters are left in ctx.
func (t *Table) Find(ctx *fasthttp.RequestCtx, host, path []byte) Match {
	if len(t.exact) > 0 {
		if d := t.exact[string(host)]; d != nil {
			if m := d.find(ctx, path); m.Route != nil || m.Allow != "" {
				return m
			}
		}
	}
	for _, d := range t.wildcard {
		if len(host) > len(d.suffix) && string(host[len(host)-len(d.suffix):]) == d.suffix {
			if m := d.find(ctx, path); m.Route != nil || m.Allow != "" {
				return m
			}
		}
	}
	if t.any == nil {
		return Match{}
	}
	return t.any.find(ctx, path)
}

func (d *domain) find(ctx *fasthttp.RequestCtx, path []byte) Match {
	// The string lives as long as the request; parameters are copied from it.
	at, method := strconv.B2S(path), strconv.B2S(ctx.Method())
	if r := d.lookup(ctx, method, at); r != nil {
		return Match{Route: r}
	}
	if method == fasthttp.MethodHead {
		if r := d.lookup(ctx, fasthttp.MethodGet, at); r != nil {
			return Match{Route: r}
		}
	}
	return Match{Allow: d.allow(at)}
}

func (d *domain) lookup(ctx *fasthttp.RequestCtx, method, path string) *Route {
	mark, _ := d.router.Lookup(method, path, ctx)
	if mark == nil {
		// A path that differs by its last slash hides the routes for every
		// method from Lookup.
		mark, _ = d.router.Lookup(router.MethodWild, path, ctx)
	}
	if mark == nil {
		return d.search(ctx, method, path)
	}
	mark(ctx)
	r, _ := ctx.UserValue(found).(*Route)
	if len(r.params) == 0 {
		return r
	}
	if s := d.static[path]; s != nil {
		return s
	}
	if r.contested {
		ctx.ResetUserValues()
		return d.search(ctx, method, path)
	}
	return r
}

// allow lists the methods of a path, sorted, with what the gateway itself
// answers.
func (d *domain) allow(path string) string {
	var methods []string
	for _, m := range d.methods {
		if d.has(m, path) || d.search(nil, m, path) != nil {
			methods = append(methods, m)
		}
	}
	if len(methods) == 0 {
		return ""
	}
	if slices.Contains(methods, fasthttp.MethodGet) {
		methods = append(methods, fasthttp.MethodHead)
	}
	methods = append(methods, fasthttp.MethodOptions)
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// has is lookup without a request.
func (d *domain) has(method, path string) bool {
	var ctx fasthttp.RequestCtx
	return d.lookup(&ctx, method, path) != nil
}
