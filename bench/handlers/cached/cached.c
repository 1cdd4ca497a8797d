/* GET /cached: the greeting that is in the cache, put there when it is not.
 * Binding: cache. */
#include "edge_gateway_sdk_cache.h"

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)init;
  *self = (void *)(uintptr_t)eg_cache(host, "cache"); /* valid as long as the instance */
  return *self == NULL ? EG_E_DENIED : EG_OK;
}

static int32_t greet(const eg_host *host, const eg_request *request, eg_response *response,
                     eg_bytes greeting) {
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8", greeting);
}

static int32_t stored(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  const eg_op *op = state; /* in the arena: nothing to free */
  if (reason != EG_OK) return EG_OK;
  if (op->status != EG_OK) return eg_fail_ops(response, op->status, op, 1);
  return greet(host, request, response, eg_text("Hello, world!"));
}

static int32_t found(const eg_host *host, const eg_request *request, eg_response *response,
                     void *state, int32_t reason) {
  eg_op *op = state;
  if (reason != EG_OK) return EG_OK;
  if (op->status != EG_OK) return eg_fail_ops(response, op->status, op, 1);
  eg_bytes greeting = eg_cache_value(op);
  if (!eg_absent(greeting)) return greet(host, request, response, greeting);
  *op = eg_cache_set_op(host, request, request->self, eg_text("greeting"),
                        eg_text("Hello, world!"), 0);
  return eg_await(response, op, 1, stored, op);
}

static int32_t cached(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_op *op = eg_alloc(host, request, sizeof *op);
  if (op == NULL) return EG_E_NO_MEMORY;
  *op = eg_cache_get_op(host, request, request->self, eg_text("greeting"));
  return eg_await(response, op, 1, found, op);
}

EG_HANDLER("cached", "1.0");
EG_INIT(start);
EG_ENTRY(cached);
