package worker_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// greedyInC takes memory, or its thread, and gives neither back.
const greedyInC = `#include "edge_gateway_sdk.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int is(eg_bytes query, const char *text) { return query.len == strlen(text) && !memcmp(query.ptr, text, query.len); }
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes query = request->query;
  if (is(query, "leak")) {
    void *taken = malloc(1 << 20);
    if (!taken) return eg_answer(host, request, response, 500, "text/plain", eg_text("there is none"));
    memset(taken, 1, 1 << 20);
  }
  if (is(query, "gulp")) {
    char *taken = malloc(2048UL << 20);
    if (!taken) return eg_answer(host, request, response, 500, "text/plain", eg_text("there is none"));
    for (size_t i = 0; i < 2048UL << 20; i += 4096) taken[i] = 1;
  }
  if (is(query, "all")) {
    static char *all[4096];
    int n = 0;
    while (n < 4096 && (all[n] = malloc(1 << 20))) memset(all[n++], 1, 1 << 20);
    const char *text = n < 300 ? "there is too little" : n < 700 ? "there is none" : "there is too much";
    while (n) free(all[--n]);
    return eg_answer(host, request, response, 500, "text/plain", eg_text(text));
  }
  if (is(query, "blindly")) memset(malloc(2048UL << 20), 1, 2048UL << 20);
  if (is(query, "sleep")) for (;;) pause();
  if (is(query, "deadlock")) {
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
  }
  if (is(query, "spin")) for (volatile int i = 0;; i++) {}
  return eg_answer(host, request, response, 200, "text/plain", eg_text("answered"));
}
EG_HANDLER("greedy", "1.0");
EG_ENTRY(answer);
`

// steady asks one thing of an endpoint, over many connections, until it is
// stopped.
func steady(t *testing.T, s *supervised, target string, conns int, think time.Duration) (answered *atomic.Int64, stop func() *rawclient.Result) {
	t.Helper()
	answered = &atomic.Int64{}
	ctx, cancel := context.WithCancel(t.Context())
	load := rawclient.Load{
		Addr: s.address, Conns: conns, Think: think, Request: func(int, int) []byte { return request(target) },
		Check: func(r *rawclient.Response) error {
			answered.Add(1)
			return rawclient.WantStatus(200)(r)
		},
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	return answered, func() *rawclient.Result {
		cancel()
		return <-done
	}
}

// replaced waits until so many workers have been replaced.
func (s *supervised) replaced(t *testing.T, limit time.Duration, n int) {
	t.Helper()
	within(t, limit, fmt.Sprintf("%d workers are replaced", n), func() bool { return s.renewals() >= n })
}

// becomes is wantStatus for when the old worker may accept for a moment yet.
func (s *supervised) becomes(t *testing.T, target string, status int) {
	t.Helper()
	within(t, 5*time.Second, fmt.Sprintf("%s answers %d", target, status), func() bool {
		r, err := s.ask(target)
		return err == nil && r.Status == status
	})
}

func (s *supervised) renewals() int {
	return strings.Count(s.printed.String(), "had passed a limit, and was replaced")
}

func greedy(t *testing.T, timeout time.Duration) gateway.Snapshot {
	return serve(
		gateway.Endpoint{Name: "greedy", Path: "/greedy", Library: build(t, greedyInC), Limits: gateway.Limits{Timeout: timeout}},
		gateway.Endpoint{Name: "good", Path: "/good", Library: build(t, faultyInC)})
}

// 100 MB/s leak away, while another endpoint is asked all the time.
func TestALeakHasTheWorkerReplacedAndCostsNoRequest(t *testing.T) {
	s := start(t, greedy(t, 5*time.Second), func(o *worker.Options) {
		o.Gateway.Wear.Memory, o.Gateway.Memory, o.Gateway.HardMemory = 256<<20, 512<<20, 576<<20
	})
	good, stopGood := steady(t, s, "/good", 8, 2*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	var leak sync.WaitGroup
	leak.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			leak.Go(func() { s.wantStatus(t, "/greedy?leak", 200) })
		}
	})
	most := int64(0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			most = max(most, s.Report().Process.Memory)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	s.replaced(t, 20*time.Second, 3)
	cancel()
	leak.Wait()
	<-done
	if r := stopGood(); r.Failed != 0 || r.Refused != 0 || good.Load() < 500 {
		t.Error(r)
	}
	if most > 480<<20 {
		t.Errorf("a worker had %d MiB, and is to be replaced at 256, or at 384 if it is young", most>>20)
	}
	if exits := s.crashed(); len(exits) != 0 {
		t.Errorf("%+v", exits)
	}
}

func TestAWorkerThatPassesALimitAtOnceIsNotReplacedInALoop(t *testing.T) {
	s := start(t, serve(gateway.Endpoint{Name: "good", Path: "/", Library: build(t, faultyInC)}), func(o *worker.Options) {
		o.Gateway.Wear.Memory = 1 << 20
	})
	s.replaced(t, 20*time.Second, 1)
	began := time.Now()
	s.replaced(t, 20*time.Second, 2) // after 2 s at least
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("replaced again after %v", took)
	}
	within(t, 20*time.Second, "the log tells of the third", func() bool {
		return strings.Count(s.printed.String(), "soon after its start") == 3
	})
	s.wantStatus(t, "/", 200)
}

