/* Spins inside native code for as many seconds as its path says. */
#include <time.h>

#include "edge_gateway_sdk.h"

static int32_t spin(const eg_host *host, const eg_request *request, eg_response *response) {
  uint64_t seconds;
  struct timespec begin, now;
  if (eg_parse_uint(eg_param(request, "seconds"), 60, &seconds) != EG_OK) return EG_E_INVALID;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((uint64_t)(now.tv_sec - begin.tv_sec) < seconds);
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8", eg_text("dizzy"));
}

EG_HANDLER("spin", "1.0");
EG_ENTRY(spin);
