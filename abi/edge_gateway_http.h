/*
 * edge_gateway_http.h: outbound HTTP, the service "eg.http/1".
 *
 * Look it up with the local name of a binding. Only the hosts that the service
 * allows are reached, redirects included. The request's trace context
 * (traceparent, tracestate) and x-request-id are passed on, unless the handler
 * sets them itself.
 */
#ifndef EDGE_GATEWAY_HTTP_H
#define EDGE_GATEWAY_HTTP_H

#include "edge_gateway.h"

#define EG_HTTP "eg.http/1"

/* Sends a request. args eg_http_request, result eg_http_response, whatever its
 * status. EG_E_DENIED: the host, or where it leads, is not allowed.
 * EG_E_TOO_LARGE: the answer's body is over max_body. */
#define EG_HTTP_FETCH 1u

#define EG_HTTP_NO_REDIRECTS 1u /* give a 3xx as it is */

typedef struct eg_http_request {
  uint32_t struct_size;
  uint32_t flags;  /* EG_HTTP_NO_REDIRECTS */
  eg_bytes method; /* absent: GET, or POST with a body */
  eg_bytes url;    /* http or https */
  const eg_field *headers;
  uint64_t header_count;
  eg_bytes body;     /* absent: none */
  int64_t timeout;   /* nanoseconds; 0: the service's. The request's own
                        deadline holds in any case */
  uint64_t max_body; /* of the answer; 0: the service's, which is the most */
} eg_http_request;

typedef struct eg_http_response {
  uint32_t struct_size;
  int32_t status;
  const eg_field *headers; /* in wire order, repeats kept */
  uint64_t header_count;
  eg_bytes body; /* as sent, decoded from its transfer coding alone */
  eg_bytes url;  /* that answered, after redirects */
  int64_t elapsed; /* nanoseconds from the start of the operation to the end of
                      the body; those of one list end together for the handler */
} eg_http_response;

#endif
