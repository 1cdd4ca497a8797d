package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

var errNothing = errors.New("no endpoint can be served")

// start builds what has a source and serves what can be served: an endpoint
// whose source or library is at fault answers 503 and costs the others nothing.
func (s *server) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(sources(s.file)); n > 0 {
		logger().Info("compiling, which takes longest the first time", "sources", n)
	}
	bad := s.buildAll(ctx, s.file)
	for {
		err := s.declare(ctx, s.file, bad)
		if err == nil {
			break
		}
		faults := endpointsOf(err)
		if len(faults) == 0 || ctx.Err() != nil {
			return located(err, s.file)
		}
		for _, fault := range faults {
			if bad[fault.Endpoint] {
				return err
			}
			logger().Error("the endpoint is not served", "endpoint", fault.Endpoint, "error", fault.Err)
			bad[fault.Endpoint] = true
		}
	}
	s.bad = bad
	if len(bad) == len(s.file.Endpoints) && len(bad) > 0 && !s.command.Watch && !s.hasOwn(ctx) {
		return errNothing
	}
	return nil
}

// hasOwn tells whether the admin API has made endpoints, which are served
// whatever becomes of the file's.
func (s *server) hasOwn(ctx context.Context) bool {
	own, err := s.control.Endpoints(ctx, model.EndpointFilter{Origin: model.FromAPI}, model.Page{Limit: 1})
	return err == nil && len(own.Items) > 0
}

// buildAll compiles the sources of a file, side by side as far as the
// toolchain allows, and returns the names of the endpoints that failed.
func (s *server) buildAll(ctx context.Context, file *config.File) map[string]bool {
	var mu sync.Mutex
	var running sync.WaitGroup
	bad := map[string]bool{}
	missing := map[string]bool{}
	for _, dir := range sources(file) {
		running.Go(func() {
			library, err := s.builder.Build(ctx, dir)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				s.libraries[dir] = library.Path
				return
			}
			if ctx.Err() != nil {
				return // the gateway is being ended; the source may be good
			}
			for _, e := range file.Endpoints {
				if e.Source == dir {
					bad[e.Name] = true
				}
			}
			var none *toolchain.MissingError
			if errors.As(err, &none) {
				if !missing[none.Program] {
					logger().Warn("handlers in " + string(none.Language) + " are left out: " + none.Error())
				}
				missing[none.Program] = true
				return
			}
			s.compilerSaid(err)
			logger().Error("the source does not compile", "source", dir, "error", err)
		})
	}
	running.Wait()
	return bad
}

// sources lists each source folder of a file once.
func sources(file *config.File) []string {
	var dirs []string
	for _, e := range file.Endpoints {
		if e.Source != "" && !slices.Contains(dirs, e.Source) {
			dirs = append(dirs, e.Source)
		}
	}
	return dirs
}

// snapshot turns a file and what was built into what the gateway serves.
func (s *server) snapshot(file *config.File, without map[string]bool) gateway.Snapshot {
	var snapshot gateway.Snapshot
	for _, one := range file.Services {
		snapshot.Services = append(snapshot.Services, gateway.Service{
			Name: one.Name, Kind: one.Kind, Driver: one.Driver, Inactive: !one.Enabled,
			Workers: one.Workers, Mailbox: one.Mailbox, Timeout: one.Timeout, Options: one.Options,
		})
	}
	for _, e := range file.Endpoints {
		library := e.Library
		if e.Source != "" {
			library = s.libraries[e.Source]
		}
		if without[e.Name] {
			library = ""
		}
		snapshot.Endpoints = append(snapshot.Endpoints, gateway.Endpoint{
			Name: e.Name, Domain: e.Domain, Path: e.Path, Methods: e.Methods,
			Library: library, Config: e.Config, Services: e.Services,
			Limits: gateway.Limits{
				Timeout: e.Timeout, MaxBody: e.MaxBody, MaxConcurrency: e.MaxConcurrency,
				MaxNative: e.MaxNative, MaxStuck: e.MaxStuck, Rate: e.Rate, Burst: e.Burst,
			},
			Isolated: e.Isolation == string(model.InProcess), Process: gateway.ProcessLimits(e.Process),
		})
	}
	return snapshot
}

// declare makes a file, and what was built, what is served.
func (s *server) declare(ctx context.Context, file *config.File, without map[string]bool) error {
	auto := map[string]model.Probation{}
	for _, e := range file.Endpoints {
		if e.Isolation == string(model.Auto) {
			auto[e.Name] = model.Probation{Requests: e.Probation.Requests, Time: model.Duration(e.Probation.Time)}
		}
	}
	return s.control.DeclareAuto(ctx, s.snapshot(file, without), auto)
}

