package bundle_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/bundle"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

const config = `
[[service]]
name = "orders"
kind = "sql"
driver = "postgres"
url = "env:ORDERS_URL"
password = "hunter2"
workers = 20
max_rows = 500

[[service]]
name = "sessions"
kind = "cache"

[[endpoint]]
name = "orders"
domain = "API.example.com"
path = "/orders/{id}"
methods = ["GET", "PUT"]
source = "handlers/orders"
timeout = "5s"

[endpoint.config]
token = "hunter3"

[endpoint.services]
db = "orders"

[[endpoint]]
name = "legacy"
path = "/legacy"
library = "legacy.so"
`

func files() map[string]string {
	return map[string]string{
		bundle.FileName: config, "handlers/orders/handler.c": "int x;", "legacy.so": "\x7fELF",
	}
}

func zipOf(t testing.TB, files map[string]string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		must(t, err)
		_, err = io.WriteString(f, content)
		must(t, err)
	}
	must(t, w.Close())
	return &b
}

func read(t testing.TB, files map[string]string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Read(zipOf(t, files), t.TempDir(), archive.Limits{})
	must(t, err)
	return b
}

func TestABundleIsReadWhole(t *testing.T) {
	t.Setenv("ORDERS_URL", "postgres://root:hunter2@db/orders")
	b := read(t, files())
	if len(b.Endpoints) != 2 || len(b.Services) != 2 {
		t.Fatalf("%+v", b)
	}
	orders := b.Services[0]
	if orders.Options["url"] != "env:ORDERS_URL" || orders.Workers != 20 || orders.Options["max_rows"] != int64(500) || len(orders.Options) != 3 {
		t.Errorf("%+v", orders)
	}
	if got := b.Services[1]; got.Driver != "" || got.Workers != 0 || got.Timeout != 0 || len(got.Options) != 0 {
		t.Errorf("defaults are written down: %+v", got)
	}
	e := b.Endpoints[0]
	if e.Spec.Domain != "api.example.com" || e.Spec.Limits.Timeout != model.Duration(5*time.Second) || e.Spec.Services["db"] != "orders" || e.Library != "" {
		t.Errorf("%+v", e)
	}
	if text, err := os.ReadFile(filepath.Join(e.Source, "handler.c")); err != nil || string(text) != "int x;" {
		t.Errorf("%q, %v", text, err)
	}
	hash := sha256.Sum256([]byte("\x7fELF"))
	if e := b.Endpoints[1]; e.Source != "" || e.Digest != hex.EncodeToString(hash[:]) {
		t.Errorf("%+v", e)
	}
}

func TestABundleMayBeInAFolder(t *testing.T) {
	in := map[string]string{"__MACOSX/x": "", ".DS_Store": ""}
	for name, content := range files() {
		in["shop-1.2/"+name] = content
	}
	if b := read(t, in); b.Endpoints[0].Digest != read(t, files()).Endpoints[0].Digest {
		t.Error("the folder makes a difference")
	}
}

func TestABadBundleIsRefused(t *testing.T) {
	with := func(name, content string) map[string]string {
		f := files()
		f[name] = content
		return f
	}
	for _, test := range []struct {
		name  string
		files map[string]string
		kind  model.Kind
		says  string
	}{
		{"no configuration", map[string]string{"a/x": "", "b/x": ""}, model.Refused, "no edge-gateway.toml"},
		{"nothing at all", nil, model.Refused, "no edge-gateway.toml"},
		{"too deep", map[string]string{"a/b/edge-gateway.toml": ""}, model.Refused, "no edge-gateway.toml"},
		{"climbs", with("../x", ""), model.Refused, "leaves the folder"},
		{"server table", with(bundle.FileName, "[server]\nlisten = \"0.0.0.0:80\"\n"), model.Invalid, "[server]"},
		{"source outside", with(bundle.FileName, strings.Replace(config, "handlers/orders", "../../etc", 1)), model.Invalid, "not in the same folder"},
		{"library missing", with(bundle.FileName, strings.Replace(config, "legacy.so", "other.so", 1)), model.Invalid, `no file "other.so"`},
		{"two problems", with(bundle.FileName, "[[endpoint]]\n[[service]]\n"), model.Invalid, "more)"},
		{"endless configuration", with(bundle.FileName, strings.Repeat("#", 2<<20)), model.TooLarge, "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := bundle.Read(zipOf(t, test.files), t.TempDir(), archive.Limits{})
			var known *model.Error
			if !errors.As(err, &known) || known.Kind != test.kind || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v; want %q", err, test.says)
			}
		})
	}
}

// apply is what control makes of a bundle, as far as a plan looks at it. The
// state goes through JSON, as the real one does.
func apply(t *testing.T, b *bundle.Bundle) bundle.Now {
	now := bundle.Now{Endpoints: map[string]bundle.NowEndpoint{}, Services: map[string]model.ServiceSpec{}}
	for _, s := range b.Services {
		now.Services[s.Name] = s
	}
	for _, e := range b.Endpoints {
		one := bundle.NowEndpoint{Spec: e.Spec, Version: e.Digest}
		if e.Source != "" {
			one.Source, one.Version = e.Digest, "built"
			one.Versions = []model.Version{{Digest: "newer"}, {Digest: "built", Source: e.Digest}}
		}
		now.Endpoints[e.Spec.Name] = one
	}
	text, err := json.Marshal(now)
	must(t, err)
	var stored bundle.Now
	must(t, json.Unmarshal(text, &stored))
	return stored
}

