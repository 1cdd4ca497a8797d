package openapi

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/pelletier/go-toml/v2"

	"github.com/edge-gateway/edge-gateway/toolchain"
)

// stub is what a handler that was made does.
type stub struct {
	Title       string
	Comment     []string
	Parameters  []parameter
	NeedsBody   bool
	Status      int
	ContentType string // none: the answer has no body
	Body        string
}

// NoBody is what a stub answers to a request that lacks its body.
func (stub) NoBody() string { return `{"error":"the body is missing"}` }

// Fails tells whether some request is answered 400.
func (s stub) Fails() bool {
	for _, p := range s.Parameters {
		if p.Required {
			return true
		}
	}
	return s.NeedsBody
}

// ReadsQuery tells whether a parameter is in the query.
func (s stub) ReadsQuery() bool {
	for _, p := range s.Parameters {
		if p.In == "query" {
			return true
		}
	}
	return false
}

//go:embed stub
var stubFiles embed.FS

var stubs = template.Must(template.New("").Funcs(literals).ParseFS(stubFiles, "stub/*.tmpl"))

// handlers are the files that a stub is written to.
var handlers = map[toolchain.Language]string{
	toolchain.C: "handler.c", toolchain.Rust: "src/lib.rs", toolchain.Go: "handler.go",
}

// Write makes the operation's project in dir, which must be empty or not there.
// The same operation makes the same files.
func (o Operation) Write(dir string, language toolchain.Language) error {
	project := toolchain.ProjectName(o.Spec.Name)
	if err := toolchain.Create(language, dir, project); err != nil {
		return fmt.Errorf("make the project of %s: %w", o.Title, err)
	}
	data := struct {
		stub
		Project, Name string
	}{o.stub, project, o.Spec.Name}
	for name, file := range map[string]string{
		string(language) + ".tmpl": handlers[language],
		"README.md.tmpl":           "README.md",
	} {
		if err := execute(filepath.Join(dir, filepath.FromSlash(file)), name, data); err != nil {
			return err
		}
	}
	text, err := toml.Marshal(map[string]any{"endpoint": []any{o.table()}})
	if err != nil {
		return fmt.Errorf("write the configuration of %s: %w", o.Title, err)
	}
	return os.WriteFile(filepath.Join(dir, "edge-gateway.toml"), text, 0o644)
}

// table is the endpoint in a configuration file, so that the project can be
// served and applied as it is.
func (o Operation) table() map[string]any {
	table := map[string]any{"name": o.Spec.Name, "path": o.Spec.Path, "methods": o.Spec.Methods, "source": "."}
	if o.Spec.Domain != "" {
		table["domain"] = o.Spec.Domain
	}
	return table
}

func execute(path, name string, data any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := stubs.ExecuteTemplate(file, name, data); err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	return file.Close()
}
