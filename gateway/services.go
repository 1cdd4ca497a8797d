package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/drivers"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
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
	handles sync.Map // name -> *service.Handle
	running map[string]service.Spec
	closing sync.WaitGroup
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
		if running, ok := g.services.running[name]; ok && reflect.DeepEqual(running, spec) {
			continue
		}
		opened, err := drivers.Open(spec, service.Env{
			Dir: filepath.Join(g.opts.Dir, "services", name), Log: g.opts.Log, Lookup: g.services.lookup,
		})
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
		if _, replaces := g.services.running[name]; !replaces {
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
	for name := range g.services.running {
		if _, stays := c.specs[name]; !stays {
			g.closeService(name, g.services.handle(name).Set(nil))
		}
	}
	g.services.running = c.specs
	g.firstProbes(c)
}

// firstProbes tells early, in the log, which backends cannot be reached. None
// of them keeps the gateway from serving.
func (g *Gateway) firstProbes(c *serviceChange) {
	for name, opened := range c.opened {
		ctx, stop := context.WithCancel(context.Background())
		g.services.probes[name] = stop
		g.services.probing.Go(func() {
			g.probeUntilReached(ctx, c.specs[name], opened)
		})
	}
}

// probeEvery is how often a backend that was not reached is tried again, for
// the log.
const probeEvery = 5 * time.Second

func (g *Gateway) probeUntilReached(ctx context.Context, spec service.Spec, opened service.Service) {
	log := g.opts.Log.With("service", spec.Name)
	if path := spec.Options.Text("path"); path != "" {
		log = log.With("path", path)
	}
	for tries := 0; ; tries++ {
		limit, cancel := context.WithTimeout(ctx, min(probeEvery, spec.Timeout))
		err := opened.Probe(limit)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && tries > 0:
			log.Info("a service's backend is reached now")
			return
		case err == nil:
			return
		case tries == 0:
			log.Warn("a service's backend cannot be reached; its operations fail until it can", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
	}
}

func (g *Gateway) undoServices(c *serviceChange) {
	for name, opened := range c.opened {
		if c.added[name] {
			g.services.handle(name).Set(nil)
		}
		g.closeService(name, opened)
	}
}

// Services that answer HTTP themselves, such as a folder with signed URLs.
type web interface {
	Endpoint() (path string, handler edge.Handler, ok bool)
}

// webEndpoints are the endpoints of such services.
func (g *Gateway) webEndpoints(c *serviceChange) (endpoints []Endpoint) {
	for _, name := range slices.Sorted(maps.Keys(c.specs)) {
		add := func(s service.Service) {
			if w, ok := s.(web); ok {
				if path, handler, ok := w.Endpoint(); ok {
					endpoints = append(endpoints, Endpoint{Name: c.specs[name].Kind + "." + name, Path: path, Handler: handler})
				}
			}
		}
		if opened, ok := c.opened[name]; ok {
			add(opened)
		} else {
			g.services.handle(name).With(add)
		}
	}
	return endpoints
}

// serviceGrace is how long a service that is taken away may go on with what it
// has; no request waits for longer, by default.
const serviceGrace = 30 * time.Second

func (g *Gateway) closeService(name string, s service.Service) {
	if s == nil {
		return
	}
	g.services.closing.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), serviceGrace)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			g.opts.Log.Warn("a service did not end in time", "service", name, "error", err)
		}
	})
}

// bindings finds the handles that an endpoint may use, by local name.
func (g *Gateway) bindings(spec *Endpoint) map[string]*service.Handle {
	handles := make(map[string]*service.Handle, len(spec.Services))
	for local, name := range spec.Services {
		handles[local] = g.services.handle(name)
	}
	return handles
}

func (s Service) complete() (service.Spec, error) {
	full, err := config.Service{
		Name: s.Name, Kind: s.Kind, Driver: s.Driver, Workers: s.Workers, Mailbox: s.Mailbox, Timeout: s.Timeout, Options: s.Options,
	}.Complete()
	return service.Spec{
		Name: full.Name, Kind: full.Kind, Driver: full.Driver, Workers: full.Workers, Mailbox: full.Mailbox, Timeout: full.Timeout, Options: full.Options,
	}, err
}

// ServiceStatus is what one service is doing.
type ServiceStatus struct {
	Name        string
	Active      bool
	Waiting     int    // operations in the queue
	Busy        int    // operations under way
	Connections int    // to the backend
	Done        uint64 // operations that ran
	Overloaded  uint64 // operations refused because the queue was full
	Deadlines   uint64 // operations that did not start in time
	Panics      uint64 // of the driver
	// Fault is the last error of the backend; nil since something went well.
	Fault error
}

// ServiceStatuses tells what every service is doing, in the order of their
// names.
func (g *Gateway) ServiceStatuses() []ServiceStatus {
	var all []ServiceStatus
	for _, h := range g.services.handles.Range {
		handle := h.(*service.Handle)
		one := ServiceStatus{Name: handle.Name}
		handle.With(func(s service.Service) {
			stats := s.Stats()
			one.Active, one.Waiting, one.Busy, one.Connections = true, stats.Waiting, stats.Busy, stats.Connections
			one.Done, one.Overloaded, one.Deadlines, one.Panics, one.Fault = stats.Done, stats.Overloaded, stats.Deadlines, stats.Panics, stats.Fault
		})
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b ServiceStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ErrInactive says that there is no active service of a name.
var ErrInactive = errors.New("the service is not active")

// ProbeService reaches a service's backend, on a connection of its own, and
// tells how long that took.
func (g *Gateway) ProbeService(ctx context.Context, name string) (time.Duration, error) {
	var probed service.Service
	if h, ok := g.services.lookup(name); ok {
		h.With(func(s service.Service) { probed = s })
	}
	if probed == nil {
		return 0, &ServiceError{name, ErrInactive}
	}
	start := time.Now()
	if err := probed.Probe(ctx); err != nil {
		return 0, &ServiceError{name, err}
	}
	return time.Since(start), nil
}

// Service finds what the library of an instance asks for.
func (h *host) Service(id, name string) (abi.Service, abi.Status) {
	if s, ok := h.g.builtin[id]; ok {
		return s, abi.OK
	}
	if !knownID(id) {
		return nil, abi.ErrUnsupported
	}
	bound, ok := h.Binding(name)
	if !ok {
		return nil, abi.ErrDenied
	}
	return bound.As(id), abi.OK
}

// Binding finds a service for a handler that is a function of this program.
func (h *host) Binding(name string) (*service.Handle, bool) {
	bound, ok := h.bindings[name]
	if !ok && h.missedFirst(name) {
		h.g.opts.Log.Warn("the handler asks for a service that its endpoint is not bound to", "endpoint", h.endpoint, "version", h.version,
			"name", name, "bound", strings.Join(slices.Sorted(maps.Keys(h.bindings)), ", "))
	}
	return bound, ok
}

// missedMost is how many names are told: a handler could make them up.
const missedMost = 8

// missedFirst tells whether a name that there is not is asked for the first
// time.
func (h *host) missedFirst(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.missed) == missedMost || slices.Contains(h.missed, name) {
		return false
	}
	h.missed = append(h.missed, name)
	return true
}

func knownID(id string) bool {
	return slices.Contains([]string{abi.SQLID, abi.CacheID, abi.StorageID, abi.EmailID, abi.HTTPID}, id)
}