func TestAPlanTellsWhatDiffers(t *testing.T) {
	plan := func(now bundle.Now, edit func(map[string]string)) []string {
		f := files()
		edit(f)
		var lines []string
		for _, c := range read(t, f).Plan(now) {
			lines = append(lines, c.Action+" "+c.Kind+" "+c.Name+": "+c.Detail)
		}
		return lines
	}
	now := apply(t, read(t, files()))
	replace := func(old, with string) func(map[string]string) {
		return func(f map[string]string) {
			f[bundle.FileName] = strings.Replace(f[bundle.FileName], old, with, 1)
			if f[bundle.FileName] == config {
				t.Fatalf("%q is not in the configuration", old)
			}
		}
	}
	source := read(t, files()).Endpoints[0].Digest[:12]
	library := read(t, files()).Endpoints[1].Digest[:12]
	for _, test := range []struct {
		name string
		now  bundle.Now
		edit func(map[string]string)
		want []string
	}{
		{"nothing was there", bundle.Now{}, func(map[string]string) {}, []string{
			"create service orders: sql, postgres", "create service sessions: cache, memory",
			"create endpoint orders: GET,PUT api.example.com/orders/{id}", "build endpoint orders: source " + source,
			"create endpoint legacy: every method /legacy", "deploy endpoint legacy: library " + library,
		}},
		{"everything is as it says", now, func(map[string]string) {}, nil},
		{"defaults in words", now, replace(`kind = "cache"`, "kind = \"cache\"\ndriver = \"memory\"\nmailbox = 256\nenabled = true"), nil},
		{"methods in another order", now, replace(`["GET", "PUT"]`, `["PUT", "GET"]`), nil},
		{"source", now, func(f map[string]string) { f["handlers/orders/handler.c"] += "\n" }, []string{"build endpoint orders: source differs"}},
		{"library", now, func(f map[string]string) { f["legacy.so"] += "\n" }, []string{"deploy endpoint legacy: library " + library + " -> "}},
		{"timeout", now, replace(`"5s"`, `"10s"`), []string{"update endpoint orders: timeout 5s -> 10s"}},
		{"isolation", now, replace(`timeout = "5s"`, "timeout = \"5s\"\nisolation = \"auto\"\nprocess = { memory = \"64MiB\", cpu = 0.5, open = true }\nprobation.requests = 50"), []string{
			"update endpoint orders: isolation worker -> auto; memory of the process default -> 67108864; cpu of the process default -> 0.5; open process false -> true; requests of the probation default -> 50"}},
		{"isolation in words", now, replace(`timeout = "5s"`, "timeout = \"5s\"\nisolation = \"worker\""), nil},
		{"timeout gone", now, replace(`timeout = "5s"`, ""), []string{"update endpoint orders: timeout 5s -> default"}},
		{"route", now, replace(`"/legacy"`, `"/old"`), []string{"update endpoint legacy: route every method /legacy -> every method /old"}},
		{"binding", now, replace(`db = "orders"`, `db = "archive"`), []string{"update endpoint orders: binding db orders -> archive"}},
		{"config", now, replace(`token = "hunter3"`, "token = \"hunter4\"\nmore = \"hunter5\""), []string{"update endpoint orders: config more added; config token differs"}},
		{"secret", now, replace(`"hunter2"`, `"hunter6"`), []string{"update service orders: password differs"}},
		{"reference", now, replace(`"env:ORDERS_URL"`, `"postgres://root:hunter7@db/orders"`), []string{"update service orders: url differs"}},
		{"hidden", now, replace(`"hunter2"`, `"[hidden]"`), nil},
		{"numbers", now, replace("workers = 20\nmax_rows = 500", "workers = 21"), []string{`update service orders: workers 20 -> 21; max_rows "500" -> "10000"`}},
		{"activity", now, replace("workers = 20", "workers = 20\nenabled = false"), []string{"update service orders: deactivated"}},
		{"driver", now, replace(`kind = "cache"`, "kind = \"cache\"\ndriver = \"memcached\"\nservers = \"127.0.0.1:1\""), []string{"update service sessions: driver memory -> memcached"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := plan(test.now, test.edit)
			if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("%q; want %q", got, test.want)
			}
			if strings.Contains(strings.Join(got, ""), "hunter") {
				t.Errorf("a secret is shown: %q", got)
			}
		})
	}
}

func TestAVersionThatWasBuiltBeforeIsDeployed(t *testing.T) {
	b := read(t, files())
	now := apply(t, b)
	orders := now.Endpoints["orders"]
	for _, test := range []struct {
		name            string
		source, version string
		versions        []model.Version
		want            string
	}{
		{"rolled back", orders.Source, "newer", orders.Versions, "deploy version built, which was built from this source"},
		{"undeployed", orders.Source, "", orders.Versions, "deploy version built, which was built from this source"},
		{"another source since", "edited", "built", orders.Versions, "update source differs; the version deployed was built from the bundle's"},
		{"two builds of it", orders.Source, "built", append([]model.Version{{Digest: "later", Source: orders.Source}}, orders.Versions...), ""},
		{"never built", orders.Source, "", nil, "build its source was not built yet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			one := orders
			one.Source, one.Version, one.Versions = test.source, test.version, test.versions
			now.Endpoints["orders"] = one
			got := ""
			for _, c := range b.Plan(now) {
				got += c.Action + " " + c.Detail
			}
			if got != test.want {
				t.Errorf("%q; want %q", got, test.want)
			}
		})
	}
}

func TestWhatABundleCannotSayStays(t *testing.T) {
	b := read(t, files())
	now := apply(t, b)
	one := now.Endpoints["legacy"]
	one.Spec.Disabled, one.Spec.Probe = true, &model.Probe{Path: "/legacy"}
	now.Endpoints["legacy"] = one
	if changes := b.Plan(now); len(changes) > 0 {
		t.Errorf("%+v", changes)
	}
	if spec := b.Endpoints[1].Onto(one.Spec); !spec.Disabled || spec.Probe == nil {
		t.Errorf("%+v", spec)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
