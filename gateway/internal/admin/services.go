package admin

import (
	"context"
	"net/http"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type ServicePath struct {
	Service string `path:"service" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]{0,63}$" doc:"Name of the service." example:"orders-db"`
}

var exampleService = map[string]any{"name": "orders-db", "kind": "sql", "driver": "sqlite", "workers": 4, "options": map[string]any{"file": "orders.db"}}

func (a *API) registerServices() {
	register(a, "list-services", doc{tag: "services", summary: "List services", more: "By name, with their secrets hidden."},
		func(ctx context.Context, in *struct {
			Paging
			Kind   string       `query:"kind" enum:"sql,cache,storage,email,http" doc:"Only those of this kind."`
			Origin model.Origin `query:"origin" enum:"api,file" doc:"Only what this declares."`
			Query  string       `query:"q" maxLength:"256" doc:"Only those with this in their name."`
		}) (*listed[model.Service], error) {
			part, err := a.control.Services(ctx, model.ServiceFilter{Kind: in.Kind, Origin: in.Origin, Query: in.Query}, in.page())
			return list(ctx, part, err)
		})
	register(a, "create-service", doc{
		tag: "services", summary: "Create a service",
		more:   "Its options are those of its driver, as in a configuration file. It is not reached yet; test does that.",
		status: http.StatusCreated, example: exampleService,
	}, func(ctx context.Context, in *struct {
		Idempotent
		Body model.ServiceSpec
	}) (*revised[model.Service], error) {
		s, replayed, err := once(ctx, a, in.Idempotent, func(ctx context.Context) (model.Service, error) { return a.control.CreateService(ctx, in.Body) })
		if err != nil {
			return nil, err
		}
		return &revised[model.Service]{Status: http.StatusCreated, ETag: etag(s.Revision), Location: v1 + "/services/" + s.Name, Replayed: replayed, Body: s}, nil
	})
	register(a, "get-service", doc{tag: "services", summary: "Read a service", more: "Its secrets are hidden.", answers: notModified()},
		func(ctx context.Context, in *struct {
			ServicePath
			NoneMatch
		}) (*revised[model.Service], error) {
			s, err := a.control.Service(ctx, in.Service)
			return read(in.NoneMatch, s, s.Revision, err)
		})
	register(a, "update-service", doc{
		tag: "services", summary: "Replace what can be chosen of a service",
		more: "A secret that is written as it is shown, [hidden], stays what it is.", example: exampleService,
	}, func(ctx context.Context, in *struct {
		ServicePath
		Match
		Body model.ServiceSpec
	}) (*revised[model.Service], error) {
		s, err := a.control.UpdateService(ctx, in.Service, in.revision(), in.Body)
		return changed(s, s.Revision, err)
	})
	register(a, "delete-service", doc{tag: "services", summary: "Delete a service", more: "No endpoint may be bound to it."},
		func(ctx context.Context, in *struct {
			ServicePath
			Match
		}) (*struct{}, error) {
			return nil, a.control.DeleteService(ctx, in.Service, in.revision())
		})
	register(a, "test-service", doc{tag: "services", summary: "Reach the backend of a service", more: "The answer is 200 with the reason where it cannot be reached."},
		func(ctx context.Context, in *ServicePath) (*struct{ Body model.ServiceTest }, error) {
			t, err := a.control.TestService(ctx, in.Service)
			if err != nil {
				return nil, err
			}
			return &struct{ Body model.ServiceTest }{t}, nil
		})
	a.registerActivate("activate-service", true, doc{tag: "services", summary: "Let a service run"})
	a.registerActivate("deactivate-service", false, doc{tag: "services", summary: "End a service", more: "Endpoints that are bound to it stay so, and its operations are refused."})
}

func (a *API) registerActivate(id string, active bool, d doc) {
	register(a, id, d, func(ctx context.Context, in *struct {
		ServicePath
		Match
	}) (*revised[model.Service], error) {
		s, err := a.control.ActivateService(ctx, in.Service, active, in.revision())
		return changed(s, s.Revision, err)
	})
}
