/*
 * edge_gateway_http.h: outbound HTTP, the service "eg.http/1".
 *
 * Look it up with the local name of a binding. Only the hosts that the service
 * allows are reached, redirects included; a name of the list that leads to an
 * address of the machine's surroundings is refused, unless the service is told
 * otherwise. The request's trace context (traceparent, and with it tracestate)
 * and x-request-id (else the request's id) are passed on, unless the handler
 * sets them itself.
 *
 * HTTP/1.1 is spoken, without proxies; no coding of a body is asked for or
 * undone. What belongs to the connection is the host's: from a handler it is
 * dropped. That is Connection and what it names, Keep-Alive, Proxy-Connection,
 * Proxy-Authenticate, Proxy-Authorization, TE, Trailer, Transfer-Encoding,
 * Upgrade, HTTP2-Settings, Content-Length, Host and Expect.
 *
 * Redirects are followed by the rules of the fetch standard: 303, and 301 and
 * 302 of a POST, become a GET without a body; authorization and cookie go no
 * further than their scheme, host and port; https does not lead to http. GET,
 * HEAD, PUT, DELETE and OPTIONS may be sent again when the connection is lost
 * before any byte of an answer.
 */
#ifndef EDGE_GATEWAY_HTTP_H
#define EDGE_GATEWAY_HTTP_H

#include "edge_gateway.h"

#define EG_HTTP "eg.http/1"

/* Sends a request. args eg_http_request, result eg_http_response, whatever its
 * status. EG_E_DENIED: the host, or where it leads, is not allowed.
 * EG_E_TOO_LARGE: the answer's body is over max_body, or its headers over
 * 64 KiB; the request's URL is over 16 KiB, its headers over 256 or 64 KiB, or
 * its body over 64 MiB. EG_E_REFUSED: too many redirects. EG_E_UNAVAILABLE: the
 * host cannot be reached, its certificate is not trusted, or its answer is cut
 * off or no HTTP; if it was sent, it may have happened. */
#define EG_HTTP_FETCH 1u

#define EG_HTTP_NO_REDIRECTS 1u /* give a 3xx as it is */

typedef struct eg_http_request {
  uint32_t struct_size;
  uint32_t flags;  /* EG_HTTP_NO_REDIRECTS */
  eg_bytes method; /* absent: GET, or POST with a body */
  eg_bytes url;    /* http or https, percent-encoded, without user */
  const eg_field *headers; /* those of one name are sent in this order */
  uint64_t header_count;
  eg_bytes body;     /* absent: none */
  int64_t timeout;   /* nanoseconds; 0: the service's, which is the most.
                        The request's own deadline holds in any case */
  uint64_t max_body; /* of the answer; 0: the service's, which is the most */
} eg_http_request;

typedef struct eg_http_response {
  uint32_t struct_size;
  int32_t status;
  const eg_field *headers; /* ordered by name, names written Like-This; repeats
                              kept, those of one name in wire order (the order
                              of different names is not known to the host) */
  uint64_t header_count;
  eg_bytes body; /* as sent, decoded from its transfer coding alone; empty for
                      HEAD */
  eg_bytes url;  /* that answered, after redirects */
  int64_t elapsed; /* nanoseconds from the start of the operation to the end of
                      the body; those of one list end together for the handler */
} eg_http_response;

#endif
