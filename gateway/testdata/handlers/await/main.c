/* Awaits in every right and wrong way; the state of each request is on the
 * heap and counted. /counts tells: allocated and freed; deadline, closing,
 * canceled; released. */
#include "edge_gateway_sdk.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
typedef struct echo { uint32_t struct_size, reserved; eg_bytes payload; } echo;
typedef struct state { int round; char text[64]; eg_op ops[257]; echo args[8]; } state;
static int allocated, freed, deadlines, closings, cancels, released;
#define COUNT(what) __atomic_add_fetch(&what, 1, __ATOMIC_SEQ_CST)
static void release(void *context) { (void)context; COUNT(released); }
/* eg_await, without its checks: bad lists are to reach the host. */
static int32_t wait_for(eg_response *response, eg_op *ops, uint64_t count, eg_resume resume, void *state) {
  response->ops = ops;
  response->op_count = count;
  response->resume = resume;
  response->state = state;
  return EG_AWAIT;
}
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
    return wait_for(response, s->ops, 1, resume, s);
  }
  if (is(request, "fails")) status = eg_fail(response, eg_text("failed after waiting"));
  else if (is(request, "side"))
    status = eg_answer(host, request, response, 200, 0, eg_format(host, request, "%.*s %d, %d, %.*s %d, %d, %d",
        (int)result(&s->ops[0]).len, result(&s->ops[0]).ptr, s->ops[0].status, s->ops[1].status,
        (int)result(&s->ops[2]).len, result(&s->ops[2]).ptr, s->ops[2].status, s->ops[3].status, s->ops[4].status));
  else if (s->ops[0].status != EG_OK)
    status = eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d", s->ops[0].status));
  else status = eg_answer(host, request, response, 200, 0, result(&s->ops[0])); /* valid as long as the request */
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
    return wait_for(response, &op, 1, 0, 0);
  }
  state *s = calloc(1, sizeof *s);
  COUNT(allocated);
  set(s, 0, service, 1, request->query);
  if (is(request, "hold") || is(request, "obstinate")) s->ops[0].code = 3;
  else if (is(request, "no-ops")) return wait_for(response, s->ops, 0, resume, s);
  else if (is(request, "no-list")) return wait_for(response, 0, 1, resume, s);
  else if (is(request, "dangling-list")) return wait_for(response, (eg_op *)0x10, 1, resume, s);
  else if (is(request, "far-list")) return wait_for(response, (eg_op *)0xdead0000, 1, resume, s);
  else if (is(request, "too-many")) return wait_for(response, s->ops, 257, resume, s);
  else if (is(request, "dangling-args")) s->ops[0].args = (void *)0x10;
  else if (is(request, "dangling-payload")) s->args[0].payload = eg_view((void *)0xdead0000, 5);
  else if (is(request, "side")) {
    set(s, 1, service, 2, eg_text(""));
    set(s, 2, service, 1, eg_text("second"));
    set(s, 3, service, 99, eg_text(""));
    set(s, 4, 0, 1, eg_text(""));
    return wait_for(response, s->ops, 5, resume, s);
  } else if (is(request, "slow")) { /* awaits when its time is up */
    int64_t now = 0;
    while (now < request->deadline + 50000000) host->now(host, &now);
  }
  return wait_for(response, s->ops, 1, resume, s);
}
EG_HANDLER("await", "1.0");
EG_ENTRY(answer);
