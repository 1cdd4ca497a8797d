package openapi_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/bundle"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/openapi"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func orchard(t testing.TB) *openapi.Document {
	t.Helper()
	text, err := os.ReadFile("testdata/orchard.yaml")
	must(t, err)
	d, err := openapi.Read(model.ImportRequest{Language: "c", Document: string(text), Domain: "API.example.com", Prefix: "orchard."})
	must(t, err)
	return d
}

func TestEachOperationIsAnEndpoint(t *testing.T) {
	d := orchard(t)
	var got []string
	for _, o := range d.Operations {
		got = append(got, o.Title+" | "+o.Spec.Name+" "+o.Spec.Methods[0]+" "+o.Spec.Domain+o.Spec.Path)
	}
	want := []string{
		"PATCH /a b/ä/{id} | orchard.patch-a-b-id PATCH api.example.com/a%20b/%C3%A4/{id}",
		"PUT /photos/{key+} | orchard.list-trees PUT api.example.com/photos/{key:*}",
		"GET /shared | orchard.shared-thing GET api.example.com/v1/shared",
		"GET /trees | orchard.list-trees-2 GET api.example.com/v1/trees",
		"POST /trees | orchard.create-tree POST api.example.com/v1/trees",
		"GET /trees/{id}/label.txt | orchard.get-trees-id-label-txt GET api.example.com/v1/trees/{id}/label.txt",
		"OPTIONS /trees/{id}/label.txt | orchard.options-trees-id-label-txt OPTIONS api.example.com/v1/trees/{id}/label.txt",
		"DELETE /trees/{tree.id} | orchard.delete-trees-tree-id DELETE api.example.com/v1/trees/{tree_id}",
		"GET /trees/{tree.id} | orchard.get-tree GET api.example.com/v1/trees/{tree_id}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, left := range []string{
		"PUT /photos/{key+}: the stub answers 200 without a body, since it makes none of image/png",
		"GET /search?kind=old: its path has a query",
		`GET /trees: query parameter "filter" is an object`,
		`GET /trees: cookie parameter "session" is not read`,
		"HEAD /trees: the endpoint of GET answers HEAD",
		"POST /trees: callbacks",
		"GET /trees/{zone}: it answers the same requests as GET /trees/{tree.id}",
		"TRACE /trees/{tree.id}: TRACE",
		`GET /trees/{tree.id}: the pattern of path parameter "tree_id"`,
		"GET /years/{year:[0-9]+}: parameter {year:[0-9]+} has a pattern",
		"servers: only the first", "security:", "webhooks:",
	} {
		if !slices.ContainsFunc(d.LeftOut, func(s string) bool { return strings.HasPrefix(s, left) }) {
			t.Errorf("nothing is said of %q", left)
		}
	}
	if len(d.LeftOut) != 13 {
		t.Errorf("%d are left out:\n%s", len(d.LeftOut), strings.Join(d.LeftOut, "\n"))
	}
}

