/*
 * edge_gateway_sdk_http.h: outbound HTTP, on top of edge_gateway_http.h.
 *
 *   const void *api = eg_http(host, "api");
 *   eg_op op = eg_http_get_op(host, request, api, eg_text("https://api.example.com/x"));
 *   int32_t status = eg_run(host, request, &op, 1);
 *   if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
 *   const eg_http_response *answer = eg_http_response_of(&op);
 */
#ifndef EDGE_GATEWAY_SDK_HTTP_H
#define EDGE_GATEWAY_SDK_HTTP_H

#include "edge_gateway_http.h"
#include "edge_gateway_sdk.h"

/* The HTTP service that the endpoint calls `name`, valid as long as the
 * instance; NULL if it is bound to none, and operations on it are EG_E_DENIED
 * then. */
static inline const void *eg_http(const eg_host *host, const char *name) {
  return eg_find_service(host, EG_HTTP, name);
}

/* A request to be sent. `method` NULL is GET, or POST with a body. Set what
 * else is wanted: headers, body, timeout, max_body, flags. */
static inline eg_http_request eg_http_new(const char *method, eg_bytes url) {
  eg_http_request made;
  memset(&made, 0, sizeof made);
  made.struct_size = (uint32_t)sizeof made;
  made.method = eg_text(method);
  made.url = url;
  return made;
}

/* Sends a request. Read the answer, whatever its status, with
 * eg_http_response_of. EG_E_DENIED: the host is not allowed. */
static inline eg_op eg_http_fetch_op(const eg_host *host, const eg_request *request,
                                     const void *http, const eg_http_request *sent) {
  eg_http_request args = *sent;
  void *headers;
  for (uint64_t i = 0; i < args.header_count; i++)
    if (eg_failed(args.headers[i].name) || eg_failed(args.headers[i].value))
      return eg_failed_op(EG_E_NO_MEMORY);
  if (eg_failed(args.url) || eg_failed(args.body) ||
      !eg_copy_list(host, request, args.headers, args.header_count, sizeof(eg_field), &headers))
    return eg_failed_op(EG_E_NO_MEMORY);
  args.headers = (const eg_field *)headers;
  return eg_make_op_with(host, request, http, EG_HTTP_FETCH, &args, sizeof args);
}

static inline eg_op eg_http_get_op(const eg_host *host, const eg_request *request,
                                   const void *http, eg_bytes url) {
  eg_http_request sent = eg_http_new("GET", url);
  return eg_http_fetch_op(host, request, http, &sent);
}

/* `content_type` NULL sends no header. */
static inline eg_op eg_http_post_op(const eg_host *host, const eg_request *request,
                                    const void *http, eg_bytes url, const char *content_type,
                                    eg_bytes body) {
  eg_http_request sent = eg_http_new("POST", url);
  eg_field type;
  type.name = eg_text("content-type");
  type.value = eg_text(content_type);
  sent.headers = &type;
  sent.header_count = content_type == NULL ? 0 : 1;
  sent.body = body;
  return eg_http_fetch_op(host, request, http, &sent);
}

/* NULL if the operation failed. */
static inline const eg_http_response *eg_http_response_of(const eg_op *op) {
  return (const eg_http_response *)eg_result_of(op);
}

/* The first header of that name, in any case of letters; absent if none, and
 * when `answer` is NULL. */
static inline eg_bytes eg_http_header(const eg_http_response *answer, const char *name) {
  eg_bytes wanted = eg_text(name);
  if (answer == NULL) return eg_view(NULL, 0);
  for (uint64_t i = 0; i < answer->header_count; i++)
    if (eg_equal_fold(answer->headers[i].name, wanted)) return answer->headers[i].value;
  return eg_view(NULL, 0);
}

#endif
