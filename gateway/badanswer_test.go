package gateway_test

import (
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/gateway"
	"github.com/edge-gateway/edge-gateway/gateway/internal/rawclient"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// badInC answers as its path says, and counts the calls of its release.
const badInC = `#include "edge_gateway_sdk.h"
#include <string.h>
#ifdef _WIN32
static eg_bytes running_off(void) { return eg_view((void *)0xdead0000, 5); }
#else
#include <sys/mman.h>
static eg_bytes running_off(void) { /* readable at first */
  uint8_t *memory = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(memory + 4096, 4096, PROT_NONE);
  return eg_view(memory, 8192);
}
#endif
static int released;
static void release(void *context) { (void)context; __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST); }
static eg_field one(const char *name, const char *value, uint64_t length) {
  eg_field f = {eg_text(name), {(const uint8_t *)value, length}};
  return f;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  static eg_field field;
  const eg_bytes how = eg_param(request, "how");
  char name[32] = {0};
  memcpy(name, how.ptr, how.len < 31 ? how.len : 31);
  response->status = 200;
  response->release = release;
  response->body = eg_text("must not be seen");
#define IS(text) (strcmp(name, text) == 0)
  if (IS("released")) {
    response->release = 0;
    response->body = eg_format(host, request, "%d", released);
  } else if (IS("nothing")) {
    memset((char *)response + 4, 0, sizeof *response - 4);
  } else if (IS("status-42")) response->status = 42;
  else if (IS("status-150")) response->status = 150;
  else if (IS("status-600")) response->status = 600;
  else if (IS("no-pointer")) { response->body.ptr = 0; response->body.len = 5; }
  else if (IS("no-length")) response->body.len = 0;
  else if (IS("dangling-body")) { response->body.ptr = (const uint8_t *)0x10; response->body.len = 5; }
  else if (IS("dangling-empty")) { response->body.ptr = (const uint8_t *)0xdead0000; response->body.len = 0; }
  else if (IS("dangling-headers")) { response->headers = (const eg_field *)0x10; response->header_count = 2; }
  else if (IS("many-headers")) { response->headers = &field; response->header_count = 1ull << 60; }
  else if (IS("no-address")) { response->body.ptr = (const uint8_t *)0xdead000000000000; response->body.len = 5; }
  else if (IS("runs-off")) response->body = running_off();
  else if (IS("dangling-name") || IS("dangling-value")) {
    field = one("x-a", "b", 1);
    *(IS("dangling-name") ? &field.name : &field.value) = eg_view((void *)0xdead0000, 5);
    response->headers = &field;
    response->header_count = 1;
  } else if (IS("dangling-message") || IS("no-message")) {
    response->message = eg_view(IS("no-message") ? 0 : (void *)0x10, 5);
    return EG_E_UNAVAILABLE;
  } else if (IS("2-gib")) response->body.len = 2ull << 30;
  else if (IS("wraps")) response->body.len = ~0ull;
  else if (IS("returns-77")) return 77;
  else if (IS("fails")) { response->message = eg_text("a reason for the log"); return EG_E_INTERNAL; }
  else if (IS("await-nothing")) return EG_AWAIT;
  else {
    field = IS("cr") ? one("x-a", "a\rb", 3) : IS("lf") ? one("x-a", "a\nb: c", 6) : IS("nul") ? one("x-a", "a\0b", 3)
          : IS("name") ? one("x a", "v", 1) : IS("empty-name") ? one("", "v", 1) : one("Transfer-Encoding", "chunked", 7);
    response->headers = &field;
    response->header_count = 1;
  }
  return EG_OK;
}
EG_HANDLER("bad", "1.0");
EG_ENTRY(answer);
`

func TestBadAnswersAreTheHandlersFaultAndNobodyElses(t *testing.T) {
	log, lines := logTo(t)
	g, address := start(t, gateway.Options{Log: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("bad", "/{how}", buildC(t, badInC)),
	}})
	status, err := g.Status("bad")
	if err != nil {
		t.Fatal(err)
	}
	c, err := rawclient.Dial(address) // one connection: it must stay in step
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do := func(path string) *rawclient.Response {
		t.Helper()
		r, err := c.Do([]byte("GET /" + path + " HTTP/1.1\r\nHost: x\r\n\r\n"))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return r
	}
	releases := 0
	for _, test := range []struct {
		how    string
		status int
		body   string
		silent bool // nothing is wrong enough to be logged
	}{
		{"nothing", 502, "Bad Gateway\n", false},
		{"status-42", 502, "Bad Gateway\n", false}, {"status-150", 502, "Bad Gateway\n", false}, {"status-600", 502, "Bad Gateway\n", false},
		{"no-pointer", 502, "Bad Gateway\n", false}, {"no-length", 200, "", true},
		{"dangling-body", 502, "Bad Gateway\n", false}, {"dangling-empty", 200, "", true},
		{"dangling-headers", 502, "Bad Gateway\n", false}, {"many-headers", 502, "Bad Gateway\n", false},
		{"no-address", 502, "Bad Gateway\n", false}, {"runs-off", 502, "Bad Gateway\n", false},
		{"dangling-name", 502, "Bad Gateway\n", false}, {"dangling-value", 502, "Bad Gateway\n", false},
		{"dangling-message", 503, "Service Unavailable\n", false}, {"no-message", 503, "Service Unavailable\n", false},
		{"2-gib", 502, "Bad Gateway\n", false}, {"wraps", 502, "Bad Gateway\n", false},
		{"returns-77", 502, "Bad Gateway\n", false}, {"await-nothing", 502, "Bad Gateway\n", false},
		{"fails", 500, "Internal Server Error\n", false},
		{"cr", 502, "Bad Gateway\n", false}, {"lf", 502, "Bad Gateway\n", false}, {"nul", 502, "Bad Gateway\n", false},
		{"name", 502, "Bad Gateway\n", false}, {"empty-name", 502, "Bad Gateway\n", false},
		{"framing", 200, "must not be seen", false}, // but for the header it is a good answer
	} {
		before := len(lines.String())
		r := do(test.how)
		if r.Status != test.status || string(r.Body) != test.body || r.Header("x-a") != "" || r.Header("Transfer-Encoding") != "" {
			t.Errorf("%s: %d %q %v, want %d %q", test.how, r.Status, r.Body, r.Headers, test.status, test.body)
		}
		said := lines.String()[before:]
		if !test.silent && (!strings.Contains(said, `"endpoint":"bad"`) || !strings.Contains(said, status.Version[:12])) {
			t.Errorf("%s: the log does not name endpoint and version: %s", test.how, said)
		}
		if test.how != "nothing" {
			releases++
		}
	}
	if !strings.Contains(lines.String(), "a reason for the log") {
		t.Error("the handler's message is not in the log")
	}
	if r := do("released"); string(r.Body) != itoa(releases) {
		t.Errorf("release was called %s times for %d answers", r.Body, releases)
	}
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

func TestPanicsAndExceptionsStayInTheirHandler(t *testing.T) {
	throwing := t.TempDir()
	writeFile(t, throwing, "handler.cc", `#include "edge_gateway_sdk.h"
#include <stdexcept>
static int32_t answer(const eg_host *, const eg_request *, eg_response *) { throw std::runtime_error("a secret of C++"); }
EG_HANDLER("throws", "1.0");
EG_ENTRY(answer);
`)
	log, lines := logTo(t)
	_, address := start(t, gateway.Options{Log: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("rust", "/rust", build(t, "testdata/panic/rust")),
		endpoint("go", "/go", build(t, "testdata/panic/go")),
		endpoint("cpp", "/cpp", compileCPP(t, throwing)),
		function("function", "/function", func(*edge.Request) (*edge.Response, error) { panic("a secret of a function") }),
	}})
	for _, name := range []string{"rust", "go", "cpp", "function"} {
		for range 2 {
			if r := get(t, address, "/"+name); r.Status != 500 || strings.Contains(string(r.Body), "secret") {
				t.Errorf("%s: %d %q", name, r.Status, r.Body)
			}
		}
	}
	if n := strings.Count(lines.String(), "a secret of"); n < 8 {
		t.Errorf("%d of 8 messages are in the log", n)
	}
}
