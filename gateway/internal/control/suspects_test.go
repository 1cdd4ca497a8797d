package control

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// unsettled is the end of a worker without a word, in which these versions had
// work under way.
func unsettled(at time.Time, suspects ...versionOfEndpoint) crash.Death {
	d := crash.Death{At: at, Status: "signal: segmentation fault"}
	for i, v := range suspects {
		n := uint64(i + 1)
		d.Recorded.Libraries = append(d.Recorded.Libraries, abi.RecordedLibrary{Number: n, Endpoint: v.endpoint, Version: v.version, Lo: n << 32, Hi: n<<32 + 0x1000})
		d.Recorded.Calls = append(d.Recorded.Calls, abi.RecordedCall{Activity: abi.InEntry, Library: n, Frame: n, Method: "GET", Path: "/" + v.endpoint})
	}
	return d
}

// suspected makes endpoints that can be, by their names.
func (b *box) suspected(names string, isolation model.Isolation) map[string]versionOfEndpoint {
	b.t.Helper()
	all := map[string]versionOfEndpoint{}
	for _, name := range strings.Split(names, "") {
		_, err := b.CreateEndpoint(b.ctx, model.EndpointSpec{Name: name, Path: "/" + name, Isolation: isolation, Probation: soon})
		must(b.t, err)
		digest := b.upload(name, "version-00"+name)
		b.deploy(name, digest)
		all[name] = versionOfEndpoint{name, digest}
	}
	return all
}

func (b *box) crashesAudited(n int) {
	b.t.Helper()
	b.until(func() bool { return len(b.audited(model.AuditFilter{Action: "worker.crash"})) == n })
}

func TestSuspectsRunIsolatedUntilTheGuiltyOneIsFound(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	v := b.suspected("abcd", "")
	at := time.Now()
	b.Crashed(unsettled(at, v["a"], v["b"], v["c"]))
	b.crashesAudited(1)
	if got := w.inProcess(); len(got) != 0 {
		t.Errorf("after the first crash %q are isolated", got)
	}
	b.Crashed(unsettled(at.Add(time.Millisecond), v["b"], v["c"], v["d"]))
	b.becomes("b", model.Suspected)
	if got := w.inProcess(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("%q are isolated", got)
	}
	e, err := b.Endpoint(b.ctx, "c")
	must(t, err)
	if p := e.Placement; p.State != model.Suspected || !strings.Contains(p.Reason, "2 workers ended within 0s, and nobody knows by whom") || p.Process == nil || e.Isolation != "" {
		t.Errorf("%+v", p)
	}
	overview, err := b.Overview(b.ctx)
	must(t, err)
	if o := overview.Endpoints[1]; o.Placed != model.Suspected || o.Why == "" || o.State != "serving" {
		t.Errorf("%+v", o)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		b.serves("/"+name, 200, "version-00"+name)
	}
	b.stop()
	b, w = withIsolator(t, b.dir, quick) // it is remembered
	if got := w.inProcess(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("%q are isolated", got)
	}

	// The guilty one ends its own process, and nobody is a suspect of that.
	if _, guilty := b.Crashed(own("b", v["b"].version)); len(guilty) != 0 {
		t.Errorf("%v", guilty)
	}
	b.becomes("b", model.PutOut)
	list, err := b.Crashes(b.ctx, []string{"b"}, model.Page{})
	must(t, err)
	if c := list.Items[0]; !c.Isolated || c.Endpoint != "b" || c.Evidence != "process" {
		t.Errorf("%+v", c)
	}
	// The other one comes back when it has done well for a while.
	stop := b.traffic("/c")
	b.becomes("c", model.PlacedInWorker)
	stop()
	stop = b.traffic("/b")
	for range soon.Requests {
		b.serves("/b", 200, "version-00b")
	}
	stop()
	if got := w.inProcess(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("%q are isolated", got)
	}
	if e, err = b.Endpoint(b.ctx, "b"); err != nil || !strings.Contains(e.Placement.Reason, "it ended its process while it was a suspect: SIGSEGV") {
		t.Errorf("%+v, %v", e.Placement, err)
	}
	lines := b.audited(model.AuditFilter{Target: "endpoint/c"})
	if want := []string{"gateway endpoint.clear endpoint/c done", "gateway endpoint.isolate endpoint/c done"}; !slices.Equal(lines[:2], want) {
		t.Errorf("audit: %q", lines)
	}
	b.Crashed(own("b", v["b"].version))
	if _, guilty := b.Crashed(own("b", v["b"].version)); len(guilty) != 1 {
		t.Errorf("after the third: %v", guilty)
	}
	if e, err = b.Release(b.ctx, "b"); err != nil || e.Placement != nil && e.Placement.State != model.PlacedInWorker {
		t.Errorf("%+v, %v", e.Placement, err)
	}
}