// reload reads the file again. Whatever is wrong with it, what serves stays.
func (s *server) reload(ctx context.Context) {
	file, err := s.command.load()
	if err != nil {
		logger().Error("the configuration is not reloaded, the running one stays", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchAlso(sources(file))
	defer func() { s.watchAlso(nil) }() // what the file in force has, whichever that is by then
	bad := s.buildAll(ctx, file)
	for name := range bad {
		if !s.bad[name] {
			logger().Error("the configuration is not reloaded, the running one stays: not every source compiles", "endpoint", name)
			return
		}
	}
	// What could not be served before need not be now.
	err = s.declare(ctx, file, bad)
	for err != nil {
		faults := endpointsOf(err)
		known := len(faults) > 0
		for _, fault := range faults {
			known = known && s.bad[fault.Endpoint] && !bad[fault.Endpoint]
			bad[fault.Endpoint] = true
		}
		if !known {
			logger().Error("the configuration is not reloaded, the running one stays", "error", located(err, file))
			return
		}
		err = s.declare(ctx, file, bad)
	}
	s.bad = bad
	if keys := s.inForce.changed(file.Server); len(keys) > 0 {
		logger().Warn("these keys of [server] were changed and take effect at the next start", "keys", strings.Join(keys, ", "))
	}
	s.file = file
	logger().Info("the configuration was reloaded", "endpoints", len(file.Endpoints))
}

// rebuild swaps in what a source folder holds now. A source that does not
// compile leaves the old version serving.
func (s *server) rebuild(ctx context.Context, dir string) {
	library, err := s.builder.Build(ctx, dir)
	if err != nil {
		if ctx.Err() == nil {
			s.compilerSaid(err)
			logger().Error("the source does not compile, the old version keeps serving", "source", dir, "error", err)
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(sources(s.file), dir) {
		return // it was taken out meanwhile, or has never been in force
	}
	before := s.libraries[dir]
	s.libraries[dir] = library.Path
	without := maps.Clone(s.bad)
	for _, e := range s.file.Endpoints {
		if e.Source == dir {
			delete(without, e.Name)
		}
	}
	if err := s.declare(ctx, s.file, without); err != nil {
		s.libraries[dir] = before
		logger().Error("the new version cannot be used, the old one keeps serving", "source", dir, "error", err)
		return
	}
	s.bad = without
	logger().Info("swapped in a new version", "source", dir, "version", library.Digest[:12], "built_in", library.Duration.String())
}

// compilerSaid prints what a compiler printed, as it did, for whoever edits the
// source. The log has the line that matters.
func (s *server) compilerSaid(err error) {
	var failed *toolchain.BuildError
	if errors.As(err, &failed) && (s.command.Watch || isTerminal(os.Stderr)) {
		fmt.Fprintln(os.Stderr, failed.Output)
	}
}

// announce prints, for people, what to try.
func (s *server) announce(ctx context.Context) {
	at := s.sockets.http[0].Addr()
	all, err := s.control.Overview(ctx)
	if err != nil {
		logger().Error("what is served cannot be told", "error", err)
	}
	logger().Info("serving", "address", "http://"+at.String(), "endpoints", len(all.Endpoints), "services", len(all.Services))
	if !s.command.Watch && !isTerminal(os.Stdout) {
		return
	}
	for _, e := range s.file.Endpoints {
		method := "GET"
		if len(e.Methods) > 0 {
			method = e.Methods[0]
		}
		fmt.Printf("  curl -X %-5s http://%s%s\n", method, at, example(e.Path))
	}
}

// located puts the line in front of what is wrong with services, if nothing but
// services is at fault.
func located(err error, file *config.File) error {
	all := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		all = many.Unwrap()
	}
	for i, one := range all {
		var fault *gateway.ServiceError
		if !errors.As(one, &fault) {
			return err
		}
		for _, s := range file.Services {
			if s.Name == fault.Service {
				all[i] = fmt.Errorf("%s:%d: %w", file.Path, s.Line, fault)
			}
		}
	}
	return errors.Join(all...)
}

// endpointsOf lists the endpoints that an error of Apply is about.
func endpointsOf(err error) []*gateway.EndpointError {
	var one *gateway.EndpointError
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*gateway.EndpointError
		for _, e := range many.Unwrap() {
			all = append(all, endpointsOf(e)...)
		}
		return all
	}
	if errors.As(err, &one) {
		return []*gateway.EndpointError{one}
	}
	return nil
}
