package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// spinInC spins inside native code for a second; /quick does not.
const spinInC = `#include "edge_gateway_sdk.h"
#include <time.h>
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (eg_param(request, "how").ptr[0] == 's') {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    do clock_gettime(CLOCK_MONOTONIC, &b); while ((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 1000);
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text("version-0000"));
}
EG_HANDLER_UNLOADABLE("spin", "1.0");
EG_ENTRY(answer);
`

func spinning(t *testing.T, limits gateway.Limits) (*gateway.Gateway, string, gateway.Snapshot) {
	e := endpoint("spin", "/{how}", buildC(t, spinInC))
	e.Limits = limits
	s := gateway.Snapshot{Endpoints: []gateway.Endpoint{e, endpoint("other", "/other/{name}", build(t, "../sdk-c/examples/hello"))}}
	g, address := start(t, gateway.Options{}, s)
	return g, address, s
}

func TestDeadlineIsAnsweredWhileNativeCodeRunsOn(t *testing.T) {
	g, address, s := spinning(t, gateway.Limits{Timeout: 100 * time.Millisecond})
	begin := time.Now()
	got := get(t, address, "/spin")
	if took := time.Since(begin); got.Status != 504 || !got.Close || took > 500*time.Millisecond {
		t.Errorf("status %d, close %v, after %v", got.Status, got.Close, took)
	}
	if status, _ := g.Status("spin"); status.Stuck != 1 {
		t.Errorf("the call is not counted: %+v", status)
	}
	// Its instance must not go while it is inside.
	s.Endpoints[0].Library = patched(t, s.Endpoints[0].Library, marker, "version-0002")
	if err := g.Apply(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if status, _ := g.Status("spin"); status.Draining != 1 || status.Unloaded != 0 {
		t.Errorf("swapped under the call: %+v", status)
	}
	if got := get(t, address, "/quick"); string(got.Body) != "version-0002" {
		t.Errorf("the new version does not answer: %q", got.Body)
	}
	if status := settled(t, g, "spin", 1); status.Stuck != 0 || status.Unloaded != 1 {
		t.Errorf("after the call returned: %+v", status)
	}
}

// fasthttp writes the start of an answer that is longer than its buffer, and
// holds the rest back behind which the next request is served.
func TestPipelinedRequestBehindALongAnswerIsAnsweredInOrder(t *testing.T) {
	long := strings.Repeat("0123456789", 600)
	e := endpoint("spin", "/{how}", buildC(t, spinInC))
	e.Limits.Timeout = 100 * time.Millisecond
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		e, function("long", "/long", func(*edge.Request) (*edge.Response, error) { return edge.Text(200, long), nil }),
	}})
	c := connect(t, address)
	if err := c.Write([]byte("GET /long HTTP/1.1\r\nHost: x\r\n\r\nGET /spin HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if r, err := c.ReadResponse("GET"); err != nil || string(r.Body) != long {
		t.Fatalf("the long answer: %v, %+v", err, r)
	}
	if r, err := c.ReadResponse("GET"); err != nil || r.Status != 504 {
		t.Fatalf("the late one: %v, %+v", err, r)
	}
	settledStuck(t, g)
}

func TestPipelinedRequestBehindAQuickOneIsAnsweredInOrder(t *testing.T) {
	g, address, _ := spinning(t, gateway.Limits{Timeout: 100 * time.Millisecond})
	c, err := rawclient.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Write([]byte(strings.Repeat("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", 2) + "GET /spin HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	for n, want := range []int{200, 200, 504} {
		r, err := c.ReadResponse("GET")
		if err != nil || r.Status != want {
			t.Fatalf("answer %d: %v %v, want %d", n, r, err, want)
		}
	}
	settledStuck(t, g)
}

// The answer to HEAD has no body, whoever gives it: one would be read as the
// start of the next answer.
func TestLateHeadIsAnsweredWithoutABody(t *testing.T) {
	g, address, _ := spinning(t, gateway.Limits{Timeout: 100 * time.Millisecond})
	const quick, head = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /spin HTTP/1.1\r\nHost: x\r\n\r\n"
	if r := ask(t, address, head); r.Status != 504 {
		t.Errorf("alone: %d", r.Status)
	}
	c := connect(t, address)
	if err := c.Write([]byte(quick + head + quick)); err != nil {
		t.Fatal(err)
	}
	for n, want := range []struct {
		method string
		status int
	}{{"GET", 200}, {"HEAD", 504}, {"GET", 200}} {
		if r, err := c.ReadResponse(want.method); err != nil || r.Status != want.status {
			t.Fatalf("pipelined, answer %d: %+v %v, want %d", n, r, err, want.status)
		}
	}
	settledStuck(t, g)
}

func TestSuspendedRequestIsAnsweredAtItsDeadlineAndKeepsItsConnection(t *testing.T) {
	for _, sample := range []string{"wait", "pending"} {
		t.Run(sample, func(t *testing.T) {
			e := endpoint("e", "/", build(t, "../sdk-c/examples/"+sample))
			e.Limits.Timeout = 50 * time.Millisecond
			g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
			c, err := rawclient.Dial(address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, step := range []struct {
				ms     string
				status int
			}{{"300", 504}, {"1", 200}} {
				r, err := c.Do([]byte("GET /?ms=" + step.ms + " HTTP/1.1\r\nHost: x\r\n\r\n"))
				if err != nil || r.Status != step.status || r.Close {
					t.Fatalf("%s ms: %v %v", step.ms, r, err)
				}
			}
			for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
				s, _ := g.Status("e")
				if s.Stuck == 0 && s.InFlight == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%+v", s)
				}
			}
		})
	}
}

// settledStuck waits until every stuck call has returned.
func settledStuck(t *testing.T, g *gateway.Gateway) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		s, err := g.Status("spin")
		if err != nil {
			t.Fatal(err)
		}
		if s.Stuck == 0 && s.InFlight == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("calls never returned: %+v", s)
		}
	}
}
