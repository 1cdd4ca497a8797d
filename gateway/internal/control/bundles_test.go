package control

import (
	"bytes"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const shop = `
[[service]]
name = "sessions"
kind = "cache"
max_bytes = "1MiB"

[[service]]
name = "orders"
kind = "sql"
driver = "postgres"
url = "env:EDGE_GATEWAY_TEST_UNSET"
password = "hunter2"
enabled = false

[[endpoint]]
name = "built"
path = "/built"
source = "handlers/built"
timeout = "5s"

[endpoint.services]
sessions = "sessions"

[[endpoint]]
name = "prebuilt"
path = "/prebuilt"
library = "prebuilt.so"
`

// shopFiles is a bundle of a source, a library and two services.
func shopFiles(t testing.TB) map[string]string {
	return map[string]string{
		"edge-gateway.toml":       shop,
		"handlers/built/source.c": strings.ReplaceAll(handlerInC, marker, "built-00001"),
		"prebuilt.so":             string(version(t, "prebuilt-01")),
	}
}

// apply gives what a bundle changed, in short.
func (b *box) apply(files map[string]string, plan bool) (changes []string, r model.BundleResult, err error) {
	b.t.Helper()
	r, err = b.ApplyBundle(b.ctx, tarOf(b.t, files), plan)
	for _, c := range r.Changes {
		changes = append(changes, c.Action+" "+c.Kind+" "+c.Name)
		if strings.Contains(c.Detail, "hunter") {
			b.t.Errorf("a secret is shown: %+v", c)
		}
	}
	return changes, r, err
}

// everything is what a bundle may change.
func (b *box) everything() (endpoints []model.Endpoint, services []model.Service) {
	b.t.Helper()
	e, err := b.Endpoints(b.ctx, model.EndpointFilter{}, model.Page{})
	must(b.t, err)
	s, err := b.Services(b.ctx, model.ServiceFilter{}, model.Page{})
	must(b.t, err)
	return e.Items, s.Items
}

func TestABundleIsAppliedOnce(t *testing.T) {
	b := open(t, "")
	files := shopFiles(t)
	const all = "create service sessions, create service orders, create endpoint built, build endpoint built, create endpoint prebuilt, deploy endpoint prebuilt"

	planned, r, err := b.apply(files, true)
	must(t, err)
	if got := strings.Join(planned, ", "); got != all || !r.Plan {
		t.Errorf("planned %s", got)
	}
	if endpoints, services := b.everything(); len(endpoints)+len(services) != 0 {
		t.Fatalf("a plan made %v and %v", endpoints, services)
	}

	done, r, err := b.apply(files, false)
	must(t, err)
	if got := strings.Join(done, ", "); got != all || len(r.Deploys) != 2 || r.Deploys[0].New == "" {
		t.Errorf("done %s; %+v", got, r.Deploys)
	}
	b.serves("/built", 200, "built-00001")
	b.serves("/prebuilt", 200, "prebuilt-01")
	built, err := b.Endpoint(b.ctx, "built")
	must(t, err)
	orders, err := b.Service(b.ctx, "orders")
	must(t, err)
	if orders.Options["url"] != "env:EDGE_GATEWAY_TEST_UNSET" || orders.Options["password"] != model.HiddenSecret || !orders.Inactive {
		t.Errorf("%+v", orders.ServiceSpec)
	}
	source, _, err := b.Source(b.ctx, "built")
	must(t, err)
	defer source.Close()
	if tree, err := io.ReadAll(source); err != nil || !bytes.Contains(tree, []byte("source.c")) {
		t.Errorf("%d bytes of source, %v", len(tree), err)
	}

	// From here on the folder beside it changes nothing, however it is packed.
	again, r, err := b.apply(files, false)
	if err != nil || len(again) != 0 || len(r.Deploys) != 0 {
		t.Errorf("again: %v, %+v, %v", again, r.Deploys, err)
	}
	inFolder := map[string]string{}
	for name, content := range files {
		inFolder["shop/"+name] = content
	}
	if again, _, err := b.apply(inFolder, false); err != nil || len(again) != 0 {
		t.Errorf("in a folder: %v, %v", again, err)
	}
	files["prebuilt.so"] = string(version(t, "prebuilt-02"))
	files["edge-gateway.toml"] = strings.Replace(shop, `"hunter2"`, `"hunter3"`, 1)
	changed, _, err := b.apply(files, false)
	if got := strings.Join(changed, ", "); err != nil || got != "update service orders, deploy endpoint prebuilt" {
		t.Errorf("changed %s, %v", got, err)
	}
	b.serves("/prebuilt", 200, "prebuilt-02")
	if e, err := b.Endpoint(b.ctx, "built"); err != nil || e.Revision != built.Revision {
		t.Errorf("what is as before has revision %d now, %v", e.Revision, err)
	}

	b.stop()
	b = open(t, b.dir)
	b.serves("/built", 200, "built-00001")
	b.serves("/prebuilt", 200, "prebuilt-02")
	if again, _, err := b.apply(files, false); err != nil || len(again) != 0 {
		t.Errorf("after a restart: %v, %v", again, err)
	}
}

func TestABundleIsAppliedWholeOrNotAtAll(t *testing.T) {
	b := open(t, "")
	must(t, b.Declare(t.Context(), gateway.Snapshot{
		Endpoints: []gateway.Endpoint{{Name: "declared", Path: "/declared"}},
		Services:  []gateway.Service{{Name: "declared", Kind: "cache"}},
	}))
	_, _, err := b.apply(shopFiles(t), false)
	must(t, err)
	b.live("other", "/other", "other-00001")
	endpoints, services := b.everything()

	for _, test := range []struct {
		name string
		edit func(map[string]string)
		kind model.Kind
		says string
	}{
		{"a source that does not compile", func(f map[string]string) { f["handlers/built/source.c"] = "int" }, model.Refused, `endpoint "built": `},
		{"a source of no language", func(f map[string]string) {
			f["handlers/built/readme"] = f["handlers/built/source.c"]
			delete(f, "handlers/built/source.c")
		}, model.Refused, `endpoint "built": `},
		{"a library that is none", func(f map[string]string) { f["prebuilt.so"] = "text" }, model.Refused, `endpoint "prebuilt": `},
		{"a handler that does not start", func(f map[string]string) { f["edge-gateway.toml"] += "[endpoint.config]\nfail = \"yes\"\n" }, model.Refused, `endpoint "prebuilt": `},
		{"a route that is taken", func(f map[string]string) {
			f["edge-gateway.toml"] = strings.Replace(shop, `"/prebuilt"`, `"/other"`, 1)
		}, model.Conflict, `endpoint "prebuilt": `},
		{"a binding to nothing", func(f map[string]string) {
			f["edge-gateway.toml"] = strings.Replace(shop, `sessions = "sessions"`, `sessions = "none"`, 1)
		}, model.Invalid, `there is no service "none"`},
		{"an endpoint of the file", func(f map[string]string) {
			f["edge-gateway.toml"] = strings.Replace(shop, `"prebuilt"`, `"declared"`, 1)
		}, model.ReadOnly, `"declared" is declared by the configuration file`},
		{"a service of the file", func(f map[string]string) {
			f["edge-gateway.toml"] = strings.Replace(shop, `name = "orders"`, `name = "declared"`, 1)
		}, model.ReadOnly, `"declared" is declared by the configuration file`},
		{"a table of the server", func(f map[string]string) { f["edge-gateway.toml"] += "[server]\ndata = \"/\"\n" }, model.Invalid, "[server]"},
		{"a name that climbs", func(f map[string]string) { f["../x"] = "" }, model.Refused, "leaves the folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := shopFiles(t)
			// Something else would change before what is wrong is come to.
			files["edge-gateway.toml"] = strings.Replace(files["edge-gateway.toml"], `"1MiB"`, `"2MiB"`, 1)
			test.edit(files)
			_, _, err := b.apply(files, false)
			var problem *model.Error
			if !asProblem(err, &problem) || problem.Kind != test.kind || !strings.Contains(problem.Reason, test.says) {
				t.Errorf("%v; want kind %d and %q", err, test.kind, test.says)
			}
			e, s := b.everything()
			if !sameRevisions(e, endpoints) || len(s) != len(services) || s[len(s)-1].Revision != services[len(s)-1].Revision {
				t.Errorf("something was changed: %+v", e)
			}
			b.serves("/built", 200, "built-00001")
			b.serves("/prebuilt", 200, "prebuilt-01")
		})
	}
	if lines := b.audited(model.AuditFilter{Action: "bundle"}); len(lines) != 11 || lines[10] != "tester bundle.apply bundle done" || lines[0] != "tester bundle.apply bundle failed" {
		t.Errorf("%q", lines)
	}
}

// Two endpoints may exchange their routes in one bundle, and in no other way.
func TestABundleExchangesRoutes(t *testing.T) {
	b := open(t, "")
	_, _, err := b.apply(shopFiles(t), false)
	must(t, err)
	files := maps.Clone(shopFiles(t))
	files["edge-gateway.toml"] = strings.NewReplacer(`"/built"`, `"/prebuilt"`, `"/prebuilt"`, `"/built"`).Replace(shop)
	changes, _, err := b.apply(files, false)
	if got := strings.Join(changes, ", "); err != nil || got != "update endpoint built, update endpoint prebuilt" {
		t.Errorf("%s, %v", got, err)
	}
	b.serves("/prebuilt", 200, "built-00001")
	b.serves("/built", 200, "prebuilt-01")
}

func sameRevisions(a, b []model.Endpoint) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Revision != b[i].Revision || a[i].Version != b[i].Version {
			return false
		}
	}
	return true
}
