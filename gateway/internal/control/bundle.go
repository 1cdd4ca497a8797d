package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/bundle"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// ApplyBundle makes endpoints and services what a zip or tar says, all of them
// or none: everything is built and tried before anything is served. With plan
// it only tells what would change.
func (c *Control) ApplyBundle(ctx context.Context, archived io.Reader, plan bool) (result model.BundleResult, err error) {
	result = model.BundleResult{Plan: plan, Changes: []model.Change{}}
	d := c.deed(ctx, "bundle.apply", "bundle")
	if !plan {
		defer d.ended(&err)
	}
	dir, remove, err := c.scratch("bundle-")
	if err != nil {
		return result, err
	}
	defer remove()
	b, err := bundle.Read(archived, dir, archive.Limits{Total: c.opts.MaxSource + c.opts.MaxLibrary, File: c.opts.MaxLibrary})
	if err != nil {
		return result, err
	}
	release, err := c.takeAll(ctx, b)
	if err != nil {
		return result, err
	}
	defer release()
	now, err := c.nowOf(ctx, b)
	if err != nil {
		return result, err
	}
	result.Changes = b.Plan(now)
	// What cannot be is told before anything is built, and by a plan too.
	trying := &edit{catalog: c.now.Load().clone(), touched: map[string]bool{}}
	if err := trying.applyBundle(d, b, result.Changes); err != nil {
		return result, err
	}
	if plan || len(result.Changes) == 0 {
		return result, nil
	}
	made, err := c.makeBundle(ctx, b, now, trying.catalog)
	if err != nil {
		return result, err
	}
	d.entry.Detail = ""
	for _, change := range result.Changes {
		d.tell("%s %s %s", change.Action, change.Kind, change.Name)
	}
	err = c.change(ctx, d, func(e *edit) error {
		if err := e.applyBundle(d, b, result.Changes); err != nil {
			return err
		}
		for _, one := range made {
			e.putMade(d, one)
		}
		for _, change := range result.Changes {
			of := c.deed(ctx, change.Kind+"."+change.Action, change.Kind+"/"+change.Name)
			of.tell("by a bundle: %s", change.Detail)
			e.write(of.done)
		}
		return nil
	})
	if err != nil {
		return result, err
	}
	for _, one := range made {
		if one.deploys {
			deployed := model.DeployResult{Endpoint: one.spec.Name, Action: "deploy", Old: one.before.Version, New: one.version, Trial: one.trial}
			c.fate(ctx, &deployed)
			result.Deploys = append(result.Deploys, deployed)
		}
	}
	return result, nil
}

// takeAll locks the endpoints of a bundle, in the order of their names.
func (c *Control) takeAll(ctx context.Context, b *bundle.Bundle) (release func(), err error) {
	var names []string
	for _, e := range b.Endpoints {
		names = append(names, e.Spec.Name)
	}
	slices.Sort(names)
	var held []func()
	release = func() {
		for _, one := range held {
			one()
		}
	}
	for _, name := range slices.Compact(names) {
		one, err := c.endpoints.take(ctx, name)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, one)
	}
	return release, nil
}

// nowOf is what there is of what a bundle names.
func (c *Control) nowOf(ctx context.Context, b *bundle.Bundle) (bundle.Now, error) {
	k := c.now.Load()
	now := bundle.Now{Endpoints: map[string]bundle.NowEndpoint{}, Services: map[string]model.ServiceSpec{}}
	for _, one := range b.Services {
		if s, ok := k.services[one.Name]; ok {
			now.Services[one.Name] = revealed(s)
		}
	}
	err := c.state.View(ctx, func(tx *state.Tx) error {
		for _, one := range b.Endpoints {
			is, ok := k.endpoints[one.Spec.Name]
			if !ok {
				continue
			}
			versions, err := tx.Versions(is.Name)
			if err != nil {
				return err
			}
			source, err := tx.Source(is.Name)
			if err != nil && !isMissing(err) {
				return err
			}
			now.Endpoints[is.Name] = bundle.NowEndpoint{Spec: is.EndpointSpec, Source: source.Digest, Version: is.Version, Versions: versions}
		}
		return nil
	})
	return now, err
}

// applyBundle makes services and endpoints that are to change what a bundle
// says, but for what they run. Services may name each other, and routes may be
// exchanged, so all of them are there before any is looked at.
func (e *edit) applyBundle(d *deed, b *bundle.Bundle, changes []model.Change) error {
	changes = slices.DeleteFunc(slices.Clone(changes), func(c model.Change) bool { return c.Action != "create" && c.Action != "update" })
	is := func(kind, name string) bool {
		return slices.ContainsFunc(changes, func(c model.Change) bool { return c.Kind == kind && c.Name == name })
	}
	for _, spec := range b.Services {
		if err := e.applyService(d, spec, is("service", spec.Name)); err != nil {
			return within(err, "service", spec.Name)
		}
	}
	for _, s := range b.Services {
		if err := e.checkDatabases(s); err != nil {
			return within(err, "service", s.Name)
		}
	}
	for _, one := range b.Endpoints {
		if err := e.applyEndpoint(one, is("endpoint", one.Spec.Name)); err != nil {
			return within(err, "endpoint", one.Spec.Name)
		}
	}
	for _, one := range b.Endpoints {
		if err := e.conflict(e.catalog.endpoints[one.Spec.Name].EndpointSpec); err != nil {
			return within(err, "endpoint", one.Spec.Name)
		}
	}
	return nil
}

