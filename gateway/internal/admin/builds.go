package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type BuildPath struct {
	Build string `path:"build" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"Id of the build."`
}

func (a *API) registerBuilds() {
	register(a, "create-build", doc{
		tag: "builds", summary: "Queue a build of an endpoint's source as it is now",
		more:   "Its log can be watched, and its end is told there.",
		status: http.StatusAccepted, example: map[string]any{"deploy": true},
	}, func(ctx context.Context, in *struct {
		EndpointPath
		Idempotent
		Body *model.BuildRequest
	}) (*made[model.Build], error) {
		var request model.BuildRequest
		if in.Body != nil {
			request = *in.Body
		}
		b, replayed, err := once(ctx, a, in.Idempotent, func(ctx context.Context) (model.Build, error) { return a.control.Build(ctx, in.Endpoint, request) })
		if err != nil {
			return nil, err
		}
		return &made[model.Build]{v1 + "/builds/" + b.ID, replayed, b}, nil
	})
	register(a, "list-builds", doc{tag: "builds", summary: "List builds", more: "The newest first. A key that is limited to endpoints sees those of these only."},
		func(ctx context.Context, in *struct {
			Paging
			Endpoint string           `query:"endpoint" maxLength:"64" doc:"Only those of this endpoint."`
			State    model.BuildState `query:"state" enum:"queued,running,succeeded,failed,canceled" doc:"Only those in this state."`
		}) (*listed[model.Build], error) {
			part, err := a.control.Builds(ctx, model.BuildFilter{
				Endpoint: in.Endpoint, State: in.State, Names: visible(model.ActorOf(ctx)),
			}, in.page())
			return list(ctx, part, err)
		})
	register(a, "get-build", doc{tag: "builds", summary: "Read a build"},
		func(ctx context.Context, in *BuildPath) (*struct{ Body model.Build }, error) {
			return buildOutput(a.visibleBuild(ctx, in.Build))
		})
	register(a, "cancel-build", doc{tag: "builds", summary: "Cancel a build", more: "One that has ended is answered by 409."},
		func(ctx context.Context, in *BuildPath) (*struct{ Body model.Build }, error) {
			if _, err := a.visibleBuild(ctx, in.Build); err != nil {
				return nil, err
			}
			return buildOutput(a.control.CancelBuild(ctx, in.Build))
		})
	register(a, "get-build-log", doc{
		tag: "builds", summary: "Read what the compiler of a build prints",
		more: "As text, or, where text/event-stream is accepted, as server-sent events: a line each, with its number as id, and at last an event named end with the build. A client that comes back with Last-Event-ID goes on from there.",
		answers: map[string]*huma.Response{"200": {Description: "The log.", Content: map[string]*huma.MediaType{
			"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}},
			eventStream:  {Schema: &huma.Schema{Type: huma.TypeString}},
		}}},
	}, a.buildLog)
}

func buildOutput(b model.Build, err error) (*struct{ Body model.Build }, error) {
	if err != nil {
		return nil, err
	}
	return &struct{ Body model.Build }{b}, nil
}

// visibleBuild finds a build that who asks may see. One of another endpoint is
// not there for them.
func (a *API) visibleBuild(ctx context.Context, id string) (model.Build, error) {
	missing := model.Errorf(model.Missing, "there is no build %q", id)
	b, err := a.control.FindBuild(ctx, id)
	var e *model.Error
	if errors.As(err, &e) && e.Kind == model.Missing {
		return b, missing
	}
	if err == nil && !model.ActorOf(ctx).Reaches(b.Endpoint) {
		return model.Build{}, missing
	}
	return b, err
}
