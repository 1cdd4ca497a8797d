package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/drivers"
)

// ServiceError says why a service of a snapshot cannot be had.
type ServiceError struct {
	Service string
	Err     error
}

func (e *ServiceError) Error() string { return fmt.Sprintf("service %q: %v", e.Service, e.Err) }
func (e *ServiceError) Unwrap() error { return e.Err }

// services are those of a gateway, by name. A handle, once made, stays: the
// instances of endpoints hold it, whatever becomes of the service.
type services struct {
	handles sync.Map                                // name -> *service.Handle
	running atomic.Pointer[map[string]service.Spec] // never changed, only replaced, under the gateway's mu
	closing sync.WaitGroup
	// life ends when a shutdown has no patience left with those that close.
	life    context.Context
	cut     context.CancelFunc
	probes  map[string]context.CancelFunc // ends the first probe of a service
	probing sync.WaitGroup
}

func (s *services) lookup(name string) (*service.Handle, bool) {
	h, ok := s.handles.Load(name)
	if !ok {
		return nil, false
	}
	return h.(*service.Handle), true
}

func (s *services) handle(name string) *service.Handle {
	h, _ := s.handles.LoadOrStore(name, &service.Handle{Name: name})
	return h.(*service.Handle)
}

// runs tells whether a service that is active is exactly as spec says.
func (s *services) runs(spec service.Spec) bool {
	running, ok := (*s.running.Load())[spec.Name]
	return ok && reflect.DeepEqual(running, spec)
}

// serviceDir is the folder for a service alone.
func (g *Gateway) serviceDir(name string) string { return filepath.Join(g.opts.Dir, "services", name) }

// serviceChange is what services are about to become.
type serviceChange struct {
	specs  map[string]service.Spec
	opened map[string]service.Service // those that are new or other than before
	added  map[string]bool            // of those, new ones: they are there while handlers start
}

// planServices opens what is new. Nothing is reached over it yet.
func (g *Gateway) planServices(specs []Service) (*serviceChange, error) {
	c := &serviceChange{specs: map[string]service.Spec{}, opened: map[string]service.Service{}, added: map[string]bool{}}
	var errs []error
	for _, given := range specs {
		spec, err := given.complete()
		if err != nil {
			errs = append(errs, &ServiceError{given.Name, err})
			continue
		}
		if !given.Inactive {
			c.specs[spec.Name] = spec
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.specs)) {
		spec := c.specs[name]
		if g.services.runs(spec) {
			continue
		}
		opened, err := drivers.Open(spec, service.Env{Dir: g.serviceDir(name), Log: g.opts.Log, Lookup: g.services.lookup})
		if err != nil {
			errs = append(errs, &ServiceError{name, err})
			continue
		}
		c.opened[name] = opened
	}
	if len(errs) > 0 {
		g.undoServices(c)
		return nil, errors.Join(errs...)
	}
	for name, opened := range c.opened {
		if _, replaces := (*g.services.running.Load())[name]; !replaces {
			g.services.handle(name).Set(opened)
			c.added[name] = true
		}
	}
	return c, nil
}

// checkDatabases finds services that an email service takes mail from and that
// are no databases.
func checkDatabases(specs []Service, report func(service string, err error)) {
	kinds := map[string]string{}
	for _, one := range specs {
		kinds[one.Name] = one.Kind
	}
	for _, one := range specs {
		for _, name := range one.Options.Texts("databases") {
			switch kind, ok := kinds[name]; {
			case !ok:
				report(one.Name, fmt.Errorf("it takes mail from service %q, which is not there", name))
			case kind != "sql":
				report(one.Name, fmt.Errorf("it takes mail from service %q, which is of kind %q and not \"sql\"", name, kind))
			}
		}
	}
}

// commitServices moves traffic to what was opened and lets what is replaced, or
// gone, finish what it has.
func (g *Gateway) commitServices(c *serviceChange) {
	for name, stop := range g.services.probes {
		_, replaced := c.opened[name]
		if _, stays := c.specs[name]; replaced || !stays {
			stop()
			delete(g.services.probes, name)
		}
	}
	for name, opened := range c.opened {
		if !c.added[name] {
			g.closeService(name, g.services.handle(name).Set(opened))
		}
	}
	for name := range *g.services.running.Load() {
		if _, stays := c.specs[name]; !stays {
			g.closeService(name, g.services.handle(name).Set(nil))
		}
	}
	g.services.running.Store(&c.specs)
	g.firstProbes(c)
}

func (g *Gateway) undoServices(c *serviceChange) {
	for name, opened := range c.opened {
		if c.added[name] {
			g.services.handle(name).Set(nil)
		}
		g.closeService(name, opened)
	}
}

// serviceGrace is how long a service that is taken away may go on with what it
// has; no request waits for longer, by default.
const serviceGrace = 30 * time.Second

func (g *Gateway) closeService(name string, s service.Service) {
	if s == nil {
		return
	}
	g.services.closing.Go(func() {
		defer g.services.handle(name).Closed(s)
		ctx, cancel := context.WithTimeout(g.services.life, serviceGrace)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			g.opts.Log.Warn("a service did not end in time", "service", name, "error", err)
		}
	})
}

func (s Service) complete() (service.Spec, error) {
	full, err := config.Service{
		Name: s.Name, Kind: s.Kind, Driver: s.Driver, Workers: s.Workers, Mailbox: s.Mailbox, Timeout: s.Timeout, Options: s.Options,
	}.Complete()
	return service.Spec{
		Name: full.Name, Kind: full.Kind, Driver: full.Driver, Workers: full.Workers, Mailbox: full.Mailbox, Timeout: full.Timeout, Options: full.Options,
	}, err
}
