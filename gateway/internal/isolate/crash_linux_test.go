package isolate_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// faultyInC does to its process what the query says.
const faultyInC = `#define _GNU_SOURCE
#include "edge_gateway_sdk.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
static void crash(void) { *(volatile int *)8 = 1; }
static int overflow(int n) { volatile char room[4096]; room[0] = (char)n; return overflow(n + 1) + room[0]; }
static void *crashing(void *unused) { crash(); return unused; }
static int is(eg_bytes query, const char *text) { return query.len == strlen(text) && !memcmp(query.ptr, text, query.len); }
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes query = request->query;
  if (is(query, "segv")) crash();
  if (is(query, "abort")) abort();
  if (is(query, "exit")) exit(0);
  if (is(query, "_exit")) _exit(7);
  if (is(query, "overflow")) overflow(0);
  if (is(query, "fpe")) raise(SIGFPE);
  if (is(query, "spin")) for (;;) __asm__ volatile("");
  if (is(query, "sleep")) for (;;) pause();
  if (is(query, "close")) for (int fd = 0; fd < 1024; fd++) close(fd);
  if (is(query, "thread")) {
    pthread_t thread;
    pthread_create(&thread, 0, crashing, 0);
    pthread_join(thread, 0);
  }
  if (is(query, "slow")) {
    eg_log(host, request, EG_LOG_INFO, "in");
    struct timespec time = {0, 300 * 1000 * 1000};
    nanosleep(&time, 0);
  }
  if (is(query, "leak")) for (;;) {
    struct timespec time = {0, 10 * 1000 * 1000};
    nanosleep(&time, 0);
    void *room = malloc(1 << 20);
    if (!room) return eg_answer(host, request, response, 507, "text/plain", eg_text("no memory"));
    memset(room, 1, 1 << 20);
  }
  for (int file = is(query, "file"), written = is(query, "written"); file || written || is(query, "shared");) {
    struct timespec time = {0, 3 * 1000 * 1000};
    nanosleep(&time, 0);
    int fd = file || written ? memfd_create("edge-gateway-link", 0) : -1;
    if (fd >= 0 && ftruncate(fd, 1 << 20)) return EG_E_INTERNAL;
    if (written) { // and never mapped
      static char room[1 << 20];
      if (fd < 0 || write(fd, room, sizeof room) < 0) return eg_answer(host, request, response, 507, "text/plain", eg_text("no file"));
      continue;
    }
    void *room = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    if (room == MAP_FAILED) return eg_answer(host, request, response, 507, "text/plain", eg_text("no memory"));
    memset(room, 1, 1 << 20);
    if (fd >= 0) close(fd);
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text("answered"));
}
EG_HANDLER("faulty", "1.0");
EG_ENTRY(answer);
`

func TestACrashCostsTheEndpointsRequestsInFlightAndNothingElse(t *testing.T) {
	library := build(t, faultyInC)
	s := start(t, isolated("faulty", library), isolated("good", library))
	for _, test := range []struct {
		name, status, output string
	}{
		{"segv", "", "SIGSEGV"},
		{"abort", "", "SIGABRT"},
		{"exit", "exit status 0", ""},
		{"_exit", "exit status 7", ""},
		{"fpe", "", "SIGFPE"},
		{"overflow", "", ""}, // the runtime does not always get to say anything
		{"thread", "signal: segmentation fault", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.t = t
			good, faulty := s.process("good"), s.process("faulty")
			said := strings.Count(s.log.String(), "msg=in ")
			var slow sync.WaitGroup
			for range 3 {
				slow.Go(func() { s.want("/faulty?slow", 502) })
			}
			slow.Go(func() { s.want("/good?slow", 200) })
			within(t, 5*time.Second, "requests are in their handlers", func() bool { return strings.Count(s.log.String(), "msg=in ") == said+4 })
			s.want("/faulty?"+test.name, 502)
			e := s.exit()
			slow.Wait()
			if e.Endpoint != "faulty" || len(e.Version) != 64 || e.Pid != faulty.Pid || e.Hung || e.Outside || e.Lost != 4 ||
				!strings.HasPrefix(e.Status, test.status) || !bytes.Contains(e.Output, []byte(test.output)) {
				t.Errorf("%+v", e)
			}
			if len(e.Recorded.Libraries) != 1 || len(e.Recorded.Calls) < 4 {
				t.Errorf("%+v", e.Recorded)
			}
			s.want("/faulty", 200)
			if now := s.process("good"); now.Pid != good.Pid || now.Restarts != 0 {
				t.Errorf("%+v, was %+v", now, good)
			}
			if now := s.process("faulty"); now.Pid == faulty.Pid || now.Restarts != faulty.Restarts+1 {
				t.Errorf("%+v, was %+v", now, faulty)
			}
		})
	}
}

