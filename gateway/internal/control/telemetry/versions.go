package telemetry

import (
	"cmp"
	"maps"
	"slices"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// VersionsMost is how many versions of an endpoint have counters of their own.
// Other stands for the rest, those that were in use the longest ago.
const (
	VersionsMost = 16
	Other        = "other"
)

// endpoint has the counters of one endpoint.
type endpoint struct {
	refused  series
	versions map[string]*version
	listed   []*version // the most important ones
	other    version    // what the others counted
	folded   bool       // there has been one of those
}

type version struct {
	series
	now  gateway.VersionReport // of the present worker, for its gauges
	used uint64                // number of the last report in which it did anything

	// Of its processes: one after the other counts from zero, while what the
	// version counts goes on.
	restarts series
}

func (e *endpoint) restart() {
	e.refused.restart()
	for _, v := range e.versions {
		v.restart()
		v.restarts.restart()
	}
}

// follow adds the reports of all versions that the worker knows.
func (e *endpoint) follow(reports []gateway.VersionReport, number uint64) {
	for digest, v := range e.versions {
		v.now = gateway.VersionReport{Version: digest, Role: gateway.Gone}
	}
	known := make(map[string]bool, len(reports))
	for _, r := range reports {
		known[r.Version] = true
		v := e.versions[r.Version]
		if v == nil {
			v = &version{}
			e.versions[r.Version] = v
		}
		before := v.last.latency.Count()
		v.follow(counters{statuses: r.Requests, latency: r.Latency, plain: plain{unloaded: uint64(r.Unloaded)}})
		if v.now = r; r.Process != nil {
			v.restarts.follow(counters{plain: plain{restarts: uint64(r.Process.Restarts)}})
		}
		if v.used == 0 || r.Role != gateway.Gone || v.last.latency.Count() != before {
			v.used = number
		}
	}
	for digest, v := range e.versions {
		if !known[digest] {
			v.restart() // should it come back, it counts from zero
		}
	}
	e.fold(known)
}

// late adds what a worker has counted since it was replaced.
func (e *endpoint) late(r, before gateway.EndpointReport) {
	e.refused.late(counters{statuses: r.Refused}, counters{statuses: before.Refused})
	was := map[string]gateway.VersionReport{}
	for _, v := range before.Versions {
		was[v.Version] = v
	}
	for _, one := range r.Versions {
		v := e.versions[one.Version]
		if v == nil {
			v = &version{now: gateway.VersionReport{Version: one.Version, Role: gateway.Gone}}
			e.versions[one.Version] = v
		}
		v.late(requestsOf(one), requestsOf(was[one.Version]))
	}
}

// requestsOf is what a version counts that goes on when its worker drains: what
// becomes of its instances is that worker's.
func requestsOf(r gateway.VersionReport) counters {
	return counters{statuses: r.Requests, latency: r.Latency}
}

// fold moves what the least important versions counted to other. One that the
// worker still knows is remembered, so that only what it counts from now on is
// moved the next time, or is its own if it has become important.
func (e *endpoint) fold(known map[string]bool) {
	e.other.now = gateway.VersionReport{Version: Other, Role: gateway.Gone}
	ranked := e.ranked()
	most := min(VersionsMost, len(ranked))
	e.listed = ranked[:most]
	for _, v := range ranked[most:] {
		e.folded = true
		e.other.total = e.other.total.plus(v.total)
		v.total = counters{}
		e.other.now.InFlight += v.now.InFlight
		e.other.now.Retained += v.now.Retained
		e.other.now.Bytes += v.now.Bytes
		if !known[v.now.Version] {
			delete(e.versions, v.now.Version)
		}
	}
}

// ranked has the versions, the most important first.
func (e *endpoint) ranked() []*version {
	return slices.SortedFunc(maps.Values(e.versions), func(a, b *version) int {
		return cmp.Or(
			cmp.Compare(rank(a.now.Role), rank(b.now.Role)),
			cmp.Compare(b.used, a.used),
			cmp.Compare(a.now.Version, b.now.Version),
		)
	})
}

func rank(role gateway.Role) int {
	return slices.Index([]gateway.Role{gateway.Current, gateway.Trying, gateway.Draining, gateway.Retained, gateway.Gone}, role)
}

// report is what the worker says of the endpoint, with totals for counters.
func (e *endpoint) report(r gateway.EndpointReport) gateway.EndpointReport {
	r.Refused = maps.Clone(e.refused.total.statuses)
	listed := slices.Clone(e.listed)
	if e.folded {
		listed = append(listed, &e.other)
	}
	r.Versions = make([]gateway.VersionReport, len(listed))
	for i, v := range listed {
		one := v.now
		one.Requests, one.Latency, one.Unloaded = maps.Clone(v.total.statuses), v.total.latency, int64(v.total.plain.unloaded)
		if one.Process != nil {
			process := *one.Process
			process.Restarts = int64(v.restarts.total.plain.restarts)
			one.Process = &process
		}
		r.Versions[i] = one
	}
	return r
}
