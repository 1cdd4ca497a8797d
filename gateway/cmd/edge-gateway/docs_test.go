//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
	"github.com/edge-gateway/edge-gateway/gateway/internal/servertest"
)

const servicesGuide = "../../../docs/SERVICES.md"

// The handlers of the guide answer as it says, with its own configuration and
// with real servers.
func TestHandlersOfTheServicesGuide(t *testing.T) {
	guide := fencesOf(t, servicesGuide, "toml")[1]
	database, cache := servertest.Postgres(t), servertest.Redis(t)
	t.Setenv("TEST_DATABASE_URL", database.URL())
	real := strings.NewReplacer(
		"kind = \"sql\"", "kind = \"sql\"\ndriver = \"postgres\"\nurl = \"env:TEST_DATABASE_URL\"",
		"kind = \"cache\"", fmt.Sprintf("kind = \"cache\"\ndriver = \"redis\"\naddress = %q", cache.Address),
	).Replace(guide)
	visits := map[string]int{}
	for language, file := range map[string]string{"c": "handler.c", "rust": "src/lib.rs", "go": "handler.go"} {
		t.Run(language, func(t *testing.T) {
			dir := t.TempDir()
			project := filepath.Join(dir, "visits")
			if out, err := exec.Command(binary, "new", language, project).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			write(t, filepath.Join(project, file), fencesOf(t, servicesGuide, language)[0])
			for _, config := range []string{guide, real} {
				p := serve(t, nil, "--config", write(t, filepath.Join(dir, "edge-gateway.toml"), config))
				key := t.Name()
				if config == real {
					key = "real" // one database for the three
				}
				for range 2 {
					visits[key]++
					want := fmt.Sprintf("%d visits, %d of them just now\n", visits[key], visits[key])
					if status, body := p.ask(t, "GET", "/visits/home", ""); status != 200 || body != want {
						t.Errorf("%d %q, want %q\n%s", status, body, want, p.output())
					}
				}
				p.stop(t)
			}
		})
	}
}

func TestConfigurationsOfTheDocumentsAreAccepted(t *testing.T) {
	t.Setenv("ORDERS_URL", "postgres://h/d")
	for _, file := range []string{"../../../README.md", servicesGuide} {
		for _, text := range fencesOf(t, file, "toml") {
			dir := t.TempDir()
			for _, source := range []string{"my-handler", "order", "visits"} {
				if err := os.Mkdir(filepath.Join(dir, source), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			commented := strings.NewReplacer("# driver", "driver", "# url", "url").Replace(text)
			for _, text := range []string{text, commented} {
				if _, err := config.Parse("", []byte(text), dir); err != nil {
					t.Errorf("%s: %v\n%s", file, err, text)
				}
			}
		}
	}
}

func TestReadmeNamesEveryDriver(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range config.Kinds {
		var others []string
		for _, driver := range kind.Drivers[1:] {
			others = append(others, "`"+driver.Name+"`")
		}
		row := fmt.Sprintf("| `%s` | `%s` | %s", kind.Name, kind.Drivers[0].Name, strings.Join(others, ", "))
		if !strings.Contains(string(readme), row) {
			t.Errorf("the README has no row %s", row)
		}
	}
}
