package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type statusCommand struct{ remote }

func (c statusCommand) Run(ctx context.Context) error {
	return call(ctx, c.remote, client.Request{Method: http.MethodGet, Path: "/status"}, showOverview)
}

func showOverview(o model.Overview) {
	state := "ready"
	if !o.Ready {
		state = "NOT READY"
	}
	fmt.Printf("http://%s  %s  up %s  edge-gateway %s, ABI %s", o.Address, state, span(time.Since(o.Started)), o.Version, o.ABI)
	if o.Builds > 0 {
		fmt.Printf("  builds under way: %d", o.Builds)
	}
	fmt.Println()
	if len(o.Endpoints) > 0 {
		fmt.Println(counts(o.Endpoints))
	}
	fmt.Println()
	endpoints := newTable("ENDPOINT", "ROUTE", "STATE", "VERSION", "ISOLATED", "REQUESTS", "5XX", "P50", "P99", "IN FLIGHT", "OLD")
	for _, e := range o.Endpoints {
		version := short(e.Version)
		if e.Canary != "" {
			version += " + " + short(e.Canary)
		}
		endpoints.add(e.Name, e.Route, e.State, version, isolated(e.Placed), e.Requests, e.Errors, milliseconds(e.P50), milliseconds(e.P99), inFlight(e), old(e))
	}
	endpoints.print("No endpoint yet: edge-gateway deploy DIR --route 'GET /hello/{name}' makes one.")
	if len(o.Services) > 0 {
		fmt.Println()
		showServices(o.Services)
	}
	for _, e := range o.Endpoints {
		if e.Fault != "" {
			fmt.Printf("\nendpoint %s: %s\n", e.Name, Plain(e.Fault))
		}
	}
	for _, e := range o.Endpoints {
		if e.Why != "" && e.Placed.Isolated() {
			fmt.Printf("\nendpoint %s runs in a process of its own: %s\n", e.Name, Plain(e.Why))
		}
	}
	for _, s := range o.Services {
		if fault := faultOf(s); fault != "" {
			fmt.Printf("\nservice %s: %s\n", s.Name, Plain(fault))
		}
	}
}

// counts sums up how many endpoints are in which state, most first.
func counts(endpoints []model.EndpointOverview) string {
	in := map[string]int{}
	for _, e := range endpoints {
		in[string(e.State)]++
	}
	states := slices.SortedFunc(maps.Keys(in), func(a, b string) int {
		return cmp.Or(cmp.Compare(in[b], in[a]), cmp.Compare(a, b))
	})
	for i, state := range states {
		states[i] = fmt.Sprintf("%d %s", in[state], state)
	}
	return fmt.Sprintf("endpoints: %d (%s)", len(endpoints), strings.Join(states, ", "))
}

func inFlight(e model.EndpointOverview) string {
	if e.Stuck == 0 {
		return fmt.Sprint(e.InFlight)
	}
	return fmt.Sprintf("%d, %d stuck", e.InFlight, e.Stuck)
}

// old tells what is left of replaced versions.
func old(e model.EndpointOverview) string {
	switch {
	case e.Draining > 0 && e.Retained > 0:
		return fmt.Sprintf("%d draining, %d in memory", e.Draining, e.Retained)
	case e.Draining > 0:
		return fmt.Sprintf("%d draining", e.Draining)
	case e.Retained > 0:
		return fmt.Sprintf("%d in memory", e.Retained)
	}
	return ""
}
