package control

import (
	"maps"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// catalog is everything that there is to serve, and the snapshot that follows
// from it. One that is in force is never changed: a change makes the next.
type catalog struct {
	// What the configuration file declares, with libraries in the artifact
	// store, so that nothing done to its files later has an effect.
	file     gateway.Snapshot
	declared time.Time // zero until Declare
	given    []string  // the files of those libraries, which may lie in the build cache
	// auto are the endpoints of the file whose isolation is "auto".
	auto map[string]model.Probation

	endpoints map[string]model.Endpoint // of the API, as the state has them
	services  map[string]state.Service  // likewise

	// What the worker could not start, and why. It is left out of the snapshot
	// until it is changed, so that it does not keep others from changing.
	broken         map[string]string // endpoints
	brokenServices map[string]string
	quarantined    map[string]model.Quarantine // endpoints of the file, as they are declared
	yields         map[string]string           // endpoints that have the route of a service of the file

	// Where versions run, as far as what they did has decided it.
	placements map[versionOfEndpoint]model.Placement

	// What follows is made by compose.
	snapshot      gateway.Snapshot
	faults        map[string]string // endpoints of the API that are not served as they should be
	serviceFaults map[string]string
}

func (k *catalog) clone() *catalog {
	next := *k
	next.endpoints, next.services = maps.Clone(k.endpoints), maps.Clone(k.services)
	next.quarantined = maps.Clone(k.quarantined)
	next.broken, next.brokenServices = maps.Clone(k.broken), maps.Clone(k.brokenServices)
	next.yields = maps.Clone(k.yields)
	next.placements = maps.Clone(k.placements)
	return &next
}

// fileEndpoint finds an endpoint that the file declares.
func (k *catalog) fileEndpoint(name string) (e gateway.Endpoint, found bool) {
	i := slices.IndexFunc(k.file.Endpoints, func(e gateway.Endpoint) bool { return e.Name == name })
	if i < 0 {
		return e, false
	}
	return k.file.Endpoints[i], true
}

func (k *catalog) fileService(name string) (s gateway.Service, found bool) {
	i := slices.IndexFunc(k.file.Services, func(s gateway.Service) bool { return s.Name == name })
	if i < 0 {
		return s, false
	}
	return k.file.Services[i], true
}

// endpointNames lists all endpoints; the file's go before those of the same
// name.
func (k *catalog) endpointNames() []string {
	names := slices.Collect(maps.Keys(k.endpoints))
	for _, e := range k.file.Endpoints {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (k *catalog) serviceNames() []string {
	names := slices.Collect(maps.Keys(k.services))
	for _, s := range k.file.Services {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// endpoint is an endpoint as the API shows it, but for what is live.
func (k *catalog) endpoint(name string) (model.Endpoint, bool) {
	if declared, ok := k.fileEndpoint(name); ok {
		e := k.declaredEndpoint(declared)
		e.Fault = k.broken[name]
		if k.isQuarantined(declared) {
			q := k.quarantined[name]
			e.Quarantine, e.Fault = []model.Quarantine{q}, quarantineFault(q, liftedByDeclare)
		}
		k.place(&e)
		return e, true
	}
	e, ok := k.endpoints[name]
	e.Fault = k.faults[name]
	k.place(&e)
	return e, ok
}

// isQuarantined tells whether the version that the file declares of an endpoint is
// in quarantine.
func (k *catalog) isQuarantined(e gateway.Endpoint) bool {
	q, ok := k.quarantined[e.Name]
	return ok && e.Library != "" && digestOf(e.Library) == q.Version
}

// own is an endpoint that the API may change.
func (k *catalog) own(name string) (model.Endpoint, error) {
	if _, ok := k.fileEndpoint(name); ok {
		return model.Endpoint{}, model.Errorf(model.ReadOnly, "endpoint %q is declared by the configuration file: change it there", name)
	}
	e, ok := k.endpoints[name]
	if !ok {
		return e, model.Errorf(model.Missing, "there is no endpoint %q", name)
	}
	return e, nil
}

func (k *catalog) ownService(name string) (state.Service, error) {
	if _, ok := k.fileService(name); ok {
		return state.Service{}, model.Errorf(model.ReadOnly, "service %q is declared by the configuration file: change it there", name)
	}
	s, ok := k.services[name]
	if !ok {
		return s, model.Errorf(model.Missing, "there is no service %q", name)
	}
	return s, nil
}

func (k *catalog) hasService(name string) bool {
	_, file := k.fileService(name)
	_, api := k.services[name]
	return file || api
}

// boundTo lists the endpoints that are bound to a service.
func (k *catalog) boundTo(service string) []string {
	names := []string{}
	for _, name := range k.endpointNames() {
		e, _ := k.endpoint(name)
		for _, bound := range e.Services {
			if bound == service {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// conflict finds an endpoint that answers requests which spec would answer.
func (k *catalog) conflict(spec model.EndpointSpec) error {
	if spec.Disabled {
		return nil
	}
	var names []string
	var routes []config.Route
	for _, name := range k.endpointNames() {
		if e, _ := k.endpoint(name); !e.Disabled && name != spec.Name {
			names, routes = append(names, name), append(routes, routeOf(e.EndpointSpec))
		}
	}
	routes = append(routes, routeOf(spec))
	for _, c := range config.FindConflicts(routes) {
		if c.Second != len(names) {
			continue
		}
		err := model.Errorf(model.Conflict, "endpoint %q answers %s already", names[c.First], describe(routes[c.First])).At("path")
		err.Other = "endpoint/" + names[c.First]
		return err
	}
	return nil
}

func routeOf(spec model.EndpointSpec) config.Route {
	return config.Route{Domain: spec.Domain, Path: spec.Path, Methods: spec.Methods}
}

// declaredEndpoint is how an endpoint of the configuration file is shown.
func (k *catalog) declaredEndpoint(e gateway.Endpoint) model.Endpoint {
	isolation, probation := k.isolation(e.Name)
	return model.Endpoint{
		EndpointSpec: model.EndpointSpec{
			Name: e.Name, Domain: e.Domain, Path: e.Path, Methods: e.Methods, Config: e.Config, Services: e.Services,
			Limits: model.Limits{
				Timeout: model.Duration(e.Limits.Timeout), MaxBody: e.Limits.MaxBody, MaxConcurrency: e.Limits.MaxConcurrency,
				MaxNative: e.Limits.MaxNative, MaxStuck: e.Limits.MaxStuck, Rate: e.Limits.Rate, Burst: e.Limits.Burst,
			},
			Isolation: isolation, Process: model.ProcessLimits(e.Process), Probation: probation,
		},
		Origin: model.FromFile, Revision: k.declared.UnixMilli(), Version: digestOf(e.Library), Created: k.declared, Updated: k.declared,
	}
}
