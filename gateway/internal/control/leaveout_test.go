package control

import (
	"path/filepath"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// What a worker could not start with has a fault and answers 503, until it gets
// another version, or is declared again.
func TestWhatAWorkerCannotStartWithIsLeftOut(t *testing.T) {
	b := open(t, "")
	b.live("own", "/own", "marker-0001")
	b.live("other", "/other", "marker-0002")
	library := filepath.Join(t.TempDir(), "declared.so")
	writeFile(t, library, version(t, "marker-0003"))
	file := gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "declared", Path: "/declared", Library: library}}}
	must(t, b.Declare(b.ctx, file))
	for _, e := range b.now.Load().snapshot.Endpoints {
		if e.Name != "other" {
			b.LeaveOut(b.ctx, e, "it ends the worker")
		}
	}
	for _, name := range []string{"own", "declared"} {
		if e, err := b.Endpoint(b.ctx, name); err != nil || e.Fault != "it ends the worker" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		b.serves("/"+name, 503, "")
	}
	b.serves("/other", 200, "marker-0002")
	if ready := b.Ready(b.ctx); ready.Ready || len(ready.NotReady) != 2 {
		t.Errorf("%+v", ready)
	}
	left := b.now.Load().snapshot.Endpoints
	b.deploy("own", b.upload("own", "marker-0004"))
	b.serves("/own", 200, "marker-0004")
	must(t, b.Declare(b.ctx, file))
	b.serves("/declared", 200, "marker-0003")
	// Word of a version that is no longer deployed comes too late.
	for _, e := range left {
		e.Library = "/versions/of/before.so"
		b.LeaveOut(b.ctx, e, "it ends the worker")
	}
	b.serves("/own", 200, "marker-0004")
	b.serves("/declared", 200, "marker-0003")
}

// A service that a worker could not open has a fault, whoever has made it, until
// it is changed or declared again.
func TestAServiceThatAWorkerCannotOpenHasAFault(t *testing.T) {
	b := open(t, "")
	file := gateway.Snapshot{Services: []gateway.Service{{Name: "declared", Kind: "cache"}, {Name: "other", Kind: "cache"}}}
	must(t, b.Declare(b.ctx, file))
	_, err := b.CreateService(b.ctx, model.ServiceSpec{Name: "own", Kind: "cache"})
	must(t, err)
	b.LeaveOutService(b.ctx, "own", "its folder is gone")
	b.LeaveOutService(b.ctx, "declared", "its folder is gone")
	b.LeaveOutService(b.ctx, "none", "its folder is gone")
	fault := func(name string) string {
		t.Helper()
		s, err := b.Service(b.ctx, name)
		must(t, err)
		if (s.Status == nil) != (s.Fault != "") || s.Inactive {
			t.Errorf("%+v", s)
		}
		return s.Fault
	}
	for _, name := range []string{"own", "declared"} {
		if got := fault(name); got != "its folder is gone" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if ready := b.Ready(b.ctx); ready.Ready || len(ready.NotReady) != 2 {
		t.Errorf("%+v", ready)
	}
	b.live("a", "/a", "marker-0001") // another change leaves it at that
	if fault("own") == "" || fault("declared") == "" || fault("other") != "" {
		t.Error("the faults are gone")
	}
	s, err := b.Service(b.ctx, "own")
	must(t, err)
	_, err = b.UpdateService(b.ctx, "own", 0, s.ServiceSpec)
	must(t, err)
	must(t, b.Declare(b.ctx, file))
	if own, declared := fault("own"), fault("declared"); own+declared != "" {
		t.Errorf("%q, %q", own, declared)
	}
}
