package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Declare makes s the part of the model that the configuration file declares:
// read-only for everyone else. The error is that of [gateway.Gateway.Apply],
// and nothing has changed then. What the API has made and what contradicts it
// is left out of what is served, with a Fault that says so.
func (c *Control) Declare(ctx context.Context, s gateway.Snapshot) error {
	return c.DeclareAuto(ctx, s, nil)
}

// DeclareAuto is Declare where the isolation of some endpoints is "auto": what
// they have to do before they run in the worker is given by their names.
func (c *Control) DeclareAuto(ctx context.Context, s gateway.Snapshot, auto map[string]model.Probation) error {
	kept, names, err := c.keepLibraries(s)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now.Load()
	next := now.clone()
	next.file, next.declared, next.given, next.auto = kept, time.Now().UTC(), slices.Collect(maps.Values(names)), auto
	next.broken, next.brokenServices, next.yields = map[string]string{}, map[string]string{}, map[string]string{} // another try
	for _, e := range next.file.Endpoints {
		if q, ok := next.quarantined[e.Name]; ok && !next.isQuarantined(e) {
			delete(next.quarantined, e.Name)
			c.forgive(e.Name, q.Version)
		}
	}
	stale := next.forgetOthers()
	if err := c.converge(ctx, next, nil); err != nil {
		return asGiven(err, names)
	}
	c.now.Store(next)
	if len(stale) > 0 {
		if err := c.state.Update(ctx, func(tx *state.Tx) error { return deletePlacements(tx, stale) }); err != nil {
			c.log.Warn("where versions ran that the configuration file has no more is not forgotten", "error", err)
		}
	}
	for _, name := range next.endpointNames() {
		if why := next.faults[name]; why != "" && why != now.faults[name] {
			c.log.Warn("an endpoint of the API is not served as it should be", "endpoint", name, "reason", why)
		}
	}
	return nil
}

// keepLibraries has the libraries of the file's endpoints in the artifact store,
// and names each as it was given by where it is kept.
func (c *Control) keepLibraries(s gateway.Snapshot) (gateway.Snapshot, map[string]string, error) {
	s.Endpoints = slices.Clone(s.Endpoints)
	names := map[string]string{}
	paths := map[string]string{} // several endpoints may have the same one
	var errs []error
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		if e.Library == "" {
			continue
		}
		given := e.Library
		path, known := paths[given]
		if !known {
			var err error
			if path, err = c.keepLibrary(given); err != nil {
				errs = append(errs, &gateway.EndpointError{Endpoint: e.Name, Err: err})
				continue
			}
			paths[given] = path
		}
		e.Library, names[path] = path, given
	}
	return s, names, errors.Join(errs...)
}

func (c *Control) keepLibrary(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open library: %w", err)
	}
	defer file.Close()
	kept, err := c.artifacts.PutLibrary(file, c.opts.MaxLibrary)
	if err != nil {
		return "", fmt.Errorf("keep library %q: %w", path, err)
	}
	return kept.Path, nil
}

// asGiven is an error of Apply with the libraries called as they were given.
func asGiven(err error, names map[string]string) error {
	var errs []error
	for _, one := range leaves(err) {
		if fault := (*gateway.EndpointError)(nil); errors.As(one, &fault) {
			one = &gateway.EndpointError{Endpoint: fault.Endpoint, Err: renamed{fault.Err, names}}
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}

type renamed struct {
	error
	names map[string]string
}

func (r renamed) Error() string {
	text := r.error.Error()
	for path, name := range r.names {
		text = strings.ReplaceAll(text, path, name)
	}
	return text
}

func (r renamed) Unwrap() error { return r.error }

// serveState has the worker serve what the state has.
func (c *Control) serveState(ctx context.Context) error {
	first := &catalog{
		endpoints: map[string]model.Endpoint{}, services: map[string]state.Service{},
		quarantined: map[string]model.Quarantine{},
		broken:      map[string]string{}, brokenServices: map[string]string{}, yields: map[string]string{},
		placements: map[versionOfEndpoint]model.Placement{},
	}
	err := c.state.View(ctx, func(tx *state.Tx) error {
		endpoints, err := tx.Endpoints()
		if err != nil {
			return err
		}
		services, err := tx.Services()
		if err != nil {
			return err
		}
		placements, err := tx.Placements()
		for _, p := range placements {
			first.placements[versionOfEndpoint{p.Endpoint, p.Version}] = p.Placement
		}
		for _, e := range endpoints {
			first.endpoints[e.Name] = e
		}
		for _, s := range services {
			first.services[s.Name] = s
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	if err := c.converge(ctx, first, nil); err != nil {
		return fmt.Errorf("serve the state: %w", err)
	}
	c.now.Store(first)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.compareCanaries()
	return nil
}
