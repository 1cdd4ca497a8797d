package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// backAim is within how long others are served again after a crash, with 20
// endpoints; what is asserted, of the quickest of a few, is five times that: the
// machine may be busy.
const backAim = 100 * time.Millisecond

// modes are where a handler may run: in the worker, with all others, or in a
// process that only its endpoint uses.
var modes = []string{"worker", "isolated"}

// ground is a gateway with 20 endpoints: one whose handler is guilty of what a
// test is about, a twin of it that never is, and others.
type ground struct {
	*process
	isolated bool   // the guilty one
	data     string // directory
	config   string // file
	version  string // of the guilty one

	waiting int               // requests that were made to wait, so far
	conns   []*rawclient.Conn // made so far
	back    []time.Duration   // how long it took after each crash until others were served
}

// newGround serves a library as the guilty one, at /f/, with more keys for its
// endpoint.
func newGround(t *testing.T, library, mode string, keys ...string) *ground {
	t.Helper()
	g := &ground{isolated: mode == "isolated", data: filepath.Join(t.TempDir(), "d")}
	content, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	g.version = hex.EncodeToString(sum[:])
	var text strings.Builder
	endpoint := func(name, path, library string) {
		fmt.Fprintf(&text, "[[endpoint]]\nname = %q\npath = %q\nlibrary = %q\n", name, path, library)
	}
	endpoint("guilty", "/f/{path:*}", library)
	if g.isolated {
		text.WriteString("isolation = \"process\"\n")
	}
	text.WriteString(strings.Join(keys, ""))
	endpoint("twin", "/twin/{path:*}", library)
	for n := range 18 {
		endpoint(fmt.Sprint("other", n), fmt.Sprint("/other/", n), faulty(t, "other"))
	}
	g.config = write(t, filepath.Join(t.TempDir(), "edge-gateway.toml"), text.String())
	g.process = serve(t, nil, "--config", g.config, "--data", g.data, "--no-access-log")
	return g
}

// faulty is a library of testdata/faults, or the one in C that package crash
// has, compiled once.
func faulty(t *testing.T, name string) string {
	t.Helper()
	faultyLibraries.Lock()
	defer faultyLibraries.Unlock()
	if faultyLibraries.by[name] == "" {
		source := filepath.Join("testdata", "faults", name)
		if name == "c" {
			source = "../../internal/crash/testdata"
		}
		out := filepath.Join(filepath.Dir(binary), "faults-"+name+".so")
		build := exec.Command(binary, "build", source, "-o", out, "--data", filepath.Join(filepath.Dir(binary), "faults"))
		if name == "cpp" {
			build = exec.Command("g++", "-std=c++17", "-shared", "-fPIC", "-O1", "-pthread", "-I../../../abi", "-I../../../sdk-c", "-o", out, filepath.Join(source, "handler.cc"))
		}
		if text, err := build.CombinedOutput(); err != nil {
			lacks(t, "%v\n%s", err, text)
		}
		faultyLibraries.by[name] = out
	}
	return faultyLibraries.by[name]
}

var faultyLibraries = struct {
	sync.Mutex
	by map[string]string
}{by: map[string]string{}}

// lacks is for a machine without a compiler, or without enough of something.
func lacks(t *testing.T, format string, args ...any) {
	t.Helper()
	text := fmt.Sprintf(format, args...)
	if (strings.Contains(text, "are needed") || strings.Contains(text, "executable file not found") || strings.Contains(text, "not installed")) && os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") != "1" {
		t.Skip(text)
	}
	t.Fatal(text)
}

func get(path string) []byte { return []byte("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n") }

