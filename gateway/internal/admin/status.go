package admin

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type textOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

type readinessOutput struct {
	Status int
	Body   model.Readiness
}

// registerHealth registers what probes ask for.
func (a *API) registerHealth() {
	register(a, "get-health", doc{
		tag: "status", summary: "Tell whether the control plane runs",
		answers: map[string]*huma.Response{"200": {Description: "It does.", Content: content("text/plain", &huma.Schema{Type: huma.TypeString})}},
	}, func(context.Context, *struct{}) (*textOutput, error) {
		return &textOutput{"text/plain; charset=utf-8", []byte("ok\n")}, nil
	})
	readiness := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[model.Readiness](), true, "")
	register(a, "get-readiness", doc{
		tag: "status", summary: "Tell whether everything that should serve does",
		answers: map[string]*huma.Response{"503": {Description: "Not everything does.", Content: content("application/json", readiness)}},
	}, func(ctx context.Context, _ *struct{}) (*readinessOutput, error) {
		ready := a.control.Ready(ctx)
		if ready.NotReady == nil {
			ready.NotReady = []model.NotReady{}
		}
		out := &readinessOutput{http.StatusOK, ready}
		if !ready.Ready {
			out.Status = http.StatusServiceUnavailable
		}
		return out, nil
	})
}

func (a *API) registerStatus() {
	register(a, "recycle", doc{
		tag: "status", summary: "Have a new worker process serve",
		more:   "It is answered when the new one accepts requests. The old one then finishes what it has, and ends. No request is lost. Where the gateway serves in a single process the answer is 409.",
		errors: []int{http.StatusConflict},
	}, func(ctx context.Context, _ *struct{}) (*struct{ Body model.Recycled }, error) {
		r, err := a.control.Recycle(ctx)
		return &struct{ Body model.Recycled }{r}, err
	})
	register(a, "upgrade", doc{
		tag: "status", summary: "Replace the running program, without losing a request",
		more: "The process becomes the program that lies now where it was started from, or at another path on the machine of the gateway, and stays the same process. " +
			"It is answered when the new program was found able to serve; the state is then running, and becomes done, or failed, in which case the program before is back. Worker processes serve meanwhile. " +
			"Where the system, or a single process, does not allow that the answer is 409.",
		example: model.UpgradeRequest{Program: "/opt/edge-gateway-2.0.0/edge-gateway", Timeout: model.Duration(time.Minute)},
		errors:  []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct{ Body model.UpgradeRequest }) (*struct{ Body model.Upgrade }, error) {
		u, err := a.control.Upgrade(ctx, in.Body)
		return &struct{ Body model.Upgrade }{u}, err
	})
	register(a, "get-upgrade", doc{tag: "status", summary: "Tell how the last upgrade of the program went"},
		func(context.Context, *struct{}) (*struct{ Body model.Upgrade }, error) {
			return &struct{ Body model.Upgrade }{a.control.LastUpgrade()}, nil
		})
	register(a, "get-status", doc{tag: "status", summary: "Tell what the gateway is doing, at a glance", more: "A key that is limited to endpoints sees those, and no services."},
		func(ctx context.Context, _ *struct{}) (*struct{ Body model.Overview }, error) {
			o, err := a.control.Overview(ctx)
			if err != nil {
				return nil, err
			}
			if actor := model.ActorOf(ctx); limited(actor) {
				o.Endpoints = slices.DeleteFunc(slices.Clone(o.Endpoints), func(e model.EndpointOverview) bool { return !actor.Reaches(e.Name) })
				o.Services = nil
			}
			if o.Endpoints == nil {
				o.Endpoints = []model.EndpointOverview{}
			}
			if o.Services == nil {
				o.Services = []model.Service{}
			}
			return &struct{ Body model.Overview }{o}, nil
		})
}
