/* Ends its process in the way that the path names: /segv, or with /thread
 * before it on a thread of its own, while the request waits. /wait never
 * answers; any other path does at once. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge_gateway_sdk.h"

volatile int zero;
int *volatile nowhere;
static void (*volatile sink)(void *);

__attribute__((noinline)) void fault_segv(void) { *(int *)(0x10 + (char *)nowhere) = 1; }
__attribute__((noinline)) void fault_fpe(void) { zero = 1000 / zero; }
__attribute__((noinline)) void fault_ill(void) { __builtin_trap(); }
__attribute__((noinline)) void fault_abort(void) { abort(); }
__attribute__((noinline)) void fault_exit(void) { exit(0); }
__attribute__((noinline)) int fault_stack(int n) {
  volatile char room[4096];
  room[n % 4096] = (char)n;
  return fault_stack(n + 1) + room[n % 7];
}
__attribute__((noinline)) void fault_free(void) {
  void *volatile p = malloc(24);
  free(p);
  free(p);
}

static void fault(const char *name) {
  if (!strcmp(name, "segv")) fault_segv();
  if (!strcmp(name, "fpe")) fault_fpe();
  if (!strcmp(name, "ill")) fault_ill();
  if (!strcmp(name, "abort")) fault_abort();
  if (!strcmp(name, "exit")) fault_exit();
  if (!strcmp(name, "stack")) fault_stack(0);
  if (!strcmp(name, "free")) fault_free();
}

static void *thread(void *name) {
  fault(name);
  return NULL;
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  char path[64] = {0};
  memcpy(path, request->path.ptr, request->path.len < 63 ? request->path.len : 63);
  char *last = strrchr(path, '/');
  char *name = last == NULL ? path : last + 1;
  if (!strcmp(name, "wait")) {
    eg_log(host, request, EG_LOG_INFO, "it waits");
    for (;;) pause();
  }
  if (strstr(path, "/thread/") != NULL) {
    pthread_t other;
    if (pthread_create(&other, NULL, thread, name) != 0) return EG_E_INTERNAL;
    pthread_join(other, NULL);
  } else {
    fault(name);
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text("alive\n"));
}

EG_HANDLER("faults", "1.0");
EG_ENTRY(entry);
