package control

import (
	"context"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/openapi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// ImportOpenAPI makes endpoints with handler stubs from an OpenAPI document: all
// of them or none, but for those that are there already. A stub is source, to be
// built when its author is ready.
func (c *Control) ImportOpenAPI(ctx context.Context, r model.ImportRequest) (result model.ImportResult, err error) {
	result = model.ImportResult{Plan: r.Plan, Endpoints: []model.ImportEndpoint{}}
	d := c.deed(ctx, "import.openapi", "import")
	if !r.Plan {
		defer d.ended(&err)
	}
	document, err := openapi.Read(r)
	if err != nil {
		return result, err
	}
	document = document.Without(func(name string) (model.EndpointSpec, bool) {
		e, ok := c.now.Load().endpoint(name)
		return e.EndpointSpec, ok
	})
	result.LeftOut = document.LeftOut
	var sources []model.Source
	for _, operation := range document.Operations {
		source, err := c.writeStub(ctx, operation, toolchain.Language(r.Language), r.Plan)
		if err != nil {
			return result, within(err, "endpoint", operation.Spec.Name)
		}
		sources = append(sources, source)
		result.Endpoints = append(result.Endpoints, model.ImportEndpoint{
			Operation: operation.Title, Endpoint: operation.Spec.Name, Methods: operation.Spec.Methods, Path: operation.Spec.Path, Source: source.Digest,
		})
	}
	apply := func(e *edit) error {
		for i, operation := range document.Operations {
			made, err := e.newEndpoint(operation.Spec)
			if err != nil {
				return within(err, "endpoint", operation.Spec.Name)
			}
			e.createEndpoint(made)
			e.write(func(tx *state.Tx) error { return tx.PutSource(made.Name, sources[i]) })
			of := c.deed(ctx, "endpoint.create", "endpoint/"+made.Name)
			of.tell("by an import: %s", operation.Title)
			e.write(of.done)
		}
		return nil
	}
	if r.Plan {
		return result, apply(&edit{catalog: c.now.Load().clone(), touched: map[string]bool{}})
	}
	d.tell("%d endpoints", len(document.Operations))
	return result, c.change(ctx, d, apply)
}

// writeStub keeps the project of an operation; a plan only checks that it can
// be made.
func (c *Control) writeStub(ctx context.Context, o openapi.Operation, language toolchain.Language, plan bool) (model.Source, error) {
	if plan {
		return model.Source{Updated: time.Now().UTC()}, nil
	}
	dir, remove, err := c.scratch("stub-")
	if err != nil {
		return model.Source{}, err
	}
	defer remove()
	if err := o.Write(dir, language); err != nil {
		return model.Source{}, err
	}
	return c.keepSource(ctx, dir)
}
