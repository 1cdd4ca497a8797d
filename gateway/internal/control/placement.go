package control

import (
	"cmp"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
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
	case ok && decided.Chosen == cmp.Or(isolation, model.InWorker):
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

// decided lists the versions of an endpoint about which something was decided.
func (k *catalog) decided(endpoint string) (all []versionOfEndpoint) {
	for v := range k.placements {
		if v.endpoint == endpoint {
			all = append(all, v)
		}
	}
	return all
}

// runs tells whether a version gets any of an endpoint's traffic.
func (k *catalog) runs(v versionOfEndpoint) bool {
	e, ok := k.endpoint(v.endpoint)
	return ok && v.version != "" && (e.Version == v.version || e.Canary != nil && e.Canary.Version == v.version)
}

// putPlacement decides where a version runs.
func (e *edit) putPlacement(v versionOfEndpoint, p model.Placement) {
	isolation, _ := e.isolation(v.endpoint)
	at := time.Now().UTC()
	p.Chosen, p.Since = cmp.Or(isolation, model.InWorker), &at
	e.touchEndpoint(v.endpoint)
	e.placements[v] = p
	e.write(func(tx *state.Tx) error {
		return tx.PutPlacement(state.Placement{Endpoint: v.endpoint, Version: v.version, Placement: p})
	})
}

// forgetPlacement leaves it to what is chosen.
func (e *edit) forgetPlacement(v versionOfEndpoint) {
	e.touchEndpoint(v.endpoint)
	delete(e.placements, v)
	e.write(func(tx *state.Tx) error { return tx.DeletePlacement(v.endpoint, v.version) })
}

func (e *edit) forgetPlacements(endpoint string) {
	for _, v := range e.decided(endpoint) {
		e.forgetPlacement(v)
	}
}

// retry lets a version that was put out prove itself once more.
func (e *edit) retry(v versionOfEndpoint) {
	if p, ok := e.placements[v]; ok && p.State != model.Cleared {
		e.forgetPlacement(v)
	}
}

// forgetOthers drops what was decided about versions that the file does not
// declare any more, and lists them.
func (k *catalog) forgetOthers() (dropped []versionOfEndpoint) {
	for _, e := range k.file.Endpoints {
		if _, shadowed := k.endpoints[e.Name]; shadowed {
			continue // they may be the other one's
		}
		for _, v := range k.decided(e.Name) {
			if e.Library != "" && v.version != digestOf(e.Library) {
				delete(k.placements, v)
				dropped = append(dropped, v)
			}
		}
	}
	return dropped
}

func deletePlacements(tx *state.Tx, all []versionOfEndpoint) error {
	for _, v := range all {
		if err := tx.DeletePlacement(v.endpoint, v.version); err != nil {
			return err
		}
	}
	return nil
}
