package control

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestAServiceIsMadeTestedChangedAndDeleted(t *testing.T) {
	b := open(t, "")
	made, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "db", Kind: "sql", Workers: 2, Options: map[string]any{"max_rows": 100.0, "tx_idle": "2000ms", "max_bytes": "1MiB"}})
	must(t, err)
	if made.Driver != "sqlite" || made.Origin != model.FromAPI || made.Status == nil || made.Options["tx_idle"] != "2s" || made.Options["max_bytes"] != int64(1<<20) {
		t.Errorf("%+v", made)
	}
	test, err := b.TestService(b.ctx, "db")
	if err != nil || !test.Connected || test.Latency <= 0 {
		t.Errorf("%+v, %v", test, err)
	}
	_, err = b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: "a", Path: "/a", Services: map[string]string{"db": "db"}})
	must(t, err)
	err = b.DeleteService(b.ctx, "db", 0)
	wants(t, err, model.Conflict, "", "these endpoints are bound to it: a")
	after, err := b.ActivateService(b.ctx, "db", false, made.Revision)
	if err != nil || !after.Inactive || after.Status != nil || after.Revision != 2 || after.BoundTo[0] != "a" {
		t.Errorf("%+v, %v", after, err)
	}
	if test, err := b.TestService(b.ctx, "db"); err != nil || !test.Connected {
		t.Errorf("an inactive one: %+v, %v", test, err)
	}
	_, err = b.ActivateService(b.ctx, "db", true, made.Revision)
	wants(t, err, model.Stale, "", "revision")
	must(t, b.DeleteEndpoint(b.ctx, "a", 0))
	must(t, b.DeleteService(b.ctx, "db", 2))
	_, err = b.Service(b.ctx, "db")
	wants(t, err, model.Missing, "", `no service "db"`)
}

func TestWhatAServiceCannotBeIsToldWithItsField(t *testing.T) {
	b := open(t, "")
	for _, test := range []struct {
		spec        model.ServiceSpec
		field, says string
	}{
		{model.ServiceSpec{Name: "S", Kind: "sql"}, "name", "must be 1 to 64"},
		{model.ServiceSpec{Name: "s", Kind: "postgres"}, "kind", "one of sql, cache"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Driver: "oracle"}, "driver", "one of sqlite, postgres"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Workers: 2000}, "workers", "1 to 1024"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Timeout: 1}, "timeout", "1ms to 1h"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Driver: "postgres"}, "options.url", "is missing"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Options: map[string]any{"url": "x"}}, "options.url", `driver "sqlite" has no option "url"`},
		{model.ServiceSpec{Name: "s", Kind: "sql", Options: map[string]any{"max_rows": "many"}}, "options.max_rows", "must be an integer, not a string"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Options: map[string]any{"path": "here.db"}}, "options.path", "absolute path"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Driver: "postgres", Options: map[string]any{"url": model.HiddenSecret}}, "options.url", "there is none that could stay"},
		{model.ServiceSpec{Name: "s", Kind: "sql", Driver: "postgres", Options: map[string]any{"url": "file:secret"}}, "options.url", "absolute path"},
		{model.ServiceSpec{Name: "s", Kind: "email", Options: map[string]any{"from": "a@example.com", "databases": []any{"none"}}}, "options.databases", `no service "none"`},
	} {
		_, err := b.CreateService(b.ctx, test.spec)
		wants(t, err, model.Invalid, test.field, test.says)
	}
	// What only the driver can tell.
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "s", Kind: "cache", Driver: "redis", Options: map[string]any{"address": "nowhere"}})
	wants(t, err, model.Refused, "", "host:port")
	if list, err := b.Services(b.ctx, model.ServiceFilter{}, model.Page{}); err != nil || len(list.Items) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A secret is shown nowhere, lies sealed on the disk, stays when it is given as
// hidden, and a reference to one stays a reference.
func TestSecretsOfServicesAreKeptAndHidden(t *testing.T) {
	const secret = "postgres://u:hunter2@127.0.0.1:1/db"
	b := open(t, "")
	t.Setenv("TEST_PASSWORD", "of-the-environment")
	made, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "db", Kind: "sql", Driver: "postgres",
		Options: map[string]any{"url": secret, "password": "env:TEST_PASSWORD"}})
	must(t, err)
	if made.Options["url"] != model.HiddenSecret || made.Options["password"] != "env:TEST_PASSWORD" {
		t.Errorf("%+v", made.Options)
	}
	spec := made.ServiceSpec
	spec.Workers = 3
	after, err := b.UpdateService(b.ctx, "db", 0, spec)
	if err != nil || after.Workers != 3 || b.now.Load().services["db"].Secrets["url"] != secret {
		t.Errorf("%+v, %v", after, err)
	}
	if test, err := b.TestService(b.ctx, "db"); err != nil || test.Connected || test.Error == "" || strings.Contains(test.Error, "hunter2") {
		t.Errorf("%+v, %v", test, err)
	}
	overview, err := b.Overview(b.ctx)
	must(t, err)
	audit, err := b.Audit(b.ctx, model.AuditFilter{}, model.Page{})
	must(t, err)
	shown, err := json.Marshal([]any{made, after, overview, audit, b.Report().Services, b.Ready(b.ctx)})
	must(t, err)
	if strings.Contains(string(shown), "hunter2") || strings.Contains(string(shown), "of-the-environment") {
		t.Errorf("a secret shows: %s", shown)
	}
	// A driver of another kind gets none of them.
	_, err = b.UpdateService(b.ctx, "db", 0, model.ServiceSpec{Kind: "cache", Driver: "redis", Options: map[string]any{"address": "127.0.0.1:1", "password": model.HiddenSecret}})
	wants(t, err, model.Invalid, "options.password", "there is none that could stay")
	b.stop()
	must(t, filepath.WalkDir(b.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "hunter2") || strings.Contains(string(data), "of-the-environment") {
			t.Errorf("%s has a secret", path)
		}
		return err
	}))

	// A reference that leads nowhere costs that service alone.
	must(t, os.Unsetenv("TEST_PASSWORD"))
	again := open(t, b.dir)
	s, err := again.Service(again.ctx, "db")
	if err != nil || s.Fault != `"password": the environment variable TEST_PASSWORD is not set` {
		t.Errorf("%+v, %v", s, err)
	}
	again.create("a", "/a")
	if again.now.Load().services["db"].Secrets["url"] != secret {
		t.Error("the secret did not survive a restart")
	}
}

func TestMailKeepsItsDatabase(t *testing.T) {
	b := open(t, "")
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "db", Kind: "sql"})
	must(t, err)
	_, err = b.CreateService(b.ctx, model.ServiceSpec{Name: "mail", Kind: "email", Options: map[string]any{"from": "a@example.com", "databases": []any{"db"}}})
	must(t, err)
	wants(t, b.DeleteService(b.ctx, "db", 0), model.Conflict, "", `service "mail" takes mail from it`)
	_, err = b.UpdateService(b.ctx, "db", 0, model.ServiceSpec{Kind: "cache"})
	wants(t, err, model.Conflict, "", `service "mail" takes mail from it`)
	must(t, b.DeleteService(b.ctx, "mail", 0))
	must(t, b.DeleteService(b.ctx, "db", 0))
}

func TestATestOfAServiceTellsThePath(t *testing.T) {
	b := open(t, "")
	file := filepath.Join(b.dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "files", Kind: "storage", Options: map[string]any{"path": file}})
	must(t, err)
	if test, err := b.TestService(b.ctx, "files"); err != nil || test.Connected || !strings.Contains(test.Error, file) {
		t.Errorf("%+v, %v", test, err)
	}
}
