package admin

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const (
	tarball = "application/x-tar"
	gzipped = "application/gzip"
)

func (a *API) registerSource() {
	register(a, "put-source", doc{
		tag: "builds", summary: "Replace the source tree of an endpoint",
		more:    "A tar, gzipped or not, or with filename one file. What serves stays as it is until something built from it is deployed.",
		uploads: []string{tarball, gzipped, binary},
	}, func(ctx context.Context, in *struct {
		EndpointPath
		Filename string `query:"filename" maxLength:"255" doc:"Name of the one file that the body is, such as handler.c. The body is then of type application/octet-stream."`
	}) (*struct{ Body model.Source }, error) {
		x := exchangeOf(ctx)
		kind, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type")) // it is one of the uploads
		if single := kind == binary; single != (in.Filename != "") {
			return nil, problem(http.StatusUnsupportedMediaType, "a body of type %s comes with filename, and only that does", binary)
		}
		body := a.newUpload(x)
		source, err := a.control.PutSource(ctx, in.Endpoint, body, in.Filename)
		if err != nil {
			return nil, body.problem(err)
		}
		return &struct{ Body model.Source }{source}, nil
	})
	register(a, "get-source", doc{
		tag: "builds", summary: "Download the source tree of an endpoint",
		answers: map[string]*huma.Response{"200": {Description: "The tree.", Content: content(tarball, &huma.Schema{Type: huma.TypeString, Format: "binary"})}},
	}, func(ctx context.Context, in *EndpointPath) (*streamed, error) {
		tree, source, err := a.control.Source(ctx, in.Endpoint)
		if err != nil {
			return nil, err
		}
		return a.download(ctx, tree, tarball, source.Digest, 0), nil
	})
}
