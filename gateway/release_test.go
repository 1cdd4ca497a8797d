package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// releasingInC gives answers that are to be released, and counts that. When
// its time is up it answers all the same: from native code, after a wait, or
// in the resume that ends a wait. Each request is also counted as canceled.
const releasingInC = `#include "edge_gateway_sdk.h"
#include <time.h>
static int answers, released, canceled;
static void release(void *context) { if (context == &answers) __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST); }
static int32_t give(eg_response *response, int32_t status) {
  response->status = 200;
  response->body = eg_text("given");
  response->release = release;
  response->release_context = &answers;
  __atomic_add_fetch(&answers, 1, __ATOMIC_SEQ_CST);
  return status;
}
static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)host; (void)request; (void)state; (void)reason;
  return give(response, EG_OK);
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const eg_bytes how = eg_param(request, "how");
  const struct timespec time = {0, 300 * 1000 * 1000};
  if (eg_equal(how, eg_text("counts")))
    return eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d %d %d",
        __atomic_load_n(&answers, __ATOMIC_SEQ_CST), __atomic_load_n(&released, __ATOMIC_SEQ_CST), __atomic_load_n(&canceled, __ATOMIC_SEQ_CST)));
  if (eg_equal(how, eg_text("quick"))) return give(response, EG_OK);
  if (eg_equal(how, eg_text("fails"))) return give(response, EG_E_INTERNAL);
  if (eg_equal(how, eg_text("waits"))) return eg_await_sleep(host, request, response, 1000000000, resumed, 0);
  nanosleep(&time, 0);
  if (eg_equal(how, eg_text("slow-wait"))) return eg_await_sleep(host, request, response, 1000, resumed, 0);
  return give(response, eg_equal(how, eg_text("slow-fails")) ? EG_E_INTERNAL : EG_OK);
}
static void cancel(const eg_host *host, void *self, uint64_t token) {
  (void)host; (void)self; (void)token;
  __atomic_add_fetch(&canceled, 1, __ATOMIC_SEQ_CST);
}
EG_HANDLER("releasing", "1.0");
EG_ENTRY(answer);
EG_CANCEL(cancel);
`

// An answer is released once, also when nobody is left to get it.
func TestAnAnswerIsReleasedOnceWhateverBecameOfIt(t *testing.T) {
	e := endpoint("releasing", "/{how}", buildC(t, releasingInC))
	e.Limits = gateway.Limits{Timeout: 100 * time.Millisecond}
	g, address := start(t, gateway.Options{}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	answers, canceled := 0, 0
	for _, test := range []struct {
		how      string
		behind   bool // another answer that is still held back
		status   int
		canceled int // calls of handler_cancel
	}{
		{"quick", false, 200, 0}, {"quick", true, 200, 0},
		{"fails", false, 500, 0}, {"fails", true, 500, 0},
		{"waits", false, 504, 0}, {"waits", true, 504, 0},
		{"slow", false, 504, 1}, {"slow", true, 504, 1},
		{"slow-fails", false, 504, 1}, {"slow-fails", true, 504, 1},
		{"slow-wait", false, 504, 1}, {"slow-wait", true, 504, 1},
	} {
		c := connect(t, address)
		requests := "GET /" + test.how + " HTTP/1.1\r\nHost: x\r\n\r\n"
		if test.behind {
			requests = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\n" + requests
			answers++
		}
		if err := c.Write([]byte(requests)); err != nil {
			t.Fatal(err)
		}
		if test.behind {
			if r, err := c.ReadResponse("GET"); err != nil || r.Status != 200 {
				t.Fatalf("before %s: %+v %v", test.how, r, err)
			}
		}
		if r, err := c.ReadResponse("GET"); err != nil || r.Status != test.status {
			t.Fatalf("%s: %+v %v, want %d", test.how, r, err, test.status)
		}
		c.Close()
		answers++
		canceled += test.canceled
		eventually(t, address, "/counts", fmt.Sprintf("%d %d %d", answers, answers, canceled))
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
			s, _ := g.Status("releasing")
			if s.InFlight == 0 && s.Stuck == 0 && s.Native == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after %s, behind another %v: %+v", test.how, test.behind, s)
			}
		}
		if n := g.Frames(); n != 0 {
			t.Errorf("after %s, behind another %v: %d frames are still lent", test.how, test.behind, n)
		}
	}
}
