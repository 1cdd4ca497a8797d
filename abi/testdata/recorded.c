/* Tells of each call into it while it is under way: by a line of the log where
 * the host can be asked, and else by waiting at a FIFO. */
#include <fcntl.h>
#include <unistd.h>

#include "edge_gateway_sdk.h"

static const eg_host *the_host;

static void wait_at_fifo(void) {
  char byte;
  int fd = open(FIFO, O_RDONLY);
  while (read(fd, &byte, 1) > 0) {
  }
  close(fd);
}

__attribute__((constructor)) static void arrive(void) { wait_at_fifo(); }
__attribute__((destructor)) static void leave(void) { wait_at_fifo(); }

static int32_t init(const eg_host *host, const eg_init *start, void **self) {
  the_host = host;
  eg_log(host, NULL, EG_LOG_INFO, "init");
  return EG_OK;
}

static void release(void *context) { eg_log(the_host, NULL, EG_LOG_INFO, "release"); }

static int32_t resume(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  eg_log(host, request, EG_LOG_INFO, "resume");
  response->status = 200;
  response->release = release;
  return EG_OK;
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_log(host, request, EG_LOG_INFO, "entry");
  response->resume = resume;
  return EG_AWAIT;
}

static void shut_down(const eg_host *host, void *self) { eg_log(host, NULL, EG_LOG_INFO, "shutdown"); }
static void cancel(const eg_host *host, void *self, uint64_t token) {
  eg_log(host, NULL, EG_LOG_INFO, "cancel");
}

EG_HANDLER_UNLOADABLE("recorded", "1.0");
EG_INIT(init);
EG_ENTRY(entry);
EG_SHUTDOWN(shut_down);
EG_CANCEL(cancel);
