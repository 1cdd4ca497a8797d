package gateway_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// Operations of the service that the handlers here use.
const (
	opEcho = 1 + iota // gives the payload back
	opFail            // has no result but a status
	opHold            // has its outcome when the gate opens
)

// mailbox is a service as a backend's actor would be: a bounded queue, and
// workers that take from it.
type mailbox struct {
	queue   chan *message
	gate    chan struct{} // opened by the test
	arrived chan struct{} // one for each opHold
	workers sync.WaitGroup
}

type message struct {
	op      *abi.Operation
	payload []byte
}

// newMailbox starts a mailbox; the test's end stops it, after the gateway's.
func newMailbox(t *testing.T, bound, workers int) *mailbox {
	m := &mailbox{queue: make(chan *message, bound), gate: make(chan struct{}), arrived: make(chan struct{}, bound)}
	for range workers {
		m.workers.Go(func() {
			for one := range m.queue {
				m.answer(one)
			}
		})
	}
	t.Cleanup(func() {
		close(m.queue)
		m.workers.Wait()
	})
	return m
}

// Start copies what the worker needs: the arguments are the library's.
func (m *mailbox) Start(op *abi.Operation) {
	one := &message{op, append([]byte(nil), op.Args.Bytes(8)...)}
	switch {
	case op.Code < opEcho || op.Code > opHold:
		op.Finish(abi.ErrUnsupported, nil)
		return
	case op.Code == opHold:
		canceled := make(chan struct{})
		op.Cancel = func() { close(canceled) }
		m.arrived <- struct{}{}
		go func() {
			select {
			case <-m.gate:
				m.queue <- one
			case <-canceled:
				op.Finish(abi.ErrCanceled, nil)
			}
		}()
		return
	}
	select {
	case m.queue <- one:
	default:
		op.Finish(abi.ErrOverloaded, nil)
	}
}

func (m *mailbox) answer(one *message) {
	if one.op.Code == opFail {
		one.op.Finish(abi.ErrUnavailable, nil)
		return
	}
	one.op.Finish(abi.OK, echoed(one.payload))
}

// echoed is struct { uint32_t struct_size, reserved; eg_bytes payload; }.
type echoed []byte

func (e echoed) Layout() (size uint32, payload int) { return 24, len(e) }
func (e echoed) Encode(s *abi.Struct)               { s.PutBytes(8, e) }

