/* GET /c/wait_blocking?ms=N: as the wait sample, but with a call that holds its
 * thread: simpler to write, and one thread for each request that waits. */
#include "edge_gateway_sdk.h"

static int32_t wait_for(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes text = eg_query_param(host, request, "ms");
  uint64_t ms = 100;
  if (eg_failed(text)) return EG_E_NO_MEMORY;
  if (!eg_absent(text) && eg_parse_uint(text, 3600000, &ms) != EG_OK)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text("ms must be a number from 0 to 3600000\n"));
  int32_t status = eg_sleep(host, request, (int64_t)ms * 1000000);
  if (status != EG_OK) return status;
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_format(host, request, "waited %llu ms\n", (unsigned long long)ms));
}

EG_HANDLER_UNLOADABLE("wait_blocking", "1.0");
EG_ENTRY(wait_for);
