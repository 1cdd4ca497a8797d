package admin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

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

// operation is one of the document.
type operation struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   schema
	}
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

// TestTheRunningAPIIsAsItsDocumentSays sends each operation of the document
// requests that it allows, and such that it does not, to an API with everything
// behind it. None may end in a status that is not described, or in one of a
// fault of the gateway, or in a body that is not as described.
func TestTheRunningAPIIsAsItsDocumentSays(t *testing.T) {
	w := serveWhole(t)
	rounds := 12
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") == "1" {
		rounds = 300
	}
	w.library = compile(t)
	w.populate()
	succeeded := map[string]bool{}
	for _, op := range w.operations() {
		for round := range rounds {
			g := &generator{rand.New(rand.NewPCG(uint64(round), uint64(len(op.OperationID)))), w.document.Components.Schemas}
			if round%8 == 0 {
				w.populate()
			}
			for _, bad := range []bool{false, true} {
				r, text := w.generate(g, op, bad)
				if w.check(op, r, text) < 400 {
					succeeded[op.OperationID] = true
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	for _, op := range w.operations() {
		if !succeeded[op.OperationID] && (w.library != nil || !slices.Contains(ofLibraries, op.OperationID)) {
			t.Errorf("%s never succeeded: what is generated for it is of no use", op.OperationID)
		}
	}
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

// generate makes a request, and tells in words which.
func (w *whole) generate(g *generator, op operation, bad bool) (*http.Request, string) {
	w.prepare(op.OperationID)
	spoil := -1 // which part is to be bad
	if bad {
		spoil = g.IntN(len(op.Parameters) + 3)
	}
	path, query, header := op.path, url.Values{}, http.Header{}
	for i, p := range op.Parameters {
		rare := slices.Contains([]string{"If-Match", "sha256", "filename", "after"}, p.Name) // seldom good by chance
		if !p.Required && i != spoil && (rare && g.chance(80) || !g.chance(30)) {
			continue
		}
		value := plain(g.good(p.Schema))
		if known := w.known(p.Name); known != "" && g.chance(80) {
			value = known
		}
		if i == spoil {
			value = plain(g.wrong(p.Schema))
		}
		switch p.In {
		case "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(value), 1)
		case "query":
			query.Set(p.Name, value)
		case "header":
			header.Set(p.Name, strings.Map(visibleASCII, value))
		}
	}
	var body []byte
	if op.RequestBody != nil {
		body = w.generateBody(g, op, header, query, spoil >= len(op.Parameters))
	} else if spoil >= len(op.Parameters) {
		query.Set(pick(g, "unknown", "limit", "after", "é", ""), pick(g, "", "x", "-1", "\x00"))
	}
	raw := query.Encode()
	if spoil >= 0 && g.chance(10) {
		raw += pick(g, "&%zz", "&&=", ";x=1", "&limit=1&limit=2", "&plan")
	}
	r, err := http.NewRequest(op.method, w.url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.URL.Opaque, r.URL.RawQuery, r.Header = "//"+r.Host+path, raw, header
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Accept", pick(g, "application/json", "*/*", "text/html", eventStream, ";;", "application/problem+json"))
	return r, fmt.Sprintf("%s %s?%s %v %.300q", op.method, path, raw, header, body)
}

// known is a value for a parameter that means something that is there.
func (w *whole) known(parameter string) string {
	switch parameter {
	case "endpoint":
		return "orders"
	case "service":
		return "orders-db"
	case "key":
		return "fuzz"
	case "digest":
		return w.digests[1]
	case "build":
		var l model.List[model.Build]
		if got := w.do("GET", v1+"/builds?limit=1", ""); json.Unmarshal(got.body, &l) == nil && len(l.Items) > 0 {
			return l.Items[0].ID
		}
	}
	return ""
}

func (w *whole) generateBody(g *generator, op operation, header http.Header, query url.Values, bad bool) []byte {
	types := []string{}
	for name := range op.RequestBody.Content {
		types = append(types, name)
	}
	slices.Sort(types)
	kind := pick(g, types...)
	media := op.RequestBody.Content[kind]
	header.Set("Content-Type", kind)
	if bad && g.chance(20) {
		header.Set("Content-Type", pick(g, "text/plain", "application/xml", ";", "application/json; charset=latin1", "multipart/form-data"))
	}
	if kind != "application/json" {
		if query.Get("filename") != "" {
			header.Set("Content-Type", binary)
		}
		if op.OperationID == "upload-version" && w.library != nil && !bad {
			return w.library
		}
		return archive(g, kind, bad)
	}
	value := any(media.Example)
	if g.chance(60) || bad {
		value = g.good(media.Schema)
	}
	if bad {
		value = g.bad(media.Schema)
	} else if object, ok := value.(map[string]any); ok && op.OperationID == "deploy" && w.digests[0] != "" {
		object = maps.Clone(object)
		object["version"] = pick(g, w.digests[:]...)
		value = object
	} else if ok && object["name"] != nil {
		object = maps.Clone(object) // it may be the example of the document
		value = object
		if op.method == http.MethodPut {
			object["name"] = w.known(strings.Trim(op.path[strings.LastIndex(op.path, "{"):], "{}"))
		} else if g.chance(80) {
			w.names++
			object["name"] = "fuzz-" + strconv.Itoa(w.names)
			if object["path"] != nil {
				object["path"] = "/fuzz/" + strconv.Itoa(w.names)
			}
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		w.t.Fatal(err)
	}
	if bad && g.chance(25) {
		text = pick(g, nil, []byte("{"), text[:len(text)/2], []byte("nul"), []byte("\xff\xfe"), append(text, '}'),
			bytes.Repeat([]byte("["), 20_000), []byte(`{"name":"a","name":"b"}`), []byte(`"`+strings.Repeat("x", maxJSON)+`"`))
	}
	return text
}

// archive makes the body of an upload.
func archive(g *generator, kind string, bad bool) []byte {
	var b bytes.Buffer
	if bad && g.chance(50) || kind == binary {
		return []byte(pick(g, "", "text", "PK\x03\x04", "\x7fELF\x02\x01\x01", strings.Repeat("\x00", 2048)))
	}
	name := pick(g, "main.c", "edge-gateway.toml", "edge-gateway.toml", "edge-gateway.toml", "../x", "/etc/x", "a/b/c.rs", "main.go")
	content := pick(g, "int x;", "", "package main")
	if name == "edge-gateway.toml" {
		content = pick(g, "[[service]]\nname = \"bundled\"\nkind = \"cache\"\n", "[[endpoint]]\nname = \"b\"\npath = \"/b\"\n")
	}
	switch kind {
	case "application/zip":
		z := zip.NewWriter(&b)
		file, _ := z.Create(name)
		io.WriteString(file, content)
		z.Close()
	default:
		var out io.WriteCloser = discardClose{&b}
		if kind == gzipped {
			out = gzip.NewWriter(&b)
		}
		t := tar.NewWriter(out)
		t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))})
		io.WriteString(t, content)
		t.Close()
		out.Close()
	}
	if bad {
		b.Truncate(b.Len() / 2)
	}
	return b.Bytes()
}

type discardClose struct{ io.Writer }

func (discardClose) Close() error { return nil }

// check sends a request and compares what comes with the document.
func (w *whole) check(op operation, r *http.Request, text string) (status int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answer, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		w.t.Errorf("%s: %s: %v", op.OperationID, text, err)
		return 0
	}
	defer answer.Body.Close()
	status = answer.StatusCode
	fail := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%s: %s: %d, "+format, append([]any{op.OperationID, text, status}, args...)...)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind == eventStream && op.OperationID == "tail-logs" {
		return status // it has no end
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		fail("%v", err)
		return status
	}
	described, ok := op.Responses[strconv.Itoa(status)]
	if !ok {
		fail("which is not described: %s", body)
		return status
	}
	if status >= 500 && !(op.OperationID == "get-readiness" && status == 503) {
		fail("a fault of the gateway: %s\n%s", body, w.log.String())
		return status
	}
	if len(described.Content) == 0 || r.Method == http.MethodHead {
		if len(body) > 0 {
			fail("with a body that is not described: %s", body)
		}
		return status
	}
	media, ok := described.Content[kind]
	if !ok {
		fail("of type %q, which is not described", kind)
		return status
	}
	if kind != "application/json" && kind != problemJSON {
		return status
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		fail("%v in %q", err, body)
		return status
	}
	ref := &huma.Schema{}
	if name, ok := media.Schema["$ref"].(string); ok {
		ref.Ref = name
		var result huma.ValidateResult
		huma.Validate(w.api.huma.OpenAPI().Components.Schemas, ref, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
		if len(result.Errors) > 0 {
			fail("%v in %s", result.Errors, body)
		}
	}
	return status
}

// plain writes a value as it stands in a path, a query or a header.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func visibleASCII(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
