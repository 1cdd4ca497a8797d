//go:build unix

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// frailInC crashes if it is asked to, or takes half a second.
const frailInC = `#include "edge_gateway_sdk.h"
#include <time.h>
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (request->query.len == 5) *(volatile int *)8 = 1;
  if (request->query.len == 4) {
    const struct timespec time = {0, 500 * 1000 * 1000};
    eg_log(host, request, EG_LOG_INFO, "it has begun");
    nanosleep(&time, 0);
  }
  return eg_answer(host, request, response, 200, 0, eg_text("whole"));
}
EG_HANDLER("frail", "1.0");
EG_ENTRY(answer);
`

// frail serves a handler that crashes.
func frail(t *testing.T, args ...string) (p *process, data string) {
	t.Helper()
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	dir, config := project(t)
	write(t, filepath.Join(dir, "hello.c"), frailInC)
	data = filepath.Join(dir, "d")
	return serve(t, nil, append(args, "--config", config, "--data", data)...), data
}

var ofWorker = regexp.MustCompile(`"msg":"(?:a (?:new )?worker process (?:was started|serves again|serves; the old one drains)|the worker process [^"]*, and was replaced)","pid":([0-9]+)`)

// worker is the process id of the last worker that is told of.
func (p *process) worker(t *testing.T) int {
	t.Helper()
	all := ofWorker.FindAllStringSubmatch(p.output(), -1)
	if all == nil {
		t.Fatal("no worker process is told of")
	}
	pid, _ := strconv.Atoi(all[len(all)-1][1])
	return pid
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// begin sends a request that takes half a second, and returns when it is in.
func (p *process) begin(t *testing.T) *rawclient.Conn {
	t.Helper()
	c, err := rawclient.Dial(p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Write([]byte("GET /?slow HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "it has begun")
	return c
}

func wantWhole(t *testing.T, c *rawclient.Conn) {
	t.Helper()
	if r, err := c.ReadResponse("GET"); err != nil || string(r.Body) != "whole" {
		t.Errorf("what was in flight: %v", err)
	}
}

func TestTheAdminAPIStaysWhileWorkersEnd(t *testing.T) {
	p, data := frail(t)
	c, err := rawclient.Dial(p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do([]byte("GET /?crash HTTP/1.1\r\nHost: x\r\n\r\n")); err == nil {
		t.Error("a crash was answered")
	}
	p.waitFor(t, "a worker process serves again")
	// Those that keep coming are waited between.
	var reasons string
	within(t, time.Minute, "it is not ready", func() bool {
		_ = syscall.Kill(p.worker(t), syscall.SIGKILL)
		status, answer := asked(t, p, data, "", "GET", "/readyz", nil)
		if status == http.StatusServiceUnavailable {
			list, _ := answer["not_ready"].([]any)
			for _, one := range list {
				reasons += one.(map[string]any)["reason"].(string)
			}
		}
		if status, answer := asked(t, p, data, "", "GET", "/api/v1/status", nil); status != 200 || len(answer["endpoints"].([]any)) != 1 {
			t.Fatalf("status: %d %v", status, answer)
		}
		return strings.Contains(reasons, "the worker is being restarted")
	})
	within(t, time.Minute, "it is ready again", func() bool {
		status, _ := asked(t, p, data, "", "GET", "/readyz", nil)
		return status == 200
	})
	if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "whole" {
		t.Errorf("%d %q", status, body)
	}
	p.stop(t)
}

func TestAWorkerWhoseControlIsKilledFinishesAndEnds(t *testing.T) {
	p, data := frail(t)
	worker := p.worker(t)
	c := p.begin(t)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "nobody listens", func() bool {
		c, err := rawclient.Dial(p.address)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	// Another one need not wait for it.
	next := start(t, nil, "serve", "--listen", p.address, "--data", data, "--config", filepath.Join(filepath.Dir(data), "edge-gateway.toml"))
	next.waitUntilServing(t)
	if next.worker(t) == worker {
		t.Error("it has the same worker")
	}
	wantWhole(t, c)
	within(t, 20*time.Second, "the worker ends", func() bool { return gone(worker) })
	if status, body := next.ask(t, "GET", "/", ""); status != 200 || body != "whole" {
		t.Errorf("%d %q", status, body)
	}
	next.stop(t)
}

// A terminal sends its signals to both processes.
func TestASignalToBothProcessesDrains(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p, _ := frail(t)
		c := p.begin(t)
		if err := syscall.Kill(p.worker(t), signal); err != nil {
			t.Fatal(err)
		}
		p.signal(t, signal)
		wantWhole(t, c)
		select {
		case err := <-p.exited:
			if err != nil {
				t.Errorf("after %v: %v", signal, err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("it did not end after %v", signal)
		}
	}
}

func TestRecycleOfARunningGatewayLosesNothing(t *testing.T) {
	p, data := frail(t)
	before := p.worker(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	load := rawclient.Load{
		Addr: p.address, Conns: 8, Think: time.Millisecond, Check: rawclient.WantStatus(200),
		Request: func(int, int) []byte { return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") },
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	out, err := exec.Command(binary, "recycle", "--data", data).CombinedOutput()
	if err != nil || !strings.Contains(string(out), strconv.Itoa(before)+" finishes what it has") {
		t.Errorf("%v\n%s", err, out)
	}
	within(t, 20*time.Second, "the old worker ends", func() bool { return gone(before) })
	stop()
	r := <-done
	if r.Failed != 0 || r.Refused != 0 || r.OK == 0 {
		t.Error(r)
	}
	// What the old one has answered while it drained is counted, too.
	var counted float64
	for deadline := time.Now().Add(10 * time.Second); counted != float64(r.OK) && time.Now().Before(deadline); {
		_, answer := asked(t, p, data, "", "GET", "/api/v1/status", nil)
		counted = answer["endpoints"].([]any)[0].(map[string]any)["requests"].(float64)
	}
	if counted != float64(r.OK) {
		t.Errorf("%v requests are counted, and %v were answered", counted, r.OK)
	}
	p.stop(t)

	single, data := frail(t, "--single-process")
	if out := endsWith(t, 6, "recycle", "--data", data); !strings.Contains(out, "single process") {
		t.Errorf("%s", out)
	}
	single.stop(t)
}

// What is replaced on the disk while it runs is not what its next worker is.
func TestAWorkerIsTheProgramThatRuns(t *testing.T) {
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	own := write(t, filepath.Join(t.TempDir(), "edge-gateway"), string(content))
	if err := os.Chmod(own, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	_, config := project(t)
	shared := binary
	binary = own
	p := serve(t, nil, "--config", config)
	binary = shared
	if err := os.Rename(write(t, own+".new", "#!/bin/false\n"), own); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.worker(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("the system does not tell which program runs")
	}
	p.waitFor(t, "a worker process serves again")
	p.stop(t)
}
