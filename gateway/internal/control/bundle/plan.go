package bundle

import (
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Now is what there is, of what a bundle names.
type Now struct {
	Endpoints map[string]NowEndpoint
	Services  map[string]model.ServiceSpec // with secrets in their places
}

// NowEndpoint is an endpoint as it is.
type NowEndpoint struct {
	Spec     model.EndpointSpec
	Source   string // digest of its source tree
	Version  string // digest of the version deployed
	Versions []model.Version
}

// Plan tells what applying the bundle changes: nothing where everything is as
// it says.
func (b *Bundle) Plan(now Now) []model.Change {
	changes := []model.Change{}
	add := func(kind, name, action, detail string) {
		changes = append(changes, model.Change{Kind: kind, Name: name, Action: action, Detail: detail})
	}
	for _, s := range b.Services {
		before, known := now.Services[s.Name]
		if !known {
			add("service", s.Name, "create", describeService(s))
		} else if differs := serviceDifference(before, s); differs != "" {
			add("service", s.Name, "update", differs)
		}
	}
	for _, e := range b.Endpoints {
		before, known := now.Endpoints[e.Spec.Name]
		if !known {
			add("endpoint", e.Spec.Name, "create", route(e.Spec))
		} else if differs := endpointDifference(before.Spec, e.Onto(before.Spec)); differs != "" {
			add("endpoint", e.Spec.Name, "update", differs)
		}
		if action, detail := e.handler(before); action != "" {
			add("endpoint", e.Spec.Name, action, detail)
		}
	}
	return changes
}

// handler tells what has to be done for an endpoint to run what the bundle has
// for it.
func (e Endpoint) handler(now NowEndpoint) (action, detail string) {
	if e.Library != "" {
		switch now.Version {
		case e.Digest:
			return "", ""
		case "":
			return "deploy", "library " + short(e.Digest)
		}
		return "deploy", "library " + short(now.Version) + " -> " + short(e.Digest)
	}
	version, built := e.Built(now)
	switch {
	case !built && now.Source == "":
		return "build", "source " + short(e.Digest)
	case !built && now.Source == e.Digest:
		return "build", "its source was not built yet"
	case !built:
		return "build", "source differs"
	case version != now.Version:
		return "deploy", "version " + short(version) + ", which was built from this source"
	case now.Source != e.Digest:
		return "update", "source differs; the version deployed was built from the bundle's"
	}
	return "", ""
}

// Built finds the version that was built from the bundle's source: the one
// deployed, if it was, else the newest.
func (e Endpoint) Built(now NowEndpoint) (digest string, found bool) {
	from := func(v model.Version) bool { return v.Source == e.Digest }
	if slices.ContainsFunc(now.Versions, func(v model.Version) bool { return v.Digest == now.Version && from(v) }) {
		return now.Version, true
	}
	if i := slices.IndexFunc(now.Versions, from); i >= 0 {
		return now.Versions[i].Digest, true
	}
	return "", false
}

func short(digest string) string { return digest[:min(len(digest), 12)] }
