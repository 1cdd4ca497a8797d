/* GET /c/hello/{name}: greets. The smallest handler that uses its request. */
#include "edge_gateway_sdk.h"

static int32_t hello(const eg_host *host, const eg_request *request, eg_response *response) {
  const eg_bytes parts[] = {eg_text("Hello, "), eg_param(request, "name"), eg_text("!")};
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_concat(host, request, parts, 3));
}

EG_HANDLER_UNLOADABLE("hello", "1.0");
EG_ENTRY(hello);
