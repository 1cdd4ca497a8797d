package worker_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	"github.com/edge-gateway/edge-gateway/gateway/internal/worker"
)

// cancelingInC lets every request wait, and does what its config says when it is
// told that nobody waits for one any more.
const cancelingInC = `#include "edge_gateway_sdk.h"
#include <string.h>
#include <time.h>
#include <unistd.h>
static int inside, most, all;
static eg_bytes how;
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (request->query.len)
    return eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "%d canceled, %d at a time",
        __atomic_load_n(&all, __ATOMIC_SEQ_CST), __atomic_load_n(&most, __ATOMIC_SEQ_CST)));
  return EG_PENDING;
}
static void cancel(const eg_host *host, void *self, uint64_t token) {
  struct timespec moment = {0, 200 * 1000};
  int n = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
  if (n > __atomic_load_n(&most, __ATOMIC_SEQ_CST)) __atomic_store_n(&most, n, __ATOMIC_SEQ_CST);
  if (eg_equal(how, eg_text("sleeps"))) for (;;) pause();
  if (eg_equal(how, eg_text("spins"))) for (volatile int i = 0;; i++) {}
  if (eg_equal(how, eg_text("crashes"))) {
    moment.tv_nsec = 100 * 1000 * 1000; /* the answer is to go out before */
    nanosleep(&moment, 0);
    *(volatile int *)8 = 1;
  }
  nanosleep(&moment, 0);
  __atomic_add_fetch(&inside, -1, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&all, 1, __ATOMIC_SEQ_CST);
  eg_complete_text(host, token, 200, eg_text("nobody reads this"));
  (void)self;
}
static int32_t begin(const eg_host *host, const eg_init *init, void **self) {
  (void)host; (void)self;
  how = init->config[0].value;
  return EG_OK;
}
EG_HANDLER("canceling", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
EG_CANCEL(cancel);
`

// canceling serves a handler that is told of requests, and one beside it.
func canceling(t *testing.T, how string) *supervised {
	return start(t, serve(
		gateway.Endpoint{
			Name: "canceling", Path: "/canceling", Library: build(t, cancelingInC), Config: map[string]string{"how": how},
			Limits: gateway.Limits{Timeout: 500 * time.Millisecond, MaxConcurrency: 10_000, MaxStuck: 10_000},
		},
		gateway.Endpoint{Name: "good", Path: "/good", Library: build(t, faultyInC)},
	), func(o *worker.Options) { o.DrainTimeout = 2 * time.Second })
}

// park has so many requests wait past their deadlines.
func (s *supervised) park(t *testing.T, n int) {
	t.Helper()
	load := rawclient.Load{
		Addr: s.address, Conns: n, Requests: n,
		Request: func(int, int) []byte { return request("/canceling") }, Check: rawclient.WantStatus(504),
	}
	if r := load.Run(t.Context()); r.OK != n {
		t.Error(r)
	}
}

func TestRequestsThatNobodyWaitsForAnyMoreAreToldOfAFewAtATime(t *testing.T) {
	const n = 2000
	s := canceling(t, "counts")
	_, stop := steady(t, s, "/good", 4, 2*time.Millisecond)
	s.park(t, n)
	within(t, 20*time.Second, "no call is stuck", func() bool { return s.Report().Endpoints[0].Stuck == 0 })
	var canceled, most int
	r, err := s.ask("/canceling?count")
	if err == nil {
		_, err = fmt.Sscanf(string(r.Body), "%d canceled, %d at a time", &canceled, &most)
	}
	if err != nil || canceled != n || most < 1 || most > 4 {
		t.Errorf("%v, %+v; want all %d, at most 4 at a time", err, r, n)
	}
	if r := stop(); r.Failed != 0 || r.Refused != 0 {
		t.Error(r)
	}
}

// A handler_cancel that does not return costs a few threads, and nobody else
// anything.
func TestACancelThatDoesNotReturnCostsAFewThreads(t *testing.T) {
	for _, how := range []string{"sleeps", "spins"} {
		t.Run(how, func(t *testing.T) {
			s := canceling(t, how)
			s.hangs = true
			pid := s.Pid()
			good, stop := steady(t, s, "/good", 4, 2*time.Millisecond)
			within(t, 20*time.Second, "requests are answered", func() bool { return good.Load() > 100 })
			before := s.Report().Process.Threads
			s.park(t, 1000)
			from := good.Load()
			within(t, 20*time.Second, "the other endpoint answers", func() bool { return good.Load() > from+200 })
			// Those in handler_cancel, and what the runtime starts as it goes.
			if after := s.Report().Process.Threads; after > before+16 {
				t.Errorf("%d threads, %d before", after, before)
			}
			if r := stop(); r.Failed != 0 || r.Refused != 0 {
				t.Error(r)
			}
			if s.Pid() != pid {
				t.Error("the worker was replaced")
			}
			_ = syscall.Kill(pid, syscall.SIGKILL) // it would not drain
		})
	}
}

func TestACancelThatCrashesIsTheFaultOfItsVersion(t *testing.T) {
	s := canceling(t, "crashes")
	pid := s.Pid()
	s.park(t, 1)
	within(t, 20*time.Second, "another worker serves", func() bool { now := s.Pid(); return now != pid && now != 0 })
	s.wantStatus(t, "/good", 200)
	exits := s.crashed()
	if len(exits) != 1 || !strings.Contains(string(exits[0].Output), "SIGSEGV") {
		t.Fatalf("%+v", exits)
	}
	for _, call := range exits[0].Recorded.Calls {
		if call.Activity == abi.InCancel {
			for _, l := range exits[0].Recorded.Libraries {
				if l.Number == call.Library && l.Endpoint == "canceling" {
					return
				}
			}
		}
	}
	t.Errorf("nothing tells of the cancel: %+v", exits[0].Recorded)
}
