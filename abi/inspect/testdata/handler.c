/* What every fixture is made from: a whole handler that needs no C library. */
#include "edge_gateway.h"

static const eg_info info = {sizeof(eg_info), EG_ABI_MAJOR, EG_ABI_MINOR, 0, sizeof(void *), 0,
                             {(const uint8_t *)"fixture", 7}, {(const uint8_t *)"1", 1},
                             {(const uint8_t *)"none", 4}, {(const uint8_t *)"c", 1}};

EG_EXPORT const eg_info *handler_info(void) { return &info; }
EG_EXPORT void handler_abi_0_2(void) {}
EG_EXPORT int32_t handler_entry(const eg_host *host, const eg_request *request,
                                eg_response *response) {
  (void)host;
  (void)request;
  response->status = 204;
  return EG_OK;
}
