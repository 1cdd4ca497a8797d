/* The answer of the native server, from C, on a route without parameters. */
#include "edge_gateway_sdk.h"

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_text("Hello, world!"));
}

EG_HANDLER("static", "1.0");
EG_ENTRY(answer);
