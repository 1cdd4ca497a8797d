package control

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// quick has versions looked at often.
func quick(o *Options) { o.placeEvery = 2 * time.Millisecond }

// soon is a probation that a test can wait for.
var soon = model.Probation{Requests: 20, Time: model.Duration(100 * time.Millisecond)}

// autoLive makes an endpoint with isolation auto that answers with text.
func (b *box) autoLive(name, path, text string, rule model.Probation) string {
	b.t.Helper()
	_, err := b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: name, Path: path, Isolation: model.Auto, Probation: rule})
	must(b.t, err)
	digest := b.upload(name, text)
	b.deploy(name, digest)
	return digest
}

// traffic asks for a path all the time, until stop, which tells how often it was
// answered. Every answer has to be 200.
func (b *box) traffic(path string) (stop func() int) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan int)
	go func() {
		n := 0
		defer func() { done <- n }()
		for ctx.Err() == nil {
			answer, err := http.Get("http://" + b.address + path)
			if err != nil {
				b.t.Error(err)
				return
			}
			_ = answer.Body.Close()
			if n++; answer.StatusCode != 200 {
				b.t.Error(answer.StatusCode)
			}
		}
	}()
	return sync.OnceValue(func() int {
		cancel()
		return <-done
	})
}

// own is the end of the process that a version had for itself.
func own(endpoint, version string) crash.Death {
	d := death(endpoint, version)
	d.Endpoint, d.Version, d.Lost = endpoint, version, 1
	return d
}

func (b *box) becomes(endpoint string, state model.PlacementState) {
	b.t.Helper()
	b.until(func() bool { return b.placed(endpoint) == state })
}

func TestAVersionOnAutoMovesIntoTheWorkerWhenItHasProvedItself(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	first := b.autoLive("a", "/a", "version-001", soon)
	if !w.has("a", first) || b.placed("a") != model.OnProbation {
		t.Fatal("it does not begin in a process of its own")
	}
	stop := b.traffic("/a")
	b.becomes("a", model.Cleared)
	if w.has("a", first) {
		t.Error("it is still in a process of its own")
	}
	if n := stop(); n < soon.Requests {
		t.Errorf("it took %d requests", n)
	}
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if p := e.Placement; !strings.Contains(p.Reason, "without a crash, and kept its memory at 10.0 MiB") || p.Since == nil || time.Since(*p.Since) > time.Minute {
		t.Errorf("%+v", p)
	}
	if lines := b.audited(model.AuditFilter{Action: "endpoint.clear"}); !slices.Equal(lines, []string{"gateway endpoint.clear endpoint/a done"}) {
		t.Errorf("audit: %q", lines)
	}

	b.stop()
	b, w = withIsolator(t, b.dir, quick) // it is remembered
	if w.has("a", first) || b.placed("a") != model.Cleared {
		t.Error("it has to prove itself once more")
	}
	second := b.upload("a", "version-002")
	b.deploy("a", second)
	if !w.has("a", second) || b.placed("a") != model.OnProbation {
		t.Error("another version does not have to prove itself")
	}
	_, err = b.Rollback(b.ctx, "a")
	must(t, err)
	if w.has("a", first) || b.placed("a") != model.Cleared {
		t.Error("the first version has to prove itself once more")
	}
}

func TestACanaryOnAutoIsIsolatedBesideTheVersionDeployed(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	first := b.autoLive("a", "/a", "version-001", soon)
	stop := b.traffic("/a")
	defer stop()
	b.becomes("a", model.Cleared)
	second := b.upload("a", "version-002")
	_, err := b.Deploy(b.ctx, "a", model.DeployRequest{Version: second, Canary: &model.CanaryRequest{Weight: 99, Header: "X-None"}})
	must(t, err)
	if w.has("a", first) || !w.has("a", second) {
		t.Errorf("in processes are %q", w.inProcess())
	}
	_, err = b.Promote(b.ctx, "a")
	must(t, err)
	b.becomes("a", model.Cleared)
	if w.has("a", second) {
		t.Error("it is still isolated")
	}
}

