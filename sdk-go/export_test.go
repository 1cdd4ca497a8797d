package edge_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

func TestHelloAnswersFromEveryThreadOfAHostInC(t *testing.T) {
	got := drive(t, "examples/hello", "", "GET", "/go/hello/x", "", "-p", "name", "Wörld+\"", "-t", "8", "-n", "500")
	want := "name hello\nversion (devel)\nsdk edge-gateway-sdk-go 0.1\nlanguage go\ninit 0\nentry 0\n" +
		"status 200\nheader content-type\nvalue text/plain; charset=utf-8\nbody 16\nHello, Wörld+\"!"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMarkdownAnswersWithHTML(t *testing.T) {
	got := drive(t, "examples/markdown", "# Title\n\nsome *text*", "POST", "/go/markdown", "")
	if !strings.Contains(got, "value text/html; charset=utf-8\n") || !strings.HasSuffix(got, "<h1>Title</h1>\n<p>some <em>text</em></p>\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestEchoWritesItsRequestByteForByte(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		body string
		want string // without the body's length and sum
	}{
		"plain": {[]string{"GET", "/go/echo/a", "x=1", "-p", "path", "a", "-h", "Host", "h", "-h", "X", "1"}, "",
			`{"method":"GET","path":"/go/echo/a","query":"x=1","params":[["path","a"]],"headers":[["Host","h"],["X","1"]]`},
		"nothing there": {[]string{"PUT", "/go/echo/", ""}, "",
			`{"method":"PUT","path":"/go/echo/","query":"","params":[],"headers":[]`},
		"order, repeats and bytes": {[]string{"POST", "/go/echo/%2f", "q=\"\\", "-p", "path", "/\x01\x1f\x7fé\xff", "-h", "b", "1", "-h", "A", "", "-h", "b", "2"}, "\x00\xffbody",
			`{"method":"POST","path":"/go/echo/%2f","query":"q=\"\\","params":[["path","/\u0001\u001f\u007f\u00c3\u00a9\u00ff"]],"headers":[["b","1"],["A",""],["b","2"]]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := drive(t, "examples/echo", test.body, test.args...)
			sum := sha256.Sum256([]byte(test.body))
			want := fmt.Sprintf("%s,\"body_length\":%d,\"body_sha256\":\"%s\"}\n", test.want, len(test.body), hex.EncodeToString(sum[:]))
			if !json.Valid([]byte(want)) {
				t.Fatalf("not JSON: %s", want)
			}
			if !strings.HasSuffix(got, fmt.Sprintf("value application/json\nbody %d\n%s", len(want), want)) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestWaitSleepsByTheTimerService(t *testing.T) {
	for query, want := range map[string]string{
		"":            "status 200\nheader content-type\nvalue text/plain; charset=utf-8\nbody 14\nwaited 100 ms\n",
		"ms=3":        "body 12\nwaited 3 ms\n",
		"ms=-1":       "status 400\n",
		"ms=x":        "ms is not a number of milliseconds: \"x\"\n",
		"ms=20000000": "entry -6\nmessage wait 20000000 ms: the request's deadline has passed\n",
	} {
		if got := drive(t, "examples/wait", "", "GET", "/go/wait", query); !strings.Contains(got, want) {
			t.Errorf("%q: got\n%s\nwant\n%s", query, got, want)
		}
	}
}

func TestEveryAnswerReachesTheHost(t *testing.T) {
	const faults = "testdata/faults"
	for name, test := range map[string]struct {
		args []string
		body string
		want []string
	}{
		"panic":        {[]string{"GET", "/panic", "text"}, "", []string{"entry -1\nmessage panic: secret text\n", "\tat main.answer (main.go:"}},
		"nil":          {[]string{"GET", "/nil", ""}, "", []string{"entry -1\nmessage panic: runtime error: invalid memory address"}},
		"long error":   {[]string{"GET", "/error", ""}, "", []string{"entry -1\nmessage broken xxx"}},
		"status":       {[]string{"GET", "/status", ""}, "", []string{"entry -11\nmessage ask the backend: overloaded"}},
		"nothing":      {[]string{"GET", "/nothing", ""}, "", []string{"entry -1\nmessage the handler returned neither"}},
		"zero":         {[]string{"GET", "/zero", ""}, "", []string{"entry 0\nstatus 200\nbody 0\n"}},
		"empty":        {[]string{"GET", "/empty", ""}, "", []string{"entry 0\nstatus 201\nheader x-empty\nvalue \nbody 0\n"}},
		"big":          {[]string{"GET", "/big", ""}, "", []string{"body 1048576\n" + strings.Repeat("ab", 1<<19) + "log"}},
		"no memory":    {[]string{"GET", "/big", "", "-m", "4096"}, "", []string{"entry -5\nmessage the answer does not fit"}},
		"cookies":      {[]string{"GET", "/cookies", ""}, "", []string{"status 204\n", "header set-cookie\nvalue a=1\nheader set-cookie\nvalue b=2\n"}},
		"config":       {[]string{"GET", "/config", "color", "-c", "color", "blue"}, "", []string{"log 2 request: \n", `"blue" true`}},
		"no config":    {[]string{"GET", "/config", "size", "-c", "color", "blue"}, "", []string{`"" false`}},
		"all fields":   {[]string{"PUT", "/fields", "q", "-p", "a", "b", "-h", "C", "d"}, "xy", []string{"[PUT http localhost /fields q 127.0.0.1:4000 r-1 [{Name:C Value:d}] [{Name:a Value:b}] [120 121]] 1700000000000000000 1700000010000000000"}},
		"init's error": {[]string{"GET", "/zero", "", "-c", "start", "error"}, "", []string{"log 3 instance: start the handler: no database: the service cannot be reached\ninit -13\n"}},
		"init's panic": {[]string{"GET", "/zero", "", "-c", "start", "panic"}, "", []string{"log 3 instance: start the handler: panic: start panicked\n", "init -1\n"}},
		"description":  {[]string{"GET", "/zero", ""}, "", []string{"name faulty\nversion 1.2\n"}},
		"shutdown":     {[]string{"GET", "/zero", ""}, "", []string{"log 1 instance: bye from sample\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := drive(t, faults, test.body, test.args...)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("got\n%.2000s\nwant\n%.2000s", got, want)
				}
			}
		})
	}
}

// The memory that an answer goes to holds leftovers, here addresses that the
// library's runtime has given up: its collector would end the process if it
// came to see one.
func TestTheCollectorDoesNotLookIntoTheHostsMemory(t *testing.T) {
	got := drive(t, "testdata/faults", "", "GET", "/garbage", "", "-t", "4", "-n", "500")
	if !strings.Contains(got, "status 200\n") {
		t.Errorf("got\n%.2000s", got)
	}
}

func TestALibraryWithoutAHandlerIsRefusedWithTheReason(t *testing.T) {
	got := drive(t, "testdata/unregistered", "", "GET", "/", "")
	want := "log 3 instance: no handler is registered: call edge.Handle in an init function of package main\ninit -1\n"
	if !strings.Contains(got, want) {
		t.Errorf("got\n%s", got)
	}
}

// drive builds the handler in dir as a user's box would, from the unpacked SDK
// alone, and has the driver send it a request.
func drive(t *testing.T, dir, body string, args ...string) string {
	t.Helper()
	bench := workbench(t)
	library, err := bench.build(dir)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(bench.driver, append([]string{library}, args...)...)
	command.Stdin = strings.NewReader(body)
	var output, errors bytes.Buffer
	command.Stdout, command.Stderr = &output, &errors
	if err := command.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s%s", dir, args, err, output.String(), errors.String())
	}
	return output.String()
}

// bench is a box with nothing but the unpacked SDK and the driver.
type bench struct {
	root   string
	driver string

	mu    sync.Mutex
	built map[string]string // library by folder of its source
}

var theBench = sync.OnceValues(func() (*bench, error) {
	root, err := os.MkdirTemp("", "edge-sdk-")
	if err != nil {
		return nil, err
	}
	b := &bench{root: root, driver: filepath.Join(root, "driver"), built: map[string]string{}}
	if err := os.CopyFS(b.path("sdk"), edge.Files); err != nil {
		return b, err
	}
	if err := os.CopyFS(b.path("sdk/include"), abi.Headers); err != nil {
		return b, err
	}
	if err := os.WriteFile(b.path("sdk/go.mod"), []byte("module github.com/edge-gateway/edge-gateway/sdk-go\n\ngo 1.26\n"), 0o644); err != nil {
		return b, err
	}
	return b, run(exec.Command("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-I", b.path("sdk/include"),
		"-o", b.driver, "testdata/driver.c", "testdata/services.c", "-ldl", "-pthread"))
})

func TestMain(m *testing.M) {
	code := m.Run()
	if b, _ := theBench(); b != nil {
		_ = os.RemoveAll(b.root)
	}
	os.Exit(code)
}

func workbench(t *testing.T) *bench {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("Go handler libraries are for linux")
	}
	if _, err := exec.LookPath("cc"); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skipf("a C compiler is missing: %v", err)
	}
	b, err := theBench()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.root, filepath.FromSlash(name)) }

// build makes a library of the handler in dir, once.
func (b *bench) build(dir string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if library := b.built[dir]; library != "" {
		return library, nil
	}
	library, err := b.compile(dir, "so", "-buildmode=c-shared")
	if err == nil {
		b.built[dir] = library
	}
	return library, err
}

// compile compiles a copy of the handler in dir. It leads the module's
// requirement to the unpacked SDK by a go.mod beside the handler's own, which
// stays untouched. Nothing comes from a network, and nothing from a module
// cache unless the handler has a go.sum.
func (b *bench) compile(dir, suffix string, flags ...string) (string, error) {
	name := filepath.Base(dir) + "-" + suffix
	source := b.path(name)
	if err := os.CopyFS(source, os.DirFS(dir)); err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", err
	}
	mod = fmt.Appendf(mod, "\nreplace github.com/edge-gateway/edge-gateway/sdk-go => %s\n", b.path("sdk"))
	if err := os.WriteFile(b.path(name+".mod"), mod, 0o644); err != nil {
		return "", err
	}
	environment := append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=-mod=mod", "GOWORK=off")
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	switch {
	case err == nil:
		if err := os.WriteFile(b.path(name+".sum"), sums, 0o644); err != nil {
			return "", err
		}
	case os.IsNotExist(err):
		environment = append(environment, "GOPROXY=off", "GOMODCACHE="+b.path("no-modules"))
	default:
		return "", err
	}
	output := b.path(name + "." + suffix)
	command := exec.Command("go", "build", "-trimpath", "-modfile="+b.path(name+".mod"), "-buildvcs=false", "-o", output)
	command.Args = append(append(command.Args, flags...), ".")
	command.Dir, command.Env = source, environment
	return output, run(command)
}

func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%q: %w\n%s", command.Args, err, output)
	}
	return nil
}
