package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/control/state"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

func TestAnEndpointIsMadeChangedAndDeleted(t *testing.T) {
	b := open(t, "")
	made, err := b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: "orders", Domain: "API.Example.com", Path: "/orders/{id}", Methods: []string{"GET"}})
	must(t, err)
	if made.Domain != "api.example.com" || made.Revision != 1 || made.Origin != model.FromAPI || made.Created.IsZero() {
		t.Errorf("made %+v", made)
	}
	changed := made.EndpointSpec
	changed.Path, changed.Limits.Timeout = "/o/{id}", model.Duration(5*time.Second)
	changed.Limits.Rate, changed.Limits.Burst = 2.5, 7
	after, err := b.UpdateEndpoint(b.ctx, "orders", made.Revision, changed)
	must(t, err)
	if after.Path != "/o/{id}" || after.Revision != 2 || after.Limits.Rate != 2.5 {
		t.Errorf("changed %+v", after)
	}
	_, err = b.UpdateEndpoint(b.ctx, "orders", made.Revision, changed)
	wants(t, err, model.Stale, "", "its revision is 2, not 1")
	wants(t, b.DeleteEndpoint(b.ctx, "orders", 1), model.Stale, "", "revision")
	domains, err := b.Domains(b.ctx)
	if err != nil || len(domains) != 1 || domains[0].Name != "api.example.com" || domains[0].Wildcard {
		t.Errorf("domains %+v, %v", domains, err)
	}
	must(t, b.DeleteEndpoint(b.ctx, "orders", 2))
	_, err = b.Endpoint(b.ctx, "orders")
	wants(t, err, model.Missing, "", `no endpoint "orders"`)
	wants(t, b.DeleteEndpoint(b.ctx, "orders", 0), model.Missing, "", `no endpoint "orders"`)
	want := []string{
		"tester endpoint.delete endpoint/orders failed",
		"tester endpoint.delete endpoint/orders done",
		"tester endpoint.delete endpoint/orders failed",
		"tester endpoint.update endpoint/orders failed",
		"tester endpoint.update endpoint/orders done",
		"tester endpoint.create endpoint/orders done",
	}
	if got := b.audited(model.AuditFilter{Action: "endpoint"}); !slices.Equal(got, want) {
		t.Errorf("audit %q", got)
	}
}

func TestTheRateOfAnEndpointIsInForce(t *testing.T) {
	b := open(t, "")
	b.live("limited", "/limited", "marker-one!")
	e, err := b.Endpoint(b.ctx, "limited")
	must(t, err)
	for _, rate := range []float64{0.001, 0} {
		e.Limits.Rate, e.Limits.Burst = rate, int(rate*2000)
		_, err = b.UpdateEndpoint(b.ctx, "limited", 0, e.EndpointSpec)
		must(t, err)
		b.serves("/limited", 200, "marker-one!")
		b.serves("/limited", 200, "marker-one!")
		if rate > 0 {
			b.serves("/limited", 429, "")
		}
	}
	b.serves("/limited", 200, "marker-one!")
}

