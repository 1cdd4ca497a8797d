//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "edge-gateway-command-*")
	if err == nil {
		binary = filepath.Join(dir, "edge-gateway")
		build := exec.Command("go", "build", "-o", binary, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Many run at a time, and one address is for one of them.
	_ = os.Setenv("EDGE_GATEWAY_ADMIN", "off")
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// process is a gateway that runs as its own process.
type process struct {
	*exec.Cmd
	address string
	mu      sync.Mutex
	text    bytes.Buffer
	exited  chan error
}

// serve serves on a free port and waits until it does.
func serve(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := start(t, env, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	p.waitUntilServing(t)
	return p
}

// inBothModes runs a test with a worker process and without one.
func inBothModes(t *testing.T, test func(t *testing.T)) {
	for _, mode := range []struct{ name, single string }{{"worker", "false"}, {"single process", "true"}} {
		t.Run(mode.name, func(t *testing.T) {
			t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", mode.single)
			test(t)
		})
	}
}

// start starts the command.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary, args...), exited: make(chan error, 1)}
	p.Env = append(os.Environ(), env...)
	p.Stdout = p
	p.Stderr = p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.exited <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Log(p.output())
		}
	})
	return p
}

func (p *process) waitUntilServing(t *testing.T) {
	t.Helper()
	p.waitFor(t, `"msg":"serving"`)
	_, rest, _ := strings.Cut(p.output(), `"msg":"serving","address":"http://`)
	p.address, _, _ = strings.Cut(rest, `"`)
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *process) waitFor(t *testing.T, text string) {
	t.Helper()
	within(t, 3*time.Minute, "the output has "+text, func() bool {
		select {
		case err := <-p.exited:
			p.exited <- err
			t.Fatalf("it ended: %v\n%s", err, p.output())
		default:
		}
		return strings.Contains(p.output(), text)
	})
}

// stop ends the process as a service manager would, and wants status 0.
func (p *process) stop(t *testing.T) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections() // else they are waited for, as a client's are
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.exited:
		if err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it did not end after SIGTERM")
	}
}

func within(t *testing.T, limit time.Duration, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (p *process) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// fails runs the command and returns what it says; it has to fail.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	return endsWith(t, 1, args...)
}

// endsWith runs the command and returns what it says; it has to end with an
// exit status.
func endsWith(t *testing.T, status int, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else if err != nil {
		got = -1
	}
	if got != status {
		t.Errorf("%v: %v, want exit status %d\n%s", args, err, status, out)
	}
	return string(out)
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const helloInC = `#include "edge_gateway_sdk.h"
static int32_t hello(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("first"));
}
EG_HANDLER("hello", "1.0");
EG_ENTRY(hello);
`

// project is a folder with a C handler and a configuration that serves it.
func project(t *testing.T) (dir, config string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "hello.c"), helloInC)
	config = write(t, filepath.Join(dir, "edge-gateway.toml"), "[[endpoint]]\nname = \"hello\"\npath = \"/\"\nsource = \".\"\n")
	return dir, config
}

