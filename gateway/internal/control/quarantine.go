package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// quarantine takes the traffic from a version that has crashed too often.
// Its endpoint goes back to the last version deployed that has ended none; if
// there is none it answers 503. It lasts until the version is deployed again.
func (c *Control) quarantine(ctx context.Context, g model.CrashSuspect, last model.Crash) {
	defer c.acquit(g)
	q := model.Quarantine{
		Version: g.Version, At: time.Now().UTC(),
		Reason: fmt.Sprintf("it crashed %d times within %s, the last time by: %s", crash.Often, crash.Within, last.What),
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := c.takeTraffic(ctx, g.Endpoint, q)
		switch problem := (*model.Error)(nil); {
		case err == nil:
			return
		case ctx.Err() != nil, errors.As(err, &problem) && problem.Kind == model.Missing:
			return
		}
		// A worker may be on its way: what is decided has to come about.
		c.log.Warn("a version could not be quarantined, and it is tried again", "endpoint", g.Endpoint, "version", short(g.Version), "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (c *Control) takeTraffic(ctx context.Context, endpoint string, q model.Quarantine) error {
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return err
	}
	defer release()
	if _, ok := c.now.Load().fileEndpoint(endpoint); ok {
		return c.takeDeclared(ctx, endpoint, q)
	}
	candidates, err := c.healthy(ctx, endpoint, q.Version)
	if err != nil {
		return err
	}
	for _, to := range append(candidates, "") {
		d := c.deed(ctx, "endpoint.quarantine", "endpoint/"+endpoint)
		err = c.change(ctx, d, func(e *edit) error { return e.takeTraffic(d, endpoint, q, to) })
		if refusal := (*model.Error)(nil); errors.As(err, &refusal) && refusal.Kind == model.Refused {
			continue // it does not start any more
		}
		if err == nil {
			c.log.Error("a version is quarantined", "endpoint", endpoint, "version", short(q.Version), "reason", q.Reason, "instead", short(to), "advice", liftedByDeploy)
		}
		return err
	}
	return err
}

// takeTraffic is the change of an endpoint of the API.
func (e *edit) takeTraffic(d *deed, endpoint string, q model.Quarantine, to string) error {
	is, err := e.own(endpoint)
	if err != nil {
		return err
	}
	d.tell("version %s: %s", short(q.Version), q.Reason)
	if !slices.ContainsFunc(is.Quarantine, func(one model.Quarantine) bool { return one.Version == q.Version }) {
		is.Quarantine = append(slices.Clone(is.Quarantine), q)
	}
	how := model.Deploy{Endpoint: endpoint, Action: "quarantine", Reason: q.Reason}
	if is.Canary != nil && is.Canary.Version == q.Version {
		d.tell("its canary ended")
		is.Canary, how.Old, how.New = nil, q.Version, is.Version
	}
	if is.Version == q.Version {
		if is.Version, how.Old, how.New = to, q.Version, to; to == "" {
			d.tell("no version that was deployed before is healthy")
		} else {
			d.tell("version %s is deployed again", short(to))
		}
		if is.Canary != nil {
			d.tell("the canary of version %s ended", short(is.Canary.Version))
			e.record(d, model.Deploy{Endpoint: endpoint, Action: "abort", Old: is.Canary.Version, New: is.Version, Reason: "the version that it was compared with is quarantined"})
			is.Canary = nil
		}
	}
	e.deployed(d, is, how)
	return nil
}

// takeDeclared is for an endpoint of the configuration file: it answers 503
// until the file declares another version, or the gateway starts again.
func (c *Control) takeDeclared(ctx context.Context, endpoint string, q model.Quarantine) (err error) {
	d := c.deed(ctx, "endpoint.quarantine", "endpoint/"+endpoint)
	defer d.ended(&err)
	d.tell("version %s: %s", short(q.Version), q.Reason)
	err = c.change(ctx, d, func(e *edit) error {
		e.serves = true
		e.quarantined[endpoint] = q
		return nil
	})
	if err == nil {
		c.log.Error("a version is quarantined", "endpoint", endpoint, "version", short(q.Version), "reason", q.Reason, "advice", liftedByDeclare)
	}
	return err
}

// healthy lists the versions that an endpoint can go back to, the one deployed
// last first: they were deployed before, are still there, and no crash that is
// known of is theirs.
func (c *Control) healthy(ctx context.Context, endpoint, but string) (versions []string, err error) {
	is, err := c.now.Load().own(endpoint)
	if err != nil {
		return nil, err
	}
	bad := map[string]bool{but: true, "": true}
	for _, q := range is.Quarantine {
		bad[q.Version] = true
	}
	for _, one := range c.crashes.log.All() {
		if one.Endpoint == endpoint {
			bad[one.Version] = true
		}
	}
	err = c.state.View(ctx, func(tx *state.Tx) error {
		history, err := tx.Deploys(endpoint, model.Page{Limit: page.Most})
		if err != nil {
			return err
		}
		there, err := tx.Versions(endpoint)
		if err != nil {
			return err
		}
		for _, digest := range slices.Backward(lineOf(history.Items)) {
			if !bad[digest] && slices.ContainsFunc(there, func(v model.Version) bool { return v.Digest == digest }) {
				versions = append(versions, digest)
				bad[digest] = true // once is enough
			}
		}
		return nil
	})
	return versions, err
}

// What lifts a quarantine, for whoever reads of it.
const (
	liftedByDeploy  = "deploy it again by hand to lift that, or deploy another one"
	liftedByDeclare = "that is lifted when the configuration file declares another one, or the gateway is started again"
)

// quarantineFault tells that a version does not get traffic, why, and until when.
func quarantineFault(q model.Quarantine, lifted string) string {
	return fmt.Sprintf("version %s is quarantined: %s; %s", short(q.Version), q.Reason, lifted)
}

// inQuarantine finds the record of a version.
func inQuarantine(all []model.Quarantine, version string) bool {
	return slices.ContainsFunc(all, func(q model.Quarantine) bool { return q.Version == version })
}

// Quarantined lists the versions in quarantine, by endpoint.
func (c *Control) Quarantined() map[string][]model.Quarantine {
	now := c.now.Load()
	all := map[string][]model.Quarantine{}
	for _, name := range now.endpointNames() {
		if e, _ := now.endpoint(name); len(e.Quarantine) > 0 {
			all[name] = e.Quarantine
		}
	}
	return all
}

// acquit ends the time in which a version gets no traffic although it is not in
// quarantine yet.
func (c *Control) acquit(g model.CrashSuspect) {
	c.crashes.mu.Lock()
	defer c.crashes.mu.Unlock()
	delete(c.crashes.guilty, g)
}

// spared is a snapshot without the versions that are about to be quarantined: a
// change that has nothing to do with them must not bring them back.
func (c *Control) spared(s gateway.Snapshot) gateway.Snapshot {
	c.crashes.mu.Lock()
	defer c.crashes.mu.Unlock()
	if len(c.crashes.guilty) == 0 {
		return s
	}
	guilty := func(e gateway.Endpoint, library string) bool {
		return library != "" && c.crashes.guilty[model.CrashSuspect{Endpoint: e.Name, Version: digestOf(library)}]
	}
	s.Endpoints = slices.Clone(s.Endpoints)
	for i := range s.Endpoints {
		e := &s.Endpoints[i]
		if e.Canary != nil && guilty(*e, e.Canary.Library) {
			e.Canary = nil
		}
		if guilty(*e, e.Library) {
			e.Library, e.Canary = "", nil
		}
	}
	return s
}
