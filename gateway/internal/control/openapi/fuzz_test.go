package openapi_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/openapi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

// Whatever the texts of a document are, the code of a stub but for its comments
// and literals is the one that it has with harmless texts.
func FuzzTexts(f *testing.F) {
	f.Add("id", "a summary", "text")
	f.Add(nasty, nasty, nasty)
	f.Add("*/", "?"+"?/", "\\")
	f.Add("\"", "*\\\n/ int x; /*", "\x00\xff\ufeff")
	f.Fuzz(func(t *testing.T, name, comment, example string) {
		for _, language := range toolchain.Languages() {
			got, ok := skeleton(t, language, name, comment, example)
			if !ok {
				return // the name cannot be asked for
			}
			want, _ := skeleton(t, language, "id", "a summary", "text")
			if got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", language, got, want)
			}
		}
	})
}

var (
	variables = regexp.MustCompile(`query(_\w+|[A-Z0-9]\w*)`)
	literal   = regexp.MustCompile(`""(\s*\+?\s*"")+`)
	space     = regexp.MustCompile(`\s+`)
)

// skeleton is the code of a stub without what may differ.
func skeleton(t *testing.T, language toolchain.Language, name, comment, example string) (string, bool) {
	document, err := json.Marshal(map[string]any{
		"openapi": "3.0.3",
		"paths": map[string]any{"/a": map[string]any{"get": map[string]any{
			"summary":    comment,
			"parameters": []any{map[string]any{"in": "query", "name": name, "required": true, "description": comment}},
			"responses": map[string]any{"200": map[string]any{
				"description": "", "content": map[string]any{"text/plain": map[string]any{"example": "x" + example}},
			}},
		}}},
	})
	must(t, err)
	d, err := openapi.Read(model.ImportRequest{Language: "c", Document: string(document)})
	if err != nil || len(d.LeftOut) > 0 {
		return "", false
	}
	dir := filepath.Join(t.TempDir(), "project")
	must(t, d.Operations[0].Write(dir, language))
	file := map[toolchain.Language]string{toolchain.C: "handler.c", toolchain.Rust: "src/lib.rs", toolchain.Go: "handler.go"}[language]
	text, err := os.ReadFile(filepath.Join(dir, file))
	must(t, err)
	if strings.ContainsAny(string(text), "\r\x00\u202e\u2066") {
		t.Errorf("%q holds what is not shown as it is written", text)
	}
	code := string(text)
	if language == toolchain.C {
		// What a compiler does first: trigraphs, then lines that go on.
		code = strings.ReplaceAll(code, "?"+"?/", "\\")
		if strings.Contains(code, "?"+"?") || strings.Contains(code, "\\\n") {
			t.Errorf("a trigraph, or a line that goes on:\n%s", text)
		}
	}
	code = literal.ReplaceAllString(strip(t, code), `""`)
	return space.ReplaceAllString(variables.ReplaceAllString(code, "query_x"), " "), true
}

// strip takes comments and what is in literals away. The languages are alike in
// that.
func strip(t *testing.T, code string) string {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		rest := code[i:]
		end := 0
		switch {
		case strings.HasPrefix(rest, "//"):
			end = strings.Index(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			end = strings.Index(rest[2:], "*/") + 3
			if strings.Contains(rest[2:end], "/*") {
				t.Errorf("a comment in a comment: %q", rest[:end])
			}
		case rest[0] == '"':
			for end = 1; end < len(rest) && rest[end] != '"'; end++ {
				if rest[end] == '\n' {
					t.Errorf("a literal goes over its line: %q", rest[:end])
				}
				if rest[end] == '\\' {
					end++
				}
			}
			b.WriteString(`""`)
		default:
			b.WriteByte(rest[0])
			continue
		}
		if end < 0 || end >= len(rest) {
			t.Fatalf("no end of %q", rest)
		}
		i += end
	}
	return b.String()
}

// A document may be anything. What is made of it can be an endpoint.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/orchard.yaml")
	must(f, err)
	f.Add(string(text))
	f.Add(`{"openapi":"3.0.0","paths":{"/a/{b}":{"get":{"parameters":[{"$ref":"#/paths/~1a~1{b}/get/parameters/0"}]}}}}`)
	f.Add("openapi: 3.2.0\npaths:\n  /a: {query: {responses: {default: {}}}, additionalOperations: {CONNECT: {}}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := openapi.Read(model.ImportRequest{Language: "c", Document: text})
		var known *model.Error
		if err != nil && !errors.As(err, &known) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		for _, o := range d.Operations {
			_, bad := config.ParsePattern(o.Spec.Path)
			if bad = errors.Join(bad, config.CheckName(o.Spec.Name), config.CheckMethod(o.Spec.Methods[0])); bad != nil {
				t.Errorf("%s: %v", o.Title, bad)
			}
			must(t, o.Write(filepath.Join(t.TempDir(), "project"), toolchain.C))
		}
	})
}
