package control

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// death is the end of a worker by a version, as the runtime tells of it.
func death(endpoint, version string) crash.Death {
	return crash.Death{
		At: time.Now(), Status: "exit status 2",
		Output: []byte("SIGSEGV: segmentation violation\nPC=0x7f0000001010 m=0 sigcode=1 addr=0x10\nsignal arrived during cgo execution\n\n"),
		Recorded: abi.Recorded{
			Libraries: []abi.RecordedLibrary{{Number: 1, Endpoint: endpoint, Version: version, Lo: 0x7f0000001000, Hi: 0x7f0000002000}},
			Calls:     []abi.RecordedCall{{Activity: abi.InEntry, Library: 1, Frame: 1, ID: "id-1", Method: "GET", Path: "/a"}},
		},
	}
}

// crashed has a version end workers until it is enough, and waits for what
// follows from that.
func (b *box) crashed(endpoint, version string) {
	b.t.Helper()
	for n := range crash.Often {
		_, guilty := b.Crashed(death(endpoint, version))
		if want := n == crash.Often-1; want != (len(guilty) == 1 && guilty[0] == model.CrashSuspect{Endpoint: endpoint, Version: version}) {
			b.t.Fatalf("after %d crashes: %v", n+1, guilty)
		}
	}
	b.until(func() bool {
		e, err := b.Endpoint(b.ctx, endpoint)
		must(b.t, err)
		return inQuarantine(e.Quarantine, version)
	})
}

func (b *box) until(true func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !true(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatal("it does not come about")
		}
	}
}

func TestAnEndpointGoesBackToItsLastHealthyVersion(t *testing.T) {
	b := open(t, "")
	first := b.live("a", "/a", "version-001")
	second := b.upload("a", "version-002")
	b.deploy("a", second)
	third := b.upload("a", "version-003")
	b.deploy("a", third)
	b.Crashed(death("a", second)) // once, long ago: it is not healthy
	b.crashed("a", third)
	b.serves("/a", 200, "version-001")

	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if e.Version != first || e.Fault != "" || len(e.Quarantine) != 1 || e.Quarantine[0].Version != third || !strings.Contains(e.Quarantine[0].Reason, "SIGSEGV") {
		t.Errorf("%+v", e)
	}
	history, err := b.Deploys(b.ctx, "a", model.Page{})
	must(t, err)
	if got := history.Items[0]; got.Action != "quarantine" || got.Old != third || got.New != first || got.By != "gateway" || !strings.Contains(got.Reason, "crashed 3 times") {
		t.Errorf("%+v", got)
	}
	if lines := b.audited(model.AuditFilter{Action: "endpoint.quarantine"}); !slices.Equal(lines, []string{"gateway endpoint.quarantine endpoint/a done"}) {
		t.Errorf("audit: %q", lines)
	}
	b.until(func() bool { return len(b.audited(model.AuditFilter{Action: "worker.crash"})) == 4 })

	// A rollback passes the version over; a deploy by hand lifts the quarantine.
	_, err = b.Rollback(b.ctx, "a")
	wants(t, err, model.Conflict, "", "no version to go back to")
	b.deploy("a", third)
	b.serves("/a", 200, "version-003")
	if e, err = b.Endpoint(b.ctx, "a"); err != nil || len(e.Quarantine) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	b.crashed("a", third) // it has three again, not one
	b.serves("/a", 200, "version-001")
}

func TestAnEndpointWithoutAHealthyVersionAnswers503(t *testing.T) {
	b := open(t, "")
	only := b.live("a", "/a", "version-001")
	b.live("b", "/b", "version-00b")
	b.crashed("a", only)
	answer, err := http.Get("http://" + b.address + "/a")
	must(t, err)
	_ = answer.Body.Close()
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d, %v", answer.StatusCode, answer.Header)
	}
	b.serves("/b", 200, "version-00b")
	faulty := func(b *box) {
		t.Helper()
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		if want := fmt.Sprintf("version %.12s is quarantined", only); !strings.Contains(e.Fault, want) || !strings.HasSuffix(e.Fault, liftedByDeploy) || b.Ready(b.ctx).Ready {
			t.Errorf("fault %q, want %q", e.Fault, want)
		}
	}
	faulty(b)
	b.stop()
	b = open(t, b.dir) // it is remembered
	faulty(b)
	b.serves("/a", 503, "")
	if list, err := b.Crashes(b.ctx, nil, model.Page{}); err != nil || len(list.Items) != 3 || list.Items[0].Quarantined == "" || list.Items[1].Quarantined != "" {
		t.Errorf("%+v, %v", list, err)
	}
	b.deploy("a", only)
	b.serves("/a", 200, "version-001")
}

