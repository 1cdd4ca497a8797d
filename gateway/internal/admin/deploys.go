package admin

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// deployed tells what a deploy did.
type deployed struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true if an earlier request with the same Idempotency-Key did it."`
	Body     model.DeployResult
}

type deployInput struct {
	EndpointPath
	Idempotent
	Body model.DeployRequest
}

type trafficInput struct {
	EndpointPath
	Idempotent
}

func (a *API) registerDeploys() {
	register(a, "deploy", doc{
		tag: "versions", summary: "Deploy a version",
		more:    "It is tried in a process of its own first, and then gets the traffic, or with a canary a share of it. If it is not good enough what serves stays as it is, and the answer is 422 with the reason.",
		example: map[string]any{"version": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "canary": map[string]any{"weight": 5}},
	}, func(ctx context.Context, in *deployInput) (*deployed, error) {
		return a.deployed(ctx, in.Idempotent, func(ctx context.Context) (model.DeployResult, error) {
			return a.control.Deploy(ctx, in.Endpoint, in.Body)
		})
	})
	a.registerTraffic("undeploy", a.control.Undeploy, doc{summary: "Take the version of an endpoint away", more: "It answers 503 then."})
	a.registerTraffic("rollback", a.control.Rollback, doc{summary: "Deploy the version that was deployed before"})
	a.registerTraffic("promote-canary", a.control.Promote, doc{summary: "Give a canary all of the traffic"})
	a.registerTraffic("abort-canary", a.control.Abort, doc{summary: "Take the share of a canary away"})
	register(a, "list-deploys", doc{tag: "versions", summary: "List what was deployed on an endpoint", more: "The newest first."},
		func(ctx context.Context, in *versionsInput) (*listed[model.Deploy], error) {
			part, err := a.control.Deploys(ctx, in.Endpoint, in.page())
			return list(ctx, part, err)
		})
}

// registerTraffic registers what needs to be told nothing but the endpoint.
func (a *API) registerTraffic(id string, do func(context.Context, string) (model.DeployResult, error), d doc) {
	d.tag = "versions"
	register(a, id, d, func(ctx context.Context, in *trafficInput) (*deployed, error) {
		return a.deployed(ctx, in.Idempotent, func(ctx context.Context) (model.DeployResult, error) { return do(ctx, in.Endpoint) })
	})
}

func (a *API) deployed(ctx context.Context, i Idempotent, do func(context.Context) (model.DeployResult, error)) (*deployed, error) {
	result, replayed, err := once(ctx, a, i, do)
	if err != nil {
		return nil, err
	}
	return &deployed{replayed, result}, nil
}
