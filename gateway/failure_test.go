package gateway_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/edge-gateway/edge-gateway/abi"
	"github.com/edge-gateway/edge-gateway/gateway"
	edge "github.com/edge-gateway/edge-gateway/sdk-go"
)

// It fails with the status that the query has.
const failingInC = `#include "edge_gateway_sdk.h"
static int32_t wanted(const eg_request *request) { return -atoi((const char *)request->query.ptr); }
static int32_t resumed(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)host; (void)state;
  response->message = eg_text("as it was asked to");
  return reason == EG_OK ? wanted(request) : EG_OK;
}
static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes how = eg_param(request, "how");
  if (eg_equal(how, eg_text("completed"))) {
    eg_complete_fail(host, request->token, wanted(request), eg_text("as it was asked to"));
    return EG_PENDING;
  }
  if (eg_equal(how, eg_text("resumed"))) return eg_await_sleep(host, request, response, 0, resumed, NULL);
  response->message = eg_text("as it was asked to");
  return wanted(request);
}
EG_HANDLER("failing", "1.0");
EG_ENTRY(answer);
`

// However a handler fails, the client hears what it can act on, and why only
// the log does.
func TestTheStatusOfAFailureDecidesWhatTheClientHears(t *testing.T) {
	log, lines := logTo(t)
	function := endpoint("function", "/function", "")
	function.Handler = func(r *edge.Request) (*edge.Response, error) {
		n, err := strconv.Atoi(r.Query)
		return nil, errors.Join(err, &edge.ServiceError{Status: edge.Status(-n), Message: "as it was asked to"})
	}
	_, address := start(t, gateway.Options{Log: log}, gateway.Snapshot{Endpoints: []gateway.Endpoint{
		endpoint("failing", "/c/{how}", buildC(t, "#include <stdlib.h>\n"+failingInC)), function,
	}})
	for status := abi.ErrInternal; status >= abi.ErrRefused; status-- {
		code, reason, retry := 500, "Internal Server Error\n", ""
		switch status {
		case abi.ErrOverloaded, abi.ErrUnavailable, abi.ErrClosing:
			code, reason, retry = 503, "Service Unavailable\n", "1"
		case abi.ErrDeadline:
			code, reason = 504, "Gateway Timeout\n"
		}
		for _, path := range []string{"/c/returned", "/c/resumed", "/c/completed", "/function"} {
			r := get(t, address, fmt.Sprintf("%s?%d", path, -status))
			if r.Status != code || string(r.Body) != reason || r.Header("Retry-After") != retry {
				t.Errorf("%s with %s: %d %q, Retry-After %q; want %d %q %q", path, status, r.Status, r.Body, r.Header("Retry-After"), code, reason, retry)
			}
		}
		if n := strings.Count(lines.String(), `"status":"`+status.String()+`","message":"as it was asked to"`); n != 4 {
			t.Errorf("%s is in %d lines of the log, want 4", status, n)
		}
	}
}