func TestSamplesAnswerAsTheReadmeSays(t *testing.T) {
	p := serve(t, nil, "--config", "../../samples.toml", "--data", samplesData(t))
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/c/hello/A%20b+c", "", 200, "Hello, A b+c!"},
		{"GET", "/rust/hello/A%20b+c", "", 200, "Hello, A b+c!"},
		{"GET", "/go/hello/A%20b+c", "", 200, "Hello, A b+c!"},
		{"POST", "/rust/json", `{"b":[1,2.50],"a":null}`, 200, "{\n  \"b\": [\n    1,\n    2.50\n  ],\n  \"a\": null\n}"},
		{"POST", "/go/markdown", "# Hi *there*", 200, "<h1>Hi <em>there</em></h1>\n"},
		{"GET", "/c/wait?ms=5", "", 200, "waited 5 ms\n"}, {"GET", "/c/wait-blocking?ms=5", "", 200, "waited 5 ms\n"},
		{"GET", "/c/pending?ms=5", "", 200, "waited 5 ms\n"}, {"GET", "/rust/wait?ms=5", "", 200, "waited 5 ms\n"},
		{"GET", "/go/wait?ms=5", "", 200, "waited 5 ms\n"},
		{"PUT", "/files/a/b", "kept", 201, "4 bytes\n"}, {"GET", "/files/a/b", "", 200, "kept"},
		{"DELETE", "/files/a/b", "", 204, ""}, {"GET", "/files?prefix=a/", "", 200, `{"files":[]}`},
	} {
		status, body := p.ask(t, test.method, test.path, test.body)
		if status != test.status || strings.TrimSuffix(body, "\n") != strings.TrimSuffix(test.want, "\n") {
			t.Errorf("%s %s: %d %q, want %q", test.method, test.path, status, body, test.want)
		}
	}
	if status, body := p.ask(t, "POST", "/rust/json", "{\n  \"a\": oops}"); status != 400 || !strings.Contains(body, "line 2") || !strings.Contains(body, "column") {
		t.Errorf("json: %d %q", status, body)
	}
	plain := strings.Repeat("some text ", 1000)
	if _, body := p.ask(t, "POST", "/c/gzip", plain); !strings.HasPrefix(body, "\x1f\x8b") || gunzip(t, body) != plain {
		t.Error("gzip: the body does not come back")
	}
	var echoes []string
	for _, language := range []string{"c", "rust", "go"} {
		_, body := p.ask(t, "PATCH", "/"+language+"/echo/a%2fb//c?x=%20&y", "body \x00\xff")
		echoes = append(echoes, strings.ReplaceAll(body, `"/`+language+`/`, `"/*/`))
	}
	if echoes[0] != echoes[1] || echoes[0] != echoes[2] || !strings.Contains(echoes[0], `"body_length":7`) {
		t.Errorf("echoes differ:\n%s%s%s", echoes[0], echoes[1], echoes[2])
	}
	p.stop(t)
}

func gunzip(t *testing.T, data string) string {
	cmd := exec.Command("gzip", "-dc")
	cmd.Stdin = strings.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Error(err)
	}
	return string(out)
}

func TestWatchSwapsWhatCompilesAndKeepsWhatServes(t *testing.T) {
	dir, config := project(t)
	p := serve(t, nil, "--config", config, "--watch")
	answers := func(want string) {
		t.Helper()
		within(t, 30*time.Second, "the answer is "+want, func() bool {
			_, body := p.ask(t, "GET", "/", "")
			return body == want
		})
	}
	source := filepath.Join(dir, "hello.c")
	edited := func(answer string) string { return strings.Replace(helloInC, "first", answer, 1) }
	answers("first")
	write(t, source, edited("second"))
	answers("second")
	write(t, source, edited("third")+"this is no C\n")
	p.waitFor(t, "the old version keeps serving")
	if !strings.Contains(p.output(), "this is no C") {
		t.Error("the compiler's message was not printed")
	}
	answers("second")
	if err := os.Rename(write(t, filepath.Join(dir, "hello.c.new"), edited("fourth")), source); err != nil {
		t.Fatal(err)
	}
	answers("fourth")
	for n := range 10 {
		write(t, source, edited(fmt.Sprint("save ", n)))
	}
	answers("save 9")
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	answers("save 9")
	write(t, source, edited("last"))
	answers("last")
	p.stop(t)
}

func TestReloadTakesAGoodFileAndRefusesABadOne(t *testing.T) { inBothModes(t, reload) }

