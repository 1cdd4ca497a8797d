//go:build cgo

/* The exports themselves are C, so that the compiler holds them against the
 * header's own prototypes. */
#include "edge_gateway.h"

#include "_cgo_export.h"

const eg_info *handler_info(void) { return eg_go_info(); }

int32_t handler_entry(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_go_entry((eg_host *)host, (eg_request *)request, response);
}

int32_t handler_init(const eg_host *host, const eg_init *init, void **self) {
  *self = 0; /* the instance's state is in Go variables: each load has its own */
  return eg_go_init((eg_host *)host, (eg_init *)init);
}

void handler_shutdown(const eg_host *host, void *self) {
  (void)self;
  eg_go_shutdown((eg_host *)host);
}

void handler_abi_0_2(void) {}
