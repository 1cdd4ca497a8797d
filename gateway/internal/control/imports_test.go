package control

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func asProblem(err error, to **model.Error) bool { return errors.As(err, to) }

const trees = `
openapi: 3.1.0
servers: [{url: /v1}]
paths:
  /trees/{id}:
    get:
      operationId: getTree
      responses: {'200': {description: one, content: {application/json: {example: {name: Boskop}}}}}
    delete:
      operationId: cutTree
      responses: {'204': {description: gone}}
    trace:
      responses: {'200': {description: no}}
`

func TestAnImportMakesEndpointsOnce(t *testing.T) {
	b := open(t, "")
	request := model.ImportRequest{Document: trees, Language: "c", Prefix: "shop.", Plan: true}
	planned, err := b.ImportOpenAPI(b.ctx, request)
	must(t, err)
	if endpoints, _ := b.everything(); len(endpoints) != 0 || len(planned.Endpoints) != 2 || !planned.Plan {
		t.Errorf("%+v, with %d endpoints", planned, len(endpoints))
	}
	request.Plan = false
	made, err := b.ImportOpenAPI(b.ctx, request)
	must(t, err)
	if len(made.Endpoints) != 2 || len(made.LeftOut) != 1 || !strings.HasPrefix(made.LeftOut[0], "TRACE /trees/{id}: ") {
		t.Fatalf("%+v", made)
	}
	get := made.Endpoints[1]
	if get.Endpoint != "shop.get-tree" || get.Operation != "GET /trees/{id}" || get.Path != "/v1/trees/{id}" || len(get.Source) != 64 {
		t.Errorf("%+v", get)
	}
	source, err := b.Build(b.ctx, "shop.get-tree", model.BuildRequest{Deploy: true})
	must(t, err)
	log, err := b.BuildLog(b.ctx, source.ID, true)
	must(t, err)
	defer log.Close()
	output, err := io.ReadAll(log)
	must(t, err)
	if answer, body := b.get("/v1/trees/1"); answer != 200 || !strings.Contains(body, "Boskop") {
		t.Errorf("%d %q after the build\n%s", answer, body, output)
	}

	// Its author has gone on with it.
	_, err = b.PutSource(b.ctx, "shop.get-tree", strings.NewReader(handlerInC), "mine.c")
	must(t, err)
	again, err := b.ImportOpenAPI(b.ctx, request)
	if err != nil || len(again.Endpoints) != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, kept, err := b.Source(b.ctx, "shop.get-tree"); err != nil || kept.Digest == get.Source {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestAnImportIsWholeOrNotAtAll(t *testing.T) {
	b := open(t, "")
	b.create("mine", "/v1/trees/{tree}")
	_, err := b.ImportOpenAPI(b.ctx, model.ImportRequest{Document: trees, Language: "rust"})
	wants(t, err, model.Conflict, "path", `endpoint "mine" answers`)
	if endpoints, _ := b.everything(); len(endpoints) != 1 {
		t.Errorf("%d endpoints", len(endpoints))
	}
	_, err = b.ImportOpenAPI(b.ctx, model.ImportRequest{Document: trees, Language: "cobol"})
	wants(t, err, model.Invalid, "language", "cobol")
}
