/* GET /cached: as cached, with calls in place of awaiting. Binding: cache. */
#include "edge_gateway_sdk_cache.h"

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)init;
  *self = (void *)(uintptr_t)eg_cache(host, "cache"); /* valid as long as the instance */
  return *self == NULL ? EG_E_DENIED : EG_OK;
}

static int32_t cached(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_op op = eg_cache_get_op(host, request, request->self, eg_text("greeting"));
  int32_t status = eg_run(host, request, &op, 1);
  if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
  eg_bytes greeting = eg_cache_value(&op);
  if (eg_absent(greeting)) {
    greeting = eg_text("Hello, world!");
    op = eg_cache_set_op(host, request, request->self, eg_text("greeting"), greeting, 0);
    status = eg_run(host, request, &op, 1);
    if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
  }
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8", greeting);
}

EG_HANDLER("cached_blocking", "1.0");
EG_INIT(start);
EG_ENTRY(cached);