// awaitInC keeps the state of each request on the heap and counts it.
const awaitInC = `#include "edge_gateway_sdk.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
typedef struct echo { uint32_t struct_size, reserved; eg_bytes payload; } echo;
typedef struct state { int round; char text[64]; eg_op ops[257]; echo args[8]; } state;
static int allocated, freed, deadlines, closings, cancels, released;
#define COUNT(what) __atomic_add_fetch(&what, 1, __ATOMIC_SEQ_CST)
static void release(void *context) { (void)context; COUNT(released); }
static int is(const eg_request *request, const char *how) { return eg_equal(eg_param(request, "how"), eg_text(how)); }
static void set(state *s, int n, const void *service, uint32_t code, eg_bytes payload) {
  s->args[n] = (echo){sizeof(echo), 0, payload};
  s->ops[n] = (eg_op){service, code, 77, &s->args[n], 0};
}
static eg_bytes result(const eg_op *op) {
  return op->result ? ((const echo *)op->result)->payload : eg_text("-");
}
static int32_t resume(const eg_host *host, const eg_request *request, eg_response *response, void *argument, int32_t reason) {
  state *s = argument;
  int32_t status = EG_OK;
  if (reason == EG_E_DEADLINE) COUNT(deadlines);
  if (reason == EG_E_CLOSING) COUNT(closings);
  if (reason == EG_E_CANCELED) COUNT(cancels);
  if (reason != EG_OK) {
    int obstinate = is(request, "obstinate");
    eg_log(host, request, EG_LOG_INFO, "over with %d, operation %d", reason, s->ops[0].status);
    response->release = release; /* of an answer that nobody wants */
    free(s);
    COUNT(freed);
    return obstinate ? eg_await_sleep(host, request, response, 1, resume, 0) : EG_OK;
  }
  if (is(request, "five") && ++s->round < 5) {
    eg_bytes so_far = result(&s->ops[0]);
    memcpy(s->text, so_far.ptr, so_far.len);
    s->text[so_far.len] = (char)('0' + s->round);
    set(s, 0, s->ops[0].service, 1, eg_view(s->text, so_far.len + 1));
    return eg_await(response, s->ops, 1, resume, s);
  }
  if (is(request, "fails")) status = eg_fail(response, eg_text("failed after waiting"));
  else if (is(request, "side"))
    status = eg_answer(host, request, response, 200, 0, eg_format(host, request, "%.*s %d, %d, %.*s %d, %d, %d",
        (int)result(&s->ops[0]).len, result(&s->ops[0]).ptr, s->ops[0].status, s->ops[1].status,
        (int)result(&s->ops[2]).len, result(&s->ops[2]).ptr, s->ops[2].status, s->ops[3].status, s->ops[4].status));
  else status = eg_answer(host, request, response, 200, 0, result(&s->ops[0])); /* as long as the request */
  free(s);
  COUNT(freed);
  return status;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (is(request, "counts"))
    return eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d %d, %d %d %d, %d",
        allocated, freed, deadlines, closings, cancels, released));
  const void *service = eg_find_service(host, "test.echo/1", 0);
  if (!service) return eg_fail(response, eg_text("no service"));
  if (is(request, "no-resume")) { /* nothing is allocated: nobody could free it */
    static eg_op op;
    op.service = service;
    op.code = 1;
    return eg_await(response, &op, 1, 0, 0);
  }
  state *s = calloc(1, sizeof *s);
  COUNT(allocated);
  set(s, 0, service, 1, request->query);
  if (is(request, "hold") || is(request, "obstinate")) s->ops[0].code = 3;
  else if (is(request, "no-ops")) return eg_await(response, s->ops, 0, resume, s);
  else if (is(request, "no-list")) return eg_await(response, 0, 1, resume, s);
  else if (is(request, "dangling-list")) return eg_await(response, (eg_op *)0x10, 1, resume, s);
  else if (is(request, "far-list")) return eg_await(response, (eg_op *)0xdead0000, 1, resume, s);
  else if (is(request, "too-many")) return eg_await(response, s->ops, 257, resume, s);
  else if (is(request, "dangling-args")) s->ops[0].args = (void *)0x10;
  else if (is(request, "dangling-payload")) s->args[0].payload = eg_view((void *)0xdead0000, 5);
  else if (is(request, "side")) {
    set(s, 1, service, 2, eg_text(""));
    set(s, 2, service, 1, eg_text("second"));
    set(s, 3, service, 99, eg_text(""));
    set(s, 4, 0, 1, eg_text(""));
    return eg_await(response, s->ops, 5, resume, s);
  } else if (is(request, "slow")) { /* awaits when its time is up */
    int64_t now = 0;
    while (now < request->deadline + 50000000) host->now(host, &now);
  }
  return eg_await(response, s->ops, 1, resume, s);
}
EG_HANDLER("await", "1.0");
EG_ENTRY(answer);
`

