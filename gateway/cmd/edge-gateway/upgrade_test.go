//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// second is the program built another time, with a version of its own.
var second = sync.OnceValues(func() (string, error) {
	path := binary + "-2"
	build := exec.Command("go", "build", "-ldflags", "-X main.release=2.0.0", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return path, err
})

// replaceable serves with a program of its own, which can be replaced.
func replaceable(t *testing.T, args ...string) (p *process, program, data string) {
	t.Helper()
	t.Setenv("EDGE_GATEWAY_SINGLE_PROCESS", "false")
	dir, config := project(t)
	program = filepath.Join(dir, "edge-gateway")
	put(t, program, binary)
	write(t, filepath.Join(dir, "hello.c"), frailInC)
	data = filepath.Join(dir, "d")
	shared := binary
	binary = program
	defer func() { binary = shared }()
	return serve(t, nil, append(args, "--config", config, "--data", data)...), program, data
}

// put puts a program where another one may be, as a package manager does.
func put(t *testing.T, path, program string) {
	t.Helper()
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", content, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// asking asks all the time, on connections that are kept, and never a second
// time.
func (p *process) asking(t *testing.T) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var answered atomic.Int64
	load := rawclient.Load{
		Addr: p.address, Conns: 8, Think: time.Millisecond,
		Request: func(_, i int) []byte {
			if i%40 == 7 {
				return []byte("GET /?slow HTTP/1.1\r\nHost: x\r\n\r\n")
			}
			return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		},
		Check: func(r *rawclient.Response) error {
			answered.Add(1)
			return rawclient.WantStatus(200)(r)
		},
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	within(t, 20*time.Second, "requests are answered", func() bool { return answered.Load() > 50 })
	return func() {
		t.Helper()
		from := answered.Load()
		within(t, 20*time.Second, "requests are answered", func() bool { return answered.Load() > from+50 })
		stop()
		if r := <-done; r.Failed != 0 || r.Refused != 0 {
			t.Error(r)
		}
	}
}

func (p *process) upgrade(t *testing.T, data string, status int, says string, args ...string) {
	t.Helper()
	out := endsWith(t, status, append([]string{"upgrade", "--data", data}, args...)...)
	if !strings.Contains(out, says) {
		t.Errorf("it does not say %q:\n%s", says, out)
	}
}

func (p *process) version(t *testing.T, data, want string) {
	t.Helper()
	_, answer := asked(t, p, data, "", "GET", "/api/v1/status", nil)
	if answer["version"] != want {
		t.Errorf("%v runs, want %s", answer["version"], want)
	}
}

func TestAnUpgradeLosesNothing(t *testing.T) {
	next, err := second()
	if err != nil {
		t.Fatal(err)
	}
	p, program, data := replaceable(t, "--standby")
	pid, worker := p.Process.Pid, p.worker(t)
	end := p.asking(t)
	put(t, program, next)
	p.upgrade(t, data, 0, "2.0.0 serves, for development: "+program+", in the same process")
	p.version(t, data, "2.0.0")
	within(t, 20*time.Second, "the old worker ends", func() bool { return gone(worker) })
	p.upgrade(t, data, 0, " serves, for 2.0.0", "--program", binary) // and to another path
	end()
	if gone(pid) {
		t.Error("the process has ended")
	}
	// What follows is as ever: a crash, the end.
	if _, refused := send(p.address, "/?crash"); refused {
		t.Error("refused")
	}
	if status, body := p.ask(t, "GET", "/", ""); status != 200 || body != "whole" {
		t.Errorf("%d %q", status, body)
	}
	p.stop(t)
	if text := p.output(); strings.Contains(text, `"level":"ERROR"`) && !strings.Contains(text, "ended by native code") {
		t.Error("there was an error")
	}
}

// A program that cannot take over leaves everything as it is.
func TestAnUpgradeThatFailsLeavesTheProgramServing(t *testing.T) {
	p, program, data := replaceable(t)
	worker := p.worker(t)
	version := "development"
	end := p.asking(t)
	for _, test := range []struct {
		name, content, says string
		args                []string
		worker              bool // the worker is the one before
	}{
		{"no program", "text", "exec format error", nil, true},
		{"one that ends", "#!/bin/sh\necho it is broken >&2\nexit 3\n", "it is broken", nil, true},
		{"another one", "#!/bin/sh\necho hello\n", "it is no edge-gateway", nil, true},
		{"one that hangs", "#!/bin/sh\nexec sleep 60\n", "did not answer in time", []string{"--timeout", "1s"}, true},
		{"one that ends when it matters", "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = --check ] || exec " + binary + " serve --data /nowhere --config /nowhere/at/all\nexec " + binary + " \"$@\"\n", "/nowhere/at/all", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := program + ".next"
			if err := os.WriteFile(script, []byte(test.content), 0o700); err != nil {
				t.Fatal(err)
			}
			p.upgrade(t, data, 7, test.says, append(test.args, "--program", script)...)
			if test.worker && gone(worker) {
				t.Error("the worker has ended")
			}
			p.version(t, data, version)
		})
	}
	end()
	p.upgrade(t, data, 7, "no such file", "--program", "/nowhere/at/all")
	p.stop(t)

	single, data := frail(t, "--single-process")
	single.upgrade(t, data, 6, "single process")
	single.stop(t)
}

// A program that is good until it matters, and then ends, takes the process with
// it: whoever asked hears of it soon.
func TestAnUpgradeThatEndsTheProgramIsTold(t *testing.T) {
	p, _, data := replaceable(t)
	script := filepath.Join(filepath.Dir(data), "ends")
	text := "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = --check ] || exit 9\nexec " + binary + " \"$@\"\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	p.upgrade(t, data, 3, "the new program has ended before it served, and the gateway with it", "--program", script)
	if took := time.Since(asked); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := <-p.exited; err == nil || err.Error() != "exit status 9" {
		t.Errorf("it ended with %v", err)
	}
}

// A signal that comes when the program was replaced ends what it has by then.
func TestTheProgramThatTookOverDrains(t *testing.T) {
	next, err := second()
	if err != nil {
		t.Fatal(err)
	}
	p, _, data := replaceable(t)
	c := p.begin(t) // inside the worker of the program before
	p.upgrade(t, data, 0, "2.0.0 serves", "--program", next)
	p.signal(t, syscall.SIGTERM)
	wantWhole(t, c)
	select {
	case err := <-p.exited:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it did not end")
	}
}

// A program that hangs before it serves gives back to the one before, whose
// worker has served all the while.
func TestAnUpgradeThatHangsIsTakenBack(t *testing.T) {
	p, _, data := replaceable(t)
	dir := filepath.Dir(data)
	hangs := filepath.Join(dir, "hangs")
	write(t, filepath.Join(dir, "hello.c"), strings.Replace(frailInC, "EG_HANDLER(", `#include <unistd.h>
static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  while (!access("`+hangs+`", F_OK)) usleep(10 * 1000);
  return EG_OK;
}
EG_INIT(start);
EG_HANDLER(`, 1))
	p.signal(t, syscall.SIGHUP)
	p.waitFor(t, "the configuration was reloaded")
	end := p.asking(t)
	write(t, hangs, "")
	upgraded := make(chan string, 1)
	go func() { upgraded <- endsWith(t, 7, "upgrade", "--data", data, "--program", binary, "--timeout", "3s") }()
	// The program before starts a worker, too, when it is back.
	within(t, 30*time.Second, "the program before is back", func() bool {
		return strings.Count(p.output(), "a worker process was started") == 3
	})
	if err := os.Remove(hangs); err != nil {
		t.Fatal(err)
	}
	if said := <-upgraded; !strings.Contains(said, "did not serve within 3s") {
		t.Errorf("%s", said)
	}
	end()
	p.stop(t)
}
