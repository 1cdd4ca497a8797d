package toolchain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/toolchain"
)

func TestCreateNamesTheProject(t *testing.T) {
	for folder, want := range map[string]string{
		"greet": "greet", "My Handler": "my-handler", "2nd": "handler-2nd", "---": "handler", "grüße": "gr--e",
	} {
		dir := filepath.Join(t.TempDir(), folder)
		must(t, toolchain.Create(toolchain.C, dir, ""))
		config, err := os.ReadFile(filepath.Join(dir, "edge-gateway.toml"))
		must(t, err)
		contains(t, string(config), `name = "`+want+`"`, `path = "/hello/{name}"`, `source = "."`)
		if strings.Contains(string(config), "[server]") { // then it could not be applied as a bundle
			t.Errorf("it has a [server] table: %s", config)
		}
		for _, file := range []string{"handler.c", "README.md", ".gitignore"} {
			text, err := os.ReadFile(filepath.Join(dir, file))
			must(t, err)
			if strings.Contains(string(text), "@") {
				t.Errorf("%s has a placeholder left: %s", file, text)
			}
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	full := project(t, "mine.txt", "mine")
	for _, test := range []struct {
		name     string
		language toolchain.Language
		dir      string
		project  string
		says     string
	}{
		{"a folder with something in it", toolchain.C, full, "", "mine.txt"},
		{"a file", toolchain.C, filepath.Join(full, "mine.txt"), "", "mine.txt"},
		{"an unknown language", "cobol", filepath.Join(t.TempDir(), "x"), "", "cobol"},
		{"no language", "", filepath.Join(t.TempDir(), "x"), "", "c, rust and go"},
		{"a path as a language", "../template/c", filepath.Join(t.TempDir(), "x"), "", "c, rust and go"},
		{"a bad name", toolchain.Rust, filepath.Join(t.TempDir(), "x"), "a\"b", "lower-case"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := toolchain.Create(test.language, test.dir, test.project)
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, err.Error(), test.says)
		})
	}
	if left := names(t, full); len(left) != 1 {
		t.Errorf("the folder was written to: %v", left)
	}
}

func TestCreateFillsAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	must(t, toolchain.Create(toolchain.Go, dir, "greet"))
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	must(t, err)
	contains(t, string(text), "module example.com/greet\n")
}

// What is commented out needs no more than the # taken away.
func TestCreatedConfigHasADatabaseInComments(t *testing.T) {
	name := filepath.Join(template(t, toolchain.C), "edge-gateway.toml")
	text, err := os.ReadFile(name)
	must(t, err)
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, "# ") {
			lines[i] = strings.TrimPrefix(line, "#")
		}
	}
	must(t, os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600))
	file, err := config.Load(name)
	must(t, err)
	if len(file.Services) != 1 || file.Endpoints[0].Services["db"] != file.Services[0].Name {
		t.Errorf("%+v", file)
	}
}

func TestCreatedConfigIsAccepted(t *testing.T) {
	for _, language := range toolchain.Languages() {
		dir := template(t, language)
		file, err := config.Load(filepath.Join(dir, "edge-gateway.toml"))
		must(t, err)
		if len(file.Endpoints) != 1 || file.Endpoints[0].Source != dir || file.Endpoints[0].Name != "greet" {
			t.Errorf("%s: %+v", language, file.Endpoints)
		}
	}
}