// The next process takes a few milliseconds, and requests that come meanwhile
// wait for it.
func TestRequestsWaitForTheNextProcess(t *testing.T) {
	s := start(t, isolated("faulty", build(t, faultyInC)))
	for range 3 { // of them none is waited after
		before := s.process("faulty").Pid
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if e := s.exit(); e.Status != "signal: killed" || !e.Outside || e.Hung {
			t.Errorf("%+v", e)
		}
		began := time.Now()
		s.want("/faulty", 200)
		t.Logf("answered after %v", time.Since(began).Round(100*time.Microsecond))
		if after := s.process("faulty"); after.Pid == before || after.Started.Before(began.Add(-time.Second)) {
			t.Errorf("%+v", after)
		}
	}
	if !s.log.has("serves again") {
		t.Error("nothing tells of it")
	}
}

// What hangs in native code is ended: when no request gets in any more for it,
// and, if it is few calls only, after a while.
func TestAProcessWhoseCallsHangIsKilled(t *testing.T) {
	library := build(t, faultyInC)
	for _, how := range []string{"spin", "sleep"} {
		t.Run(how, func(t *testing.T) {
			e := isolated("faulty", library)
			e.Limits = gateway.Limits{Timeout: 200 * time.Millisecond, MaxStuck: 2}
			s := start(t, e, isolated("good", library))
			before := s.process("faulty").Pid
			var stuck sync.WaitGroup
			for range 2 {
				stuck.Go(func() { s.want("/faulty?"+how, 504) })
			}
			stuck.Wait()
			s.want("/faulty", 503)
			s.want("/good", 200)
			wantNoIdleThread(t)
			exit := s.exit()
			if exit.Pid != before || !exit.Hung || exit.Outside || exit.Lost != 2 || exit.Status != "signal: killed" {
				t.Errorf("%+v", exit)
			}
			for _, call := range exit.Recorded.Calls {
				if call.Path != "/faulty" {
					t.Errorf("%+v", call)
				}
			}
			s.wantSoon("/faulty")
		})
	}
}

// wantNoIdleThread wants no thread of the gateway to be taken for the one that
// spins: it is in another process.
func wantNoIdleThread(t *testing.T) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Fatal(err)
		}
		if attr, err := unix.SchedGetAttr(id, 0); err == nil && attr.Policy == unix.SCHED_IDLE {
			t.Errorf("thread %d runs only when nothing else does", id)
		}
	}
}

// One call among many hangs: it has more time.
func TestAProcessWithOneCallThatHangsIsKilledLater(t *testing.T) {
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") != "1" {
		t.Skip("it takes 11 s: EDGE_GATEWAY_TEST_LONG=1 runs it")
	}
	e := isolated("faulty", build(t, faultyInC))
	e.Limits.Timeout = 200 * time.Millisecond
	s := start(t, e)
	began := time.Now()
	s.want("/faulty?sleep", 504)
	s.want("/faulty", 200)
	exit := s.exit()
	if took := time.Since(began); !exit.Hung || exit.Lost != 1 || took < 10*time.Second || took > 15*time.Second {
		t.Errorf("%+v after %v", exit, took)
	}
	s.wantSoon("/faulty")
}

func TestAProcessThatHandlesItsOwnDescriptorsBadlyIsReplaced(t *testing.T) {
	s := start(t, isolated("faulty", build(t, faultyInC)))
	if r, err := s.ask("/faulty?close"); err != nil || r.Status != 502 && r.Status != 200 {
		t.Errorf("%v, %v", r, err)
	}
	if e := s.exit(); e.Outside {
		t.Errorf("%+v", e)
	}
	s.want("/faulty", 200)
}

func TestAProcessThatLeaksIsEndedAtItsLimit(t *testing.T) {
	e := isolated("faulty", build(t, faultyInC))
	e.Limits = gateway.Limits{MaxNative: 4}
	e.Process.Memory = 64 << 20
	s := start(t, e)
	before := s.process("faulty")
	if before.Memory == 0 || before.Memory > 32<<20 {
		t.Errorf("it has %d bytes for itself", before.Memory)
	}
	r, err := s.ask("/faulty?leak")
	if err != nil || r.Status != 502 && r.Status != 507 {
		t.Errorf("%v, %v", r, err)
	}
	if r.Status == 502 {
		s.exit()
	}
	t.Logf("%d", r.Status)
	s.wantSoon("/faulty") // one that was refused memory keeps what it has, and may be ended for that a moment later
}

// What is shared with nobody else is the process's own, whether a control group
// counts it or the gateway.
func TestAProcessThatLeaksSharedMemoryIsEndedAtItsLimit(t *testing.T) {
	e := isolated("faulty", build(t, faultyInC))
	e.Limits = gateway.Limits{MaxNative: 4}
	e.Process.Memory = 64 << 20
	s := start(t, e)
	for _, how := range []string{"shared", "file", "written"} {
		s.want("/faulty?"+how, 502)
		if exit := s.exit(); exit.Status != "signal: killed" || exit.Hung || exit.Outside || exit.Lost != 1 {
			t.Errorf("%s: %+v", how, exit)
		}
		s.want("/faulty", 200)
	}
}
