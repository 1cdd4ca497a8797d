package main

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// A handler that changes what its process has only one of, and what becomes of
// the others in the worker. Where it ends the worker, says tells how the report
// begins, and another one serves.
var meddlings = []struct {
	does string
	ask  string // of the twin: what it sees of that
	sees string // in the worker
	says string
	then string // how the report begins when it crashes after that
}{
	{does: "write"},
	{does: "close-output"},
	{does: "signals-default", then: "signal: segmentation fault, without a word"},
	{does: "signals-ignored"},
	{does: "signals-pipe"},
	{does: "signals-blocked"},
	{does: "alarm"},
	{does: "cwd", ask: "cwd", sees: "none"},
	{does: "umask-none"},
	{does: "umask-all"},
	{does: "environment", ask: "environment", sees: "/nowhere"},
	{does: "locale", ask: "locale", sees: "C.UTF-8"},
	{does: "rounding", ask: "rounding", sees: "nearest"},
	{does: "traps"},
	{does: "close-listener", says: "native code has closed descriptor"},
	{does: "close-control", says: "native code has closed"},
	{does: "close-poller", says: "fatal error: runtime: netpoll"},
	{does: "close-all", says: " "},
}

func TestWhatAHandlerChangesInItsProcess(t *testing.T) {
	library := faulty(t, "meddle")
	for _, mode := range modes {
		for _, m := range meddlings {
			t.Run(mode+"/"+m.does, func(t *testing.T) {
				t.Parallel()
				g := newGround(t, library, mode)
				pid := g.worker(t)
				if r, err := g.connect(t, "").Do(get("/f/" + m.does)); m.says == "" && (err != nil || r.Status != 200) {
					t.Fatalf("%v, %v", r, err)
				}
				if m.says != "" && !g.isolated {
					within(t, 10*time.Second, "another worker serves", func() bool { return g.worker(t) != pid })
				}
				if m.ask != "" {
					c := g.connect(t, "")
					for range 20 { // on whatever thread
						r, err := c.Do(get("/twin/ask/" + m.ask))
						if err != nil || (string(r.Body) == m.sees) == (g.isolated && m.does != "rounding") {
							t.Fatalf("the twin: %v, %v", r, err)
						}
					}
				}
				g.works(t)
				crashes := crashesOf(t, g.data)
				if m.then != "" && !g.isolated {
					_, _ = send(g.address, "/f/segv")
					within(t, 10*time.Second, "another worker serves", func() bool { return g.worker(t) != pid })
					if after := crashesOf(t, g.data); len(after) != 1 || !strings.HasPrefix(after[0].What, m.then) {
						t.Errorf("%+v", after)
					}
					pid = g.worker(t)
				}
				switch {
				case m.says == "" && (len(crashes) != 0 || g.worker(t) != pid):
					t.Errorf("%+v", crashes)
				case m.says != "" && !g.isolated:
					if len(crashes) != 1 || !strings.HasPrefix(crashes[0].What, m.says) && m.says != " " {
						t.Errorf("%+v", crashes)
					}
					for _, c := range crashes {
						t.Logf("%s", c)
					}
				}
				g.end(t)
			})
		}
	}
}

// Who closes the connections of clients takes them away from others, and those
// that get their numbers may lose theirs; but not for long.
func TestConnectionsThatAHandlerClosesAreLostAndNoMore(t *testing.T) {
	library := faulty(t, "meddle")
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			g := newGround(t, library, mode)
			idle := g.connect(t, "/other/0")
			if _, err := idle.ReadResponse("GET"); err != nil {
				t.Fatal(err)
			}
			c := g.connect(t, "")
			c.Timeout = 2 * time.Second
			if r, err := c.Do(get("/f/close-client")); (err == nil) != g.isolated {
				t.Errorf("%v, %v", r, err)
			}
			if !g.isolated {
				if err := idle.AtEnd(); err != nil {
					t.Error(err)
				}
			} else if r, err := idle.Do(get("/other/0")); err != nil || r.Status != 200 {
				t.Errorf("%v, %v", r, err)
			}
			within(t, 10*time.Second, "the others are served", func() bool {
				for range 20 {
					if answer, _ := send(g.address, "/other/0"); answer == nil || answer.StatusCode != 200 {
						return false
					}
				}
				return true
			})
			_ = g.Process.Kill()
		})
	}
}

// works checks that all that a worker does for others still does: answers,
// services that it starts, libraries that it loads, and files that it makes.
func (g *ground) works(t *testing.T) {
	t.Helper()
	load := rawclient.Load{
		Addr: g.address, Conns: 4, Requests: 400, Check: rawclient.WantStatus(200),
		Request: func(int, int) []byte { return get("/other/1") },
	}
	if r := load.Run(context.Background()); r.OK != 400 {
		t.Error("others:", r)
	}
	text, err := os.ReadFile(g.config)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "path = \"/other/0\"\nlibrary = \""+faulty(t, "other"), "path = \"/moved\"\nlibrary = \""+faulty(t, "c"), 1) +
		"[[service]]\nname = \"rows\"\nkind = \"sql\"\n[[service]]\nname = \"files\"\nkind = \"storage\"\n[[service]]\nname = \"mails\"\nkind = \"email\"\nfrom = \"a@example.com\"\n"
	write(t, g.config, changed)
	g.signal(t, syscall.SIGHUP)
	g.waitFor(t, "was reloaded")
	within(t, 10*time.Second, "a library is loaded", func() bool {
		answer, _ := send(g.address, "/moved")
		return answer != nil && answer.StatusCode == 200
	})
	for _, name := range []string{"rows", "files", "mails"} {
		if status, answer := asked(t, g.process, g.data, "", "POST", "/api/v1/services/"+name+"/test", nil); status != http.StatusOK {
			t.Errorf("service %q: %d %v", name, status, answer)
		}
	}
	err = filepath.WalkDir(g.data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o022 != 0 || mode&0o600 != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
