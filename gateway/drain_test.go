package gateway_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// slowInC answers after 300 ms, which it spends inside native code, and says
// "in" when it is there: the log is how the test knows.
const slowInC = `#include "edge_gateway_sdk.h"
#include <time.h>
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_log(host, request, EG_LOG_INFO, "in");
  struct timespec time = {0, 300 * 1000 * 1000};
  nanosleep(&time, 0);
  return eg_answer(host, request, response, 200, "text/plain", eg_text("version-0000"));
}
EG_HANDLER("slow", "1.0");
EG_ENTRY(answer);
`

func TestRequestsInsideTheOldVersionFinishThere(t *testing.T) {
	library := buildC(t, slowInC)
	serve := func(n string) gateway.Snapshot {
		return gateway.Snapshot{Endpoints: []gateway.Endpoint{endpoint("slow", "/", patched(t, library, marker, n))}}
	}
	log, lines := logTo(t)
	g, address := start(t, gateway.Options{Log: log}, serve("version-0001"))
	ask50 := func(want string) *sync.WaitGroup {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got := get(t, address, "/"); got.Status != 200 || string(got.Body) != want {
					t.Errorf("%d %q, want %q", got.Status, got.Body, want)
				}
			})
		}
		return &all
	}
	first := ask50("version-0001")
	lines.wait(t, 50, `"msg":"in"`)
	if err := g.Apply(t.Context(), serve("version-0002")); err != nil {
		t.Fatal(err)
	}
	if status, _ := g.Status("slow"); status.Draining != 1 {
		t.Errorf("the old version does not drain: %+v", status)
	}
	second := ask50("version-0002")
	first.Wait()
	second.Wait()
	settled(t, g, "slow", 1)
}

func TestShutdownUnderLoadLosesNothing(t *testing.T) {
	// IdleGrace as shipped: what a client may count on is the default.
	g, address := start(t, gateway.Options{IdleGrace: 2 * time.Second}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("hello", "/hello/{name}", build(t, "../sdk-c/examples/hello")),
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	warm := make(chan struct{})
	var once sync.Once
	load := rawclient.Load{
		Addr: address, Conns: 32, Think: time.Millisecond, StopWhenRefused: true,
		Request: func(_, i int) []byte {
			if i == 20 {
				once.Do(func() { close(warm) })
			}
			return []byte("GET /hello/x HTTP/1.1\r\nHost: x\r\n\r\n")
		},
		Check: rawclient.WantStatus(200),
	}
	done := make(chan *rawclient.Result, 1)
	go func() { done <- load.Run(ctx) }()
	<-warm
	ending, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := g.Shutdown(ending); err != nil {
		t.Error(err)
	}
	if result := <-done; result.Failed != 0 || result.OK < 100 {
		t.Error(result)
	}
}

func TestShutdownGivesUpWhatWaitsTooLong(t *testing.T) {
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("wait", "/wait", build(t, "../sdk-c/examples/wait")),
		endpoint("pending", "/pending", build(t, "../sdk-c/examples/pending")),
	}})
	var all sync.WaitGroup
	for _, path := range []string{"/wait?ms=20000", "/pending?ms=2000"} {
		all.Go(func() {
			if got := get(t, address, path); got.Status != 503 || got.Header("Retry-After") == "" {
				t.Errorf("%s: status %d", path, got.Status)
			}
		})
	}
	inFlight(t, g, "wait", 1)
	inFlight(t, g, "pending", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Shutdown(ctx); err == nil {
		t.Error("nothing is said of the requests that were given up")
	}
	all.Wait()
}

// inFlight waits until so many requests of an endpoint are under way.
func inFlight(t *testing.T, g *gateway.Gateway, endpoint string, n int64) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if s, err := g.Status(endpoint); err != nil || s.InFlight == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q never had %d requests in flight", endpoint, n)
		}
	}
}
