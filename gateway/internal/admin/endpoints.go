package admin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type EndpointPath struct {
	Endpoint string `path:"endpoint" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Name of the endpoint." example:"orders"`
}

func (i *EndpointPath) endpoint() string { return i.Endpoint }

type listEndpointsInput struct {
	Paging
	Domain  string       `query:"domain" maxLength:"253" doc:"Only those of this domain."`
	Origin  model.Origin `query:"origin" enum:"api,file" doc:"Only what this declares."`
	Service string       `query:"service" maxLength:"64" doc:"Only those bound to this service."`
	Query   string       `query:"q" maxLength:"256" doc:"Only those with this in their name or path."`
}

var exampleEndpoint = map[string]any{
	"name": "orders", "domain": "api.example.com", "path": "/orders/{id}", "methods": []string{"GET"},
	"limits": map[string]any{"timeout": "5s"},
}

// notModified is the answer to who has what they ask for.
func notModified() map[string]*huma.Response {
	return map[string]*huma.Response{"304": {Description: "The client has this revision."}}
}

func (a *API) registerEndpoints() {
	register(a, "list-endpoints", doc{tag: "endpoints", summary: "List endpoints", more: "By name. A key that is limited to endpoints sees those only."},
		func(ctx context.Context, in *listEndpointsInput) (*listed[model.Endpoint], error) {
			part, err := a.control.Endpoints(ctx, model.EndpointFilter{
				Domain: in.Domain, Origin: in.Origin, Service: in.Service, Query: in.Query,
				Names: visible(model.ActorOf(ctx)),
			}, in.page())
			return list(ctx, part, err)
		})
	register(a, "create-endpoint", doc{
		tag: "endpoints", summary: "Create an endpoint", more: "It answers 503 until a version is deployed.",
		status: http.StatusCreated, example: exampleEndpoint,
	}, func(ctx context.Context, in *struct {
		Idempotent
		Body model.EndpointSpec
	}) (*revised[model.Endpoint], error) {
		e, replayed, err := once(ctx, a, in.Idempotent, func(ctx context.Context) (model.Endpoint, error) { return a.control.CreateEndpoint(ctx, in.Body) })
		if err != nil {
			return nil, err
		}
		return &revised[model.Endpoint]{Status: http.StatusCreated, ETag: etag(e.Revision), Location: v1 + "/endpoints/" + e.Name, Replayed: replayed, Body: e}, nil
	})
	register(a, "get-endpoint", doc{tag: "endpoints", summary: "Read an endpoint", answers: notModified()},
		func(ctx context.Context, in *struct {
			EndpointPath
			NoneMatch
		}) (*revised[model.Endpoint], error) {
			e, err := a.control.Endpoint(ctx, in.Endpoint)
			return read(in.NoneMatch, e, e.Revision, err)
		})
	register(a, "update-endpoint", doc{
		tag: "endpoints", summary: "Replace what can be chosen of an endpoint",
		more: "What is left out gets its default. The version that is deployed stays.", example: exampleEndpoint,
	}, func(ctx context.Context, in *struct {
		EndpointPath
		Match
		Body model.EndpointSpec
	}) (*revised[model.Endpoint], error) {
		e, err := a.control.UpdateEndpoint(ctx, in.Endpoint, in.revision(), in.Body)
		return changed(e, e.Revision, err)
	})
	register(a, "delete-endpoint", doc{tag: "endpoints", summary: "Delete an endpoint", more: "Its versions, builds and source go with it."},
		func(ctx context.Context, in *struct {
			EndpointPath
			Match
		}) (*struct{}, error) {
			return nil, a.control.DeleteEndpoint(ctx, in.Endpoint, in.revision())
		})
	a.registerEnable("enable-endpoint", true, doc{tag: "endpoints", summary: "Route to an endpoint"})
	a.registerEnable("disable-endpoint", false, doc{tag: "endpoints", summary: "Take the route of an endpoint away", more: "Its path answers 404. Its version stays deployed."})
	register(a, "release-endpoint", doc{
		tag: "endpoints", summary: "Forget what was decided about where the versions of an endpoint run",
		more: "A version that was put out since it crashed, or is a suspect, runs again where the endpoint's isolation says; with auto it has to prove itself anew.",
	}, func(ctx context.Context, in *struct{ EndpointPath }) (*revised[model.Endpoint], error) {
		e, err := a.control.Release(ctx, in.Endpoint)
		return changed(e, e.Revision, err)
	})
	register(a, "list-domains", doc{tag: "endpoints", summary: "List the domains that endpoints answer for"},
		func(ctx context.Context, _ *struct{}) (*listed[model.Domain], error) {
			all, err := a.control.Domains(ctx)
			return list(ctx, model.List[model.Domain]{Items: all}, err)
		})
}

func (a *API) registerEnable(id string, enabled bool, d doc) {
	register(a, id, d, func(ctx context.Context, in *struct {
		EndpointPath
		Match
	}) (*revised[model.Endpoint], error) {
		e, err := a.control.EnableEndpoint(ctx, in.Endpoint, enabled, in.revision())
		return changed(e, e.Revision, err)
	})
}

// read answers with something, unless the client has it.
func read[T any](m NoneMatch, thing T, revision int64, err error) (*revised[T], error) {
	if err != nil {
		return nil, err
	}
	out := &revised[T]{Status: http.StatusOK, ETag: etag(revision), Body: thing}
	if m.has(out.ETag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// changed answers with what came of a change.
func changed[T any](thing T, revision int64, err error) (*revised[T], error) {
	if err != nil {
		return nil, err
	}
	return &revised[T]{Status: http.StatusOK, ETag: etag(revision), Body: thing}, nil
}
