//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/crash"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

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

// An endpoint of the API goes back to the version that was healthy, while
// requests come all the time.
func TestAfterAQuarantineTheHealthyVersionServes(t *testing.T) {
	dir, _ := project(t)
	data := filepath.Join(t.TempDir(), "d")
	p := serve(t, nil, "--data", data)
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(binary, append(args, "--data", data)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	run("deploy", dir, "--name", "app", "--route", "/f/{path:*}")
	run("deploy", "../../internal/crash/testdata", "--name", "app")
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
