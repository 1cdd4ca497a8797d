package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/config"
)

const service = `
[[service]]
name = "orders"
kind = "sql"
driver = "postgres"
url = "env:EDGE_GATEWAY_TEST_SECRET"
password = "file:/etc/passwd"

[[service]]
name = "mail"
kind = "email"
driver = "smtp"
from = "env:EDGE_GATEWAY_TEST_SECRET"
host = "smtp.example.com"
encryption = "env:EDGE_GATEWAY_TEST_SECRET"
databases = ["elsewhere"]
`

func TestAForeignConfigurationGetsNothingOfThisMachine(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_TEST_SECRET", "hunter2")
	file, err := config.ParseForeign("edge-gateway.toml", []byte(service), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	orders, mail := file.Services[0].Options, file.Services[1].Options
	for got, want := range map[string]string{
		orders.Secret("url").Reveal():      "env:EDGE_GATEWAY_TEST_SECRET",
		orders.Secret("password").Reveal(): "file:/etc/passwd",
		mail.Text("from"):                  "env:EDGE_GATEWAY_TEST_SECRET",
		mail.Text("encryption"):            "env:EDGE_GATEWAY_TEST_SECRET",
	} {
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if _, err := config.ParseForeign("edge-gateway.toml", []byte(strings.ReplaceAll(service, "_SECRET", "_NOT_SET")), t.TempDir()); err != nil {
		t.Errorf("a reference was looked up: %v", err)
	}
}

func TestAForeignConfigurationStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"handlers/hello", "../beside"} {
		if err := os.MkdirAll(filepath.Join(dir, "bundle", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	endpoint := "[[endpoint]]\nname = \"a\"\npath = \"/a\"\n"
	bundle := filepath.Join(dir, "bundle")
	file, err := config.ParseForeign("edge-gateway.toml", []byte(endpoint+`source = "handlers/hello"`+"\n[endpoint.services]\ndb = \"elsewhere\"\n"), bundle)
	if err != nil || file.Endpoints[0].Source != filepath.Join(bundle, "handlers/hello") {
		t.Errorf("%+v, %v", file, err)
	}
	for _, test := range []struct{ name, text, says string }{
		{"beside", endpoint + `source = "../beside"`, `source: "../beside" is not in the same folder`},
		{"round about", endpoint + `source = "handlers/../../beside"`, "is not in the same folder"},
		{"absolute", endpoint + `source = "` + filepath.ToSlash(bundle) + `"`, "is not in the same folder"},
		{"library", endpoint + `library = "/etc/passwd"`, `library: "/etc/passwd" is not in the same folder`},
		{"missing", endpoint + `source = "nowhere"`, `source: there is no folder "nowhere"`},
		{"server", "[server]\nlisten = \"0.0.0.0:80\"\n" + endpoint + `source = "handlers/hello"`, "1:2: a [server] table has no place here"},
		{"relative secret", "[[service]]\nname = \"a\"\nkind = \"sql\"\ndriver = \"postgres\"\nurl = \"file:secret.txt\"", "must be an absolute path"},
		{"relative path", "[[service]]\nname = \"a\"\nkind = \"sql\"\npath = \"a.db\"", "must be an absolute path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := config.ParseForeign("edge-gateway.toml", []byte(test.text), bundle)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("%v; want %q", err, test.says)
			}
			if test.name != "absolute" && strings.Contains(err.Error(), dir) {
				t.Errorf("%v shows where it was unpacked", err)
			}
		})
	}
}