func TestWhatAnEndpointCannotBeIsToldWithItsField(t *testing.T) {
	b := open(t, "")
	b.create("there", "/there/{x}")
	for _, test := range []struct {
		change      func(*model.EndpointSpec)
		kind        model.Kind
		field, says string
	}{
		{func(s *model.EndpointSpec) { s.Name = "New" }, model.Invalid, "name", "must be 1 to 64"},
		{func(s *model.EndpointSpec) { s.Name = "there" }, model.Conflict, "name", "there is an endpoint"},
		{func(s *model.EndpointSpec) { s.Domain = "a b" }, model.Invalid, "domain", "bad label"},
		{func(s *model.EndpointSpec) { s.Path = "new" }, model.Invalid, "path", ""},
		{func(s *model.EndpointSpec) { s.Path = "/there/{y}" }, model.Conflict, "path", `endpoint "there" answers every method /there/{x}`},
		{func(s *model.EndpointSpec) { s.Methods = []string{"GET", "get"} }, model.Invalid, "methods[1]", "upper case"},
		{func(s *model.EndpointSpec) { s.Methods = []string{"GET", "GET"} }, model.Invalid, "methods[1]", "twice"},
		{func(s *model.EndpointSpec) { s.Services = map[string]string{"db": "none"} }, model.Invalid, "services.db", `no service "none"`},
		{func(s *model.EndpointSpec) { s.Config = map[string]string{"": "x"} }, model.Invalid, "config", "1 to 256"},
		{func(s *model.EndpointSpec) { s.Limits.Timeout = model.Duration(2 * time.Hour) }, model.Invalid, "limits.timeout", "1ms to 1h"},
		{func(s *model.EndpointSpec) { s.Limits.MaxBody = 2 << 30 }, model.Invalid, "limits.max_body", "1073741824"},
		{func(s *model.EndpointSpec) { s.Limits.Rate = 1e-6 }, model.Invalid, "limits.rate", "0.001"},
		{func(s *model.EndpointSpec) { s.Limits.Burst = 3 }, model.Invalid, "limits.rate", "there is no rate"},
		{func(s *model.EndpointSpec) { s.Limits.MaxNative = -1 }, model.Invalid, "limits.max_native", "4096"},
		{func(s *model.EndpointSpec) { s.Probe = &model.Probe{Path: "x"} }, model.Invalid, "probe.path", "begin with /"},
		{func(s *model.EndpointSpec) { s.Probe = &model.Probe{Path: "/", Method: "get"} }, model.Invalid, "probe.method", "upper case"},
		{func(s *model.EndpointSpec) { s.Probe = &model.Probe{Path: "/", Status: 99} }, model.Invalid, "probe.status", "200 to 599"},
		{func(s *model.EndpointSpec) {
			s.Probe = &model.Probe{Path: "/", Headers: map[string]string{"X": "a\r\nb"}}
		}, model.Invalid, "probe.headers", "not a header"},
	} {
		spec := model.EndpointSpec{Name: "new", Path: "/new"}
		test.change(&spec)
		_, err := b.CreateEndpoint(b.ctx, spec)
		wants(t, err, test.kind, test.field, test.says)
	}
	list, err := b.Endpoints(b.ctx, model.EndpointFilter{}, model.Page{})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestEndpointsAreListedInPagesAndFound(t *testing.T) {
	b := open(t, "")
	for i := range 5 {
		b.create(fmt.Sprintf("e%d", i), fmt.Sprintf("/e/%d", i))
	}
	var names []string
	for p := (model.Page{Limit: 2}); ; {
		list, err := b.Endpoints(b.ctx, model.EndpointFilter{}, p)
		must(t, err)
		for _, e := range list.Items {
			names = append(names, e.Name)
		}
		if p.After = list.Next; p.After == "" {
			break
		}
	}
	if !slices.Equal(names, []string{"e0", "e1", "e2", "e3", "e4"}) {
		t.Errorf("names %q", names)
	}
	for _, f := range []model.EndpointFilter{{Query: "e3"}, {Query: "/e/3"}, {Names: []string{"e3", "x"}}} {
		list, err := b.Endpoints(b.ctx, f, model.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Name != "e3" {
			t.Errorf("%+v: %+v, %v", f, list, err)
		}
	}
}

func TestADisabledEndpointHasNoRoute(t *testing.T) {
	b := open(t, "")
	b.serves("/a", 404, "")
	b.create("a", "/a")
	b.serves("/a", 503, "")
	b.deploy("a", b.upload("a", "marker-0001"))
	b.serves("/a", 200, "marker-0001")
	_, err := b.EnableEndpoint(b.ctx, "a", false, 0)
	must(t, err)
	b.serves("/a", 404, "")
	b.create("other", "/a") // the route is free
	_, err = b.EnableEndpoint(b.ctx, "a", true, 0)
	wants(t, err, model.Conflict, "path", `endpoint "other"`)
	must(t, b.DeleteEndpoint(b.ctx, "other", 0))
	e, err := b.EnableEndpoint(b.ctx, "a", true, 0)
	if err != nil || e.Disabled {
		t.Fatal(e, err)
	}
	b.serves("/a", 200, "marker-0001")
}

func TestAChangeThatTheVersionDoesNotStandChangesNothing(t *testing.T) {
	b := open(t, "")
	b.live("a", "/a", "marker-0001")
	_, err := b.UpdateEndpoint(b.ctx, "a", 0, model.EndpointSpec{Path: "/b", Config: map[string]string{"fail": "yes"}})
	wants(t, err, model.Refused, "", "")
	b.serves("/a", 200, "marker-0001")
	b.serves("/b", 404, "")
	e, err := b.Endpoint(b.ctx, "a")
	if err != nil || e.Path != "/a" || len(e.Config) > 0 || e.Fault != "" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestTheFileIsReadOnlyAndGoesFirst(t *testing.T) {
	b := open(t, "")
	b.live("mine", "/mine", "marker-0001")
	b.live("same", "/same", "marker-0002")
	file := t.TempDir() + "/file.so"
	writeFile(t, file, version(t, "marker-file"))
	declared := gateway.Snapshot{
		Endpoints: []gateway.Endpoint{
			{Name: "same", Path: "/other", Library: file},
			{Name: "theirs", Path: "/mine", Library: file},
		},
		Services: []gateway.Service{{Name: "fast", Kind: "cache"}},
	}
	must(t, b.Declare(t.Context(), declared))
	b.serves("/mine", 200, "marker-file")
	b.serves("/other", 200, "marker-file")
	b.serves("/same", 404, "")

	mine, err := b.Endpoint(b.ctx, "mine")
	if err != nil || mine.Fault != `endpoint "theirs" of the configuration file answers every method /mine, and goes first` {
		t.Errorf("%+v, %v", mine, err)
	}
	same, err := b.Endpoint(b.ctx, "same")
	if err != nil || same.Origin != model.FromFile || same.Version == "" {
		t.Errorf("%+v, %v", same, err)
	}
	if ready := b.Ready(b.ctx); ready.Ready || ready.NotReady[0].Name != "mine" {
		t.Errorf("ready %+v", ready)
	}

	_, err = b.Deploy(b.ctx, "theirs", model.DeployRequest{Version: "00000000"})
	wants(t, err, model.ReadOnly, "", "configuration file")
	wants(t, b.DeleteEndpoint(b.ctx, "theirs", 0), model.ReadOnly, "", "configuration file")
	_, err = b.UpdateEndpoint(b.ctx, "same", 0, model.EndpointSpec{Path: "/x"})
	wants(t, err, model.ReadOnly, "", "configuration file")
	_, err = b.UpdateService(b.ctx, "fast", 0, model.ServiceSpec{Kind: "cache"})
	wants(t, err, model.ReadOnly, "", "configuration file")
	_, err = b.CreateService(b.ctx, model.ServiceSpec{Name: "fast", Kind: "cache"})
	wants(t, err, model.Conflict, "name", "configuration file")
	_, err = b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: "bound", Path: "/bound", Services: map[string]string{"c": "fast"}})
	must(t, err)

	// The file's own library may change on disk: nothing of that is served
	// before it is declared again.
	writeFile(t, file, version(t, "marker-late"))
	b.create("another", "/another")
	b.serves("/other", 200, "marker-file")

	// A file that does not name them any more gives them back.
	must(t, b.Declare(t.Context(), gateway.Snapshot{}))
	b.serves("/mine", 200, "marker-0001")
	b.serves("/same", 200, "marker-0002")
	b.serves("/bound", 503, "")
	bound, err := b.Endpoint(b.ctx, "bound")
	if err != nil || bound.Fault != `it is bound to service "fast", which is not there` {
		t.Errorf("%+v, %v", bound, err)
	}
}

func TestAFileThatCannotBeServedChangesNothing(t *testing.T) {
	b := open(t, "")
	b.live("a", "/a", "marker-0001")
	bad := t.TempDir() + "/bad.so"
	writeFile(t, bad, []byte("no library"))
	err := b.Declare(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "f", Path: "/a", Library: bad}}})
	if err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("error %v does not name %s", err, bad)
	}
	b.serves("/a", 200, "marker-0001")
	if e, err := b.Endpoint(b.ctx, "a"); err != nil || e.Fault != "" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestARouteOfAServiceItselfIsNotGivenTwice(t *testing.T) {
	signing := func(path string) map[string]any {
		return map[string]any{"sign_url": "https://example.com", "sign_path": path}
	}
	b := open(t, "")
	b.live("mine", "/mine/folder/{key:*}", "marker-0001")
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "folder", Kind: "storage", Options: signing("/mine")})
	wants(t, err, model.Conflict, "", `"mine"`)
	_, err = b.CreateService(b.ctx, model.ServiceSpec{Name: "folder", Kind: "storage", Options: signing("/signed")})
	must(t, err)
	_, err = b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: "late", Path: "/signed/folder/{name:*}"})
	wants(t, err, model.Conflict, "", `"folder"`)
	b.serves("/mine/folder/x", 200, "marker-0001")

	// The file goes first, and gives it back.
	must(t, b.DeleteService(b.ctx, "folder", 0))
	file := gateway.Snapshot{Services: []gateway.Service{{Name: "folder", Kind: "storage", Options: signing("/mine")}}}
	must(t, b.Declare(t.Context(), file))
	mine, err := b.Endpoint(b.ctx, "mine")
	if err != nil || !strings.Contains(mine.Fault, `service "folder"`) {
		t.Errorf("%+v, %v", mine, err)
	}
	must(t, b.Declare(t.Context(), gateway.Snapshot{}))
	b.serves("/mine/folder/x", 200, "marker-0001")
}

func TestEndpointsAndServicesAreBounded(t *testing.T) {
	full := &catalog{endpoints: map[string]model.Endpoint{}, services: map[string]state.Service{}}
	for n := range maxEndpoints {
		full.endpoints[fmt.Sprint("e", n)] = model.Endpoint{}
	}
	for n := range maxServices {
		full.services[fmt.Sprint("s", n)] = state.Service{}
	}
	_, err := full.newEndpoint(model.EndpointSpec{Name: "more", Path: "/more"})
	wants(t, err, model.Conflict, "", "10000 endpoints")
	_, err = full.newService(model.ServiceSpec{Name: "more", Kind: "cache"})
	wants(t, err, model.Conflict, "", "1000 services")
}
