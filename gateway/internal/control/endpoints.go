package control

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// maxEndpoints is how many endpoints the API may make.
const maxEndpoints = 10_000

// Endpoints lists endpoints by name.
func (c *Control) Endpoints(ctx context.Context, f model.EndpointFilter, p model.Page) (model.List[model.Endpoint], error) {
	now := c.now.Load()
	var found []model.Endpoint
	for _, name := range now.endpointNames() {
		if e, _ := now.endpoint(name); selects(f, e) {
			found = append(found, e)
		}
	}
	list, err := page.Cut(found, "endpoints", p, func(e model.Endpoint) string { return e.Name })
	c.withCanaries(list.Items)
	c.withPlacements(list.Items)
	return list, err
}

func selects(f model.EndpointFilter, e model.Endpoint) bool {
	return (f.Domain == "" || strings.EqualFold(f.Domain, e.Domain)) &&
		(f.Origin == "" || f.Origin == e.Origin) &&
		(f.Service == "" || slices.Contains(slices.Collect(maps.Values(e.Services)), f.Service)) &&
		(f.Query == "" || strings.Contains(e.Name, f.Query) || strings.Contains(e.Path, f.Query)) &&
		(len(f.Names) == 0 || slices.Contains(f.Names, e.Name))
}

// Endpoint finds one.
func (c *Control) Endpoint(ctx context.Context, name string) (model.Endpoint, error) {
	e, ok := c.now.Load().endpoint(name)
	if !ok {
		return e, model.Errorf(model.Missing, "there is no endpoint %q", name)
	}
	one := []model.Endpoint{e}
	c.withCanaries(one)
	c.withPlacements(one)
	return one[0], nil
}

// CreateEndpoint makes an endpoint, which has no version yet and answers 503.
func (c *Control) CreateEndpoint(ctx context.Context, spec model.EndpointSpec) (made model.Endpoint, err error) {
	d := c.deed(ctx, "endpoint.create", "endpoint/"+spec.Name)
	defer d.ended(&err)
	err = c.change(ctx, d, func(e *edit) error {
		made, err = e.newEndpoint(spec)
		if err != nil {
			return err
		}
		d.tell("%s", describe(routeOf(made.EndpointSpec)))
		e.createEndpoint(made)
		return nil
	})
	if err != nil {
		return model.Endpoint{}, err
	}
	return c.Endpoint(ctx, spec.Name)
}

// newEndpoint checks the endpoint that is to be made.
func (k *catalog) newEndpoint(spec model.EndpointSpec) (model.Endpoint, error) {
	if before, ok := k.endpoint(spec.Name); ok {
		err := model.Errorf(model.Conflict, "there is an endpoint %q already", spec.Name).At("name")
		if before.Origin == model.FromFile {
			err = model.Errorf(model.Conflict, "the configuration file declares an endpoint %q", spec.Name).At("name")
		}
		err.Other = "endpoint/" + spec.Name
		return before, err
	}
	if len(k.endpoints) >= maxEndpoints {
		return model.Endpoint{}, model.Errorf(model.Conflict, "there are %d endpoints already: delete one first", maxEndpoints)
	}
	spec, err := k.checkEndpoint(spec)
	at := time.Now().UTC()
	return model.Endpoint{EndpointSpec: spec, Origin: model.FromAPI, Revision: 1, Created: at, Updated: at}, err
}

// UpdateEndpoint replaces what can be chosen of an endpoint, if its revision
// still is the given one; 0 stands for any. Where a new instance of its version
// has to be started for that, it is tried first.
func (c *Control) UpdateEndpoint(ctx context.Context, name string, revision int64, spec model.EndpointSpec) (e model.Endpoint, err error) {
	d := c.deed(ctx, "endpoint.update", "endpoint/"+name)
	defer d.ended(&err)
	if spec.Name == "" {
		spec.Name = name
	}
	if spec.Name != name {
		return e, model.Errorf(model.Invalid, "the name of an endpoint never changes: it is %q", name).At("name")
	}
	return c.updateEndpoint(ctx, d, name, revision, func(before model.EndpointSpec) model.EndpointSpec { return spec })
}

