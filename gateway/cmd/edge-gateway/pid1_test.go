//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// orphaningInC has a grandchild that outlives its parent.
const orphaningInC = `#include "edge_gateway_sdk.h"
#include <sys/wait.h>
#include <unistd.h>
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  pid_t child = fork();
  if (child == 0) {
    if (fork() == 0) usleep(50 * 1000);
    _exit(0);
  }
  waitpid(child, 0, 0);
  return eg_answer(host, request, response, 200, 0, eg_text("orphaned"));
}
EG_HANDLER("orphaning", "1.0");
EG_ENTRY(answer);
`

// inNamespace runs the program as the first process of a namespace.
func inNamespace(t *testing.T, args ...string) *process {
	t.Helper()
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	unshare := []string{"--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"}
	if os.Getuid() != 0 {
		unshare = append(unshare, "--user", "--map-root-user")
	}
	if out, err := exec.Command("unshare", append(unshare, "true")...).CombinedOutput(); err != nil {
		if os.Getenv("EDGE_GATEWAY_TEST_REQUIRE_ALL") == "1" && os.Getuid() == 0 {
			t.Fatalf("no namespace of processes: %v %s", err, out)
		}
		t.Skipf("no namespace of processes: %v %s", err, out)
	}
	p := &process{Cmd: exec.Command("unshare", append(append(unshare, binary), args...)...), exited: make(chan error, 1)}
	p.Env, p.Stdout, p.Stderr = os.Environ(), p, p
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

// children are the child processes of one, also those that nobody has waited for.
func children(t *testing.T, pid int) (all []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		text, _ := os.ReadFile(thread) // it may have ended
		for _, one := range strings.Fields(string(text)) {
			n, _ := strconv.Atoi(one)
			all = append(all, n)
		}
	}
	return all
}

func exitOf(t *testing.T, p *process) int {
	t.Helper()
	select {
	case err := <-p.exited:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
		return -1
	}
}

func TestAsTheFirstProcessItReapsAndPassesSignalsOn(t *testing.T) {
	dir, config := project(t)
	write(t, filepath.Join(dir, "hello.c"), orphaningInC)
	start := func() (p *process, first, control int) {
		t.Helper()
		p = inNamespace(t, "serve", "--listen", "127.0.0.1:0", "--config", config)
		p.waitUntilServing(t)
		first = children(t, p.Process.Pid)[0]
		return p, first, children(t, first)[0]
	}
	p, first, control := start()
	for range 10 {
		if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "orphaned" {
			t.Errorf("%d %q", status, body)
		}
	}
	within(t, 20*time.Second, "orphans are waited for", func() bool { return slices.Equal(children(t, first), []int{control}) })
	// The children of the program are its own to wait for.
	if err := syscall.Kill(children(t, control)[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "a worker process serves again")
	if !strings.Contains(p.output(), `"status":"signal: killed"`) {
		t.Error("how the worker ended is not told")
	}
	if err := syscall.Kill(first, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "the configuration was reloaded")
	http.DefaultClient.CloseIdleConnections()
	if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := exitOf(t, p); status != 0 {
		t.Errorf("after SIGTERM the status is %d", status)
	}
	p, _, control = start()
	if err := syscall.Kill(control, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if status := exitOf(t, p); status != 128+int(syscall.SIGKILL) {
		t.Errorf("when control was killed the status is %d", status)
	}
	if status := exitOf(t, inNamespace(t, "serve", "--config", filepath.Join(dir, "nowhere.toml"))); status != 1 {
		t.Errorf("after a mistake the status is %d", status)
	}
}
