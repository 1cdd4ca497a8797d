package telemetry

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// Accumulator adds up what one worker after another reports, so that counters
// go on where those of the last one ended. What a worker counted after its last
// report is lost with it: who wants to lose little asks often. Gauges are those
// of the present worker.
//
// The zero value is ready. One Accumulator belongs to one control plane. A lock
// covers the worker's report too, since reports have to be added in the order
// in which they were made.
type Accumulator struct {
	mu        sync.Mutex
	first     time.Time // when the first worker started
	present   time.Time // when the present one did
	applied   bool      // the present one has had something to serve
	reports   uint64
	last      gateway.Report               // of the present one, as it made it
	replaced  map[time.Time]gateway.Report // the last ones of those before, that may still drain
	refused   series
	endpoints map[string]*endpoint
	services  map[string]*series
}

// Report asks the worker for a report and gives it with totals for counters. An
// endpoint or a service that the worker does not have any more has none; a
// worker that is new may take a while to be given them.
func (a *Accumulator) Report(worker interface{ Report() gateway.Report }) gateway.Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.add(worker.Report())
}

func (a *Accumulator) add(r gateway.Report) gateway.Report {
	if a.endpoints == nil {
		a.first, a.endpoints, a.services = r.Started, map[string]*endpoint{}, map[string]*series{}
	}
	if !a.present.Equal(r.Started) {
		a.keepReplaced()
		a.present, a.applied = r.Started, false
		a.refused.restart()
		for _, e := range a.endpoints {
			e.restart()
		}
		for _, s := range a.services {
			s.restart()
		}
	}
	a.reports++
	a.last = r
	a.applied = a.applied || len(r.Endpoints)+len(r.Services) > 0
	a.refused.follow(counters{statuses: r.Refused})
	r.Started, r.Refused = a.first, maps.Clone(a.refused.total.statuses)
	r.Endpoints = a.addEndpoints(r.Endpoints)
	r.Services = a.addServices(r.Services)
	return r
}

// drainingMost is how many workers may drain at a time whose last report is still
// awaited.
const drainingMost = 16

// keepReplaced keeps what the present worker has counted so far, for its last
// report.
func (a *Accumulator) keepReplaced() {
	if a.replaced == nil {
		a.replaced = map[time.Time]gateway.Report{}
	}
	if !a.present.IsZero() {
		a.replaced[a.present.UTC()] = a.last
	}
	for len(a.replaced) > drainingMost {
		delete(a.replaced, slices.MinFunc(slices.Collect(maps.Keys(a.replaced)), time.Time.Compare))
	}
}

// Drained adds what a worker has counted that another one had replaced while it
// had requests left: r is its last report.
func (a *Accumulator) Drained(r gateway.Report) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.endpoints == nil || a.present.Equal(r.Started) {
		a.add(r) // the next one has not been asked yet
		return
	}
	before, ok := a.replaced[r.Started.UTC()]
	if !ok {
		return // nobody knows how much of it is counted already
	}
	delete(a.replaced, r.Started.UTC())
	a.refused.late(counters{statuses: r.Refused}, counters{statuses: before.Refused})
	was := map[string]gateway.EndpointReport{}
	for _, e := range before.Endpoints {
		was[e.Name] = e
	}
	for _, one := range r.Endpoints {
		if e := a.endpoints[one.Name]; e != nil { // else it is gone, with all that it counted
			e.late(one, was[one.Name])
		}
	}
	wasService := map[string]gateway.ServiceReport{}
	for _, s := range before.Services {
		wasService[s.Name] = s
	}
	for _, one := range r.Services {
		if s := a.services[one.Name]; s != nil {
			s.late(countersOf(one), countersOf(wasService[one.Name]))
		}
	}
}

func countersOf(r gateway.ServiceReport) counters {
	return counters{latency: r.Latency, plain: plain{
		done: r.Done, errors: r.Errors, overloaded: r.Overloaded, deadlines: r.Deadlines, panics: r.Panics,
	}}
}

func (a *Accumulator) addEndpoints(reports []gateway.EndpointReport) []gateway.EndpointReport {
	totals := make([]gateway.EndpointReport, 0, len(a.endpoints))
	seen := make(map[string]bool, len(reports))
	for _, r := range reports {
		seen[r.Name] = true
		e := a.endpoints[r.Name]
		if e == nil {
			e = &endpoint{versions: map[string]*version{}}
			a.endpoints[r.Name] = e
		}
		e.refused.follow(counters{statuses: r.Refused})
		e.follow(r.Versions, a.reports)
		totals = append(totals, e.report(r))
	}
	for name, e := range a.endpoints {
		switch {
		case seen[name]:
		case a.applied:
			delete(a.endpoints, name)
		default:
			e.follow(nil, a.reports)
			totals = append(totals, e.report(gateway.EndpointReport{Name: name}))
		}
	}
	slices.SortFunc(totals, func(a, b gateway.EndpointReport) int { return strings.Compare(a.Name, b.Name) })
	return totals
}

func (a *Accumulator) addServices(reports []gateway.ServiceReport) []gateway.ServiceReport {
	totals := make([]gateway.ServiceReport, 0, len(a.services))
	seen := make(map[string]bool, len(reports))
	for _, r := range reports {
		seen[r.Name] = true
		s := a.services[r.Name]
		if s == nil {
			s = &series{}
			a.services[r.Name] = s
		}
		s.follow(countersOf(r))
		totals = append(totals, serviceTotals(r, s.total))
	}
	for name, s := range a.services {
		switch {
		case seen[name]:
		case a.applied:
			delete(a.services, name)
		default:
			var r gateway.ServiceReport
			r.Name = name
			totals = append(totals, serviceTotals(r, s.total))
		}
	}
	slices.SortFunc(totals, func(a, b gateway.ServiceReport) int { return strings.Compare(a.Name, b.Name) })
	return totals
}

// serviceTotals is a report with totals for its counters.
func serviceTotals(r gateway.ServiceReport, total counters) gateway.ServiceReport {
	r.Latency, r.Done, r.Errors = total.latency, total.plain.done, total.plain.errors
	r.Overloaded, r.Deadlines, r.Panics = total.plain.overloaded, total.plain.deadlines, total.plain.panics
	return r
}
