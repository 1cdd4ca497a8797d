package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/openapi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// nasty is what no text of a document should be able to do to source code.
const nasty = "\" ' ` \\ */ /* // */ ?" + "?/ ?" + "?' %s %n %d ${x} {{.}} #include <x> \r\n\t*/int x;/*\\\n" +
	"\u202e\u2066 \u2028 \x00 \x7f \u00e9 \u6f22 \U0001f642 \"##\" /*/ ?\\?/ \\u0022 \\\""

// hostile is a document with such texts wherever it has one.
func hostile(t testing.TB) *openapi.Document {
	t.Helper()
	parameter := func(in, name string) map[string]any {
		return map[string]any{"in": in, "name": name, "required": true, "description": nasty, "schema": map[string]any{"type": "string"}}
	}
	get := map[string]any{
		"operationId": nasty, "summary": nasty + "\\", "description": nasty,
		"parameters": []any{
			parameter("query", "a\" */ ?"+"?/ \\ \u00e9%s"), parameter("query", "\u65e5\u672c"), parameter("query", "a_b"), parameter("query", "aB"),
			parameter("query", nasty), parameter("header", "X-A'`%"), parameter("path", "id*/"),
		},
		"responses": map[string]any{"200": map[string]any{"description": nasty, "content": map[string]any{
			`application/json; profile="*/ \" ?` + `?/"`: map[string]any{"example": map[string]any{"text": nasty, nasty: []any{nasty}}},
		}}},
	}
	plain := map[string]any{
		"operationId": "fn",
		"responses":   map[string]any{"299": map[string]any{"content": map[string]any{"text/plain": map[string]any{"example": nasty}}}},
	}
	text, err := json.Marshal(map[string]any{
		"openapi": "3.1.0", "info": map[string]any{"title": nasty, "version": nasty},
		"paths": map[string]any{"/h/{id*/}": map[string]any{"get": get, "summary": nasty}, "/text": map[string]any{"get": plain}},
	})
	must(t, err)
	d, err := openapi.Read(model.ImportRequest{Language: "c", Document: string(text)})
	must(t, err)
	if len(d.Operations) != 2 {
		t.Fatalf("%d operations; left out: %q", len(d.Operations), d.LeftOut)
	}
	for _, line := range d.LeftOut {
		if strings.ContainsAny(line, "\n\r\x00\u202e") {
			t.Errorf("%q cannot be shown as it is", line)
		}
	}
	return d
}

// underRace tells whether the race detector is on, which sees nothing of what
// compilers do and of libraries.
var underRace bool

// serve builds operations and serves them. It tells where.
func serve(t *testing.T, language toolchain.Language, operations []openapi.Operation) string {
	t.Helper()
	if underRace {
		t.Skip("there is nothing to see here for the race detector")
	}
	compiler, err := toolchain.New(toolchain.Config{CacheDir: t.TempDir(), Offline: true})
	must(t, err)
	var s gateway.Snapshot
	for _, o := range operations {
		dir := filepath.Join(t.TempDir(), o.Spec.Name)
		must(t, o.Write(dir, language))
		if language == toolchain.C {
			// As strict as people have it, with trigraphs.
			flags := "[c]\ncflags = [\"-std=c11\", \"-Wall\", \"-Wextra\", \"-Werror\"]\n"
			must(t, os.WriteFile(filepath.Join(dir, "handler.toml"), []byte(flags), 0o600))
		}
		library, err := compiler.Build(t.Context(), dir)
		if missing := (*toolchain.MissingError)(nil); errors.As(err, &missing) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
			t.Skip(err)
		}
		if failed := (*toolchain.BuildError)(nil); errors.As(err, &failed) {
			t.Fatalf("%s: %v\n%s", o.Title, err, failed.Output)
		}
		must(t, err)
		if strings.Contains(library.Output, "warning") {
			t.Errorf("%s: %s", o.Title, library.Output)
		}
		s.Endpoints = append(s.Endpoints, gateway.Endpoint{
			Name: o.Spec.Name, Domain: o.Spec.Domain, Path: o.Spec.Path, Methods: o.Spec.Methods, Library: library.Path,
		})
	}
	g, err := gateway.New(gateway.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler), IdleGrace: 10 * time.Millisecond})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	must(t, g.Apply(t.Context(), s))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go g.Serve(ln) // until the shutdown
	return "http://" + ln.Addr().String()
}

// client is of one test, follows no redirect and keeps no connection.
var client = &http.Transport{DisableKeepAlives: true}

func send(t *testing.T, method, url, host, header, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	if host != "" {
		r.Host = host
	}
	if header != "" {
		r.Header[header] = []string{"autumn"}
	}
	answer, err := client.RoundTrip(r)
	must(t, err)
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer, string(got)
}

