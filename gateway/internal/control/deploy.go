package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Deploy gives a version traffic: all of it, or with a canary a share. The
// version is tried before. A canary of another version, if one runs, ends with
// a deploy of all of the traffic.
func (c *Control) Deploy(ctx context.Context, endpoint string, r model.DeployRequest) (result model.DeployResult, err error) {
	action := "endpoint.deploy"
	if r.Canary != nil {
		action = "endpoint.canary"
	}
	d := c.deed(ctx, action, "endpoint/"+endpoint)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return result, err
	}
	defer release()
	return c.deploy(ctx, d, endpoint, r)
}

// deploy is Deploy for who holds the endpoint's lock.
func (c *Control) deploy(ctx context.Context, d *deed, endpoint string, r model.DeployRequest) (result model.DeployResult, err error) {
	is, err := c.now.Load().own(endpoint)
	if err != nil {
		return result, err
	}
	v, err := c.version(ctx, endpoint, r.Version)
	if err != nil {
		var problem *model.Error
		if errors.As(err, &problem) && problem.Field == "" {
			problem.Field = "version"
		}
		return result, err
	}
	if r.Canary != nil {
		if err := checkCanary(is, v.Digest, r.Canary); err != nil {
			return result, err
		}
	}
	shown, err := c.try(ctx, is.EndpointSpec, v.Digest)
	if err != nil {
		return result, err
	}
	if r.Canary != nil {
		result, err = c.startCanary(ctx, d, endpoint, v.Digest, *r.Canary)
	} else {
		result, err = c.switchTo(ctx, d, model.Deploy{Endpoint: endpoint, Action: "deploy", New: v.Digest})
	}
	result.Trial = shown
	return result, err
}

// Undeploy takes the traffic away: the endpoint stays, and answers 503.
func (c *Control) Undeploy(ctx context.Context, endpoint string) (result model.DeployResult, err error) {
	d := c.deed(ctx, "endpoint.undeploy", "endpoint/"+endpoint)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return result, err
	}
	defer release()
	return c.switchTo(ctx, d, model.Deploy{Endpoint: endpoint, Action: "undeploy"})
}

// switchTo gives another version all of the traffic, and writes that down as
// the deploy says.
func (c *Control) switchTo(ctx context.Context, d *deed, to model.Deploy) (model.DeployResult, error) {
	err := c.change(ctx, d, func(e *edit) error {
		is, err := e.own(to.Endpoint)
		if err != nil {
			return err
		}
		to.Old = is.Version
		d.tell("%s", told(to))
		if is.Canary != nil && is.Canary.Version != to.New {
			d.tell("its canary of version %s ended", short(is.Canary.Version))
			e.record(d, model.Deploy{Endpoint: to.Endpoint, Action: "abort", Old: is.Canary.Version, New: is.Version, Reason: "another version was deployed"})
		}
		is.Version, is.Canary = to.New, nil
		e.deployed(d, is, to)
		return nil
	})
	result := model.DeployResult{Endpoint: to.Endpoint, Action: to.Action, Old: to.Old, New: to.New}
	if err == nil {
		c.fate(ctx, &result)
	}
	return result, err
}

// deployed makes an endpoint what a deploy has made of it. A version that is
// given traffic by hand is not in quarantine any more.
func (e *edit) deployed(d *deed, is model.Endpoint, how model.Deploy) {
	is.Revision, is.Updated = is.Revision+1, time.Now().UTC()
	if how.New != "" && how.Action != "quarantine" {
		is.Quarantine = slices.DeleteFunc(slices.Clone(is.Quarantine), func(q model.Quarantine) bool { return q.Version == how.New })
		d.c.forgive(is.Name, how.New)
	}
	if how.Action == "deploy" || how.Action == "rollback" || how.Action == "canary" {
		e.retry(versionOfEndpoint{is.Name, how.New})
	}
	e.putEndpoint(is)
	if how.New != "" {
		// It was there before the trial; the budget may have had it forgotten
		// meanwhile.
		e.write(func(tx *state.Tx) error {
			_, err := tx.Version(is.Name, how.New)
			return err
		})
	}
	if how.Old != how.New { // once more the same version is nothing new
		e.record(d, how)
	}
}

// record writes one entry of an endpoint's history.
func (e *edit) record(d *deed, how model.Deploy) {
	how.At, how.By = time.Now().UTC(), d.entry.By
	e.write(func(tx *state.Tx) error {
		_, err := tx.AddDeploy(how)
		return err
	})
}

func told(to model.Deploy) string {
	text := "to version " + short(to.New)
	if to.New == "" {
		text = "to none"
	}
	if to.Old != "" {
		text = "from version " + short(to.Old) + " " + text
	}
	if to.Reason != "" {
		text += ": " + to.Reason
	}
	return text
}

// fateWithin is how long an answer waits for the end of the old version.
const fateWithin = time.Second

// fate tells what has become of the version that was replaced: it waits a
// little for it to be drained and unloaded.
func (c *Control) fate(ctx context.Context, result *model.DeployResult) {
	if result.Old == "" {
		return
	}
	if result.Old == result.New {
		result.Fate = "kept"
		return
	}
	deadline := time.NewTimer(fateWithin)
	defer deadline.Stop()
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		result.Fate, result.Draining = fateOf(c.worker.Report(), result.Endpoint, result.Old)
		if result.Fate != "draining" {
			return
		}
		select {
		case <-time.After(wait):
		case <-deadline.C:
			return
		case <-ctx.Done():
			return
		case <-c.life.Done():
			return
		}
	}
}

func fateOf(r gateway.Report, endpoint, version string) (fate string, draining int64) {
	v, found := versionOf(r, endpoint, version)
	if !found {
		return "unloaded", 0 // the endpoint is gone, or disabled
	}
	switch v.Role {
	case gateway.Current, gateway.Trying:
		return "kept", 0
	case gateway.Draining:
		return "draining", v.InFlight
	case gateway.Retained:
		return "retained", 0
	}
	return "unloaded", 0
}

// versionOf finds a version of an endpoint in a report.
func versionOf(r gateway.Report, endpoint, version string) (gateway.VersionReport, bool) {
	for _, e := range r.Endpoints {
		if e.Name != endpoint {
			continue
		}
		for _, v := range e.Versions {
			if v.Version == version {
				return v, true
			}
		}
	}
	return gateway.VersionReport{}, false
}

// Deploys lists the history of an endpoint, the newest first.
func (c *Control) Deploys(ctx context.Context, endpoint string, p model.Page) (list model.List[model.Deploy], err error) {
	if _, ok := c.now.Load().endpoint(endpoint); !ok {
		return list, model.Errorf(model.Missing, "there is no endpoint %q", endpoint)
	}
	err = c.state.View(ctx, func(tx *state.Tx) error {
		list, err = tx.Deploys(endpoint, p)
		return err
	})
	if list.Items == nil {
		list.Items = []model.Deploy{}
	}
	return list, err
}
