package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// placing is a gateway whose endpoints crash if they are asked to.
type placing struct {
	*process
	t      *testing.T
	data   string
	faulty string // folder of a handler
}

func placed(t *testing.T) *placing {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("../../internal/crash/testdata/faults.c")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "faults.c"), string(source))
	t.Chdir(t.TempDir())
	data := filepath.Join(t.TempDir(), "d")
	return &placing{serve(t, nil, "--data", data, "--no-access-log"), t, data, dir}
}

func (p *placing) run(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(binary, append(args, "--data", p.data)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// deploy makes an endpoint of the handler, at /NAME/.
func (p *placing) deploy(name string, flags ...string) {
	p.t.Helper()
	p.run(append([]string{"deploy", p.faulty, "--name", name, "--route", "/" + name + "/{path:*}"}, flags...)...)
}

func (p *placing) endpoint(name string) (e model.Endpoint) {
	p.t.Helper()
	out := p.run("endpoints", "show", name, "--json")
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	if e.Placement == nil {
		p.t.Fatalf("%s is nowhere: %s", name, out)
	}
	return e
}

func (p *placing) becomes(name string, state model.PlacementState) {
	p.t.Helper()
	var last *model.Placement
	defer func() {
		if p.t.Failed() {
			p.t.Logf("%s: %+v", name, last)
		}
	}()
	within(p.t, 20*time.Second, fmt.Sprintf("%s is %s", name, state), func() bool {
		last = p.endpoint(name).Placement
		return last.State == state
	})
}

// load asks for a path over some connections, never twice for the same, until
// stop.
func (p *placing) load(path string) (stop func() *rawclient.Result) {
	ctx, cancel := context.WithCancel(p.t.Context())
	load := rawclient.Load{
		Addr: p.address, Conns: 4, Check: rawclient.WantStatus(200), Think: 200 * time.Microsecond,
		Request: func(int, int) []byte { return []byte("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	return func() *rawclient.Result {
		cancel()
		return <-done
	}
}

// wait has a request in the handler that never returns.
func (p *placing) wait(name string) {
	p.t.Helper()
	connection, err := net.Dial("tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = connection.Close() })
	if _, err := fmt.Fprintf(connection, "GET /%s/wait HTTP/1.1\r\nHost: x\r\n\r\n", name); err != nil {
		p.t.Fatal(err)
	}
	within(p.t, 10*time.Second, "the request is in "+name, func() bool {
		var m model.Metrics
		_, answer := asked(p.t, p.process, p.data, "", "GET", "/api/v1/metrics", nil)
		text, err := json.Marshal(answer)
		if err := errors.Join(err, json.Unmarshal(text, &m)); err != nil {
			p.t.Fatal(err)
		}
		for _, e := range m.Endpoints {
			if e.Name == name {
				return e.InFlight > 0
			}
		}
		return false
	})
}

// dies sends a request that ends the process that it is in.
func (p *placing) dies(path string, isolated bool) {
	p.t.Helper()
	answer, refused := send(p.address, path)
	if refused || (answer != nil) != isolated || isolated && answer.StatusCode != 502 {
		p.t.Errorf("%s: refused %v, answer %+v", path, refused, answer)
	}
}

// What ends an isolated endpoint's process costs nobody else anything, is in
// the report with its author, and is quarantined like anything else.
func TestACrashOfAnIsolatedEndpointConcernsNobodyElse(t *testing.T) {
	inBothModes(t, crashOfAnIsolatedEndpoint)
}

func crashOfAnIsolatedEndpoint(t *testing.T) {
	p := placed(t)
	p.deploy("good")
	p.deploy("bad", "--isolation", "process", "--process-files", "200")
	e := p.endpoint("bad")
	if e.Placement.State != model.PlacedInProcess || e.Placement.Process == nil || e.Placement.Process.Pid == 0 || len(e.Placement.Process.Bounds) == 0 {
		t.Errorf("%+v", e.Placement)
	}
	if shown := p.run("status"); !strings.Contains(shown, "ISOLATED") || !strings.Contains(shown, " process ") {
		t.Errorf("%s", shown)
	}
	stop := p.load("/good/fine")
	for range crash.Often {
		p.dies("/bad/segv", true)
	}
	within(t, 10*time.Second, "it is quarantined", func() bool {
		answer, _ := send(p.address, "/bad/fine")
		return answer != nil && answer.StatusCode == 503
	})
	if r := stop(); r.Failed+r.Refused > 0 || r.OK == 0 {
		t.Error(r)
	}
	crashes := crashesOf(t, p.data)
	if len(crashes) != crash.Often {
		t.Fatalf("%+v", crashes)
	}
	for n, c := range crashes {
		if !c.Isolated || c.Endpoint != "bad" || c.Version != e.Version || c.Evidence != "process" || !strings.HasPrefix(c.What, "SIGSEGV") ||
			!strings.HasPrefix(c.Where, "fault_segv+0x") || c.Request == nil || c.Request.Path != "/bad/segv" || c.Lost != 0 || (c.Quarantined != "") != (n == 0) {
			t.Errorf("%+v, request %+v", c, c.Request)
		}
	}
	if shown := p.run("crashes"); !strings.Contains(shown, `the handler of endpoint "bad"`) || !strings.Contains(shown, "ended its own process: SIGSEGV") {
		t.Errorf("%s", shown)
	}
	p.stop(t)
}

// A new version proves itself under live traffic and moves, without a request
// lost; what crashes in the worker then goes back out, and stays there over a
// restart.
func TestAnEndpointOnAutoMovesInAndGoesBackOut(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	p := placed(t)
	p.deploy("app", "--isolation", "auto", "--probation-requests", "300", "--probation-time", "1s")
	if e := p.endpoint("app"); e.Placement.State != model.OnProbation || e.Placement.Process == nil {
		t.Fatalf("%+v", e.Placement)
	}
	p.dies("/app/segv", true) // its probation begins anew
	stop := p.load("/app/fine")
	p.becomes("app", model.Cleared)
	if r := stop(); r.Failed+r.Refused > 0 || r.OK < 300 {
		t.Error(r)
	}
	if e := p.endpoint("app"); e.Placement.Process != nil || !strings.Contains(e.Placement.Reason, "without a crash") {
		t.Errorf("%+v", e.Placement)
	}
	p.waitFor(t, "a version has proved itself")
	p.dies("/app/segv", false)
	p.becomes("app", model.PutOut)
	within(t, 10*time.Second, "it serves out there", func() bool {
		answer, _ := send(p.address, "/app/fine")
		return answer != nil && answer.StatusCode == 200
	})
	if shown := p.run("status"); !strings.Contains(shown, "endpoint app runs in a process of its own: it ended the worker: SIGSEGV") {
		t.Errorf("%s", shown)
	}
	p.stop(t)

	p.process = serve(t, nil, "--data", p.data, "--no-access-log")
	if e := p.endpoint("app"); e.Placement.State != model.PutOut || e.Placement.Process == nil {
		t.Errorf("%+v", e.Placement)
	}
	p.run("endpoints", "release", "app")
	stop = p.load("/app/fine")
	p.becomes("app", model.Cleared)
	if r := stop(); r.Failed+r.Refused > 0 {
		t.Error(r)
	}
	p.stop(t)
}

// What the configuration file says of isolation holds from the start on, and so
// does what was decided since.
func TestAnEndpointOfTheFileOnAutoStaysOutOverARestart(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	p := placed(t)
	p.stop(t)
	file := write(t, filepath.Join(t.TempDir(), "edge-gateway.toml"), fmt.Sprintf(
		"[[endpoint]]\nname = \"app\"\npath = \"/app/{path:*}\"\nsource = %q\nisolation = \"auto\"\n[endpoint.probation]\nrequests = 300\ntime = \"1s\"\n", p.faulty))
	p.process = serve(t, nil, "--data", p.data, "--config", file, "--no-access-log")
	if e := p.endpoint("app"); e.Placement.State != model.OnProbation || e.Placement.Process == nil {
		t.Fatalf("%+v", e.Placement)
	}
	stop := p.load("/app/fine")
	p.becomes("app", model.Cleared)
	stop()
	p.dies("/app/segv", false)
	p.becomes("app", model.PutOut)
	p.stop(t)

	p.process = serve(t, nil, "--data", p.data, "--config", file, "--no-access-log")
	if e := p.endpoint("app"); e.Placement.State != model.PutOut || e.Placement.Process == nil {
		t.Errorf("%+v", e.Placement)
	}
	p.dies("/app/segv", true)
	p.stop(t)
}

// A stack that a handler's own thread overflows leaves no trace. Its second time
// puts the suspects out, and its third shows who it was.
func TestTheGuiltyOneOfSeveralSuspectsIsFound(t *testing.T) {
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	p := placed(t)
	for _, name := range []string{"guilty", "busy", "idle"} {
		p.deploy(name, "--probation-requests", "300", "--probation-time", "1s")
	}
	for n := range 2 {
		p.wait("busy")
		p.dies("/guilty/thread/stack", false)
		within(t, 20*time.Second, "the crash is in the report", func() bool { return len(crashesOf(t, p.data)) == n+1 })
		if c := crashesOf(t, p.data)[0]; c.Endpoint != "" || len(c.Suspects) != 2 {
			t.Fatalf("%+v", c)
		}
	}
	p.becomes("guilty", model.Suspected)
	p.becomes("busy", model.Suspected)
	if e := p.endpoint("idle"); e.Placement.State != model.PlacedInWorker {
		t.Errorf("%+v", e.Placement)
	}
	if shown := p.run("status"); !strings.Contains(shown, "endpoint busy runs in a process of its own: 2 workers ended within ") {
		t.Errorf("%s", shown)
	}
	stopBusy, stopIdle := p.load("/busy/fine"), p.load("/idle/fine")
	p.dies("/guilty/thread/stack", true)
	p.becomes("guilty", model.PutOut)
	c := crashesOf(t, p.data)[0]
	if !c.Isolated || c.Endpoint != "guilty" || c.Evidence != "process" || len(c.Suspects) != 0 {
		t.Errorf("%+v", c)
	}
	p.becomes("busy", model.PlacedInWorker)
	for _, stop := range []func() *rawclient.Result{stopBusy, stopIdle} {
		if r := stop(); r.Failed+r.Refused > 0 || r.OK == 0 {
			t.Error(r)
		}
	}
	if e := p.endpoint("guilty"); e.Placement.State != model.PutOut {
		t.Errorf("%+v", e.Placement)
	}
	p.stop(t)
}

// A Go handler that the worker has no room for is offered isolation, and has it
// then.
func TestAGoHandlerOverTheCapIsOfferedIsolation(t *testing.T) {
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") != "1" {
		t.Skip("60 Go runtimes take some seconds and 500 MB: set EDGE_GATEWAY_TEST_LONG=1")
	}
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	dir := t.TempDir()
	if out, err := exec.Command(binary, "new", "go", filepath.Join(dir, "hello")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(binary, "build", filepath.Join(dir, "hello"), "-o", filepath.Join(dir, "hello.so"), "--data", t.TempDir()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var file strings.Builder
	for n := range 60 {
		fmt.Fprintf(&file, "[[endpoint]]\nname = \"e%d\"\npath = \"/e%[1]d/{name}\"\nlibrary = \"hello.so\"\n", n)
	}
	data := filepath.Join(dir, "d")
	p := serve(t, nil, "--data", data, "--config", write(t, filepath.Join(dir, "edge-gateway.toml"), file.String()))
	deploy := func(flags ...string) (string, error) {
		out, err := exec.Command(binary, append([]string{"deploy", filepath.Join(dir, "hello.so"), "--name", "last", "--route", "/last/{name}", "--data", data}, flags...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := deploy(); err == nil || !strings.Contains(out, `isolation = "process"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := deploy("--isolation", "process"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range []string{"/e0/you", "/e59/you", "/last/you"} {
		if status, body := p.ask(t, "GET", path, ""); status != 200 || !strings.Contains(body, "you") {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	p.stop(t)
}
