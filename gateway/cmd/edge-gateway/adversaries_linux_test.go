package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Handlers that end the worker where it is hard to tell who did. What blames is
// the evidence for it; without one, nobody is blamed.
var adversaries = []struct {
	does, blames, state string
	answer              int  // 0: none
	swap                bool // it ends when its version is replaced
}{
	{does: "segv", blames: "address", state: "entry"},
	{does: "later", answer: 200, blames: "address"},
	{does: "release", answer: 200, blames: "address", state: "release"},
	{does: "arm-cancel", answer: 504, blames: "address"}, // it is in entry, too
	{does: "scribble-frame", blames: "call", state: "release"},
	{does: "arm-shutdown", answer: 200, swap: true, blames: "address", state: "shutdown"},
	{does: "arm-unload", answer: 200, swap: true, blames: "address", state: "unload"},
	{does: "garbage", blames: "address", state: "entry"},
	{does: "fork-and-crash", blames: "address", state: "entry"},
	{does: "scribble"},
	{does: "atexit"},
}

func TestAdversariesAreBlamedOrNobodyIs(t *testing.T) {
	library := faulty(t, "adversary")
	for _, a := range adversaries {
		t.Run(a.does, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, library, "worker", "timeout = \"300ms\"\n")
			// Others are inside native code: three that sleep there, and one that
			// waits.
			for range 3 {
				g.waiter(t, "/twin/sleep")
			}
			g.waiter(t, "/other/3?wait-long")
			pid := g.worker(t)
			c := g.connect(t, "")
			c.Timeout = 2 * time.Second // a child that was forked has the connection open
			r, err := c.Do(get("/f/" + a.does))
			if a.answer == 0 && err == nil || a.answer != 0 && err == nil && r.Status != a.answer {
				t.Errorf("it answers %v", r.Status)
			}
			if a.swap {
				g.swap(t, faulty(t, "other"))
			}
			within(t, 10*time.Second, "another worker serves", func() bool { return g.worker(t) != pid })
			if answer, refused := send(g.address, "/other/0"); refused || answer == nil || answer.StatusCode != 200 {
				t.Errorf("another: refused %v, %v", refused, answer)
			}
			crashes := crashesOf(t, g.data)
			if len(crashes) != 1 {
				t.Fatalf("%+v", crashes)
			}
			found := crashes[0]
			t.Logf("%s%v", found, found.Suspects)
			switch {
			case a.blames == "":
				if found.Endpoint != "" {
					t.Errorf("blamed: %+v", found)
				}
			case found.Endpoint != "guilty" || found.Version != g.version || found.Evidence != a.blames || found.State != a.state || !strings.HasPrefix(found.Where, "fault_segv+0x") && a.blames == "address":
				t.Errorf("%+v", found)
			}
			if a.does == "atexit" && len(found.Suspects) != 3 {
				t.Errorf("suspects: %v", found.Suspects)
			}
			_ = g.Process.Kill()
		})
	}
}

// swap replaces the library of the guilty one.
func (g *ground) swap(t *testing.T, library string) {
	t.Helper()
	text, err := os.ReadFile(g.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, g.config, strings.Replace(string(text), faulty(t, "adversary"), library, 1))
	g.signal(t, syscall.SIGHUP)
}

// A child that a handler has forked, and that exits, is not the worker's end.
func TestAForkIsSurvived(t *testing.T) {
	library := faulty(t, "adversary")
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, library, mode)
			for _, path := range []string{"/f/fork", "/f/ok", "/twin/ok", "/other/0"} {
				if r, err := g.connect(t, "").Do(get(path)); err != nil || r.Status != 200 {
					t.Errorf("%s: %v, %v", path, r, err)
				}
			}
			if crashes := crashesOf(t, g.data); len(crashes) != 0 {
				t.Errorf("%+v", crashes)
			}
			g.end(t)
		})
	}
}

// A version that starts in the trial and not in the worker is refused, and the
// one before goes on serving.
func TestAVersionThatEndsTheWorkerAtItsStartIsRefused(t *testing.T) {
	dir, _ := project(t)
	data := filepath.Join(t.TempDir(), "d")
	p := serve(t, nil, "--data", data)
	run := func(args ...string) (string, error) {
		out, err := exec.Command(binary, append(args, "--data", data)...).CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{"deploy", dir, "--name", "app", "--route", "/app"}, {"deploy", dir, "--name", "bystander", "--route", "/bystander"}} {
		if out, err := run(args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	if status, answer := asked(t, &process{}, data, "", "GET", "/api/v1/endpoints/app", nil); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	if out, err := run("endpoints", "set", "app", "--config", "crash=1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pid := p.worker(t)
	out, err := run("deploy", "testdata/faults/adversary", "--name", "app")
	if err == nil || !strings.Contains(out, "the worker process ended") {
		t.Errorf("%v\n%s", err, out)
	}
	within(t, 10*time.Second, "another worker serves", func() bool { return p.worker(t) != pid })
	for _, path := range []string{"/app", "/bystander"} {
		if answer, _ := send(p.address, path); answer == nil || answer.StatusCode != 200 {
			t.Errorf("%s: %v", path, answer)
		}
	}
	crashes := crashesOf(t, data)
	if len(crashes) != 1 || crashes[0].Endpoint != "app" || crashes[0].State != "init" {
		t.Errorf("%+v", crashes)
	}
	p.stop(t)
}
