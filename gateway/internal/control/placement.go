package control

import (
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// versionOfEndpoint is a version of an endpoint.
type versionOfEndpoint struct{ endpoint, version string }

// isolation is what is chosen for an endpoint.
func (k *catalog) isolation(endpoint string) (model.Isolation, model.Probation) {
	e, ok := k.fileEndpoint(endpoint)
	if !ok {
		spec := k.endpoints[endpoint].EndpointSpec
		return spec.Isolation, spec.Probation
	}
	if rule, auto := k.auto[endpoint]; auto {
		return model.Auto, rule
	}
	if e.Isolated {
		return model.InProcess, model.Probation{}
	}
	return "", model.Probation{}
}

// placement is where a version of an endpoint runs: as what it did has decided,
// else as is chosen.
func (k *catalog) placement(endpoint, version string) model.Placement {
	isolation, _ := k.isolation(endpoint)
	decided, ok := k.placements[versionOfEndpoint{endpoint, version}]
	switch {
	case isolation == model.InProcess:
		return model.Placement{State: model.PlacedInProcess}
	case ok && (decided.State != model.Cleared || isolation == model.Auto):
		return decided
	case isolation == model.Auto:
		return model.Placement{State: model.OnProbation}
	}
	return model.Placement{State: model.PlacedInWorker}
}

// place fills in where the versions of an endpoint run.
func (k *catalog) place(e *model.Endpoint) {
	if e.Version != "" {
		p := k.placement(e.Name, e.Version)
		e.Placement = &p
	}
	if e.Canary != nil {
		canary, p := *e.Canary, k.placement(e.Name, e.Canary.Version) // that of the catalog is never changed
		canary.Placement, e.Canary = &p, &canary
	}
}

// withProcesses fills in the processes of isolated versions.
func (c *Control) withProcesses(endpoints []model.Endpoint) {
	var report *gateway.Report
	fill := func(e model.Endpoint, version string, p *model.Placement) {
		if p == nil || !p.State.Isolated() {
			return
		}
		if report == nil {
			r := c.Report()
			report = &r
		}
		if v, ok := versionOf(*report, e.Name, version); ok {
			p.Process = (*model.IsolatedProcess)(v.Process)
		}
	}
	for _, e := range endpoints {
		fill(e, e.Version, e.Placement)
		if e.Canary != nil {
			fill(e, e.Canary.Version, e.Canary.Placement)
		}
	}
}
