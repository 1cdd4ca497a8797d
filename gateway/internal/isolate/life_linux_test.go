package isolate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
)

// livingInC does in its constructor, init and shutdown what a file says that is
// there, of those next to one that its config names; and answers the text of its
// config.
const livingInC = `#include "edge_gateway_sdk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char path[900], text[100];
static int there(const char *name) { char file[1000]; snprintf(file, sizeof file, "%s/%s", path, name); return !access(file, F_OK); }
static void crash(void) { *(volatile int *)8 = 1; }
static void take(char *to, size_t room, const eg_init *init, const char *name) {
  for (uint64_t i = 0; i < init->config_count; i++) {
    const eg_field *field = &init->config[i];
    if (field->name.len == strlen(name) && !memcmp(field->name.ptr, name, field->name.len) && field->value.len < room) memcpy(to, field->value.ptr, field->value.len);
  }
}
static int32_t begin(const eg_host *host, const eg_init *init, void **self) {
  take(path, sizeof path, init, "path");
  take(text, sizeof text, init, "text");
  if (there("slow")) usleep(600 * 1000);
  if (there("crash-init")) crash();
  if (there("hang-init")) for (;;) pause();
  if (there("refuse")) { eg_log(host, 0, EG_LOG_ERROR, "the moon is full"); return EG_E_UNAVAILABLE; }
  return EG_OK;
}
static void end(const eg_host *host, void *self) {
  eg_log(host, 0, EG_LOG_INFO, "goodbye");
  if (there("crash-end")) crash();
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text(text));
}
EG_HANDLER("living", "1.0");
EG_INIT(begin);
EG_SHUTDOWN(end);
EG_ENTRY(answer);
`

// living is an endpoint of it, and a folder for the files.
func living(t *testing.T, library string) (e gateway.Endpoint, touch func(name string) (remove func())) {
	dir := t.TempDir()
	e = isolated("living", library)
	e.Config = map[string]string{"path": dir, "text": "one"}
	return e, func(name string) func() {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return func() { _ = os.Remove(path) }
	}
}

func TestAnotherVersionIsAnotherProcessAndTheOldOneIsShutDown(t *testing.T) {
	e, _ := living(t, build(t, livingInC))
	s := start(t, e)
	first := s.process("living").Pid
	if got := s.want("/living", 200); got != "one" {
		t.Error(got)
	}
	next := e
	next.Config = map[string]string{"path": e.Config["path"], "text": "two"}
	if err := s.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{next}}); err != nil {
		t.Fatal(err)
	}
	if got := s.want("/living", 200); got != "two" {
		t.Error(got)
	}
	within(t, 5*time.Second, "the first process has ended", func() bool { return ended(first) })
	if !s.log.has("goodbye") {
		t.Error("handler_shutdown has not run")
	}
	next.Isolated = false // and back into the gateway's own process
	if err := s.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{next}}); err != nil {
		t.Fatal(err)
	}
	s.want("/living", 200)
	for _, v := range s.Report().Endpoints[0].Versions {
		if v.Role == gateway.Current && v.Process != nil {
			t.Errorf("%+v", v)
		}
	}
	if len(s.exits) != 0 {
		t.Errorf("%+v", <-s.exits)
	}
}

func TestALibraryThatDoesNotStartIsRefusedAndNothingIsLeftOfIt(t *testing.T) {
	e, touch := living(t, build(t, livingInC))
	constructor := build(t, strings.Replace(livingInC, "static int there", "__attribute__((constructor)) static void early(void) { abort(); }\nstatic int there", 1))
	for _, test := range []struct {
		name, says string
		kind       error
	}{
		{"refuse", "the moon is full", abi.ErrInit},
		{"crash-init", "SIGSEGV: segmentation violation) in its handler_init", nil},
		{"constructor", "SIGABRT: abort) while its library was loaded", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			e := e
			if test.name == "constructor" {
				e.Library = constructor
			} else {
				defer touch(test.name)()
			}
			err := s.Apply(t.Context(), gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
			if err == nil || !strings.Contains(err.Error(), test.says) && !s.log.has(test.says) || test.kind != nil && !errors.Is(err, test.kind) {
				t.Errorf("%v", err)
			}
			if left, err := filepath.Glob(s.dir + "/instances/*"); len(left) != 0 || err != nil {
				t.Error(left, err)
			}
		})
	}
}

func TestAProcessThatCannotStartAgainIsTriedUntilItCan(t *testing.T) {
	e, touch := living(t, build(t, livingInC))
	s := start(t, e)
	remove := touch("crash-init")
	if err := syscall.Kill(s.process("living").Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.exit() // the one that was killed
	s.exit() // and one that ended as it started
	within(t, 5*time.Second, "requests are turned away", func() bool {
		r, err := s.ask("/living")
		return err == nil && r.Status == 503
	})
	if p := s.process("living"); p.Pid != 0 || len(p.Bounds) == 0 {
		t.Errorf("%+v", p)
	}
	remove()
	s.wantSoon("/living")
}

// The deadline of a request is later than patience ends.
func TestNobodyWaitsForAProcessThatHangsAsItStarts(t *testing.T) {
	e, touch := living(t, build(t, livingInC))
	e.Limits.Timeout = 30 * time.Second
	s := start(t, e)
	touch("hang-init")
	if err := syscall.Kill(s.process("living").Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.exit()
	began := time.Now()
	for range 2 { // one that waits until then, and one that does not
		s.want("/living", 503)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWhoWaitsForAProcessWaitsNoLongerThanItsDeadline(t *testing.T) {
	e, touch := living(t, build(t, livingInC))
	e.Limits.Timeout = 300 * time.Millisecond
	patient := e
	patient.Name, patient.Path, patient.Limits.Timeout = "patient", "/patient", 10*time.Second
	s := start(t, e, patient)
	defer touch("slow")()
	for _, name := range []string{"living", "patient"} {
		if err := syscall.Kill(s.process(name).Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.exit()
	}
	var asked sync.WaitGroup
	for range 20 {
		asked.Go(func() { s.want("/patient", 200) })
		asked.Go(func() { // the first eight wait to the end
			if r, err := s.ask("/living"); err != nil || r.Status != 504 && r.Status != 503 {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
	asked.Wait()
	within(t, 5*time.Second, "nothing is left of them", func() bool {
		r := s.Report().Endpoints[0]
		return r.Stuck == 0 && r.InFlight == 0
	})
	s.wantSoon("/living")
}

func TestACrashInHandlerShutdownIsTold(t *testing.T) {
	e, touch := living(t, build(t, livingInC))
	s := start(t, e)
	defer touch("crash-end")()
	if err := s.Apply(t.Context(), gateway.Snapshot{}); err != nil {
		t.Fatal(err)
	}
	if exit := s.exit(); exit.Endpoint != "living" || exit.Lost != 0 || exit.Hung || len(exit.Output) == 0 {
		t.Errorf("%+v", exit)
	}
}
