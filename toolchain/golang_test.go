package toolchain_test

import (
	"path/filepath"
	"testing"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

const plainGo = `package main

import (
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
	_ "github.com/edge-gateway/edge-gateway/sdk-go/export"
)

func init() { edge.Handle(hello) }

func main() {}

func hello(*edge.Request) (*edge.Response, error) { return edge.Text(200, text), nil }
`

// A module may replace others, and the SDK, by folders beside it; the copy has
// none. It may also leave out the SDK among its requirements.
func TestModuleBesideOthersInAWorkspace(t *testing.T) {
	need(t, programs[toolchain.Go]...)
	root := project(t,
		"go.work", "go 1.26\n\nuse ./shared\n",
		"shared/go.mod", "module example.com/shared\n\ngo 1.26\n",
		"shared/shared.go", "package shared\n\nconst Text = \"shared\"\n",
		"handler/go.mod", `module example.com/handler

go 1.26

require example.com/shared v0.0.0

replace example.com/shared v0.0.0 => ../shared

replace github.com/edge-gateway/edge-gateway/sdk-go => ../not-there
`,
		"handler/main.go", plainGo,
		"handler/text.go", "package main\n\nimport \"example.com/shared\"\n\nconst text = shared.Text\n",
	)
	tc := newToolchain(t, toolchain.Config{Offline: true})
	library, err := tc.Build(t.Context(), filepath.Join(root, "handler"))
	must(t, err)
	checkHandler(t, library)
}

func TestModuleThatCannotBuild(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		says  string
	}{
		{"no module file", []string{"go.mod", "not one\n", "main.go", plainGo}, "go.mod:1"},
		{"a newer Go", []string{"go.mod", "module x.example/x\n\ngo 1.99\n", "main.go", plainGo}, "1.99"},
		{"a module that is not cached", []string{"go.mod", "module x.example/x\n\ngo 1.26\n", "main.go", plainGo,
			"text.go", "package main\n\nimport \"no.example/there\"\n\nconst text = there.Text\n"}, "no.example/there"},
	} {
		t.Run(test.name, func(t *testing.T) {
			need(t, programs[toolchain.Go]...)
			_, err := newToolchain(t, toolchain.Config{Offline: true}).Build(t.Context(), project(t, test.files...))
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, err.Error(), test.says)
		})
	}
}
