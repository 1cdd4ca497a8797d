package gateway_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
)

// mailbox is a service with a bounded mailbox and workers, each of which takes
// its time: what an actor with a backend does.
type mailbox struct {
	letters chan letter
	workers sync.WaitGroup
}

type letter struct {
	op   *abi.Operation
	text string
}

func newMailbox(t *testing.T, size, workers int, each time.Duration) *mailbox {
	m := &mailbox{letters: make(chan letter, size)}
	for range workers {
		m.workers.Go(func() {
			for l := range m.letters {
				time.Sleep(each) // the backend
				l.op.Finish(abi.OK, echoed("echo of "+l.text))
			}
		})
	}
	t.Cleanup(func() { close(m.letters); m.workers.Wait() })
	return m
}

// Start copies the arguments: they are the library's.
func (m *mailbox) Start(op *abi.Operation) {
	select {
	case m.letters <- letter{op, string(op.Args.Bytes(8))}:
	default:
		op.Finish(abi.ErrOverloaded, nil)
	}
}

type echoed string

func (e echoed) Layout() (uint32, int) { return 24, len(e) }
func (e echoed) Encode(s *abi.Struct)  { s.PutBytes(8, []byte(e)) }

// awaiterInC asks the mailbox n times side by side, "rounds" times one after
// the other, and answers with the last result, without copying it. It counts
// its states.
const awaiterInC = `#include "edge_gateway_sdk.h"
#include <stdlib.h>
#define MOST 8
typedef struct { uint32_t struct_size, reserved; eg_bytes text; } echo;
typedef struct { eg_op ops[MOST]; echo args[MOST]; uint64_t n, rounds; } state;
static int live, freed;
static int32_t done(const eg_host *, const eg_request *, eg_response *, void *, int32_t);
static int32_t ask(eg_response *response, state *s) {
  response->ops = s->ops;
  response->op_count = s->n;
  response->resume = done;
  response->state = s;
  return EG_AWAIT;
}
static void drop(state *s) {
  __atomic_sub_fetch(&live, 1, __ATOMIC_SEQ_CST);
  __atomic_add_fetch(&freed, 1, __ATOMIC_SEQ_CST);
  free(s);
}
static int32_t done(const eg_host *host, const eg_request *request, eg_response *response, void *p, int32_t reason) {
  state *s = p;
  if (reason != EG_OK) { drop(s); return EG_OK; }
  if (--s->rounds > 0) return ask(response, s);
  int32_t worst = EG_OK;
  for (uint64_t i = 0; i < s->n; i++) if (s->ops[i].status != EG_OK) worst = s->ops[i].status;
  const echo *result = s->ops[s->n - 1].result;
  eg_bytes body = worst == EG_OK ? result->text : eg_format(host, request, "status %d", worst);
  drop(s);
  return eg_answer(host, request, response, worst == EG_OK ? 200 : 503, "text/plain", body);
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  uint64_t n = 1, rounds = 1;
  const eg_bytes how = eg_param(request, "how");
  if (how.ptr[0] == 'c')
    return eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "%d live, %d freed", live, freed));
  eg_parse_uint(eg_query_param(host, request, "n"), 1000, &n);
  eg_parse_uint(eg_query_param(host, request, "rounds"), 1000, &rounds);
  const void *service;
  int32_t status = host->service(host, "test.echo/1", 0, &service);
  if (status != EG_OK) return status;
  state *s = calloc(1, sizeof *s);
  __atomic_add_fetch(&live, 1, __ATOMIC_SEQ_CST);
  s->n = n;
  s->rounds = rounds;
  for (uint64_t i = 0; i < n && i < MOST; i++) {
    s->args[i].struct_size = sizeof(echo);
    s->args[i].text = request->path;
    s->ops[i].service = service;
    s->ops[i].code = 1;
    s->ops[i].args = &s->args[i];
  }
  return ask(response, s);
}
EG_HANDLER_UNLOADABLE("awaiter", "1.0");
EG_ENTRY(answer);
`

func awaiting(t *testing.T, m *mailbox, limits gateway.Limits) string {
	e := endpoint("awaiter", "/{how}", buildC(t, awaiterInC))
	e.Limits = limits
	_, address := start(t, gateway.Options{Services: map[string]abi.Service{"test.echo/1": m}},
		gateway.Snapshot{Endpoints: []gateway.Endpoint{e}})
	return address
}

func TestAwaitRunsOperationsSideBySideAndUsesTheirResults(t *testing.T) {
	address := awaiting(t, newMailbox(t, 64, 8, 10*time.Millisecond), gateway.Limits{})
	for _, query := range []string{"", "?n=8", "?rounds=5", "?n=4&rounds=3"} {
		begin := time.Now()
		if r := get(t, address, "/x"+query); r.Status != 200 || string(r.Body) != "echo of /x" {
			t.Errorf("%s: %d %q", query, r.Status, r.Body)
		}
		t.Logf("%q took %v", query, time.Since(begin))
	}
	if r := get(t, address, "/count"); string(r.Body) != "0 live, 4 freed" {
		t.Errorf("states: %s", r.Body)
	}
}

func TestAwaitOfNothingIsRefusedAndFreesTheState(t *testing.T) {
	address := awaiting(t, newMailbox(t, 1, 1, 0), gateway.Limits{})
	for _, query := range []string{"?n=0", "?n=257"} {
		if r := get(t, address, "/x"+query); r.Status != 502 {
			t.Errorf("%s: %d", query, r.Status)
		}
	}
	if r := get(t, address, "/count"); string(r.Body) != "0 live, 2 freed" {
		t.Errorf("states: %s", r.Body)
	}
}

func TestDeadlineWhileSuspendedFreesTheStateOnce(t *testing.T) {
	address := awaiting(t, newMailbox(t, 64, 1, 100*time.Millisecond), gateway.Limits{Timeout: 30 * time.Millisecond})
	for range 3 {
		if r := get(t, address, "/x"); r.Status != 504 || r.Close {
			t.Errorf("status %d, close %v", r.Status, r.Close)
		}
	}
	if r := get(t, address, "/count"); string(r.Body) != "0 live, 3 freed" {
		t.Errorf("states: %s", r.Body)
	}
}

func TestAThousandRequestsGoThroughOneMailbox(t *testing.T) {
	address := awaiting(t, newMailbox(t, 1000, 16, time.Millisecond), gateway.Limits{})
	load := rawclient.Load{Addr: address, Conns: 1000, Requests: 1000,
		Request: func(conn, _ int) []byte { return fmt.Appendf(nil, "GET /x%d HTTP/1.1\r\nHost: x\r\n\r\n", conn) },
		Check:   rawclient.WantStatus(200),
	}
	if r := load.Run(t.Context()); r.OK != 1000 || r.Failed != 0 {
		t.Error(r)
	}
	if r := get(t, address, "/count"); string(r.Body) != "0 live, 1000 freed" {
		t.Errorf("states: %s", r.Body)
	}
}

func TestFullMailboxIsAnsweredAtOnce(t *testing.T) {
	address := awaiting(t, newMailbox(t, 1, 1, 300*time.Millisecond), gateway.Limits{})
	statuses := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			r := get(t, address, "/x")
			mu.Lock()
			defer mu.Unlock()
			statuses[r.Status]++
		})
	}
	all.Wait()
	if statuses[200] < 1 || statuses[200] > 3 || statuses[200]+statuses[503] != 10 {
		t.Errorf("answers by status: %v", statuses)
	}
}