// awaiting serves awaitInC with a mailbox at /{how}.
func awaiting(t *testing.T, limits gateway.Limits) (m *mailbox, g *gateway.Gateway, address string, lines *logged) {
	m = newMailbox(t, 2000, 4)
	log, lines := logTo(t)
	e := endpoint("await", "/{how}", buildC(t, awaitInC))
	e.Limits = limits
	g, address = start(t, gateway.Options{Log: log, Services: map[string]abi.Service{"test.echo/1": m}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return m, g, address, lines
}

// expect sends a request on a connection that has to be kept.
func expect(t *testing.T, c *rawclient.Conn, target string, status int, body string) {
	t.Helper()
	r, err := c.Do([]byte("GET /" + target + " HTTP/1.1\r\nHost: x\r\n\r\n"))
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if r.Status != status || string(r.Body) != body || r.Close {
		t.Errorf("%s: %d %q, close %v, want %d %q on a kept connection", target, r.Status, r.Body, r.Close, status, body)
	}
}

// eventually asks again until the answer is the one that has to come.
func eventually(t *testing.T, address, path, body string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r := get(t, address, path)
		if string(r.Body) == body {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d %q, want %q", path, r.Status, r.Body, body)
		}
	}
}

func TestAwaitResumesWithTheResultsOfItsOperations(t *testing.T) {
	_, _, address, lines := awaiting(t, gateway.Limits{})
	c := connect(t, address)
	expect(t, c, "echo?hello", 200, "hello")
	expect(t, c, "side?first", 200, "first 0, -13, second 0, -3, -2")
	expect(t, c, "five?0", 200, "01234")
	expect(t, c, "fails?x", 500, "Internal Server Error\n")
	expect(t, c, "counts", 200, "4 4, 0 0 0, 0")
	if !strings.Contains(lines.String(), "failed after waiting") {
		t.Error("the message is not in the log")
	}
}

// A list that cannot be run is a 502, and the state is freed by the one resume
// that is owed.
func TestAwaitOfAMalformedListIsABadAnswer(t *testing.T) {
	_, g, address, lines := awaiting(t, gateway.Limits{})
	c := connect(t, address)
	freed := 0
	for _, how := range []string{"no-resume", "no-ops", "no-list", "dangling-list", "far-list", "too-many", "dangling-args", "dangling-payload"} {
		before := len(lines.String())
		expect(t, c, how, 502, "Bad Gateway\n")
		if said := lines.String()[before:]; !strings.Contains(said, `"endpoint":"await"`) || !strings.Contains(said, `"version":"`) {
			t.Errorf("%s: the log does not name endpoint and version: %s", how, said)
		}
		if how != "no-resume" {
			freed++
		}
		expect(t, c, "counts", 200, fmt.Sprintf("%d %d, 0 0 %d, %d", freed, freed, freed, freed))
	}
	if s, _ := g.Status("await"); s.InFlight != 0 || s.Stuck != 0 {
		t.Errorf("something is left: %+v", s)
	}
}

func TestAwaitPastTheDeadlineIsResumedOnceAndKeepsTheConnection(t *testing.T) {
	_, g, address, lines := awaiting(t, gateway.Limits{Timeout: 200 * time.Millisecond})
	c := connect(t, address)
	expect(t, c, "hold", 504, "Gateway Timeout\n")
	lines.wait(t, 1, "over with -6, operation -6")
	expect(t, c, "counts", 200, "1 1, 1 0 0, 1")
	expect(t, c, "obstinate", 504, "Gateway Timeout\n") // it awaits once more, in vain
	lines.wait(t, 1, "answered its last resume")
	expect(t, c, "counts", 200, "2 2, 2 0 0, 2")

	// One that awaits only after its client was answered is resumed as well.
	if r := get(t, address, "/slow"); r.Status != 504 || !r.Close {
		t.Errorf("slow: %d, close %v", r.Status, r.Close)
	}
	lines.wait(t, 3, "over with -6, operation -6")
	eventually(t, address, "/counts", "3 3, 3 0 0, 3")
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		s, _ := g.Status("await")
		if s.InFlight == 0 && s.Stuck == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("something is left: %+v", s)
		}
	}
}

func TestAwaitIsCutShortByAShutdown(t *testing.T) {
	m, g, address, lines := awaiting(t, gateway.Limits{})
	c := connect(t, address)
	if err := c.Write([]byte("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-m.arrived
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.Shutdown(ctx); err == nil {
		t.Error("a shutdown that gave a request up has no error")
	}
	r, err := c.ReadResponse("GET")
	if err != nil || r.Status != 503 || !r.Close || r.Header("Retry-After") == "" {
		t.Fatalf("%+v %v, want 503 with Retry-After", r, err)
	}
	if n := strings.Count(lines.String(), "over with -8, operation -8"); n != 1 {
		t.Errorf("resumed %d times for the end", n)
	}
}

func TestAwaitOfAThousandAtATimeFinishes(t *testing.T) {
	const requests = 1000
	m, g, address, _ := awaiting(t, gateway.Limits{})
	var all sync.WaitGroup
	for n := range requests {
		all.Go(func() {
			c, err := rawclient.Dial(address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			r, err := c.Do(fmt.Appendf(nil, "GET /hold?%d HTTP/1.1\r\nHost: x\r\n\r\n", n))
			if err != nil || r.Status != 200 || string(r.Body) != fmt.Sprint(n) {
				t.Errorf("request %d: %+v %v", n, r, err)
			}
		})
	}
	for range requests {
		select {
		case <-m.arrived:
		case <-time.After(20 * time.Second):
			t.Fatal("not all of them are let in at a time")
		}
	}
	if s, _ := g.Status("await"); s.InFlight != requests {
		t.Errorf("%d in flight", s.InFlight)
	}
	close(m.gate)
	all.Wait()
	if r := get(t, address, "/counts"); string(r.Body) != "1000 1000, 0 0 0, 0" {
		t.Errorf("counts %q", r.Body)
	}
}