func TestStubsCompileAndAnswer(t *testing.T) {
	const tree = `{"height":2.5,"id":10,"kind":"apple","name":"string","planted":"2026-01-31","tags":["string"]}`
	type request struct {
		name, method, target, header, body string
		status                             int
		kind, want                         string
	}
	const kind = "application/json"
	requests := []request{
		{"list-trees-2", "GET", "/v1/trees?limit=1", "", "", 200, kind, "[" + tree + "]"},
		{"list-trees-2", "GET", "/v1/trees?x=limit", "", "", 400, kind, `{"error":"query parameter \"limit\" is missing"}`},
		{"create-tree", "POST", "/v1/trees", "", "{}", 201, kind, `{"height":4.5,"id":7,"name":"Gravenstein \"old\""}`},
		{"create-tree", "POST", "/v1/trees", "", "", 400, kind, `{"error":"the body is missing"}`},
		{"get-tree", "GET", "/v1/trees/5", "X-Season", "", 200, kind, `{"id":1,"name":"Boskop"}`},
		{"get-tree", "GET", "/v1/trees/5", "", "", 400, kind, `{"error":"header parameter \"X-Season\" is missing"}`},
		{"delete-trees-tree-id", "DELETE", "/v1/trees/5", "", "", 204, "", ""},
		{"get-trees-id-label-txt", "GET", "/v1/trees/5/label.txt", "", "", 200, "text/plain", "Boskop, 1912\n"},
		{"options-trees-id-label-txt", "OPTIONS", "/v1/trees/5/label.txt", "", "", 204, "", ""},
		{"patch-a-b-id", "PATCH", "/a%20b/%C3%A4/1", "", "", 303, "", ""},
		{"list-trees", "PUT", "/photos/a/b/c.png", "", "x", 200, "", ""},
		{"shared-thing", "GET", "/v1/shared", "", "", 200, kind, "true"},
	}
	for language, most := range map[toolchain.Language]int{toolchain.C: len(requests), toolchain.Rust: 4, toolchain.Go: 4} {
		t.Run(string(language), func(t *testing.T) {
			loadable(t, language)
			var chosen []openapi.Operation
			for _, o := range orchard(t).Operations {
				for _, r := range requests[:most] {
					if o.Spec.Name == "orchard."+r.name {
						chosen = append(chosen, o)
						break
					}
				}
			}
			url := serve(t, language, chosen)
			for _, r := range requests[:most] {
				answer, got := send(t, r.method, url+r.target, "api.example.com", r.header, r.body)
				if r.kind == kind {
					var tight bytes.Buffer
					must(t, json.Compact(&tight, []byte(got)))
					got = tight.String()
				}
				if answer.StatusCode != r.status || answer.Header.Get("Content-Type") != r.kind || got != r.want {
					t.Errorf("%s %s: %d %q %q; want %d %q %q", r.method, r.target, answer.StatusCode, answer.Header.Get("Content-Type"), got, r.status, r.kind, r.want)
				}
			}
		})
	}
}

func loadable(t *testing.T, language toolchain.Language) {
	t.Helper()
	if language == toolchain.Go && runtime.GOOS != "linux" {
		t.Skip("libraries of Go are loaded on Linux only")
	}
}

func TestHostileTextsStayTexts(t *testing.T) {
	want := map[string]any{"text": nasty, nasty: []any{nasty}}
	for _, language := range toolchain.Languages() {
		t.Run(string(language), func(t *testing.T) {
			loadable(t, language)
			operations := hostile(t).Operations
			if language == toolchain.Rust {
				operations = operations[:1] // each takes seconds to compile
			}
			url := serve(t, language, operations)
			query := "?a%22%20*%2F%20%3F%3F%2F%20%5C%20%C3%A9%25s=1&%E6%97%A5%E6%9C%AC=2&a_b=&aB"
			answer, body := send(t, "GET", url+"/h/x"+query, "", "X-A'`%", "")
			var got map[string]any
			must(t, json.Unmarshal([]byte(body), &got))
			gotText, err := json.Marshal(got)
			must(t, err)
			wantText, err := json.Marshal(want)
			must(t, err)
			if answer.StatusCode != 200 || !bytes.Equal(gotText, wantText) {
				t.Errorf("%d %s; want %s", answer.StatusCode, gotText, wantText)
			}
			if answer, body := send(t, "GET", url+"/h/x?a_b=1", "", "X-A'`%", ""); answer.StatusCode != 400 || !strings.Contains(body, "is missing") {
				t.Errorf("%d %q", answer.StatusCode, body)
			}
			if len(operations) == 1 {
				return
			}
			if answer, body := send(t, "GET", url+"/text", "", "", ""); answer.StatusCode != 299 || body != nasty {
				t.Errorf("%d %q; want %q", answer.StatusCode, body, nasty)
			}
		})
	}
}
