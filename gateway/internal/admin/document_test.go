package admin

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestTheDocumentIsTheTableOfRoutes(t *testing.T) {
	s := serve(t)
	got := s.do("GET", v1+"/openapi.json", "", "Authorization", "")
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary, Description string
			Tags                              []string
			Security                          []map[string][]string
			Parameters                        []struct{ Name, In, Description string }
			Responses                         map[string]struct {
				Content map[string]struct{ Schema map[string]any }
			}
		}
	}
	if err := json.Unmarshal(got.body, &document); err != nil || got.StatusCode != 200 || document.OpenAPI != "3.1.0" {
		t.Fatalf("%s %v", got.Status, err)
	}
	described := 0
	for _, methods := range document.Paths {
		described += len(methods)
	}
	if described != len(routes) {
		t.Errorf("%d operations are described, and %d routes are there", described, len(routes))
	}
	for i := range routes {
		r := &routes[i]
		op, ok := document.Paths[r.path][strings.ToLower(r.method)]
		if !ok || op.OperationID != r.id {
			t.Errorf("%s is not described", r.id)
			continue
		}
		if op.Summary == "" || op.Description == "" || len(op.Tags) != 1 || !slices.ContainsFunc(tags, func(tag *huma.Tag) bool { return tag.Name == op.Tags[0] }) {
			t.Errorf("%s: no summary, no description or no tag that is one", r.id)
		}
		if scope := ""; r.scope != "" {
			if len(op.Security) == 1 {
				scope = op.Security[0]["token"][0]
			}
			if scope != string(r.scope) {
				t.Errorf("%s: needs scope %s and is described with %q", r.id, r.scope, scope)
			}
		} else if len(op.Security) > 0 {
			t.Errorf("%s: needs nothing and is described with %v", r.id, op.Security)
		}
		for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(r.path, -1) {
			if !slices.ContainsFunc(op.Parameters, func(p struct{ Name, In, Description string }) bool { return p.Name == name[1] && p.In == "path" }) {
				t.Errorf("%s: parameter %s is not described", r.id, name[1])
			}
		}
		for _, p := range op.Parameters {
			if p.Description == "" {
				t.Errorf("%s: parameter %s has no description", r.id, p.Name)
			}
		}
		success := 0
		for status, answer := range op.Responses {
			if status < "400" {
				success++
			} else if r.id == "get-readiness" && status == "503" {
				continue // what is not ready is no problem of the request
			} else if ref := answer.Content[problemJSON].Schema["$ref"]; ref != "#/components/schemas/Problem" {
				t.Errorf("%s: %s is no problem: %v", r.id, status, answer)
			}
		}
		if success == 0 {
			t.Errorf("%s cannot succeed", r.id)
		}
	}
}

func TestTheDocumentIsTheSameEachTime(t *testing.T) {
	make := func() []byte {
		return New(Options{Control: newFake(), Logs: &logLines{}, Log: slog.New(slog.DiscardHandler)}).document
	}
	if !bytes.Equal(make(), make()) {
		t.Error("it differs from one start to the next")
	}
}

func TestExamplesAreValid(t *testing.T) {
	s := serve(t)
	schemas := s.api.huma.OpenAPI().Components.Schemas
	found := 0
	for i := range routes {
		op := s.api.operation(&routes[i])
		if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
			continue
		}
		media := op.RequestBody.Content["application/json"]
		text, err := json.Marshal(media.Example)
		if err != nil {
			t.Fatal(err)
		}
		var example any
		if err := json.Unmarshal(text, &example); err != nil || example == nil {
			t.Errorf("%s has no example", op.OperationID)
			continue
		}
		var result huma.ValidateResult
		huma.Validate(schemas, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, example, &result)
		if len(result.Errors) > 0 {
			t.Errorf("%s: %v", op.OperationID, result.Errors)
		}
		found++
	}
	if found < 8 {
		t.Errorf("only %d operations have examples", found)
	}
}