func TestTheSameDocumentMakesTheSame(t *testing.T) {
	digests := func() (all []string) {
		for _, o := range orchard(t).Operations {
			for _, language := range toolchain.Languages() {
				dir := filepath.Join(t.TempDir(), "project")
				must(t, o.Write(dir, language))
				sum, err := archive.Pack(discard{}, dir)
				must(t, err)
				all = append(all, o.Spec.Name+sum.Digest)
			}
		}
		return all
	}
	if !slices.Equal(digests(), digests()) {
		t.Error("the second time, something is different")
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestWhatIsThereIsNotMadeAgain(t *testing.T) {
	there := map[string]model.EndpointSpec{}
	for _, o := range orchard(t).Operations {
		spec := o.Spec
		spec.Config = map[string]string{"changed": "since"}
		there[spec.Name] = spec
	}
	find := func(name string) (model.EndpointSpec, bool) { spec, ok := there[name]; return spec, ok }
	if d := orchard(t).Without(find); len(d.Operations) != 0 || len(d.LeftOut) != len(orchard(t).LeftOut) {
		t.Errorf("%+v", d)
	}
	moved := there["orchard.get-tree"]
	moved.Path = "/elsewhere"
	there[moved.Name] = moved
	delete(there, "orchard.create-tree")
	d := orchard(t).Without(find)
	if len(d.Operations) != 1 || d.Operations[0].Spec.Name != "orchard.create-tree" {
		t.Errorf("%+v", d.Operations)
	}
	if last := d.LeftOut[len(d.LeftOut)-1]; !strings.Contains(last, `endpoint "orchard.get-tree" is there already, with another route`) {
		t.Error(last)
	}
}

// What is written is a project like any other: it can be served, and applied.
func TestAProjectIsWhole(t *testing.T) {
	o := orchard(t).Operations[0]
	for _, language := range toolchain.Languages() {
		dir := filepath.Join(t.TempDir(), "project")
		must(t, o.Write(dir, language))
		file, err := config.Load(filepath.Join(dir, bundle.FileName))
		must(t, err)
		if e := file.Endpoints[0]; e.Name != o.Spec.Name || e.Path != o.Spec.Path || e.Source != dir || e.Domain != "api.example.com" {
			t.Errorf("%+v", e)
		}
		if found, err := toolchain.Detect(dir); found != language {
			t.Errorf("%s, %v", found, err)
		}
		if err := o.Write(dir, language); err == nil {
			t.Error("it was written over")
		}
	}
}

func TestABadDocumentIsRefused(t *testing.T) {
	aliases := "openapi: 3.0.0\na0: &a0 [x, x]\n"
	for i := range 30 {
		aliases += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	var many strings.Builder
	for i := range 600 {
		fmt.Fprintf(&many, "  /p%d: {get: {responses: {'200': {description: ok}}}}\n", i)
	}
	const paths = "openapi: 3.0.3\npaths:\n"
	for _, test := range []struct {
		name, text string
		kind       model.Kind
		says       string
	}{
		{"empty", "", model.Refused, "openapi: 3"},
		{"text", "hello", model.Refused, "cannot be read"},
		{"binary", "\x00\x01\xff", model.Refused, ""},
		{"not closed", `{"openapi": "3.0.0", "paths": {`, model.Refused, "cannot be read"},
		{"swagger", `{"swagger": "2.0", "paths": {}}`, model.Refused, "Swagger 2.0"},
		{"version 4", `{"openapi": "4.0.0", "paths": {}}`, model.Refused, "openapi: 3"},
		{"no paths", `{"openapi": "3.0.0", "paths": {}}`, model.Refused, "no paths"},
		{"file", paths + "  /a: {$ref: '/etc/passwd'}", model.Refused, "only what is in the document itself"},
		{"relative file", paths + "  /a: {get: {parameters: [{$ref: 'other.yaml#/a'}], responses: {}}}", model.Refused, "only what is in the document itself"},
		{"remote", paths + "  /a: {$ref: 'http://127.0.0.1:1/a.yaml'}", model.Refused, "only what is in the document itself"},
		{"nowhere", paths + "  /a: {get: {parameters: [{$ref: '#/components/parameters/none'}], responses: {}}}", model.Refused, "cannot be read"},
		{"aliases", aliases, model.TooLarge, "more than 500000 values"},
		{"alias of itself", "openapi: 3.0.0\na: &a [*a]\n", model.TooLarge, "part of itself"},
		{"deep", "openapi: 3.0.0\na: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), model.TooLarge, "200 levels"},
		{"deeper", `{"openapi": "3.0.0", "a": ` + strings.Repeat("[", 100_000), model.Refused, ""},
		{"long", "openapi: 3.0.0\n#" + strings.Repeat(" ", 5<<20), model.TooLarge, "bytes"},
		{"operations", paths + many.String(), model.TooLarge, "more than 500 operations"},
	} {
		t.Run(test.name, func(t *testing.T) {
			begun := time.Now()
			_, err := openapi.Read(model.ImportRequest{Language: "c", Document: test.text})
			var known *model.Error
			if !errors.As(err, &known) || known.Kind != test.kind || known.Field != "document" || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v; want %q", err, test.says)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	for field, r := range map[string]model.ImportRequest{
		"domain": {Language: "c", Domain: "a b"}, "prefix": {Language: "c", Prefix: "-"}, "language": {Language: "cobol"},
	} {
		var known *model.Error
		if _, err := openapi.Read(r); !errors.As(err, &known) || known.Kind != model.Invalid || known.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// References that fan out would be many millions of values if each were followed
// anew.
func TestReferencesAreNotWrittenOut(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses:\n        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/S0'}}}}\ncomponents:\n  schemas:\n")
	for i := range 40 {
		fmt.Fprintf(&b, "    S%d: {type: object, properties: {", i)
		for j := range 10 {
			fmt.Fprintf(&b, "p%d: {$ref: '#/components/schemas/S%d'}, ", j, (i+1)%40)
		}
		b.WriteString("}}\n")
	}
	begun := time.Now()
	d, err := openapi.Read(model.ImportRequest{Language: "c", Document: b.String()})
	must(t, err)
	if took := time.Since(begun); took > 5*time.Second || len(d.Operations) != 1 {
		t.Errorf("it took %v for %d operations", took, len(d.Operations))
	}
}
