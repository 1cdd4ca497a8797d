package gateway_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// storm is for how long one goes on, and the seed from which all its choices
// come. It is skipped but for a long run.
func storm(t *testing.T) (seed uint64, lasts time.Duration) {
	if os.Getenv("EDGE_GATEWAY_TEST_LONG") != "1" {
		t.Skip("a storm: run by make test-long")
	}
	number := func(name string, otherwise uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	seed = number("EDGE_GATEWAY_STORM_SEED", 1)
	lasts = time.Duration(number("EDGE_GATEWAY_STORM_SECONDS", 30)) * time.Second
	fmt.Printf("storm: %s with EDGE_GATEWAY_STORM_SEED=%d EDGE_GATEWAY_STORM_SECONDS=%.0f\n", t.Name(), seed, lasts.Seconds())
	return seed, lasts
}

// choices are those of one goroutine of a storm.
func choices(seed uint64, goroutine int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(goroutine)))
}

// stormInC does as the path says: for n microseconds, or with n bytes, and then
// answers with the request's id.
const stormInC = `#include "edge_gateway_sdk.h"
#include <string.h>
#include <time.h>
static const char version[] = "version-0000"; /* patched, to make others */
static int is(const eg_request *request, const char *mode) { return eg_equal(eg_param(request, "mode"), eg_text(mode)); }
static int32_t done(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_add_header(host, request, response, "x-version", eg_text(version));
  return eg_answer(host, request, response, 200, "text/plain", eg_param(request, "id"));
}
static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)state;
  return reason == EG_OK ? done(host, request, response) : EG_OK;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  uint64_t n;
  if (eg_parse_uint(eg_param(request, "n"), 1 << 30, &n) != EG_OK) return EG_E_INVALID;
  if (is(request, "await")) return eg_await_sleep(host, request, response, (int64_t)n * 1000, resumed, 0);
  if (is(request, "big")) {
    char *body = (char *)eg_alloc(host, request, n);
    if (body == 0) return EG_E_NO_MEMORY;
    memset(body, 'x', (size_t)n);
    return eg_answer(host, request, response, 200, "text/plain", eg_view(body, n));
  }
  if (is(request, "native")) {
    const struct timespec time = {0, (long)n * 1000};
    nanosleep(&time, 0);
  }
  if (is(request, "spin")) {
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000 + (now.tv_nsec - begin.tv_nsec) / 1000 < (int64_t)n);
  }
  if (is(request, "length"))
    return eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "%llu", (unsigned long long)request->body.len));
  return done(host, request, response);
}
EG_HANDLER_UNLOADABLE("storm", "1.0");
EG_ENTRY(answer);
`

// stormEndpoint is the endpoint "storm".
func stormEndpoint(library string, limits gateway.Limits) gateway.Endpoint {
	e := endpoint("storm", "/{mode}/{n}/{id}", library)
	e.Limits = limits
	return e
}

// held is what a process and a gateway hold that requests may leak.
type held struct{ goroutines, descriptors, frames int }

func holds(t *testing.T, g *gateway.Gateway) held {
	t.Helper()
	h := held{goroutines: runtime.NumGoroutine(), frames: g.Frames()}
	if runtime.GOOS == "linux" {
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		h.descriptors = len(open)
	}
	return h
}

// calm waits until nothing is in flight and no more is held than before.
func calm(t *testing.T, g *gateway.Gateway, before held) {
	t.Helper()
	var now held
	var status gateway.Status
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var err error
		if status, err = g.Status("storm"); err != nil {
			t.Fatal(err)
		}
		now = holds(t, g)
		if status.InFlight+status.Native+status.Stuck+status.Draining == 0 && now.frames == before.frames &&
			now.goroutines <= before.goroutines && now.descriptors <= before.descriptors {
			return
		}
	}
	stacks := make([]byte, 64<<10)
	t.Errorf("before: %+v, a minute after: %+v, %+v\n%s", before, now, status, stacks[:runtime.Stack(stacks, true)])
}

func request(mode string, n int, id string) string {
	return fmt.Sprintf("GET /%s/%d/%s HTTP/1.1\r\nHost: x\r\n\r\n", mode, n, id)
}

// counts is how often each thing has come about, for the log.
type counts map[string]int

func (c counts) String() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%d %s", c[what], what))
	}
	return strings.Join(parts, ", ")
}
