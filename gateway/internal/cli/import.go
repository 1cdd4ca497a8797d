package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/edge-gateway/edge-gateway/gateway/internal/client"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type importCommand struct {
	remote
	Document string `arg:"" type:"existingfile" predictor:"file" help:"OpenAPI 3 document, YAML or JSON."`
	Language string `required:"" enum:"c,rust,go" help:"Of the stubs: c, rust or go."`
	Domain   string `help:"That the endpoints answer for; default any."`
	Prefix   string `help:"Put in front of the endpoints' names."`
	Plan     bool   `help:"Show only what would be made."`
}

func (c importCommand) Run(ctx context.Context) error {
	document, err := os.ReadFile(c.Document)
	if err != nil {
		return err
	}
	request := client.Request{Method: http.MethodPost, Path: "/import/openapi", In: model.ImportRequest{
		Document: string(document), Language: c.Language, Domain: c.Domain, Prefix: c.Prefix, Plan: c.Plan,
	}}
	return call(ctx, c.remote, request, func(r model.ImportResult) {
		t := newTable("ENDPOINT", "ROUTE", "OPERATION")
		for _, e := range r.Endpoints {
			t.add(e.Endpoint, routeOf(model.EndpointSpec{Methods: e.Methods, Path: e.Path, Domain: c.Domain}), e.Operation)
		}
		t.print("No endpoint is made: each operation has its endpoint already, or is left out.")
		for _, left := range r.LeftOut {
			fmt.Println("left out: " + oneLine(left))
		}
		if len(r.Endpoints) > 0 && !r.Plan {
			say("Each has the source of a stub: edge-gateway endpoints source NAME DIR gets it, to be written and deployed\n" +
				"with edge-gateway deploy DIR --name NAME; as it is, edge-gateway builds start NAME --deploy deploys it.")
		}
	})
}