func (e *edit) applyService(d *deed, spec model.ServiceSpec, changes bool) error {
	before, err := e.ownService(spec.Name)
	switch {
	case isMissing(err):
		made, err := e.newService(spec)
		if err == nil {
			e.createService(made)
		}
		return err
	case err != nil || !changes:
		return err
	}
	return e.replaceService(d, before, spec)
}

func (e *edit) applyEndpoint(one bundle.Endpoint, changes bool) error {
	is, err := e.own(one.Spec.Name)
	known := err == nil
	if err != nil && !isMissing(err) || known && !changes {
		return err
	}
	spec, err := e.checkSpec(one.Onto(is.EndpointSpec))
	if err != nil {
		return err
	}
	at := time.Now().UTC()
	if !known {
		e.createEndpoint(model.Endpoint{EndpointSpec: spec, Origin: model.FromAPI, Revision: 1, Created: at, Updated: at})
		return nil
	}
	is.EndpointSpec, is.Revision, is.Updated = spec, is.Revision+1, at
	e.putEndpoint(is)
	return nil
}

func isMissing(err error) bool {
	var problem *model.Error
	return errors.As(err, &problem) && problem.Kind == model.Missing
}

// within tells in which part of a bundle an error is.
func within(err error, kind, name string) error {
	var problem *model.Error
	if !errors.As(err, &problem) {
		return fmt.Errorf("%s %q: %w", kind, name, err)
	}
	wrapped := *problem
	wrapped.Reason = fmt.Sprintf("%s %q: %s", kind, name, problem.Reason)
	return &wrapped
}

// madeEndpoint is what was made of one endpoint of a bundle.
type madeEndpoint struct {
	spec    model.EndpointSpec
	before  bundle.NowEndpoint
	source  *model.Source  // nil: it stays
	made    *model.Version // nil: it was there
	version string
	deploys bool
	trial   string
}

// makeBundle builds and tries what a bundle is to run, as the endpoints are to
// be by then.
func (c *Control) makeBundle(ctx context.Context, b *bundle.Bundle, now bundle.Now, then *catalog) ([]madeEndpoint, error) {
	var all []madeEndpoint
	for _, one := range b.Endpoints {
		name := one.Spec.Name
		made := madeEndpoint{spec: then.endpoints[name].EndpointSpec, before: now.Endpoints[name]}
		err := c.makeEndpoint(ctx, one, &made)
		if err == nil {
			made.deploys = made.version != made.before.Version
			if before := then.endpoints[name]; made.deploys || startsAnew(model.Endpoint{EndpointSpec: made.before.Spec, Version: before.Version}, made.spec) {
				made.trial, err = c.try(ctx, made.spec, made.version)
			}
		}
		if err != nil {
			return nil, within(err, "endpoint", name)
		}
		all = append(all, made)
	}
	return all, nil
}

func (c *Control) makeEndpoint(ctx context.Context, one bundle.Endpoint, made *madeEndpoint) error {
	by := model.ActorOf(ctx).Name
	if one.Library != "" {
		v, err := c.keepVersion(one.Spec.Name, one.Library)
		v.Origin, v.By = "bundle", by
		made.made, made.version = &v, v.Digest
		return err
	}
	source, err := c.keepSource(ctx, one.Source)
	if err != nil {
		return err
	}
	if source.Digest != made.before.Source {
		made.source = &source
	}
	if digest, built := one.Built(made.before); built {
		made.version = digest
		return nil
	}
	library, err := c.builds.compile(ctx, one.Source, one.Spec.Name, io.Discard)
	if err != nil {
		return doesNotBuild(err)
	}
	v, err := c.keepVersion(one.Spec.Name, library.Path)
	v.Language, v.Source, v.Origin, v.By = string(library.Language), source.Digest, "bundle", by
	made.made, made.version = &v, v.Digest
	return err
}

// keepVersion makes a version of a file.
func (c *Control) keepVersion(endpoint, path string) (model.Version, error) {
	file, err := os.Open(path)
	if err != nil {
		return model.Version{}, fmt.Errorf("open a library: %w", err)
	}
	defer file.Close()
	kept, err := c.artifacts.PutLibrary(file, c.opts.MaxLibrary)
	if err != nil {
		return model.Version{}, err
	}
	return inspected(endpoint, kept)
}

// doesNotBuild is the answer to a source that a compiler refused.
func doesNotBuild(err error) error {
	var failed *toolchain.BuildError
	var missing *toolchain.MissingError
	switch {
	case errors.As(err, &failed):
		refused := model.Errorf(model.Refused, "the source does not compile: %w", err)
		refused.Detail = failed.Output
		return refused
	case errors.As(err, &missing):
		return model.Errorf(model.Unavailable, "%w", err)
	case errors.Is(err, toolchain.ErrLanguage):
		return model.Errorf(model.Refused, "%w", err)
	}
	return err
}

// putMade has an endpoint run what was made for it.
func (e *edit) putMade(d *deed, one madeEndpoint) {
	name := one.spec.Name
	if one.made != nil {
		e.write(func(tx *state.Tx) error { return tx.PutVersion(*one.made) })
	}
	if one.source != nil {
		e.write(func(tx *state.Tx) error { return tx.PutSource(name, *one.source) })
	}
	if !one.deploys {
		return
	}
	is := e.catalog.endpoints[name]
	if is.Canary != nil {
		e.record(d, model.Deploy{Endpoint: name, Action: "abort", Old: is.Canary.Version, New: is.Version, Reason: "a bundle deployed another version"})
	}
	how := model.Deploy{Endpoint: name, Action: "deploy", Old: is.Version, New: one.version, Reason: "by a bundle"}
	is.Version, is.Canary = one.version, nil
	e.deployed(d, is, how)
}
