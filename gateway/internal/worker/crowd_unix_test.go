//go:build unix

package worker_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// waitingInC has each request wait for a minute, without a thread.
var waitingInC = strings.Replace(faultyInC, "static int32_t answer(", `static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  return eg_answer(host, request, response, 200, "text/plain", eg_text("waited"));
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_await_sleep(host, request, response, 60ll * 1000 * 1000 * 1000, resumed, 0);
}
static int32_t unused(`, 1)

// crowd has n requests wait at a path.
func (s *supervised) crowd(t *testing.T, n int, target string) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if need := uint64(n + 500); limit.Cur < need { // the runtime has raised it to what is allowed
		t.Fatalf("%d descriptors are allowed, and %d needed: raise the hard limit (ulimit -Hn)", limit.Cur, need)
	}
	for range n {
		c, err := rawclient.Dial(s.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.Write(request(target)); err != nil {
			t.Fatal(err)
		}
	}
	within(t, 30*time.Second, "all of them wait", func() bool {
		for _, e := range s.Report().Endpoints {
			if "/"+e.Name == target {
				return e.InFlight == int64(n)
			}
		}
		return false
	})
}

// With many goroutines the runtime would go on for a second about what they do,
// and the system takes its time to close thousands of connections.
func TestServiceIsBackWhileThousandsOfRequestsWait(t *testing.T) {
	waiting, faulty := build(t, waitingInC), build(t, faultyInC)
	for _, fault := range []string{"segv", "thread"} {
		t.Run(fault, func(t *testing.T) {
			s := start(t, serve(
				gateway.Endpoint{Name: "waiting", Path: "/waiting", Library: waiting, Limits: gateway.Limits{Timeout: 2 * time.Minute}},
				gateway.Endpoint{Name: "faulty", Path: "/faulty", Library: faulty},
			))
			s.crowd(t, crowded, "/waiting")
			began := time.Now()
			if r, err := s.ask("/faulty?" + fault); err == nil {
				t.Errorf("it answered %d", r.Status)
			}
			s.wantStatus(t, "/faulty", 200)
			took := time.Since(began)
			t.Logf("served again after %v", took)
			if aim := 300 * time.Millisecond; took > 5*aim {
				t.Errorf("it took %v", took)
			}
			if exits := s.crashed(); len(exits) != 1 || len(exits[0].Recorded.Calls) < crowded {
				t.Errorf("%d crashes", len(exits))
			}
		})
	}
}