// EnableEndpoint routes to an endpoint, or takes its route away.
func (c *Control) EnableEndpoint(ctx context.Context, name string, enabled bool, revision int64) (e model.Endpoint, err error) {
	action := "endpoint.enable"
	if !enabled {
		action = "endpoint.disable"
	}
	d := c.deed(ctx, action, "endpoint/"+name)
	defer d.ended(&err)
	return c.updateEndpoint(ctx, d, name, revision, func(spec model.EndpointSpec) model.EndpointSpec {
		spec.Disabled = !enabled
		return spec
	})
}

func (c *Control) updateEndpoint(ctx context.Context, d *deed, name string, revision int64, to func(model.EndpointSpec) model.EndpointSpec) (model.Endpoint, error) {
	release, err := c.endpoints.take(ctx, name)
	if err != nil {
		return model.Endpoint{}, err
	}
	defer release()
	before, err := c.now.Load().own(name)
	if err == nil {
		err = unchanged(before.Revision, revision)
	}
	if err != nil {
		return before, err
	}
	// What needs no lock comes first: a trial may take seconds.
	spec, err := c.now.Load().checkEndpoint(to(before.EndpointSpec))
	if err == nil && startsAnew(before, spec) {
		err = c.tryAll(ctx, before, spec)
	}
	if err != nil {
		return before, err
	}
	err = c.change(ctx, d, func(e *edit) error {
		after, err := e.own(name)
		if err == nil {
			err = unchanged(after.Revision, revision)
		}
		if err == nil {
			after.EndpointSpec, err = e.checkEndpoint(spec)
		}
		if err != nil {
			return err
		}
		after.Revision, after.Updated = after.Revision+1, time.Now().UTC()
		d.tell("%s", differences(before.EndpointSpec, after.EndpointSpec))
		if before.Isolation != after.Isolation {
			e.forgetPlacements(name)
		}
		e.putEndpoint(after)
		return nil
	})
	if err != nil {
		return before, err
	}
	return c.Endpoint(ctx, name)
}

// unchanged checks that something still is as the caller knows it.
func unchanged(is, known int64) error {
	if known != 0 && is != known {
		return model.Errorf(model.Stale, "it has changed since: its revision is %d, not %d", is, known)
	}
	return nil
}

// startsAnew tells whether an endpoint as it is to be needs other instances
// than those that run.
func startsAnew(before model.Endpoint, spec model.EndpointSpec) bool {
	return before.Version != "" && !spec.Disabled &&
		(before.Disabled || before.Isolation != spec.Isolation || !maps.Equal(before.Config, spec.Config) || !maps.Equal(before.Services, spec.Services))
}

// DeleteEndpoint removes an endpoint with its versions, history and source.
func (c *Control) DeleteEndpoint(ctx context.Context, name string, revision int64) (err error) {
	d := c.deed(ctx, "endpoint.delete", "endpoint/"+name)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	err = c.change(ctx, d, func(e *edit) error {
		before, err := e.own(name)
		if err == nil {
			err = unchanged(before.Revision, revision)
		}
		if err != nil {
			return err
		}
		e.deleteEndpoint(name)
		return nil
	})
	if err == nil {
		c.cancelBuilds(context.WithoutCancel(ctx), name)
		c.collectSoon()
	}
	return err
}

// Domains lists the domains of all endpoints that have a route.
func (c *Control) Domains(ctx context.Context) ([]model.Domain, error) {
	now := c.now.Load()
	domains := map[string]*model.Domain{}
	for _, name := range now.endpointNames() {
		e, _ := now.endpoint(name)
		if e.Disabled {
			continue
		}
		if domains[e.Domain] == nil {
			domains[e.Domain] = &model.Domain{Name: e.Domain, Wildcard: strings.HasPrefix(e.Domain, "*."), Endpoints: []string{}}
		}
		domains[e.Domain].Endpoints = append(domains[e.Domain].Endpoints, name)
	}
	list := []model.Domain{}
	for _, name := range slices.Sorted(maps.Keys(domains)) {
		list = append(list, *domains[name])
	}
	return list, nil
}