func reload(t *testing.T) {
	_, config := project(t)
	p := serve(t, nil, "--config", config)
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	reload := func(content, says string) {
		t.Helper()
		write(t, config, content)
		if err := p.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.waitFor(t, says)
	}
	reload(string(good)+"pth = \"/x\"\n", `unknown key`)
	if status, _ := p.ask(t, "GET", "/", ""); status != 200 {
		t.Errorf("after a refused reload: %d", status)
	}
	reload(strings.Replace(string(good), `path = "/"`, `path = "/moved"`, 1), "was reloaded")
	if status, _ := p.ask(t, "GET", "/moved", ""); status != 200 {
		t.Errorf("after a reload: %d", status)
	}
	if status, _ := p.ask(t, "GET", "/", ""); status != 404 {
		t.Errorf("the old route answers %d", status)
	}
	p.stop(t)
}

func TestMistakesAreToldInSentences(t *testing.T) {
	dir, config := project(t)
	p := serve(t, nil, "--config", config, "--data", filepath.Join(dir, "d"))
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	typo := write(t, filepath.Join(dir, "typo.toml"), "[server]\nlistn = \"x\"\n[[endpoint]]\nname = \"a\"\npath = \"/{\"\nsource = \"nowhere\"\n")
	far := write(t, filepath.Join(dir, "far.toml"), "[[service]]\nname = \"a\"\nkind = \"cache\"\ndriver = \"redis\"\naddress = \"h\"\n[[service]]\nname = \"b\"\nkind = \"http\"\nallow = []\n")
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"serve", "--config", far, "--listen", "127.0.0.1:0"}, []string{`far.toml:1: service "a": redis address "h": must be host:port`, `far.toml:6: service "b": no host is allowed`}},
		{[]string{"serve", "--config", dir}, []string{"is a folder; name a file"}},
		{[]string{"build", dir, "-o", dir}, []string{"is a folder: name the file"}},
		{[]string{"serve", "--config", config, "--listen", "127.0.0.1:0", "--data", config}, []string{"not a directory", "--data"}},
		{[]string{"serve", "--config", config, "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "d")}, []string{"another gateway is using this data directory", "--data"}},
		{[]string{"serve", "--config", config, "--listen", busy.Addr().String()}, []string{"address already in use", "--listen"}},
		{[]string{"serve", "--config", config, "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--admin", busy.Addr().String()}, []string{"address already in use", "--admin"}},
		{[]string{"serve", "--config", typo}, []string{"typo.toml:2:", `did you mean "listen"`, "typo.toml:5:", "typo.toml:6:"}},
		{[]string{"serve", "--config", filepath.Join(dir, "absent.toml")}, []string{"absent.toml", "no such file", "--config", "edge-gateway new"}},
		{[]string{"inspect", config}, []string{"looks like text"}},
		{[]string{"build", filepath.Join(dir, "absent")}, []string{"absent"}},
		{[]string{"new", "c", dir}, []string{"empty"}},
	} {
		out := fails(t, test.args...)
		for _, text := range test.says {
			if !strings.Contains(out, text) {
				t.Errorf("%v does not say %q:\n%s", test.args, text, out)
			}
		}
	}
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"new", "cobol", filepath.Join(dir, "x")}, []string{"c", "rust", "go"}},
		{[]string{"sreve"}, []string{"sreve", "serve"}},
	} {
		out := endsWith(t, 2, test.args...)
		for _, text := range test.says {
			if !strings.Contains(out, text) {
				t.Errorf("%v does not say %q:\n%s", test.args, text, out)
			}
		}
	}
	p.stop(t)
}

