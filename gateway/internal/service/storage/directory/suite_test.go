package directory_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/directory"
	"github.com/edge-gateway/edge-gateway/gateway/internal/service/storage/storagetest"
	"github.com/edge-gateway/edge-gateway/gateway/internal/wire"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func options(path string) config.Options {
	return config.Options{
		"path": path, "max_object": int64(1 << 30),
		"sign_url": "https://files.example.com", "sign_path": "/signed",
	}
}

func open(t testing.TB, path string) *storage.Service {
	t.Helper()
	s, err := directory.Open(storagetest.Spec("directory", options(path)), storagetest.Env(t))
	return storagetest.Started(t, s, err)
}

func TestSuite(t *testing.T) {
	var path string // of the service that was opened last
	storagetest.Suite(t, storagetest.Driver{
		Open: func(t testing.TB) *storage.Service {
			path = filepath.Join(t.TempDir(), "new", "folder")
			return open(t, path)
		},
		Left:      func(t testing.TB, _ *storage.Service) int { return len(written(t, path)) },
		Presigned: func(t testing.TB, s *storage.Service) http.Handler { return gateway{t, s} },
	})
}

// gateway serves the endpoint of a service as a gateway does: with the path in
// its normal form, and the rest of it as the parameter "key".
type gateway struct {
	t       testing.TB
	service *storage.Service
}

func (g gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, handler, ok := g.service.Endpoint()
	if !ok {
		g.t.Fatal("no endpoint")
	}
	path, _, err := wire.NormalizePath(nil, []byte(r.URL.EscapedPath()))
	if err != nil {
		g.t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(path), strings.TrimSuffix(route, "{key:*}"))
	if !ok {
		g.t.Fatalf("%s does not lead to %s", r.URL, route)
	}
	request := &edge.Request{
		Method: r.Method, Query: r.URL.RawQuery, Deadline: time.Now().Add(5 * time.Second),
		Params: edge.Fields{{Name: "key", Value: string(wire.AppendUnescaped(nil, []byte(rest)))}},
	}
	for name, values := range r.Header {
		for _, value := range values {
			request.Headers = append(request.Headers, edge.Field{Name: name, Value: value})
		}
	}
	if r.Body != nil {
		request.Body = read(g.t, r.Body)
	}
	answer, err := handler.Call(request)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, h := range answer.Headers {
		w.Header().Add(h.Name, h.Value)
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// written are the files of objects that are being written.
func written(t testing.TB, path string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(path, "incoming", "*", "[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
