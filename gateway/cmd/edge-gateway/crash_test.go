//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// faulty is a folder with a handler that ends its process in the way that the
// path names, and one that does not.
func faulty(t *testing.T) (dir string) {
	t.Helper()
	dir, _ = project(t)
	if err := os.Mkdir(filepath.Join(dir, "guilty"), 0o700); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../internal/crash/testdata/faults.c")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "guilty", "faults.c"), string(source))
	return dir
}

func crashesOf(t *testing.T, data string) []model.Crash {
	t.Helper()
	out, err := exec.Command(binary, "crashes", "--json", "--data", data).CombinedOutput()
	var all []model.Crash
	if err == nil {
		err = json.Unmarshal(out, &all)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return all
}

// send asks over a connection of its own, once. Whether it was refused is told,
// if there is no answer.
func send(address, path string) (answer *http.Response, refused bool) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return nil, true
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); err != nil {
		return nil, errors.Is(err, syscall.ECONNREFUSED)
	}
	answer, err = http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return nil, errors.Is(err, syscall.ECONNREFUSED)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer, false
}

// Every way in which a handler can end its process costs the requests that are
// in flight, and nothing else: no connection is refused, others are served
// again at once, the report names the version, and the third time is the last.
func TestAHandlerThatEndsItsProcessIsBlamedAndQuarantined(t *testing.T) {
	dir := faulty(t)
	config := write(t, filepath.Join(dir, "edge-gateway.toml"),
		"[[endpoint]]\nname = \"guilty\"\npath = \"/f/{path:*}\"\nlibrary = \"guilty.so\"\n[[endpoint]]\nname = \"other\"\npath = \"/other\"\nlibrary = \"other.so\"\n")
	cache := t.TempDir()
	for library, source := range map[string]string{"guilty.so": filepath.Join(dir, "guilty"), "other.so": dir} {
		if out, err := exec.Command(binary, "build", source, "-o", filepath.Join(dir, library), "--data", cache).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for _, fault := range []string{"segv", "fpe", "ill", "abort", "stack", "free", "exit"} {
		for _, path := range []string{"/f/" + fault, "/f/thread/" + fault} {
			t.Run(path[3:], func(t *testing.T) {
				t.Parallel()
				data := filepath.Join(t.TempDir(), "d")
				p := serve(t, nil, "--config", config, "--data", data)
				for n := range crash.Often {
					if answer, refused := send(p.address, path); answer != nil || refused {
						t.Fatalf("crash %d: refused %v, answer %v", n+1, refused, answer)
					}
					began := time.Now()
					answer, refused := send(p.address, "/other")
					if refused || answer == nil || answer.StatusCode != 200 {
						t.Fatalf("after crash %d: refused %v, answer %v", n+1, refused, answer)
					}
					t.Logf("crash %d: others are served after %v", n+1, time.Since(began))
				}
				answer, _ := send(p.address, path)
				if answer == nil || answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
					t.Errorf("in quarantine: %v", answer)
				}
				crashes := crashesOf(t, data)
				if len(crashes) != crash.Often {
					t.Fatalf("%+v", crashes)
				}
				for n, c := range crashes {
					if c.Endpoint != "guilty" || len(c.Version) != 64 || c.State != "entry" || c.Request == nil || c.Request.Path != path ||
						(c.Quarantined != "") != (n == 0) {
						t.Errorf("%+v", c)
					}
					if named := strings.HasPrefix(c.Where, "fault_"+fault+"+0x"); !named && path != "/f/thread/stack" {
						t.Errorf("where: %q", c.Where)
					}
				}
				within(t, 10*time.Second, "the status tells", func() bool {
					out, err := exec.Command(binary, "status", "--data", data).CombinedOutput()
					return err == nil && strings.Contains(string(out), "is quarantined")
				})
				p.stop(t)
			})
		}
	}
}

// An endpoint of the API goes back to the version that was healthy, while
// requests come all the time.
func TestAfterAQuarantineTheHealthyVersionServes(t *testing.T) {
	dir := faulty(t)
	data := filepath.Join(t.TempDir(), "d")
	t.Chdir(t.TempDir())
	p := serve(t, nil, "--data", data)
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(binary, append(args, "--data", data)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run("deploy", filepath.Join(dir), "--name", "app", "--route", "/f/{path:*}")
	run("deploy", filepath.Join(dir, "guilty"), "--name", "app")
	for n := range crash.Often {
		if answer, refused := send(p.address, "/f/segv"); answer != nil || refused {
			t.Fatalf("crash %d: refused %v, answer %v", n+1, refused, answer)
		}
	}
	within(t, 10*time.Second, "the healthy version serves", func() bool {
		answer, refused := send(p.address, "/f/segv")
		return !refused && answer != nil && answer.StatusCode == 200
	})
	if n := len(crashesOf(t, data)); n != crash.Often {
		t.Errorf("%d crashes, want %d", n, crash.Often)
	}
	p.stop(t)
}
