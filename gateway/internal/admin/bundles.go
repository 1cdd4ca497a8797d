package admin

import (
	"context"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// maxImport holds an OpenAPI document of the size that the model allows, with
// room for what JSON escapes in it.
const maxImport = 8 << 20

func (a *API) registerBundles() {
	register(a, "apply-bundle", doc{
		tag: "bundles", summary: "Make endpoints and services as a bundle says, all of them or none",
		more:    "A zip or a tar, gzipped or not, of a folder with edge-gateway.toml and the sources or libraries that it names. Applying it again changes nothing.",
		uploads: []string{"application/zip", tarball, gzipped},
	}, func(ctx context.Context, in *struct {
		Plan bool `query:"plan" doc:"Tell only what would change."`
	}) (*struct{ Body model.BundleResult }, error) {
		body := a.newUpload(exchangeOf(ctx))
		result, err := a.control.ApplyBundle(ctx, body, in.Plan)
		if err != nil {
			return nil, body.problem(err)
		}
		return &struct{ Body model.BundleResult }{result}, nil
	})
	register(a, "import-openapi", doc{
		tag: "bundles", summary: "Make endpoints from an OpenAPI document", more: "Each operation becomes an endpoint with a stub that compiles as its source.",
		limit: maxImport,
		example: map[string]any{
			"document": "openapi: 3.0.3\ninfo: {title: Customers, version: '1'}\npaths:\n  /customers/{id}:\n    get: {operationId: getCustomer, responses: {'200': {description: A customer.}}}\n",
			"language": "rust", "plan": true,
		},
	}, func(ctx context.Context, in *struct {
		Idempotent
		Body model.ImportRequest
	}) (*importOutput, error) {
		result, replayed, err := once(ctx, a, in.Idempotent, func(ctx context.Context) (model.ImportResult, error) { return a.control.ImportOpenAPI(ctx, in.Body) })
		if err != nil {
			return nil, err
		}
		return &importOutput{replayed, result}, nil
	})
}

type importOutput struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true if an earlier request with the same Idempotency-Key did it."`
	Body     model.ImportResult
}
