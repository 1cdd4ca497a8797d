package control

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// checkCanary tells why a version cannot be tried so, or nil.
func checkCanary(is model.Endpoint, version string, r *model.CanaryRequest) error {
	switch {
	case is.Version == "":
		return model.Errorf(model.Conflict, "endpoint %q has no version that a canary could be compared with: deploy one first", is.Name)
	case is.Version == version:
		return model.Errorf(model.Conflict, "version %s is deployed: it cannot be its own canary", short(version)).At("version")
	case is.Canary != nil && is.Canary.Version != version:
		return model.Errorf(model.Conflict, "a canary of version %s runs: promote or abort it first", short(is.Canary.Version)).At("version")
	case !(r.Weight > 0 && r.Weight < 100):
		return invalid("canary.weight", fmt.Errorf("weight must be above 0 and below 100, not %v", r.Weight))
	case r.Header != "" && !httpguts.ValidHeaderFieldName(r.Header):
		return invalid("canary.header", fmt.Errorf("%q is not the name of a header", r.Header))
	case r.Auto == nil:
		return nil
	case r.Auto.MinRequests != 0 && r.Auto.MinRequests < 100:
		return invalid("canary.auto.min_requests", fmt.Errorf("min_requests must be at least 100, not %d", r.Auto.MinRequests))
	case !(r.Auto.ErrorMargin >= 0 && r.Auto.ErrorMargin <= 100):
		return invalid("canary.auto.error_margin", fmt.Errorf("error_margin must be from 0 to 100, not %v", r.Auto.ErrorMargin))
	case r.Auto.LatencyFactor != 0 && !(r.Auto.LatencyFactor >= 1 && r.Auto.LatencyFactor <= 100):
		return invalid("canary.auto.latency_factor", fmt.Errorf("latency_factor must be from 1 to 100, not %v", r.Auto.LatencyFactor))
	case r.Auto.PromoteAfter < 0 || time.Duration(r.Auto.PromoteAfter) > 30*24*time.Hour:
		return invalid("canary.auto.promote_after", fmt.Errorf("promote_after must be from 0s to 720h, not %s", r.Auto.PromoteAfter))
	}
	return nil
}

// startCanary gives a version a share of the traffic. One that runs with the
// same version begins anew.
func (c *Control) startCanary(ctx context.Context, d *deed, endpoint, version string, r model.CanaryRequest) (model.DeployResult, error) {
	result := model.DeployResult{Endpoint: endpoint, Action: "canary", New: version, Fate: "kept"}
	err := c.change(ctx, d, func(e *edit) error {
		is, err := e.own(endpoint)
		if err == nil {
			err = checkCanary(is, version, &r)
		}
		if err != nil {
			return err
		}
		result.Old = is.Version
		is.Canary = &model.Canary{CanaryRequest: r, Version: version, Started: time.Now().UTC(), By: d.entry.By}
		reason := fmt.Sprintf("%v %% of the requests", math.Round(100*r.Weight)/100)
		if r.Auto != nil {
			reason += ", until the figures decide"
		}
		d.tell("version %s gets %s", short(version), reason)
		e.deployed(d, is, model.Deploy{Endpoint: endpoint, Action: "canary", Old: is.Version, New: version, Reason: reason})
		return nil
	})
	return result, err
}

// Promote gives a canary all of the traffic.
func (c *Control) Promote(ctx context.Context, endpoint string) (model.DeployResult, error) {
	return c.endCanary(ctx, endpoint, "promote", "", nil)
}

// Abort takes the share of a canary away.
func (c *Control) Abort(ctx context.Context, endpoint string) (model.DeployResult, error) {
	return c.endCanary(ctx, endpoint, "abort", "", nil)
}

// endCanary ends a canary; with only, it has to be that one.
func (c *Control) endCanary(ctx context.Context, endpoint, action, reason string, only *model.Canary) (result model.DeployResult, err error) {
	d := c.deed(ctx, "endpoint."+action, "endpoint/"+endpoint)
	defer d.ended(&err)
	release, err := c.endpoints.take(ctx, endpoint)
	if err != nil {
		return result, err
	}
	defer release()
	result = model.DeployResult{Endpoint: endpoint, Action: action}
	err = c.change(ctx, d, func(e *edit) error {
		is, err := e.own(endpoint)
		if err != nil {
			return err
		}
		if is.Canary == nil || only != nil && !sameCanary(is.Canary, only) {
			return model.Errorf(model.Conflict, "endpoint %q has no canary", endpoint)
		}
		result.Old, result.New = is.Version, is.Canary.Version
		if action == "abort" {
			result.Old, result.New = is.Canary.Version, is.Version
		}
		is.Version, is.Canary = result.New, nil
		how := model.Deploy{Endpoint: endpoint, Action: action, Old: result.Old, New: result.New, Reason: reason}
		d.tell("%s", told(how))
		e.deployed(d, is, how)
		return nil
	})
	if err == nil {
		c.fate(ctx, &result)
	}
	return result, err
}

func sameCanary(a, b *model.Canary) bool {
	return a.Version == b.Version && a.Started.Equal(b.Started)
}