func TestRetainedLibrariesHaveTheWorkerReplaced(t *testing.T) {
	library := build(t, faultyInC)
	info, err := os.Stat(library)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, serve(), func(o *worker.Options) { o.Gateway.Wear.Retained = 5*info.Size() - 1 })
	first := s.Pid()
	for n := range 6 { // five of them are retained
		if s.Pid() != first {
			t.Fatalf("replaced after %d", n)
		}
		if err := s.Apply(t.Context(), serve(gateway.Endpoint{Name: "one", Path: "/", Library: library, Config: map[string]string{"n": fmt.Sprint(n)}})); err != nil {
			t.Fatal(err)
		}
	}
	s.replaced(t, 20*time.Second, 1)
	s.wantStatus(t, "/", 200)
	if !s.printed.has("recycle_retained") {
		t.Error("the log does not say why")
	}
	if r := s.Report(); r.Endpoints[0].Versions[0].Retained != 0 {
		t.Errorf("%+v", r.Endpoints)
	}
}

func TestStuckCallsHaveTheWorkerReplaced(t *testing.T) {
	s := start(t, greedy(t, 200*time.Millisecond), func(o *worker.Options) {
		o.Gateway.Wear.Stuck = 4
		o.DrainTimeout = 2 * time.Second
	})
	s.hangs = true
	_, stopGood := steady(t, s, "/good", 4, 2*time.Millisecond)
	first := s.Pid()
	for range 3 {
		s.wantStatus(t, "/greedy?sleep", 504)
	}
	time.Sleep(1500 * time.Millisecond) // nothing is to happen
	if s.Pid() != first {
		t.Error("replaced below the limit")
	}
	s.wantStatus(t, "/greedy?sleep", 504)
	s.replaced(t, 20*time.Second, 1)
	s.becomes(t, "/greedy", 200)
	if r := stopGood(); r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
	_ = syscall.Kill(first, syscall.SIGKILL) // or the test waits for it
}

// A Go library is never unloaded: the worker that has too many gives way to one
// that has none of those that are not used any more.
func TestGoLibrariesThatAreNotUsedAnyMoreMakeRoom(t *testing.T) {
	library := buildFolder(t, "../../../sdk-go/examples/hello")
	version := func(n int) gateway.Snapshot {
		return serve(gateway.Endpoint{Name: "one", Path: "/", Library: library, Config: map[string]string{"n": fmt.Sprint(n)}})
	}
	t.Run("when a change would be too much", func(t *testing.T) {
		s := start(t, version(0))
		first := s.Pid()
		for n := 1; n < 60; n++ {
			if err := s.Apply(t.Context(), version(n)); err != nil {
				t.Fatal(err)
			}
		}
		if r := s.Report(); s.Pid() != first || r.Process.GoLibraries != 60 {
			t.Fatalf("%+v", r.Process)
		}
		_, stop := steady(t, s, "/", 4, time.Millisecond)
		if err := s.Apply(t.Context(), version(60)); err != nil {
			t.Fatal(err)
		}
		if r := stop(); r.Failed != 0 || r.Refused != 0 {
			t.Error(r)
		}
		if r := s.Report(); s.Pid() == first || r.Process.GoLibraries != 1 {
			t.Errorf("%+v", r.Process)
		}
		s.wantStatus(t, "/", 200)

		var many []gateway.Endpoint
		for n := range 61 {
			many = append(many, gateway.Endpoint{Name: fmt.Sprint(n), Path: fmt.Sprint("/", n), Library: library})
		}
		if err := s.Apply(t.Context(), serve(many...)); err == nil || !strings.Contains(err.Error(), "60") {
			t.Error(err)
		}
		s.wantStatus(t, "/", 200)
	})
	t.Run("before", func(t *testing.T) {
		s := start(t, version(0), func(o *worker.Options) { o.Gateway.Wear.Go = 3 })
		for n := range 3 {
			if err := s.Apply(t.Context(), version(n)); err != nil {
				t.Fatal(err)
			}
		}
		s.replaced(t, 20*time.Second, 1)
		if r := s.Report(); r.Process.GoLibraries != 1 {
			t.Errorf("%+v", r.Process)
		}
	})
}

// What native code cannot have is refused to it before the system has to choose
// a process to end.
func TestNativeCodeGetsNoMoreMemoryThanThereIsForIt(t *testing.T) {
	s := start(t, greedy(t, 20*time.Second), func(o *worker.Options) { o.Gateway.HardMemory = 576 << 20 })
	pid := s.Pid()
	good, stop := steady(t, s, "/good", 4, 2*time.Millisecond)
	within(t, 20*time.Second, "requests are answered", func() bool { return good.Load() > 200 }) // the first look was taken
	for range 3 {
		for _, target := range []string{"/greedy?gulp", "/greedy?all"} {
			if r, err := s.ask(target); err != nil || string(r.Body) != "there is none" {
				t.Errorf("%s: %v, %+v", target, err, r)
			}
		}
	}
	if r := stop(); r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
	if s.Pid() != pid || len(s.crashed()) != 0 {
		t.Errorf("%+v", s.crashed())
	}
	// Who does not look at what it gets crashes, and is known.
	if r, err := s.ask("/greedy?blindly"); err == nil {
		t.Errorf("answered %+v", r)
	}
	within(t, 20*time.Second, "another worker serves", func() bool { now := s.Pid(); return now != pid && now != 0 })
	s.wantStatus(t, "/good", 200)
	exits := s.crashed()
	if len(exits) != 1 || !strings.Contains(string(exits[0].Output), "SIGSEGV") {
		t.Errorf("%+v", exits)
	}
}
