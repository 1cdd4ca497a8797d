package control

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/artifact"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// compose makes the snapshot: what the file declares, and of what the API has
// made all that does not contradict it. The rest has a fault.
func (k *catalog) compose(artifacts *artifact.Store) {
	k.snapshot, k.faults, k.serviceFaults = gateway.Snapshot{}, map[string]string{}, map[string]string{}
	k.snapshot.Services = slices.Clone(k.file.Services)
	for i := range k.snapshot.Services {
		one := &k.snapshot.Services[i]
		one.Inactive = one.Inactive || k.brokenServices[one.Name] != ""
	}
	for _, name := range slices.Sorted(maps.Keys(k.services)) {
		if _, ok := k.fileService(name); ok {
			k.serviceFaults[name] = fmt.Sprintf("the configuration file declares a service %q too, and goes first", name)
			continue
		}
		s, err := startable(k.services[name])
		if err != nil {
			k.serviceFaults[name] = err.Error()
		}
		if why := k.brokenServices[name]; why != "" {
			k.serviceFaults[name] = why
			s = idle(k.services[name])
		}
		k.snapshot.Services = append(k.snapshot.Services, s)
	}
	k.snapshot.Endpoints = slices.Clone(k.file.Endpoints)
	for i := range k.snapshot.Endpoints {
		if e := &k.snapshot.Endpoints[i]; k.broken[e.Name] != "" || k.isQuarantined(*e) {
			e.Library, e.Canary = "", nil
		}
		if e := &k.snapshot.Endpoints[i]; e.Library != "" {
			e.Isolated = k.placement(e.Name, digestOf(e.Library)).State.Isolated()
		}
	}
	routes := make([]config.Route, len(k.file.Endpoints))
	for i, e := range k.file.Endpoints {
		routes[i] = config.Route{Domain: e.Domain, Path: e.Path, Methods: e.Methods}
	}
	for _, name := range slices.Sorted(maps.Keys(k.endpoints)) {
		e := k.endpoints[name]
		if why := k.contradiction(e, routes); why != "" {
			k.faults[name] = why
			continue
		}
		if !e.Disabled {
			k.snapshot.Endpoints = append(k.snapshot.Endpoints, k.composeEndpoint(e, artifacts))
		}
	}
}

// contradiction tells what of the file's endpoints keeps one of the API out.
func (k *catalog) contradiction(e model.Endpoint, routes []config.Route) string {
	if _, ok := k.fileEndpoint(e.Name); ok {
		return fmt.Sprintf("the configuration file declares an endpoint %q too, and goes first", e.Name)
	}
	if e.Disabled {
		return ""
	}
	if why := k.yields[e.Name]; why != "" {
		return why
	}
	for i, route := range routes {
		if config.Conflicts(route, routeOf(e.EndpointSpec)) {
			return fmt.Sprintf("endpoint %q of the configuration file answers %s, and goes first", k.file.Endpoints[i].Name, describe(route))
		}
	}
	return ""
}

// composeEndpoint gives an endpoint its libraries; none where something is in
// the way, so that it answers 503.
func (k *catalog) composeEndpoint(e model.Endpoint, artifacts *artifact.Store) gateway.Endpoint {
	made := gateway.Endpoint{
		Name: e.Name, Domain: e.Domain, Path: e.Path, Methods: e.Methods, Config: e.Config, Services: e.Services,
		Limits: gateway.Limits{
			Timeout: time.Duration(e.Limits.Timeout), MaxBody: e.Limits.MaxBody, MaxConcurrency: e.Limits.MaxConcurrency,
			MaxNative: e.Limits.MaxNative, MaxStuck: e.Limits.MaxStuck, Rate: e.Limits.Rate, Burst: e.Limits.Burst,
		},
		Process: gateway.ProcessLimits(e.Process),
	}
	fault := func(format string, args ...any) gateway.Endpoint {
		k.faults[e.Name] = fmt.Sprintf(format, args...)
		made.Library, made.Canary, made.Services = "", nil, nil
		return made
	}
	for _, local := range slices.Sorted(maps.Keys(e.Services)) {
		if service := e.Services[local]; !k.hasService(service) {
			return fault("it is bound to service %q, which is not there", service)
		}
	}
	if e.Version == "" {
		if n := len(e.Quarantine); n > 0 {
			return fault("%s", quarantineFault(e.Quarantine[n-1], liftedByDeploy))
		}
		return made
	}
	if why := k.broken[e.Name]; why != "" {
		return fault("%s", why)
	}
	library, err := artifacts.Library(e.Version)
	if err != nil {
		return fault("its version cannot be had: %v", err)
	}
	made.Library, made.Isolated = library.Path, k.placement(e.Name, e.Version).State.Isolated()
	if e.Canary != nil {
		library, err := artifacts.Library(e.Canary.Version)
		if err != nil {
			k.faults[e.Name] = fmt.Sprintf("its canary cannot be had: %v", err)
			return made
		}
		made.Canary = &gateway.Canary{
			Library: library.Path, Weight: e.Canary.Weight, Header: e.Canary.Header,
			Isolated: k.placement(e.Name, e.Canary.Version).State.Isolated(),
		}
	}
	return made
}

// digestOf tells the version from the file of an artifact.
func digestOf(library string) string {
	return strings.TrimSuffix(filepath.Base(library), filepath.Ext(library))
}

// describe names a route as people write it.
func describe(r config.Route) string {
	methods := strings.Join(r.Methods, ",")
	if methods == "" {
		methods = "every method"
	}
	return methods + " " + r.Domain + r.Path
}