func TestALeakKeepsAVersionInItsProcess(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	version := b.autoLive("a", "/a", "version-001", soon)
	v := versionOfEndpoint{"a", version}
	leak := func(bytes int64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.memory[v] = max(w.memory[v], 10<<20) + bytes
	}
	leak(0)
	stop := b.traffic("/a")
	defer stop()
	progress := func() string {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return e.Placement.Progress
	}
	b.until(func() bool { leak(2 << 20); return strings.Contains(progress(), "as if it leaked") })
	if !w.has("a", version) {
		t.Error("it has moved")
	}
	b.becomes("a", model.Cleared) // nothing more is kept
}

func TestACrashBeginsAProbationAnew(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	version := b.autoLive("a", "/a", "version-001", model.Probation{Requests: 1, Time: model.Duration(time.Hour)})
	progress := func() string {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return e.Placement.Progress
	}
	b.until(func() bool {
		b.serves("/a", 200, "version-001")
		said := progress()
		return said != "" && !strings.Contains(said, "it has answered 0 requests")
	})
	if _, guilty := b.Crashed(own("a", version)); len(guilty) != 0 {
		t.Errorf("%v", guilty)
	}
	b.until(func() bool { return strings.Contains(progress(), "it has answered 0 requests") })
	if got := progress(); !strings.Contains(got, "begun anew: its process ended at ") || !w.has("a", version) || b.placed("a") != model.OnProbation {
		t.Errorf("%q, %s", got, b.placed("a"))
	}
	list, err := b.Crashes(b.ctx, nil, model.Page{})
	must(t, err)
	if c := list.Items[0]; !c.Isolated || c.Endpoint != "a" || c.Version != version || c.Evidence != "process" || c.Lost != 0 || len(c.Suspects) != 0 {
		t.Errorf("%+v", c)
	}
	if counts := b.CrashCounts(); len(counts) != 0 {
		t.Errorf("it counts as a worker's: %v", counts)
	}
	b.Crashed(own("a", version))
	if _, guilty := b.Crashed(own("a", version)); len(guilty) != 1 || guilty[0].Version != version {
		t.Errorf("after the third: %v", guilty)
	}
	b.until(func() bool {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return inQuarantine(e.Quarantine, version)
	})
	b.serves("/a", 503, "")
	b.until(func() bool { return len(b.audited(model.AuditFilter{Action: "process.crash"})) == 3 })
}

