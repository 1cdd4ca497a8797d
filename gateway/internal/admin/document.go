package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// newHuma is huma with nothing of its own: no pages, no schema links, no other
// formats than JSON.
func newHuma(mux humago.Mux, version string) huma.API {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[model.Duration](), reflect.TypeFor[duration]())
	return humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "Edge Gateway",
				Version: version,
				Description: "The admin API of Edge Gateway. Every answer of 400 and above is a Problem, as application/problem+json. " +
					"A list is given in parts: an answer with next has more behind it.",
			},
			Servers: []*huma.Server{{URL: "/"}},
			Tags:    tags,
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {
					Type: "http", Scheme: "bearer",
					Description: "The token of a key. Its scope is read, deploy or admin, and each has all that those before it have. The unix socket in the data directory needs none.",
				}},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, problemJSON: huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
}

var tags = []*huma.Tag{
	{Name: "endpoints", Description: "What answers requests: a domain, a path and methods with a handler."},
	{Name: "versions", Description: "The libraries of an endpoint, and which of them has traffic."},
	{Name: "builds", Description: "Source trees, and what is compiled from them."},
	{Name: "services", Description: "Backends that endpoints are bound to."},
	{Name: "bundles", Description: "Several endpoints and services at once."},
	{Name: "keys", Description: "Who may use this API, and what they did."},
	{Name: "status", Description: "What the gateway is doing."},
}

// duration is model.Duration as the document describes it.
type duration struct{}

func (duration) Schema(huma.Registry) *huma.Schema {
	longest := 32
	return &huma.Schema{
		Type: huma.TypeString, MaxLength: &longest, Examples: []any{"5s"},
		Pattern: `^([0-9]{1,7}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h))+$|^0$`, PatternDescription: `a time span such as "5s" or "1m30s"`,
	}
}

// operation finds what the document says about a route.
func (a *API) operation(r *route) *huma.Operation {
	item := a.huma.OpenAPI().Paths[r.path]
	switch r.method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	default:
		return item.Delete
	}
}

type documentOutput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        []byte
}

func (a *API) registerDocument() {
	register(a, "get-openapi", doc{
		tag: "status", summary: "Describe this API",
		more:    "The answer is an OpenAPI 3.1 document.",
		answers: map[string]*huma.Response{"200": {Description: "The document.", Content: content("application/json", &huma.Schema{Type: huma.TypeObject})}},
	}, func(context.Context, *struct{}) (*documentOutput, error) {
		return &documentOutput{"application/json", a.document}, nil
	})
}

// marshalDocument writes the document as it is once every route is registered.
func (a *API) marshalDocument() []byte {
	text, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic(err) // it is made of the program's own types
	}
	return text
}

// content is that of an answer whose type tells nothing.
func content(name string, schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{name: {Schema: schema}}
}
