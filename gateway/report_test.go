package gateway_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/config"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// tally is what a test has seen of each endpoint: the statuses that its version
// answered with, and those of requests that were refused. "" is the gateway.
type tally struct{ answered, refused map[string]map[int]uint64 }

func newTally() *tally {
	return &tally{answered: map[string]map[int]uint64{}, refused: map[string]map[int]uint64{}}
}

func noteIn(in map[string]map[int]uint64, name string, status int) {
	if in[name] == nil {
		in[name] = map[int]uint64{}
	}
	in[name][status]++
}

// compare checks a report against everything that was seen.
func (want *tally) compare(t *testing.T, r gateway.Report) {
	t.Helper()
	if !maps.Equal(r.Refused, want.refused[""]) {
		t.Errorf("refused by the gateway: %v, want %v", r.Refused, want.refused[""])
	}
	for _, e := range r.Endpoints {
		got := map[int]uint64{}
		for _, v := range e.Versions {
			total := uint64(0)
			for status, n := range v.Requests {
				got[status] += n
				total += n
			}
			if v.Latency.Count() != total || total > 0 && v.Latency.Sum <= 0 {
				t.Errorf("%s: %d answers, and the histogram is %+v", e.Name, total, v.Latency)
			}
		}
		if !maps.Equal(got, want.answered[e.Name]) {
			t.Errorf("%s: answered %v, want %v", e.Name, got, want.answered[e.Name])
		}
		if !maps.Equal(e.Refused, want.refused[e.Name]) {
			t.Errorf("%s: refused %v, want %v", e.Name, e.Refused, want.refused[e.Name])
		}
	}
}

// untilTold is the config of a spinUntilToldInC that goes on when tell is called,
// at the end of the test at the latest.
func untilTold(t *testing.T) (config map[string]string, tell func()) {
	dir := t.TempDir()
	tell = func() { writeFile(t, dir, "stop", "") }
	t.Cleanup(tell) // else a test that fails never ends
	return map[string]string{"stop": filepath.Join(dir, "stop")}, tell
}