func TestMissingCompilerCostsItsOwnHandlersOnly(t *testing.T) {
	_, config := project(t)
	crate := t.TempDir()
	write(t, filepath.Join(crate, "Cargo.toml"), "[package]\nname = \"x\"\nversion = \"0.1.0\"\n")
	more, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(more, "[[endpoint]]\nname = \"rust\"\npath = \"/rust\"\nsource = %q\n", crate)
	more.Close()
	// A PATH with a C compiler and without cargo.
	path := t.TempDir()
	for _, tool := range []string{"cc", "gcc", "as", "ld"} {
		if found, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(found, filepath.Join(path, tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := serve(t, []string{"PATH=" + path}, "--config", config)
	if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "first" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := p.ask(t, "GET", "/rust", ""); status != 503 {
		t.Errorf("the endpoint without a version answers %d", status)
	}
	for _, text := range []string{"handlers in rust are left out", "install"} {
		if !strings.Contains(p.output(), text) {
			t.Errorf("of cargo it does not say %q", text)
		}
	}
	p.stop(t)
}

func TestNewProjectBuildsAndAnswers(t *testing.T) {
	for _, test := range []struct{ language, single string }{
		{"c", "false"}, {"rust", "false"}, {"go", "false"}, {"go", "true"}, // a Go runtime wants to be prepared for
	} {
		t.Run(test.language+", single process "+test.single, func(t *testing.T) {
			t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", test.single)
			language := test.language
			dir := filepath.Join(t.TempDir(), "project")
			if out, err := exec.Command(binary, "new", language, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			p := serve(t, nil, "--config", filepath.Join(dir, "edge-gateway.toml"))
			if status, body := p.ask(t, "GET", "/hello/you", ""); status != 200 || !strings.Contains(body, "Hello, you!") {
				t.Errorf("%d %q", status, body)
			}
			p.stop(t)
		})
	}
}

func TestBuildAndInspect(t *testing.T) {
	dir, _ := project(t)
	library := filepath.Join(t.TempDir(), "hello.so")
	if out, err := exec.Command(binary, "build", dir, "-o", library, "--data", t.TempDir()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	inspected := func(file string, lines ...string) {
		t.Helper()
		out, err := exec.Command(binary, "inspect", file).CombinedOutput()
		if loads := strings.Contains(string(out), "loads     yes"); loads != (err == nil) {
			t.Errorf("of %s it says, and ends with %v:\n%s", file, err, out)
		}
		for _, line := range lines {
			if !regexp.MustCompile("(?m)^" + line + "$").Match(out) {
				t.Errorf("of %s no line is %q:\n%s", file, line, out)
			}
		}
	}
	inspected(library, "sha256 +[0-9a-f]{64}", "size +[0-9]+ bytes", "format +(ELF|Mach-O), a shared library", "system +"+runtime.GOOS+"/"+runtime.GOARCH,
		"language +c", "abi +0.2", "exports +handler_abi_0_2, handler_entry, handler_info .3 in all.", "needs +.*libc.*", "loads +yes")
	inspected("../../../abi/inspect/testdata/windows-arm64.pe", "format +PE, a shared library", "system +windows/arm64", "loads +no: .*PE for windows.*")
	inspected("../../../abi/inspect/testdata/darwin-arm64.macho", "format +Mach-O, .*", "system +darwin/arm64")
	if out, err := exec.Command(binary, "version").Output(); err != nil || !strings.Contains(string(out), "ABI 0.2") {
		t.Errorf("%v %s", err, out)
	}
}

func TestFlagGoesOverEnvironmentWhichGoesOverFile(t *testing.T) {
	dir, config := project(t)
	write(t, config, "[server]\ndata = \"of-file\"\n[[endpoint]]\nname = \"hello\"\npath = \"/\"\nsource = \".\"\n")
	env := []string{"EDGE_GATEWAY_DATA=" + filepath.Join(dir, "of-env"), "EDGE_GATEWAY_CONFIG=" + config}
	used := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name, "lock"))
		return err == nil
	}
	serve(t, env, "--data", filepath.Join(dir, "of-flag")).stop(t)
	if !used("of-flag") || used("of-env") || used("of-file") {
		t.Error("the flag does not decide")
	}
	serve(t, env).stop(t)
	if !used("of-env") || used("of-file") {
		t.Error("the environment does not decide")
	}
	serve(t, nil, "--config", config).stop(t)
	if !used("of-file") {
		t.Error("the file does not decide")
	}
}
