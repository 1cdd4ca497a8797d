//go:build linux

package crash

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
)

// The child is a worker as far as its death is concerned: it has the recorder
// and the pipe for the runtime's last words, serves a request of a bystander
// that waits in C, and then the one that ends it.
const childVariable = "EDGE_GATEWAY_TEST_CRASH_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		child(path)
		os.Exit(99) // it was to be dead
	}
	os.Exit(m.Run())
}

type childHost struct{}

func (childHost) Service(string, string) (abi.Service, abi.Status) { return nil, abi.ErrUnsupported }
func (childHost) Log(slog.Level, string, string)                   {}

func child(path string) {
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(98)
		}
	}
	must(debug.SetCrashOutput(os.NewFile(4, "crash"), debug.CrashOptions{}))
	recorder, err := abi.OpenRecorder(os.NewFile(3, "recorder"))
	must(err)
	must(recorder.RecordFaults())
	memory, err := abi.NewMemory(64 << 20)
	must(err)
	memory.Record(recorder)
	library := os.Args[1]
	load := func(endpoint, version string) *abi.Instance {
		l, err := recorder.Open(library, filepath.Dir(library), false, endpoint, version)
		must(err)
		i, err := abi.Start(l, abi.Options{Endpoint: endpoint, Host: childHost{}, Memory: memory})
		must(err)
		return i
	}
	enter := func(i *abi.Instance, id, path string) {
		f, err := memory.Acquire()
		must(err)
		must(f.SetText(abi.TextRequestID, []byte(id)))
		must(f.SetText(abi.TextMethod, []byte("GET")))
		must(f.SetText(abi.TextPath, []byte(path)))
		f.SetMeta(time.Now(), time.Now().Add(time.Hour))
		i.Enter(f)
	}
	bystander := load("bystander", versionOf("bystander"))
	guilty := load("guilty", versionOf("guilty"))
	load("idle", versionOf("idle"))
	go enter(bystander, "id-waits", "/wait")
	for len(recorder.Read().Calls) == 0 {
		time.Sleep(time.Millisecond)
	}
	enter(guilty, "id-dies", path)
}

// versionOf is a digest.
func versionOf(endpoint string) string { return fmt.Sprintf("%064x", endpoint) }

var faultsLibrary = sync.OnceValues(func() (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "edge-gateway-crash")
	if err != nil {
		return "", err
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "faults.so")
	text, err := exec.Command(cc, "-shared", "-fPIC", "-O1", "-pthread", "-I", filepath.Join(root, "abi"), "-I", filepath.Join(root, "sdk-c"),
		"-o", out, "testdata/faults.c").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return out, nil
})

// crashed has a child die by a request for path.
func crashed(t *testing.T, path string) Death {
	t.Helper()
	library, err := faultsLibrary()
	if err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" {
			t.Fatal("no C compiler: ", err)
		}
		t.Skip("no C compiler: ", err)
	}
	recorder, err := abi.NewRecorder()
	if err != nil {
		t.Fatal(err)
	}
	defer recorder.Close()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, self, library)
	c.Env = append(os.Environ(), childVariable+"="+path)
	c.ExtraFiles = []*os.File{recorder.File(), in}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	output, err := io.ReadAll(io.LimitReader(out, 64<<10))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := c.Wait(); err != nil {
		t.Log(err)
	}
	if code := c.ProcessState.ExitCode(); code == 98 || code == 99 {
		t.Fatalf("%v\n%s", c.ProcessState, &stderr)
	}
	return Death{Status: c.ProcessState.String(), Output: output, Recorded: recorder.Read(), At: time.Now()}
}