func TestWhatCrashesInTheWorkerGoesBackOut(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	first := b.autoLive("a", "/a", "version-001", soon)
	out := func(version string) {
		t.Helper()
		stop := b.traffic("/a")
		b.becomes("a", model.Cleared)
		b.Crashed(death("a", version))
		b.becomes("a", model.PutOut)
		stop()
		if !w.has("a", version) {
			t.Error("it is not isolated")
		}
	}
	out(first)
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if !strings.Contains(e.Placement.Reason, "it ended the worker: SIGSEGV") {
		t.Errorf("%+v", e.Placement)
	}
	b.stop()
	b, w = withIsolator(t, b.dir, quick)
	stop := b.traffic("/a")
	if !w.has("a", first) || b.placed("a") != model.PutOut {
		t.Errorf("it is forgotten: %s", b.placed("a"))
	}
	// It does not prove itself any more, whatever it does.
	answered := func() (n uint64) {
		v, _ := versionOf(b.Report(), "a", first)
		return v.Requests[200]
	}
	b.until(func() bool { return answered() > 10*uint64(soon.Requests) })
	if stop(); b.placed("a") != model.PutOut {
		t.Errorf("%s", b.placed("a"))
	}

	// Another version has to prove itself; this one is still out.
	second := b.upload("a", "version-002")
	b.deploy("a", second)
	if b.placed("a") != model.OnProbation {
		t.Errorf("the second is %s", b.placed("a"))
	}
	// Deployed by hand it has to as well.
	b.deploy("a", first)
	if b.placed("a") != model.OnProbation {
		t.Errorf("deployed again it is %s", b.placed("a"))
	}
	out(first)
	if e, err = b.Release(b.ctx, "a"); err != nil || e.Placement.State != model.OnProbation || !w.has("a", first) {
		t.Errorf("%+v, %v", e.Placement, err)
	}
	_, err = b.Release(b.ctx, "a") // there is nothing left
	must(t, err)
	if lines := b.audited(model.AuditFilter{Action: "endpoint.release"}); len(lines) != 1 || !strings.HasSuffix(lines[0], " done") {
		t.Errorf("audit: %q", lines)
	}
	out(first)
	spec := e.EndpointSpec
	spec.Isolation = model.InWorker
	_, err = b.UpdateEndpoint(b.ctx, "a", 0, spec)
	if must(t, err); w.has("a", first) || b.placed("a") != model.PlacedInWorker {
		t.Error("it is not where the operator wants it")
	}
	b.Crashed(death("a", first))
	b.until(func() bool { return len(b.audited(model.AuditFilter{Action: "worker.crash"})) == 4 })
	if b.placed("a") != model.PlacedInWorker {
		t.Error("it is put out although it is not on auto")
	}
	_, err = b.Release(b.ctx, "none")
	wants(t, err, model.Missing, "", "no endpoint")
}

// What the worker does not take stays where it is, and serves there.
func TestAVersionThatTheWorkerDoesNotTakeStays(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	version := b.autoLive("a", "/a", "version-001", soon)
	w.refuses(func(e gateway.Endpoint) error {
		if e.Isolated {
			return nil
		}
		return errors.New("it has too many")
	})
	stop := b.traffic("/a")
	b.until(func() bool {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return strings.Contains(e.Placement.Progress, "the worker did not take it") && strings.Contains(e.Placement.Progress, "it has too many")
	})
	if !w.has("a", version) || b.placed("a") != model.OnProbation {
		t.Error(b.placed("a"))
	}
	w.refuses(nil)
	b.becomes("a", model.Cleared)
	stop()
}

func TestADeclaredVersionOnAutoProvesItself(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	dir := t.TempDir()
	declare := func(text string, auto bool) {
		t.Helper()
		path := filepath.Join(dir, text+".so")
		must(t, os.WriteFile(path, version(t, text), 0o600))
		rules := map[string]model.Probation{}
		if auto {
			rules["a"] = soon
		}
		must(t, b.DeclareAuto(b.ctx, gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "a", Path: "/a", Library: path}}}, rules))
	}
	declare("version-001", true)
	stop := b.traffic("/a")
	b.becomes("a", model.Cleared)
	stop()
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	b.stop()
	b, w = withIsolator(t, b.dir, quick)
	declare("version-001", true)
	if b.placed("a") != model.Cleared || len(w.inProcess()) != 0 {
		t.Error("it has to prove itself once more")
	}
	b.Crashed(death("a", e.Version))
	b.becomes("a", model.PutOut)
	declare("version-001", true)
	if b.placed("a") != model.PutOut {
		t.Error("the same file lets it in")
	}
	declare("version-001", false)
	if b.placed("a") != model.PlacedInWorker || len(w.inProcess()) != 0 {
		t.Error("what the file says does not count")
	}
	declare("version-002", true)
	if b.placed("a") != model.OnProbation {
		t.Errorf("another version is %s", b.placed("a"))
	}
	b.stop()
	b, _ = withIsolator(t, b.dir, quick)
	declare("version-001", true)
	if b.placed("a") != model.OnProbation {
		t.Errorf("a version that the file had long ago is %s", b.placed("a"))
	}
}
