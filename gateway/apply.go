package gateway

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/registry"
	"github.com/edge-gateway/edge-gateway/gateway/internal/routing"
)

// EndpointError says why an endpoint of a snapshot cannot be served.
type EndpointError struct {
	Endpoint string
	Err      error
}

func (e *EndpointError) Error() string { return fmt.Sprintf("endpoint %q: %v", e.Endpoint, e.Err) }
func (e *EndpointError) Unwrap() error { return e.Err }

// ConflictError says that an endpoint has a route on which a service answers
// itself, such as the signed URLs of a folder.
type ConflictError struct{ Endpoint, Service, Path string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("endpoint %q and service %q both answer %s", e.Endpoint, e.Service, e.Path)
}

// Apply makes s what the gateway serves: loads what is new, and only when all
// of it is ready swaps and routes to it. When it returns nil, no request enters
// what was replaced; requests inside it finish there. When it returns an error,
// which joins one [EndpointError] for each endpoint at fault, nothing has
// changed.
func (g *Gateway) Apply(ctx context.Context, s Snapshot) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return ErrClosed
	}
	if err := s.check(); err != nil {
		return err
	}
	services, err := g.planServices(s.Services)
	if err != nil {
		return err
	}
	web := g.webEndpoints(services)
	if err := webConflicts(s.Endpoints, web); err != nil {
		g.undoServices(services)
		return err
	}
	s.Endpoints = append(slices.Clone(s.Endpoints), endpointsOf(web)...)
	changes, errs := g.planAll(ctx, s.Endpoints)
	table, err := tableOf(changes)
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		for _, c := range changes {
			c.undo()
		}
		g.undoServices(services)
		return errors.Join(errs...)
	}
	g.commitServices(services)
	before := *g.endpoints.Load()
	after := make(map[string]*registry.Endpoint, len(changes))
	for _, c := range changes {
		c.commit()
		after[c.spec.Name] = c.endpoint
	}
	g.endpoints.Store(&after)
	g.dispatch.SetTable(table)
	// An endpoint that is gone loses its instances only after no route leads
	// there any more.
	for name, e := range before {
		if after[name] == nil {
			e.Swap(registry.Split{})
		}
	}
	return nil
}

// change is what an endpoint is about to become.
type change struct {
	spec     *Endpoint
	endpoint *registry.Endpoint
	next     registry.Split
	fresh    []*registry.Instance // loaded, or taken back, for this change
}

// planAll loads what endpoints need: libraries one after the other, and meanwhile
// all those that have a process of their own. An error is one endpoint's.
func (g *Gateway) planAll(ctx context.Context, specs []Endpoint) (changes []*change, errs []error) {
	var background sync.WaitGroup
	g.ahead = g.lookAhead(specs, &background)
	defer func() { g.ahead = nil }()
	planned := make([]struct {
		change *change
		err    error
	}, len(specs))
	plan := func(i int) {
		if ctx.Err() == nil {
			planned[i].change, planned[i].err = g.plan(ctx, &specs[i])
		}
	}
	room := make(chan struct{}, 2*runtime.NumCPU()) // a process takes a while of one to start
	for i := range specs {
		if specs[i].elsewhere() {
			background.Go(func() {
				room <- struct{}{}
				plan(i)
				<-room
			})
		}
	}
	for i := range specs {
		if !specs[i].elsewhere() {
			plan(i)
		}
	}
	background.Wait()
	for i, p := range planned {
		switch {
		case p.err != nil:
			errs = append(errs, &EndpointError{specs[i].Name, p.err})
		case p.change != nil:
			changes = append(changes, p.change)
		}
	}
	if len(changes)+len(errs) < len(specs) {
		errs = append(errs, ctx.Err())
	}
	return changes, errs
}

// elsewhere tells whether no code of the endpoint runs in this process.
func (e *Endpoint) elsewhere() bool { return e.Isolated && (e.Canary == nil || e.Canary.Isolated) }

