package control

import (
	"context"
	"fmt"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/page"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// Overview is the gateway at a glance.
func (c *Control) Overview(ctx context.Context) (model.Overview, error) {
	now, report := c.now.Load(), c.Report()
	o := model.Overview{
		Version: c.opts.Program, ABI: fmt.Sprintf("%d.%d", abi.Major, abi.Minor), Address: c.opts.Address,
		Started: c.started, Ready: c.Ready(ctx).Ready, Endpoints: []model.EndpointOverview{}, Services: []model.Service{},
	}
	of := map[string]gateway.EndpointReport{}
	for _, r := range report.Endpoints {
		of[r.Name] = r
	}
	for _, name := range now.endpointNames() {
		e, _ := now.endpoint(name)
		o.Endpoints = append(o.Endpoints, overviewOf(e, of[name], now.isFunction(name)))
	}
	o.Services = append(o.Services, c.allServices(model.ServiceFilter{})...)
	err := c.state.View(ctx, func(tx *state.Tx) error {
		for _, standing := range []model.BuildState{model.BuildQueued, model.BuildRunning} {
			list, err := tx.Builds(model.BuildFilter{State: standing}, model.Page{Limit: page.Most})
			if err != nil {
				return err
			}
			o.Builds += len(list.Items)
		}
		return nil
	})
	return o, err
}

func overviewOf(e model.Endpoint, r gateway.EndpointReport, function bool) model.EndpointOverview {
	o := model.EndpointOverview{
		Name: e.Name, Route: describe(routeOf(e.EndpointSpec)), Origin: e.Origin, Version: e.Version, Fault: e.Fault,
		InFlight: r.InFlight, Stuck: r.Stuck,
	}
	switch {
	case e.Disabled:
		o.State = "disabled"
	case e.Fault != "":
		o.State = "fault"
	case e.Canary != nil:
		o.State = "canary"
	case e.Version == "" && !function:
		o.State = "no version"
	default:
		o.State = "serving"
	}
	if e.Placement != nil && e.Version != "" {
		o.Placed, o.Why = e.Placement.State, e.Placement.Reason
	}
	if e.Canary != nil {
		o.Canary = e.Canary.Version
	}
	count := func(statuses map[int]uint64) {
		for status, n := range statuses {
			if o.Requests += n; status >= 500 {
				o.Errors += n
			}
		}
	}
	count(r.Refused)
	var latency gateway.Histogram
	for _, v := range r.Versions {
		count(v.Requests)
		latency = latency.Add(v.Latency)
		o.Retained += v.Retained
		if v.Role != gateway.Current && v.Role != gateway.Trying {
			o.Draining += v.InFlight
		}
	}
	o.P50, o.P99 = milliseconds(latency.Quantile(.5)), milliseconds(latency.Quantile(.99))
	return o
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