func TestACanaryInQuarantineEndsAlone(t *testing.T) {
	b := open(t, "")
	first := b.live("a", "/a", "version-001")
	second := b.upload("a", "version-002")
	_, err := b.Deploy(b.ctx, "a", model.DeployRequest{Version: second, Canary: &model.CanaryRequest{Weight: 50}})
	must(t, err)
	b.crashed("a", second)
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	if e.Canary != nil || e.Version != first || e.Fault != "" {
		t.Errorf("%+v", e)
	}
	for range 20 {
		b.serves("/a", 200, "version-001")
	}
}

// A change that has nothing to do with it does not bring a version back that is
// about to be quarantined.
func TestAGuiltyVersionGetsNoTrafficBeforeItsQuarantine(t *testing.T) {
	b := open(t, "")
	first := b.live("a", "/a", "version-001")
	second := b.upload("a", "version-002")
	b.deploy("a", second)
	release, err := b.endpoints.take(b.ctx, "a") // the quarantine has to wait
	must(t, err)
	for range crash.Often {
		b.Crashed(death("a", second))
	}
	b.live("b", "/b", "version-00b")
	b.serves("/a", 503, "")
	b.serves("/b", 200, "version-00b")
	release()
	b.until(func() bool {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return e.Version == first
	})
	b.serves("/a", 200, "version-001")
	b.until(func() bool {
		b.deploy("a", second) // by hand
		_, text := b.get("/a")
		return text == "version-002"
	})
}

func TestADeclaredVersionIsQuarantinedUntilTheFileHasAnother(t *testing.T) {
	b := open(t, "")
	dir := t.TempDir()
	declare := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, version(t, text), 0o600))
		must(t, b.Declare(b.ctx, gateway.Snapshot{Endpoints: []gateway.Endpoint{
			{Name: "a", Path: "/a", Library: path}, {Name: "b", Path: "/b", Library: path},
		}}))
	}
	declare("one.so", "version-001")
	e, err := b.Endpoint(b.ctx, "a")
	must(t, err)
	b.crashed("a", e.Version)
	b.serves("/a", 503, "")
	b.serves("/b", 200, "version-001") // another endpoint with the same version
	e, err = b.Endpoint(b.ctx, "a")
	must(t, err)
	if !strings.Contains(e.Fault, "is quarantined") || !strings.HasSuffix(e.Fault, liftedByDeclare) || b.Ready(b.ctx).Ready {
		t.Errorf("fault %q", e.Fault)
	}
	declare("one.so", "version-001")
	b.serves("/a", 503, "")
	declare("two.so", "version-002")
	b.serves("/a", 200, "version-002")
	declare("one.so", "version-001")
	b.serves("/a", 200, "version-001")
}

func TestCrashesComeInPagesAndByEndpoint(t *testing.T) {
	b := open(t, "")
	for n := range 5 {
		b.Crashed(death(fmt.Sprint("e", n%2), strings.Repeat("0", 64)))
	}
	var ids []string
	for page := (model.Page{Limit: 2}); ; {
		list, err := b.Crashes(b.ctx, nil, page)
		must(t, err)
		for _, one := range list.Items {
			ids = append(ids, one.ID)
		}
		if page.After = list.Next; list.Next == "" {
			break
		}
	}
	if len(ids) != 5 || !slices.IsSortedFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%q", ids)
	}
	list, err := b.Crashes(b.ctx, []string{"e1"}, model.Page{})
	if must(t, err); len(list.Items) != 2 || list.Items[0].Endpoint != "e1" {
		t.Errorf("%+v", list)
	}
	if counts := b.CrashCounts(); counts["e0"] != 3 || counts["e1"] != 2 {
		t.Errorf("%v", counts)
	}
}