// connect makes a connection, and has a request under way on it if a path is
// given.
func (g *ground) connect(t *testing.T, path string) *rawclient.Conn {
	t.Helper()
	c, err := rawclient.Dial(g.address)
	if err != nil {
		t.Fatal(err)
	}
	g.conns = append(g.conns, c)
	if path != "" {
		if err := c.Write(get(path)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// end ends the gateway, which would wait for clients that are still there.
func (g *ground) end(t *testing.T) {
	t.Helper()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.stop(t)
}

// waiter has a request wait in a handler.
func (g *ground) waiter(t *testing.T, path string) *rawclient.Conn {
	t.Helper()
	c := g.connect(t, path)
	g.waiting++
	within(t, 10*time.Second, "a request waits", func() bool { return strings.Count(g.output(), `"msg":"it waits"`) == g.waiting })
	return c
}

// others is a load on another endpoint, until it is stopped.
func (g *ground) others(t *testing.T) (stop func() *rawclient.Result) {
	ctx, cancel := context.WithCancel(t.Context())
	load := rawclient.Load{
		Addr: g.address, Conns: loaded, Think: 2 * time.Millisecond, Check: rawclient.WantStatus(200),
		Request: func(int, int) []byte { return get("/other/17") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	return func() *rawclient.Result {
		cancel()
		return <-done
	}
}

const loaded = 4 // connections of that load

// inFlight is how many requests are in handlers.
func (g *ground) inFlight(t *testing.T) (n int) {
	t.Helper()
	_, report := asked(t, g.process, g.data, "", "GET", "/api/v1/metrics", nil)
	for _, e := range report["endpoints"].([]any) {
		n += int(e.(map[string]any)["in_flight"].(float64))
	}
	return n
}

// endOf sends what ends the guilty handler's process for the n-th time, and
// checks what it costs the others: their connections, where it is their process
// too, and else nothing.
func (g *ground) endOf(t *testing.T, path string, n int) {
	t.Helper()
	idle := g.connect(t, "/other/0")
	if r, err := idle.ReadResponse("GET"); err != nil || r.Status != 200 {
		t.Fatal(err)
	}
	long := "wait-long"
	var same *rawclient.Conn
	if g.isolated {
		long, same = "wait", g.waiter(t, "/f/wait")
	}
	waiter := g.waiter(t, fmt.Sprintf("/other/%d?%s", n, long)) // another one each time
	r, err := g.connect(t, "").Do(get(path))
	began := time.Now()
	other := g.connect(t, "/other/0") // or it would have been refused
	switch {
	case g.isolated && (err != nil || r.Status != 502):
		t.Errorf("crash %d: %v, %v; want 502", n, r, err)
	case !g.isolated && err == nil:
		t.Errorf("crash %d was answered: %d", n, r.Status)
	}
	if r, err := other.ReadResponse("GET"); err != nil || r.Status != 200 {
		t.Errorf("after crash %d: %v, %v", n, r, err)
	}
	g.back = append(g.back, time.Since(began))
	if !g.isolated {
		if err := idle.AtEnd(); err != nil {
			t.Errorf("an idle connection, after crash %d: %v", n, err)
		}
		if r, err := waiter.ReadResponse("GET"); err == nil {
			t.Errorf("what waited in the process that crashed was answered: %d", r.Status)
		}
		return
	}
	if r, err := same.ReadResponse("GET"); err != nil || r.Status != 502 {
		t.Errorf("what was in flight at crash %d: %v, %v; want 502", n, r, err)
	}
	if r, err := waiter.ReadResponse("GET"); err != nil || r.Status != 200 {
		t.Errorf("what waited elsewhere at crash %d: %v, %v", n, r, err)
	}
	if r, err := idle.Do(get("/other/0")); err != nil || r.Status != 200 {
		t.Errorf("an idle connection, after crash %d: %v, %v", n, r, err)
	}
}

// thirdIsTheLast ends the guilty handler's process often enough for quarantine,
// under load for others, and returns the reports, the oldest first. Where it is
// one of several suspects in the worker, it is moved out of there before the
// third time.
func (g *ground) thirdIsTheLast(t *testing.T, path string, unsure bool) []model.Crash {
	t.Helper()
	stop := g.others(t)
	most := 0
	for n := range crash.Often {
		if unsure && n == crash.Often-1 && !slices.ContainsFunc(crashesOf(t, g.data), func(c model.Crash) bool { return c.Endpoint != "" }) {
			g.waitFor(t, "suspects run in processes of their own")
			g.isolated = true
		}
		if !g.isolated {
			most += loaded
		}
		g.endOf(t, path, n+1)
	}
	t.Logf("others were served after %v", g.back)
	if slices.Min(g.back) > 5*backAim {
		t.Errorf("others were served after %v", g.back)
	}
	inQuarantine := func() bool {
		answer, _ := send(g.address, "/f/ok")
		return answer != nil && answer.StatusCode == 503 && answer.Header.Get("Retry-After") != ""
	}
	switch {
	case g.isolated: // its process is back before that is decided
		within(t, 10*time.Second, "it is in quarantine", inQuarantine)
	case !inQuarantine():
		t.Error("it is not in quarantine")
	}
	if answer, _ := send(g.address, "/twin/ok"); answer == nil || answer.StatusCode != 200 {
		t.Errorf("the same version at another endpoint: %v", answer)
	}
	r := stop()
	if r.Refused != 0 || r.Failed > most || r.OK == 0 {
		t.Error("others:", r)
	}
	crashes := crashesOf(t, g.data)
	slices.Reverse(crashes)
	if len(crashes) != crash.Often {
		t.Fatalf("%+v", crashes)
	}
	for n, c := range crashes {
		if (c.Quarantined != "") != (n == crash.Often-1) {
			t.Errorf("crash %d: %+v", n+1, c)
		}
	}
	return crashes
}