// A suspect of crashes that were far apart has to do well for longer.
func TestSuspectsOfRareCrashesStayOutLonger(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	v := b.suspected("ab", model.Auto)
	stopA, stopB := b.traffic("/a"), b.traffic("/b")
	defer stopA()
	defer stopB()
	b.becomes("a", model.Cleared)
	b.becomes("b", model.Cleared)
	at := time.Now()
	b.Crashed(unsettled(at.Add(-30*time.Minute), v["a"], v["b"]))
	b.Crashed(unsettled(at, v["a"], v["b"]))
	b.becomes("a", model.Suspected)
	b.until(func() bool {
		e, err := b.Endpoint(b.ctx, "a")
		must(t, err)
		return strings.Contains(e.Placement.Progress, "it needs 20 in 1h0m0s")
	})
	if got := w.inProcess(); len(got) != 2 {
		t.Errorf("%q are isolated", got)
	}
	// An operator may know better.
	e, err := b.Release(b.ctx, "a")
	must(t, err)
	if e.Placement.State != model.OnProbation {
		t.Errorf("%+v", e.Placement)
	}
	b.becomes("a", model.Cleared)
}

func TestOnlySoManySuspectsAreIsolated(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	var all []versionOfEndpoint
	for _, v := range b.suspected("abcdefghij", "") {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b versionOfEndpoint) int { return strings.Compare(a.endpoint, b.endpoint) })
	at := time.Now()
	b.Crashed(unsettled(at, all[2:]...))
	b.Crashed(unsettled(at.Add(time.Microsecond), all...))
	b.until(func() bool { return len(w.inProcess()) > 0 })
	want := []string{}
	for _, v := range all[2:] { // the most often suspected
		want = append(want, v.endpoint)
	}
	if got := w.inProcess(); !slices.Equal(got, want) || len(got) != suspectsMost {
		t.Errorf("%q are isolated", got)
	}
	b.Crashed(unsettled(at.Add(2*time.Microsecond), all...))
	b.until(func() bool {
		list, err := b.Audit(b.ctx, model.AuditFilter{Action: "gateway.suspect"}, model.Page{})
		must(t, err)
		return strings.Contains(fmt.Sprint(list.Items), "no room for: a, b")
	})
	if got := w.inProcess(); !slices.Equal(got, want) {
		t.Errorf("%q are isolated", got)
	}
}

// One that cannot be isolated does not keep the others from being.
func TestASuspectThatCannotBeIsolatedStays(t *testing.T) {
	b, w := withIsolator(t, "", quick)
	v := b.suspected("abc", "")
	w.refuses(func(e gateway.Endpoint) error {
		if e.Name == "b" && e.Isolated {
			return errors.New("not here")
		}
		return nil
	})
	at := time.Now()
	b.Crashed(unsettled(at, v["a"], v["b"], v["c"]))
	b.Crashed(unsettled(at.Add(time.Millisecond), v["a"], v["b"], v["c"]))
	b.becomes("a", model.Suspected)
	if got := w.inProcess(); !slices.Equal(got, []string{"a", "c"}) || b.placed("b") != model.PlacedInWorker {
		t.Errorf("%q are isolated, b is %s", got, b.placed("b"))
	}
	b.serves("/b", 200, "version-00b")
}
