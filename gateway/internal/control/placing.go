package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/canary"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/probation"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// placing follows the versions that run in processes of their own until they
// have proved themselves. What is decided is in the state; how far they are is
// here, and begins anew with the gateway.
type placing struct {
	mu      sync.Mutex
	records map[versionOfEndpoint]*proving
}

// proving is a version on its way.
type proving struct {
	rule     probation.Rule
	record   *probation.Record
	before   gateway.VersionReport // as it was when the record began
	progress string
	failed   string // why the last record was of no use; "" for the first
}

// spoil ends the record of a version that has crashed.
func (p *placing) spoil(v versionOfEndpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one := p.records[v]; one != nil {
		one.record, one.failed = nil, "its process ended at "+time.Now().UTC().Format(time.TimeOnly)
	}
}

// forget has the record of a version begin anew.
func (p *placing) forget(v versionOfEndpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.records, v)
}

// progress tells how far a version is.
func (p *placing) progress(v versionOfEndpoint) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one := p.records[v]; one != nil {
		return one.progress
	}
	return ""
}

// keepPlacing looks at versions that have to prove themselves, and moves those
// that have, until life ends.
func (c *Control) keepPlacing() {
	tick := time.NewTicker(c.opts.placeEvery)
	defer tick.Stop()
	var last *catalog
	for {
		select {
		case <-c.life.Done():
			return
		case <-tick.C:
		}
		if now := c.now.Load(); now != last {
			c.placing.follow(now)
			last = now
		}
		for v, proved := range c.placing.look(c) {
			c.clear(c.life, v, proved)
		}
	}
}

// follow makes the records those of the versions that a catalog serves.
func (p *placing) follow(now *catalog) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.records
	p.records = map[versionOfEndpoint]*proving{}
	add := func(v versionOfEndpoint) {
		placement := now.placement(v.endpoint, v.version)
		if placement.State != model.OnProbation && placement.State != model.Suspected {
			return
		}
		_, chosen := now.isolation(v.endpoint)
		rule := probation.RuleOf(chosen)
		if placement.State == model.Suspected {
			rule.Leaks, rule.Time = false, max(rule.Time, time.Duration(placement.For))
		}
		one := before[v]
		if one == nil {
			one = &proving{}
		}
		one.rule = rule
		p.records[v] = one
	}
	for _, e := range now.snapshot.Endpoints {
		if e.Isolated && e.Library != "" {
			add(versionOfEndpoint{e.Name, digestOf(e.Library)})
		}
		if e.Canary != nil && e.Canary.Isolated {
			add(versionOfEndpoint{e.Name, digestOf(e.Canary.Library)})
		}
	}
}

// look adds to the records what the worker reports, and gives those that are
// enough, with the reasons.
func (p *placing) look(c *Control) map[versionOfEndpoint]*proof {
	p.mu.Lock()
	none := len(p.records) == 0
	p.mu.Unlock()
	if none {
		return nil
	}
	report, at := c.Report(), time.Now()
	proved := map[versionOfEndpoint]*proof{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range report.Endpoints {
		for _, r := range e.Versions {
			v := versionOfEndpoint{e.Name, r.Version}
			one := p.records[v]
			if one == nil {
				continue
			}
			if one.record == nil {
				one.record, one.before = probation.Begin(at), r
			}
			look := probation.Look{At: at, Requests: canary.Between(one.before, r).Requests}
			if r.Process != nil && r.Process.Pid != 0 {
				look.Process, look.Memory = r.Process.Started, r.Process.Memory
			}
			one.record.Add(look)
			ok, reason := probation.Decide(one.rule, one.record)
			if one.progress = reason; one.failed != "" {
				one.progress += " (begun anew: " + one.failed + ")"
			}
			if ok {
				proved[v] = &proof{one.record, reason}
			}
		}
	}
	return proved
}

// proof is a record that is enough.
type proof struct {
	record *probation.Record
	reason string
}

// holds tells whether a proof has not been spoiled since.
func (p *placing) holds(v versionOfEndpoint, proved *proof) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records[v] != nil && p.records[v].record == proved.record
}

// clear moves a version that has proved itself to where it is to run.
func (c *Control) clear(ctx context.Context, v versionOfEndpoint, proved *proof) {
	err := c.changePlacement(ctx, "endpoint.clear", v, func(e *edit, d *deed) error {
		state := e.placement(v.endpoint, v.version).State
		if state != model.OnProbation && state != model.Suspected || !c.placing.holds(v, proved) {
			return errOvertaken
		}
		d.tell("version %s runs in the worker: %s", short(v.version), proved.reason)
		if isolation, _ := e.isolation(v.endpoint); isolation != model.Auto {
			e.forgetPlacement(v)
			return nil
		}
		e.putPlacement(v, model.Placement{State: model.Cleared, Reason: proved.reason})
		return nil
	})
	switch {
	case err == nil:
		c.log.Info("a version has proved itself in a process of its own, and runs in the worker now", "endpoint", v.endpoint, "version", short(v.version), "reason", proved.reason)
	case errors.Is(err, errOvertaken), ctx.Err() != nil:
	default:
		// Nothing has changed; it would fail at each look.
		c.log.Error("a version that has proved itself stays in a process of its own", "endpoint", v.endpoint, "version", short(v.version), "error", err)
		c.placing.mu.Lock()
		if one := c.placing.records[v]; one != nil {
			one.record, one.failed = nil, "the worker did not take it: "+err.Error()
		}
		c.placing.mu.Unlock()
	}
}

// withPlacements fills in how versions do in processes of their own.
func (c *Control) withPlacements(endpoints []model.Endpoint) {
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
		p.Progress = c.placing.progress(versionOfEndpoint{e.Name, version})
	}
	for _, e := range endpoints {
		fill(e, e.Version, e.Placement)
		if e.Canary != nil {
			fill(e, e.Canary.Version, e.Canary.Placement)
		}
	}
}
