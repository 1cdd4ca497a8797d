/* /fetch?URL sends a PUT with headers and a body, and answers with what came
 * back; /broken asks wrongly. */
#include "edge_gateway_http.h"
#include "edge_gateway_sdk.h"

typedef struct call {
  eg_op op;
  eg_http_request request;
  eg_field fields[2];
} call;

static int32_t fetched(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  call *c = state;
  if (reason != EG_OK) return EG_OK;
  if (c->op.status != EG_OK) {
    const eg_problem *problem = c->op.result;
    return eg_answer(host, request, response, 200, 0, eg_format(host, request, "%d %.*s", c->op.status,
        (int)problem->message.len, problem->message.ptr));
  }
  const eg_http_response *answer = c->op.result;
  for (uint64_t n = 0; n < answer->header_count; n++)
    if (eg_equal_fold(answer->headers[n].name, eg_text("x-seen"))) {
      response->headers = &answer->headers[n];
      response->header_count = 1;
    }
  response->status = answer->status;
  response->body = answer->body;
  return EG_OK;
}

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  const void *http = eg_find_service(host, EG_HTTP, 0);
  call *c = eg_alloc(host, request, sizeof *c);
  if (http == NULL || c == NULL) return eg_fail(response, eg_text("no service"));
  *c = (call){{http, EG_HTTP_FETCH, 0, &c->request, 0}, {0}, {{eg_text("X-A"), eg_text("1")}, {eg_text("X-A"), eg_text("2")}}};
  c->request = (eg_http_request){.struct_size = sizeof c->request, .method = eg_text("PUT"), .url = request->query,
                                 .headers = c->fields, .header_count = 2, .body = eg_text("body")};
  if (eg_equal(eg_param(request, "how"), eg_text("broken"))) c->request.header_count = 1000;
  if (eg_equal(eg_param(request, "how"), eg_text("flags"))) c->request.flags = 64;
  if (eg_equal(eg_param(request, "how"), eg_text("no-args"))) c->op.args = NULL;
  return eg_await(response, &c->op, 1, fetched, c);
}

EG_HANDLER_UNLOADABLE("fetch", "1.0");
EG_ENTRY(answer);
