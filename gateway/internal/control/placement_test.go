package control

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// placed is where a version of an endpoint is shown to run.
func (b *box) placed(endpoint string) model.PlacementState {
	b.t.Helper()
	e, err := b.Endpoint(b.ctx, endpoint)
	must(b.t, err)
	if e.Placement == nil {
		return ""
	}
	return e.Placement.State
}

func TestAnEndpointIsIsolatedAsItSays(t *testing.T) {
	b, w := withIsolator(t, "")
	limits := model.ProcessLimits{Memory: 64 << 20, CPU: 0.5, Files: 100, Open: true}
	_, err := b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: "a", Path: "/a", Isolation: model.InProcess, Process: limits})
	must(t, err)
	if got := b.placed("a"); got != "" {
		t.Errorf("without a version it is in %q", got)
	}
	first := b.upload("a", "version-001")
	b.deploy("a", first)
	b.live("b", "/b", "version-00b")
	b.serves("/a", 200, "version-001")
	if e := w.endpoint("a"); !e.Isolated || !reflect.DeepEqual(e.Process, gateway.ProcessLimits(limits)) {
		t.Errorf("%+v", e)
	}
	if w.endpoint("b").Isolated || b.placed("b") != model.PlacedInWorker {
		t.Error("b is isolated, too")
	}
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if e.Isolation != model.InProcess || e.Process != limits || e.Placement.State != model.PlacedInProcess ||
		e.Placement.Process == nil || e.Placement.Process.Pid != 4711 || len(e.Placement.Process.Bounds) != 1 {
		t.Errorf("%+v, %+v", e, e.Placement)
	}
	second := b.upload("a", "version-002")
	_, err = b.Deploy(b.ctx, "a", model.DeployRequest{Version: second, Canary: &model.CanaryRequest{Weight: 50}})
	must(t, err)
	if e := w.endpoint("a"); e.Canary == nil || !e.Canary.Isolated {
		t.Errorf("%+v", e.Canary)
	}
	if e, err = b.Endpoint(b.ctx, "a"); err != nil || e.Canary.Placement == nil || e.Canary.Placement.State != model.PlacedInProcess || e.Canary.Placement.Process == nil {
		t.Errorf("%+v, %v", e.Canary, err)
	}
	overview, err := b.Overview(b.ctx)
	must(t, err)
	if got := overview.Endpoints[0]; got.Placed != model.PlacedInProcess {
		t.Errorf("%+v", got)
	}
	if status, _ := b.get("/a"); status != 200 {
		t.Error(status)
	}

	b.stop()
	b, w = withIsolator(t, b.dir) // it is remembered
	if e := w.endpoint("a"); !e.Isolated || e.Canary == nil || !e.Canary.Isolated || e.Process.Files != 100 {
		t.Errorf("%+v", e)
	}
	spec := e.EndpointSpec
	spec.Isolation = ""
	_, err = b.UpdateEndpoint(b.ctx, "a", 0, spec)
	must(t, err)
	if w.endpoint("a").Isolated || b.placed("a") != model.PlacedInWorker {
		t.Error("it is still isolated")
	}
}

func TestIsolationIsChecked(t *testing.T) {
	b := open(t, "")
	for field, spec := range map[string]model.EndpointSpec{
		"isolation":          {Isolation: "proces"},
		"process.memory":     {Process: model.ProcessLimits{Memory: 1 << 20}},
		"process.cpu":        {Process: model.ProcessLimits{CPU: 2000}},
		"process.files":      {Process: model.ProcessLimits{Files: -1}},
		"probation.requests": {Probation: model.Probation{Requests: -1}},
		"probation.time":     {Probation: model.Probation{Time: 1}},
	} {
		spec.Name, spec.Path = "a", "/a"
		_, err := b.CreateEndpoint(b.ctx, spec)
		wants(t, err, model.Invalid, field, strings.ReplaceAll(field, ".", " ")+" must be ")
	}
}

func TestTheFileSaysWhatIsIsolated(t *testing.T) {
	b, w := withIsolator(t, "")
	path := filepath.Join(t.TempDir(), "one.so")
	must(t, os.WriteFile(path, version(t, "version-001"), 0o600))
	rule := model.Probation{Requests: 7}
	must(t, b.DeclareAuto(b.ctx, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		{Name: "a", Path: "/a", Library: path, Isolated: true, Process: gateway.ProcessLimits{Files: 99}},
		{Name: "b", Path: "/b", Library: path},
		{Name: "c", Path: "/c", Library: path},
	}}, map[string]model.Probation{"c": rule}))
	if a, b, c := w.endpoint("a"), w.endpoint("b"), w.endpoint("c"); !a.Isolated || a.Process.Files != 99 || b.Isolated || !c.Isolated {
		t.Errorf("%+v %+v %+v", a, b, c)
	}
	if a, b, c := b.placed("a"), b.placed("b"), b.placed("c"); a != model.PlacedInProcess || b != model.PlacedInWorker || c != model.OnProbation {
		t.Errorf("%s %s %s", a, b, c)
	}
	e, err := b.Endpoint(b.ctx, "c")
	must(t, err)
	if e.Isolation != model.Auto || e.Probation != rule {
		t.Errorf("%+v", e.EndpointSpec)
	}
	if e, err = b.Endpoint(b.ctx, "a"); err != nil || e.Isolation != model.InProcess || e.Process.Files != 99 {
		t.Errorf("%+v, %v", e.EndpointSpec, err)
	}
	must(t, b.Declare(b.ctx, gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "c", Path: "/c", Library: path}}}))
	if w.endpoint("c").Isolated {
		t.Error("it is still isolated")
	}
}
