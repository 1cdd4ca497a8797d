package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/gateway"
)

// pendingInC completes requests in every right and wrong way. /said is what
// complete() returned last.
const pendingInC = `#include "edge_gateway_sdk.h"
#include <pthread.h>
#include <string.h>
static uint64_t kept;
static int said = 77, released, cancels;
static const eg_host *the_host;
static void release(void *context) { (void)context; __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST); }
static int is(const eg_request *request, const char *how) { return eg_equal(eg_param(request, "how"), eg_text(how)); }
static void *later(void *argument) {
  __atomic_store_n(&said, eg_complete_text(the_host, (uint64_t)(uintptr_t)argument, 200, eg_text("from a thread")), __ATOMIC_SEQ_CST);
  return 0;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const uint64_t token = request->token;
  eg_response own;
  eg_field field = {eg_text("x-a"), eg_text("b")};
  memset(&own, 0, sizeof own);
  own.struct_size = sizeof own;
  own.status = 200;
  own.body = eg_text("must not be seen");
  own.release = release; /* complete never calls it */
  if (is(request, "said"))
    return eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d, released %d, canceled %d", said, released,
        __atomic_load_n(&cancels, __ATOMIC_SEQ_CST)));
  if (is(request, "complete"))
    return eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d", eg_complete_text(host, kept, 200, eg_text("at last"))));
  if (is(request, "park")) { __atomic_store_n(&kept, token, __ATOMIC_SEQ_CST); return EG_PENDING; }
  if (is(request, "remember")) { kept = token; return eg_answer(host, request, response, 200, 0, eg_text("answered")); }
  if (is(request, "thread")) {
    pthread_t thread;
    if (pthread_create(&thread, 0, later, (void *)(uintptr_t)token) != 0) return EG_E_INTERNAL;
    pthread_detach(thread);
    return EG_PENDING;
  }
  if (is(request, "twice")) {
    eg_complete_text(host, token, 200, eg_text("the first"));
    said = eg_complete_text(host, token, 200, eg_text("the second"));
  } else if (is(request, "early-unwanted")) {
    said = eg_complete_text(host, token, 200, eg_text("early"));
    return eg_answer(host, request, response, 201, 0, eg_text("returned"));
  } else if (is(request, "fail")) said = eg_complete_fail(host, token, EG_E_UNAVAILABLE, eg_text("why it failed"));
  else if (is(request, "no-token")) { said = host->complete(host, 0, EG_OK, &own); return eg_answer(host, request, response, 200, 0, eg_text("")); }
  else if (is(request, "instance-token")) { said = host->complete(host, host->token, EG_OK, &own); return eg_answer(host, request, response, 200, 0, eg_text("")); }
  else if (is(request, "null")) said = host->complete(host, token, EG_OK, 0);
  else if (is(request, "await")) said = host->complete(host, token, EG_AWAIT, &own);
  else if (is(request, "dangling")) said = host->complete(host, token, EG_OK, (eg_response *)0x10);
  else if (is(request, "dangling-body")) { own.body = eg_view((void *)0xdead0000, 5); said = host->complete(host, token, EG_OK, &own); }
  else if (is(request, "no-list")) { own.header_count = 1; said = host->complete(host, token, EG_OK, &own); }
  else if (is(request, "many-headers")) { own.headers = &field; own.header_count = 1ull << 60; said = host->complete(host, token, EG_OK, &own); }
  else if (is(request, "too-large")) { own.body.len = 2ull << 30; said = host->complete(host, token, EG_OK, &own); }
  else if (is(request, "early")) {
    char gone[8] = "copied";
    own.body = eg_text(gone);
    own.headers = &field;
    own.header_count = 1;
    said = host->complete(host, token, EG_OK, &own);
    memset(gone, '#', sizeof gone);
    memset(&field, 0, sizeof field);
  }
  return EG_PENDING;
}
static int32_t begin(const eg_host *host, const eg_init *start, void **self) { (void)start; (void)self; the_host = host; return EG_OK; }
static void cancel(const eg_host *host, void *self, uint64_t token) {
  (void)host; (void)self;
  if (token == __atomic_load_n(&kept, __ATOMIC_SEQ_CST)) __atomic_add_fetch(&cancels, 1, __ATOMIC_SEQ_CST);
}
EG_HANDLER("pending", "1.0");
EG_INIT(begin);
EG_ENTRY(answer);
EG_CANCEL(cancel);
`

func completing(t *testing.T, limits gateway.Limits) (g *gateway.Gateway, address string, lines *logged) {
	log, lines := logTo(t)
	e := endpoint("pending", "/{how}", buildC(t, pendingInC))
	e.Limits = limits
	g, address = start(t, gateway.Options{Log: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return g, address, lines
}

func TestPendingIsAnsweredByItsFirstCompletion(t *testing.T) {
	_, address, lines := completing(t, gateway.Limits{})
	c := connect(t, address)
	for _, test := range []struct {
		how    string
		status int
		body   string
		said   string // what complete() returned
	}{
		{"early", 200, "copied", "0"},
		{"twice", 200, "the first", "-10"},
		{"early-unwanted", 201, "returned", "0"},
		{"fail", 503, "Service Unavailable\n", "0"},
		{"no-token", 200, "", "-9"},
		{"instance-token", 200, "", "-9"},
		{"null", 502, "Bad Gateway\n", "-2"},
		{"await", 502, "Bad Gateway\n", "-2"},
		{"dangling", 502, "Bad Gateway\n", "-2"},
		{"dangling-body", 502, "Bad Gateway\n", "-2"},
		{"no-list", 502, "Bad Gateway\n", "-2"},
		{"many-headers", 502, "Bad Gateway\n", "-2"},
		{"too-large", 502, "Bad Gateway\n", "-14"},
	} {
		expect(t, c, test.how, test.status, test.body)
		expect(t, c, "said", 200, test.said+", released 0, canceled 0")
	}
	expect(t, c, "thread", 200, "from a thread")
	eventually(t, address, "/said", "0, released 0, canceled 0")
	if !strings.Contains(lines.String(), "why it failed") {
		t.Error("the message is not in the log")
	}
}

func TestPendingTokenIsStaleOnceItsRequestIsAnswered(t *testing.T) {
	_, address, _ := completing(t, gateway.Limits{})
	c := connect(t, address)
	expect(t, c, "remember", 200, "answered")
	expect(t, c, "complete", 200, "-9")
}

// The request counts as stuck, and keeps its memory, until it is completed.
func TestPendingPastItsDeadlineStaysStuckUntilItIsCompleted(t *testing.T) {
	g, address, _ := completing(t, gateway.Limits{Timeout: 200 * time.Millisecond})
	c := connect(t, address)
	expect(t, c, "park", 504, "Gateway Timeout\n")
	if s, _ := g.Status("pending"); s.Stuck != 1 || s.InFlight != 0 {
		t.Errorf("after the 504: %+v", s)
	}
	expect(t, c, "complete", 200, "-6")
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if s, _ := g.Status("pending"); s.Stuck == 0 && s.InFlight == 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("after its completion: %+v", s)
		}
	}
	expect(t, c, "complete", 200, "-9")
}

// handler_cancel tells that nobody waits any more.
func TestPendingPastItsDeadlineIsCanceled(t *testing.T) {
	_, address, _ := completing(t, gateway.Limits{Timeout: 200 * time.Millisecond})
	c := connect(t, address)
	expect(t, c, "park", 504, "Gateway Timeout\n")
	eventually(t, address, "/said", "77, released 0, canceled 1")
	expect(t, c, "complete", 200, "-6")
}
