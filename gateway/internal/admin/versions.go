package admin

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

type VersionPath struct {
	EndpointPath
	Digest string `path:"digest" maxLength:"64" pattern:"^[0-9a-f]{8,64}$" doc:"SHA-256 of the version, or its beginning." example:"9f86d081884c7d65"`
}

type versionsInput struct {
	EndpointPath
	Paging
}

// made is an answer with something that was brought here.
type made[T any] struct {
	Location string `header:"Location" doc:"Where it is, if it can be read."`
	Replayed string `header:"Idempotency-Replayed" doc:"true if it was made by an earlier request with the same Idempotency-Key."`
	Body     T
}

const binary = "application/octet-stream"

func (a *API) registerVersions() {
	register(a, "list-versions", doc{tag: "versions", summary: "List the versions of an endpoint", more: "The newest first."},
		func(ctx context.Context, in *versionsInput) (*listed[model.Version], error) {
			part, err := a.control.Versions(ctx, in.Endpoint, in.page())
			return list(ctx, part, err)
		})
	register(a, "upload-version", doc{
		tag: "versions", summary: "Upload a library",
		more:   "It makes a version, or finds the one that has the same bytes. Its architecture, its ABI and, if it is given, its SHA-256 are checked; it gets no traffic before it is deployed. Whoever may upload a library may run code on this machine.",
		status: http.StatusCreated, uploads: []string{binary},
	}, func(ctx context.Context, in *struct {
		EndpointPath
		SHA256 string `query:"sha256" maxLength:"64" pattern:"^[0-9a-fA-F]{64}$" doc:"What the SHA-256 of the library has to be, in hex."`
	}) (*made[model.Version], error) {
		body := a.newUpload(exchangeOf(ctx))
		v, err := a.control.Upload(ctx, in.Endpoint, body, in.SHA256)
		if err != nil {
			return nil, body.problem(err)
		}
		return &made[model.Version]{Location: v1 + "/endpoints/" + in.Endpoint + "/versions/" + v.Digest + "/library", Body: v}, nil
	})
	register(a, "delete-version", doc{tag: "versions", summary: "Delete a version", more: "It must be neither deployed nor a canary."},
		func(ctx context.Context, in *VersionPath) (*struct{}, error) {
			return nil, a.control.DeleteVersion(ctx, in.Endpoint, in.Digest)
		})
	register(a, "get-library", doc{
		tag: "versions", summary: "Download the library of a version",
		answers: map[string]*huma.Response{"200": {Description: "The library.", Content: content(binary, &huma.Schema{Type: huma.TypeString, Format: "binary"})}},
	}, func(ctx context.Context, in *VersionPath) (*streamed, error) {
		file, v, err := a.control.Library(ctx, in.Endpoint, in.Digest)
		if err != nil {
			return nil, err
		}
		return a.download(ctx, file, binary, v.Digest, v.Size), nil
	})
}

// download answers with a file of size bytes, or of a size that is not known if
// that is 0. A part of it is never taken for the whole: the connection breaks.
func (a *API) download(ctx context.Context, file io.ReadCloser, kind, digest string, size int64) *streamed {
	x := exchangeOf(ctx)
	return &streamed{func(huma.Context) {
		defer file.Close()
		h := x.w.Header()
		h.Set("Content-Type", kind)
		h.Set("ETag", `"`+digest+`"`)
		h.Set("Content-Disposition", "attachment")
		if size > 0 {
			h.Set("Content-Length", strconv.FormatInt(size, 10))
		}
		x.w.WriteHeader(http.StatusOK)
		if x.r.Method == http.MethodHead {
			return
		}
		if _, err := io.Copy(x.w, file); err != nil {
			if x.w.failed == nil {
				a.log.Error("admin API: a download was cut short", "path", x.r.URL.Path, "error", err)
			}
			panic(http.ErrAbortHandler)
		}
	}}
}