// Each way in which a request can be answered, and each is counted once: by the
// version that answered, or that the gateway answered for; by the endpoint, if
// no version had it; else by the gateway.
func TestEveryAnswerIsCountedOnce(t *testing.T) {
	sleeper, tell := untilTold(t)
	limited := func(name, path, library string, l gateway.Limits) gateway.Endpoint {
		return gateway.Endpoint{Name: name, Path: path, Library: library, Limits: l, Config: sleeper}
	}
	short := 150 * time.Millisecond // of endpoints whose every request is late
	spin, wait, pending := buildC(t, spinUntilToldInC), build(t, "../sdk-c/examples/wait"), build(t, "../sdk-c/examples/pending")
	inside, leave := make(chan struct{}), make(chan struct{})
	small := function("small", "/small", same, "POST")
	small.Limits.MaxBody = 10
	single := function("single", "/single", func(*edge.Request) (*edge.Response, error) {
		inside <- struct{}{}
		<-leave
		return edge.Text(200, "ok"), nil
	})
	single.Limits.MaxConcurrency = 1
	g, address := start(t, gateway.Options{ReadTimeout: time.Second}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		limited("quick", "/quick/{how}", spin, gateway.Limits{}),
		limited("spin", "/spin/{how}", spin, gateway.Limits{Timeout: short}),
		limited("stuck", "/stuck/{how}", spin, gateway.Limits{Timeout: time.Second, MaxStuck: 1}),
		endpoint("bad", "/bad/{how}", buildC(t, badInC)),
		limited("wait", "/wait", wait, gateway.Limits{Timeout: short}),
		limited("pending", "/pending", pending, gateway.Limits{Timeout: short}),
		endpoint("wait-long", "/wait-long", wait),
		endpoint("pending-long", "/pending-long", pending),
		{Name: "empty", Path: "/empty"},
		function("own", "/own/{status}", func(r *edge.Request) (*edge.Response, error) {
			if r.Param("status") == "404" {
				return edge.Text(404, "mine"), nil
			}
			return &edge.Response{Status: 204}, nil
		}),
		small, single,
	}})
	want := newTally()
	answered := func(name string, status int) { noteIn(want.answered, name, status) }
	refused := func(name string, status int) { noteIn(want.refused, name, status) }
	one := func(counted func(string, int), name, request string, status int) {
		t.Helper()
		if r := ask(t, address, request); r.Status != status {
			t.Errorf("%.60q: %d, want %d", request, r.Status, status)
		}
		counted(name, status)
	}
	line := func(what string) string { return what + " HTTP/1.1\r\nHost: x\r\n\r\n" }

	// By a version.
	one(answered, "quick", line("GET /quick/quick"), 200)
	one(answered, "quick", line("HEAD /quick/quick"), 200)
	one(answered, "own", line("GET /own/404"), 404)
	one(answered, "own", line("GET /own/204"), 204)
	one(answered, "small", "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 200)
	one(answered, "wait-long", line("GET /wait-long?ms=1"), 200)
	one(answered, "pending-long", line("GET /pending-long?ms=1"), 200)
	one(answered, "bad", line("GET /bad/fails"), 500)
	one(answered, "bad", line("GET /bad/returns-77"), 502)
	one(answered, "bad", line("GET /bad/status-42"), 502)
	one(answered, "bad", line("GET /bad/await-nothing"), 502)
	one(answered, "spin", line("GET /spin/sleep"), 504)    // by the scanner
	one(answered, "spin", line("HEAD /spin/sleep"), 504)   // the same
	one(answered, "wait", line("GET /wait?ms=20000"), 504) // suspended
	one(answered, "pending", line("GET /pending?ms=2000"), 504)
	c := connect(t, address)
	if err := c.Write([]byte(line("GET /quick/quick") + line("GET /quick/quick") + line("GET /spin/sleep"))); err != nil {
		t.Fatal(err)
	}
	for _, next := range []struct {
		name   string
		status int
	}{{"quick", 200}, {"quick", 200}, {"spin", 504}} { // the later ones on goroutines of their own
		if r, err := c.ReadResponse("GET"); err != nil || r.Status != next.status {
			t.Fatalf("pipelined: %v, %+v", err, r)
		}
		answered(next.name, next.status)
	}

	// By a version, since no more of its calls may be stuck; then by the endpoint.
	var both sync.WaitGroup
	statuses := make([]int, 2)
	for n := range statuses {
		both.Go(func() { statuses[n] = get(t, address, "/stuck/sleep").Status })
	}
	both.Wait()
	if slices.Sort(statuses); !slices.Equal(statuses, []int{503, 504}) {
		t.Errorf("over max_stuck: %v", statuses)
	}
	answered("stuck", 503)
	answered("stuck", 504)
	one(refused, "stuck", line("GET /stuck/quick"), 503)

	// By the endpoint.
	one(refused, "empty", line("GET /empty"), 503)
	one(refused, "small", "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello hello", 413)
	one(refused, "small", "POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", 413)
	one(refused, "small", "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello hello\r\n0\r\n\r\n", 413)
	one(refused, "small", "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe", 408)
	both.Go(func() { get(t, address, "/single") })
	<-inside
	one(refused, "single", line("GET /single"), 503)
	leave <- struct{}{}
	both.Wait()
	answered("single", 200)

	// By the gateway.
	one(refused, "", line("GET /nowhere"), 404)
	one(refused, "", line("GET /small"), 405)
	one(refused, "", line("OPTIONS /small"), 204)
	one(refused, "", "POST /nowhere HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", 404)
	one(refused, "", "GET / HTTP/1.1\r\nHost: x\r\nX y: z\r\n\r\n", 400)
	one(refused, "", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505)
	one(refused, "", "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 20<<10)+"\r\n\r\n", 431)
	one(refused, "", "GET / HTTP/1.1\r\nHo", 408)
	want.compare(t, g.Report())

	// At the end of the gateway, which gives up what waits too long.
	for _, path := range []string{"/wait-long?ms=20000", "/pending-long?ms=2000"} {
		both.Go(func() {
			if r := get(t, address, path); r.Status != 503 {
				t.Errorf("%s: %d", path, r.Status)
			}
		})
		answered(strings.TrimPrefix(path[:strings.Index(path, "?")], "/"), 503)
	}
	inFlight(t, g, "wait-long", 1)
	inFlight(t, g, "pending-long", 1)
	tell()
	settledStuck(t, g)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Shutdown(ctx); err == nil {
		t.Error("nothing was given up")
	}
	both.Wait()
	want.compare(t, g.Report())
}

func TestConnectionsAboveTheMostAreCounted(t *testing.T) {
	g, address := start(t, gateway.Options{MaxConnections: 1}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("ok", "/", ok)}})
	expect(t, connect(t, address), "", 200, "ok")
	if r := get(t, address, "/"); r.Status != 503 {
		t.Fatal(r.Status)
	}
	want := newTally()
	noteIn(want.answered, "ok", 200)
	noteIn(want.refused, "", 503)
	want.compare(t, g.Report())
}

