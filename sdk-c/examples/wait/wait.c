/* GET /c/wait?ms=N: answers after N milliseconds (100 if not given), holding
 * no thread meanwhile. The rest of the request is a continuation. */
#include "edge_gateway_sdk.h"

static int32_t waited(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  const uint64_t *ms = state; /* in the arena: nothing to free */
  if (reason != EG_OK) return EG_OK;
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_format(host, request, "waited %llu ms\n", (unsigned long long)*ms));
}

static int32_t wait_for(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes text = eg_query_param(host, request, "ms");
  uint64_t *ms = eg_alloc(host, request, sizeof *ms);
  if (ms == NULL || eg_failed(text)) return EG_E_NO_MEMORY;
  *ms = 100;
  if (!eg_absent(text) && eg_parse_uint(text, 3600000, ms) != EG_OK)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text("ms must be a number from 0 to 3600000\n"));
  return eg_await_sleep(host, request, response, (int64_t)*ms * 1000000, waited, ms);
}

EG_HANDLER_UNLOADABLE("wait", "1.0");
EG_ENTRY(wait_for);
