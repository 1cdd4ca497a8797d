/* Answers at once; with ?wait after half a second, with another query after a
 * minute, holding no thread. Those whose queries begin with a w say so. */
#include "edge_gateway_sdk.h"

static int32_t waited(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  (void)state;
  if (reason != EG_OK) return EG_OK;
  return eg_answer(host, request, response, 200, "text/plain", eg_text("other"));
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  if (request->query.len == 0) return waited(host, request, response, NULL, EG_OK);
  const int64_t ms = request->query.len == 4 ? 500 : 60000;
  if (request->query.ptr[0] == 'w') eg_log(host, request, EG_LOG_INFO, "it waits");
  return eg_await_sleep(host, request, response, ms * 1000000, waited, NULL);
}

EG_HANDLER("other", "1.0");
EG_ENTRY(entry);