func (g *Gateway) plan(ctx context.Context, spec *Endpoint) (*change, error) {
	c := &change{spec: spec, endpoint: (*g.endpoints.Load())[spec.Name]}
	if c.endpoint == nil {
		c.endpoint = registry.NewEndpoint(spec.Name, g.opts.Log)
	}
	if spec.Handler == nil && spec.Library == "" {
		return c, nil // routed, but without a version: 503
	}
	var err error
	if c.next.Current, err = g.instance(ctx, c, spec); err != nil {
		return nil, err
	}
	if spec.Canary == nil {
		return c, nil
	}
	tried := *spec
	tried.Handler, tried.Library, tried.Isolated = nil, spec.Canary.Library, spec.Canary.Isolated
	candidate, err := g.instance(ctx, c, &tried)
	if err != nil {
		c.undo()
		return nil, fmt.Errorf("its canary: %w", err)
	}
	if candidate != c.next.Current { // else there is nothing to tell apart
		c.next.Candidate, c.next.Weight, c.next.Header = candidate, spec.Canary.Weight, spec.Canary.Header
	}
	return c, nil
}

// instance finds or loads one of the version that spec asks for: one that
// answers already, whichever its share, one that still drains, or a new one.
func (g *Gateway) instance(ctx context.Context, c *change, spec *Endpoint) (*registry.Instance, error) {
	version, err := g.version(spec)
	if err != nil {
		return nil, err
	}
	identity := version.identity(spec)
	if i := c.endpoint.Find(identity); i != nil {
		return i, nil
	}
	for _, i := range c.fresh {
		if identity != "" && i.Identity == identity {
			return i, nil
		}
	}
	i := c.endpoint.TakeBack(identity)
	if i == nil {
		module, err := g.load(ctx, c.endpoint, spec, version)
		if err != nil {
			return nil, err
		}
		i = c.endpoint.NewInstance(module, version.digest, identity, version.size)
	}
	c.fresh = append(c.fresh, i)
	return i, nil
}

func (c *change) commit() {
	c.endpoint.SetLimits(c.spec.Limits.withDefaults())
	c.endpoint.Swap(c.next)
}

func (c *change) undo() {
	for _, i := range c.fresh {
		c.endpoint.Discard(i)
	}
}

func tableOf(changes []*change) (*routing.Table, error) {
	var routes []*routing.Route
	for _, c := range changes {
		pattern, err := config.ParsePattern(c.spec.Path)
		if err != nil {
			return nil, &EndpointError{c.spec.Name, err}
		}
		routes = append(routes, &routing.Route{
			Domain: c.spec.Domain, Pattern: pattern, Methods: c.spec.Methods, Endpoint: c.endpoint,
		})
	}
	return routing.New(routes)
}

// check finds what can be known without loading anything.
func (s *Snapshot) check() error {
	var errs []error
	seen := map[string]bool{}
	services := map[string]bool{}
	for _, one := range s.Services {
		if services[one.Name] {
			errs = append(errs, &ServiceError{one.Name, errors.New("the name is used twice")})
		}
		services[one.Name] = true
	}
	checkDatabases(s.Services, func(name string, err error) { errs = append(errs, &ServiceError{name, err}) })
	routes := make([]config.Route, len(s.Endpoints))
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		report := func(err error) {
			if err != nil {
				errs = append(errs, &EndpointError{e.Name, err})
			}
		}
		report(config.CheckName(e.Name))
		if seen[e.Name] {
			report(errors.New("the name is used twice"))
		}
		seen[e.Name] = true
		if e.Domain != "" {
			report(config.CheckDomain(e.Domain))
		}
		for _, m := range e.Methods {
			report(config.CheckMethod(m))
		}
		_, err := config.ParsePattern(e.Path)
		report(err)
		if e.Library != "" && e.Handler != nil {
			report(errors.New("it has both a library and a Go handler"))
		}
		report(e.Limits.check())
		report(e.checkCanary())
		report(e.checkIsolation())
		for local, name := range e.Services {
			if !services[name] {
				report(fmt.Errorf("it binds %q to service %q, which is not there", local, name))
			}
		}
		routes[i] = routeOf(e)
	}
	if len(errs) == 0 {
		for _, c := range config.FindConflicts(routes) {
			errs = append(errs, &EndpointError{s.Endpoints[c.Second].Name,
				fmt.Errorf("%s %s is the route of endpoint %q already", methodsOf(c.Methods), s.Endpoints[c.Second].Path, s.Endpoints[c.First].Name)})
		}
	}
	return errors.Join(errs...)
}

func methodsOf(methods []string) string {
	if len(methods) == 0 {
		return "every method of"
	}
	return strings.Join(slices.Sorted(slices.Values(methods)), ", ")
}
