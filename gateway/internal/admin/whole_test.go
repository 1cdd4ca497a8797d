package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/logs"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/trial"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
	"github.com/edge-gateway/edge-gateway/toolchain/confine"
)

// Libraries are tried, and compilers are confined, in a process of this program.
func TestMain(m *testing.M) {
	trial.Main()
	confine.Main()
	os.Exit(m.Run())
}

// whole is an API over everything that it has in a gateway.
type whole struct {
	*server
	names    int       // given so far
	library  []byte    // nil without a compiler
	digests  [2]string // of versions of an endpoint; empty without a compiler
	document struct {
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]any }
	}
}

// parameter is one of an operation.
type parameter struct {
	Name, In string
	Required bool
	Schema   schema
}

// operation is one of the document.
type operation struct {
	OperationID string
	Parameters  []parameter
	RequestBody *struct {
		Content map[string]struct{ Schema, Example schema }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	}
	method, path string
}

func serveWhole(t *testing.T) *whole {
	t.Helper()
	dir := t.TempDir()
	buffer := &lockedBuffer{}
	store, err := logs.Open(filepath.Join(dir, "logs"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(store.Handler(slog.NewTextHandler(buffer, nil)))
	g, err := gateway.New(gateway.Options{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	c, err := control.Open(t.Context(), control.Options{Dir: dir, Worker: g, Log: log, MaxLibrary: 1 << 20, MaxSource: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the API
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := errors.Join(c.Close(ctx), g.Shutdown(ctx), store.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := c.Declare(t.Context(), gateway.Snapshot{}); err != nil {
		t.Fatal(err)
	}
	w := &whole{server: &server{t: t, log: buffer, token: c.FirstToken()}}
	w.api = New(Options{Control: c, Logs: store, Version: "test", Log: log})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + ln.Addr().String()
	start(t, w.api, ln, false)
	got := w.do("GET", v1+"/openapi.json", "")
	if err := json.Unmarshal(got.body, &w.document); err != nil {
		t.Fatalf("%s: %v", got.Status, err)
	}
	return w
}

// operations are those of the document, what deletes at last.
func (w *whole) operations() (all []operation) {
	for path, methods := range w.document.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	slices.SortStableFunc(all, func(a, b operation) int { return last(a) - last(b) })
	return all
}

func last(op operation) int {
	if op.method == http.MethodDelete {
		return 1
	}
	return 0
}

// ofLibraries is what cannot succeed without one.
var ofLibraries = []string{"abort-canary", "promote-canary", "deploy", "undeploy", "rollback", "upload-version", "get-library", "delete-version"}

// populate makes what the requests are about, where it is missing.
func (w *whole) populate() {
	for path, body := range map[string]string{
		"/endpoints": orders,
		"/services":  `{"name":"orders-db","kind":"cache"}`,
		"/keys":      `{"name":"fuzz","scope":"read"}`,
	} {
		if got := w.do("POST", v1+path, body); got.StatusCode != http.StatusCreated && got.StatusCode != http.StatusConflict {
			w.t.Fatalf("%s: %s", path, got.body)
		}
	}
	if got := w.do("PUT", v1+"/endpoints/orders/source?filename=main.c", "int broken", "Content-Type", binary); got.StatusCode != http.StatusOK {
		w.t.Fatalf("%s", got.body)
	}
	w.upload()
	if w.known("build") == "" {
		if got := w.do("POST", v1+"/endpoints/orders/builds", "{}"); got.StatusCode != http.StatusAccepted {
			w.t.Fatalf("%s", got.body)
		}
	}
}

// prepare brings about what an operation needs to succeed.
func (w *whole) prepare(id string) {
	deploy := func(body string) {
		if got := w.do("POST", v1+"/endpoints/orders/deploy", body); got.StatusCode != http.StatusOK {
			w.t.Fatalf("deploy %s: %s", body, got.body)
		}
	}
	old, young := `{"version":"`+w.digests[0]+`"`, `{"version":"`+w.digests[1]+`"`
	switch {
	case id == "cancel-build":
		w.do("POST", v1+"/endpoints/orders/builds", "{}")
	case w.digests[0] == "":
	case id == "undeploy", id == "rollback":
		deploy(old + "}")
		deploy(young + "}")
	case id == "promote-canary", id == "abort-canary":
		deploy(old + "}")
		deploy(young + `,"canary":{"weight":50}}`)
	case id == "delete-version":
		w.do("POST", v1+"/endpoints/orders/undeploy", "")
		w.upload()
	}
}

// upload makes two versions, if there is a compiler.
func (w *whole) upload() {
	for i, marker := range []string{"marker-1111", "marker-2222"} {
		if w.library == nil {
			return
		}
		library := bytes.ReplaceAll(w.library, []byte("marker-0000"), []byte(marker))
		got := w.do("POST", v1+"/endpoints/orders/versions", string(library), "Content-Type", binary)
		var v model.Version
		if err := json.Unmarshal(got.body, &v); err != nil || got.StatusCode != http.StatusCreated {
			w.t.Fatalf("%s: %v", got.body, err)
		}
		w.digests[i] = v.Digest
	}
}

// compile makes a library whose bytes differ by a text only.
func compile(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	source := `#include "edge_gateway_sdk.h"
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("marker-0000"));
}
EG_HANDLER_UNLOADABLE("marker", "1.0");
EG_ENTRY(answer);
`
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	builder, err := toolchain.New(toolchain.Config{CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	made, err := builder.Build(t.Context(), dir)
	var missing *toolchain.MissingError
	if errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
		t.Log("deploys cannot succeed here:", err)
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	library, err := os.ReadFile(made.Path)
	if err != nil {
		t.Fatal(err)
	}
	return library
}
