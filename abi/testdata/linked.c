/* Does what its path says, for a host in another process. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "edge_gateway_sdk.h"

static const eg_host *the_host;
static volatile int forever = 1;

static int32_t init(const eg_host *host, const eg_init *start, void **self) {
  the_host = host;
  if (eg_absent(eg_config(host, "greeting"))) return EG_E_INVALID;
  eg_log(host, NULL, EG_LOG_INFO, "init");
  return eg_sleep(host, NULL, 1000000);
}

static void shut_down(const eg_host *host, void *self) { eg_log(host, NULL, EG_LOG_INFO, "shutdown"); }

static void cancel(const eg_host *host, void *self, uint64_t token) {
  eg_log(host, NULL, EG_LOG_INFO, "cancel");
}

static bool is(const eg_request *request, const char *path) {
  return eg_equal(request->path, eg_text(path));
}

static int32_t waited(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  eg_log(host, request, EG_LOG_INFO, reason == EG_OK ? "resumed" : "resumed for the last time");
  if (reason != EG_OK) return EG_OK;
  return eg_answer(host, request, response, 200, "text/plain", eg_text("waited"));
}

static void *complete_later(void *token) {
  eg_complete(the_host, (uint64_t)(uintptr_t)token, 202, "text/plain", eg_text("completed"));
  return NULL;
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  if (is(request, "/hello")) return eg_answer(host, request, response, 200, "text/plain", eg_text("hello"));
  if (is(request, "/config"))
    return eg_answer(host, request, response, 200, "text/plain", eg_config(host, "greeting"));
  if (is(request, "/echo")) {
    uint8_t *copy = malloc(request->body.len + 1);
    memcpy(copy, request->body.ptr, request->body.len);
    response->release = free;
    response->release_context = copy;
    int32_t status = eg_add_header(host, request, response, "x-a", eg_header(request, "a"));
    if (status != EG_OK) return status;
    return eg_answer(host, request, response, 200, "text/plain", eg_view(copy, request->body.len));
  }
  if (is(request, "/await")) return eg_await_sleep(host, request, response, 1000000, waited, NULL);
  if (is(request, "/await-long")) return eg_await_sleep(host, request, response, 60000000000, waited, NULL);
  if (is(request, "/block")) {
    int32_t status = eg_sleep(host, request, 1000000);
    return status != EG_OK ? status : eg_answer(host, request, response, 200, "text/plain", eg_text("blocked"));
  }
  if (is(request, "/pending")) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, complete_later, (void *)(uintptr_t)request->token) != 0) return EG_E_INTERNAL;
    pthread_detach(thread);
    return EG_PENDING;
  }
  if (is(request, "/never")) return EG_PENDING;
  if (is(request, "/big")) {
    uint8_t *all = malloc(3 << 20);
    memset(all, 'b', 3 << 20);
    response->release = free;
    response->release_context = all;
    return eg_answer(host, request, response, 200, "text/plain", eg_view(all, 3 << 20));
  }
  if (is(request, "/fail")) return eg_fail(response, eg_text("it failed"));
  if (is(request, "/broken")) {
    response->status = 200;
    response->header_count = 3;
    return EG_OK;
  }
  if (is(request, "/crash")) {
    eg_log(host, request, EG_LOG_INFO, "last words");
    *(volatile int *)8 = 1;
  }
  while (is(request, "/spin") && forever) {
  }
  return EG_E_NOT_FOUND;
}

EG_HANDLER_UNLOADABLE("linked", "1.0");
EG_INIT(init);
EG_ENTRY(entry);
EG_SHUTDOWN(shut_down);
EG_CANCEL(cancel);