// What became of a replaced version is told at every stage of its way.
func TestAReportFollowsAReplacedVersion(t *testing.T) {
	sleeper, tell := untilTold(t)
	unloadable, staying := buildC(t, strings.Replace(spinUntilToldInC, "EG_HANDLER", "EG_HANDLER_UNLOADABLE", 1)), buildC(t, strings.Replace(versionInC, "EG_HANDLER_UNLOADABLE", "EG_HANDLER", 1))
	size, err := os.Stat(staying)
	if err != nil {
		t.Fatal(err)
	}
	s := gateway.Snapshot{Endpoints: []gateway.Endpoint{{Name: "e", Path: "/{how}", Library: unloadable, Config: sleeper}}}
	g, address := start(t, gateway.Options{}, s)
	first := g.Report().Endpoints[0].Versions[0].Version

	const requests = 3
	var all sync.WaitGroup
	for range requests {
		all.Go(func() { get(t, address, "/sleep") })
	}
	inFlight(t, g, "e", requests)
	swap := func(library string) {
		t.Helper()
		s.Endpoints[0].Library = library
		if err := g.Apply(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	swap(staying)
	versions := func() (old, now gateway.VersionReport) {
		r := g.Report().Endpoints[0].Versions
		if len(r) != 2 {
			t.Fatalf("%+v", r)
		}
		return r[0], r[1]
	}
	old, now := versions()
	if old.Version != first || old.Role != gateway.Draining || old.InFlight != requests || now.Role != gateway.Current || now.InFlight != 0 {
		t.Errorf("while it drains: %+v, %+v", old, now)
	}
	tell()
	all.Wait()
	settled(t, g, "e", 1)
	if old, _ = versions(); old.Role != gateway.Gone || old.InFlight != 0 || old.Unloaded != 1 || old.Requests[200] != requests {
		t.Errorf("when it has gone: %+v", old)
	}
	swap("")
	settled(t, g, "e", 2)
	if _, now = versions(); now.Role != gateway.Retained || now.Retained != 1 || now.Bytes != size.Size() || now.Unloaded != 0 {
		t.Errorf("one that stays in memory: %+v", now)
	}
	swap(unloadable) // the version comes back, as another instance
	back, current := versions()
	if current.Version != first || current.Role != gateway.Current || current.Unloaded != 1 || back.Role != gateway.Retained {
		t.Errorf("the version that is back: %+v, %+v", current, back)
	}
}

func TestAReportTellsOfTheProcess(t *testing.T) {
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{function("ok", "/", ok)}})
	for range 3 {
		expect(t, connect(t, address), "", 200, "ok")
	}
	r := g.Report()
	if p := r.Process; p.Connections != 3 || p.Goroutines < 4 || p.Native != 0 {
		t.Errorf("%+v", p)
	}
	if p := r.Process; runtime.GOOS == "linux" && (p.Threads < 2 || p.Memory < 1<<20) {
		t.Errorf("%+v", p)
	}
	if r.Started.IsZero() || time.Since(r.Started) > time.Minute {
		t.Errorf("started %v", r.Started)
	}
}

// A service's counts outlive its being replaced, and tell failed operations.
func TestAReportTellsOfServices(t *testing.T) {
	down := gateway.Service{Name: "db", Kind: "sql", Driver: "postgres", Options: config.Options{"url": "postgres://nobody@127.0.0.1:1/none"}}
	l := live(t, gateway.Options{}, onSQLite(""))
	l.reset(t)
	l.wants(t, count, l.query(count))
	of := func() gateway.ServiceReport {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			r := l.Report().Services
			n := slices.IndexFunc(r, func(s gateway.ServiceReport) bool { return s.Name == "db" })
			if n < 0 {
				t.Fatal("there is no such service")
			}
			if r[n].Busy == 0 { // an operation is counted a moment after its reply
				return r[n]
			}
			if time.Now().After(deadline) {
				t.Fatalf("it is still busy: %+v", r[n])
			}
		}
	}
	before := of()
	if before.Done == 0 || before.Latency.Count() != before.Done || before.Errors != 0 || !before.Active {
		t.Errorf("%+v", before)
	}
	l.with(t, down)
	l.wants(t, count, inactive)
	l.wants(t, count, inactive)
	if now := of(); now.Done != before.Done+2 || now.Errors != 2 || now.Fault == nil {
		t.Errorf("with a backend that is down: %+v", now)
	}
	off := down
	off.Inactive = true
	l.with(t, off)
	for deadline := time.Now().Add(10 * time.Second); of().Connections > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("its connections stay")
		}
	}
	if now := of(); now.Done != before.Done+2 || now.Latency.Count() != now.Done || now.Errors != 2 || now.Active || now.Fault != nil {
		t.Errorf("taken away: %+v", now)
	}
}
