/* Ends its process where it is hard to tell who did, by path; "arm-" has that
 * happen when the library is asked for something later. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "edge_gateway_sdk.h"

static int armed_shutdown, armed_unload, armed_cancel;

__attribute__((noinline)) void fault_segv(void) { *(volatile int *)0x10 = 1; }

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&time, &time) != 0) {
  }
}

static void *crash_later(void *unused) {
  (void)unused;
  sleep_ms(10);
  fault_segv();
  return NULL;
}

static void crash_in_release(void *unused) {
  (void)unused;
  fault_segv();
}

static void exit_otherwise(void) { _exit(7); }

/* Writes over all memory that the process shares with another one. */
static void scribble(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512], mode[8];
  unsigned long from, to;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && !strcmp(mode, "rw-s")) memset((void *)from, 0xa5, to - from);
  fault_segv();
}

/* Writes over the request and the answer that it was given. */
static void scribble_frame(const eg_request *request, eg_response *response) {
  memset((void *)request, 0xa5, sizeof *request);
  memset(response, 0xa5, sizeof *response);
}

static void garbage(void) {
  char line[1024];
  for (int n = 0; n < 64; n++) {
    for (unsigned i = 0; i < sizeof line; i++) line[i] = (char)(n * 31 + i * 7);
    if (write(2, line, sizeof line) < 0) break;
  }
  if (write(2, "\ngoroutine 1 [running]:\nSIGSEGV: not so\nPC=0x1 m=0 sigcode=1 addr=0x2\n\n", 71) < 0) abort();
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  char path[64] = {0};
  memcpy(path, request->path.ptr, request->path.len < 63 ? request->path.len : 63);
  const char *what = strrchr(path, '/') + 1;
  if (!strcmp(what, "sleep")) {
    eg_log(host, request, EG_LOG_INFO, "it waits");
    for (;;) sleep_ms(1000);
  }
  if (!strcmp(what, "segv")) fault_segv();
  if (!strcmp(what, "later")) {
    pthread_t other;
    if (pthread_create(&other, NULL, crash_later, NULL) != 0) return EG_E_INTERNAL;
    pthread_detach(other);
  }
  if (!strcmp(what, "release")) {
    int32_t status = eg_answer(host, request, response, 200, "text/plain", eg_text("done"));
    response->release = crash_in_release;
    return status;
  }
  if (!strcmp(what, "arm-shutdown")) armed_shutdown = 1;
  if (!strcmp(what, "arm-unload")) armed_unload = 1;
  if (!strcmp(what, "arm-cancel")) {
    armed_cancel = 1;
    sleep_ms(3000);
  }
  if (!strcmp(what, "scribble")) scribble();
  if (!strcmp(what, "scribble-frame")) {
    scribble_frame(request, response);
    return EG_OK;
  }
  if (!strcmp(what, "garbage")) {
    garbage();
    fault_segv();
  }
  if (!strcmp(what, "fork") || !strcmp(what, "fork-and-crash")) {
    pid_t child = fork();
    if (child == 0) {
      if (!strcmp(what, "fork")) exit(0);
      sleep_ms(5000); /* it has all that the gateway has open */
      _exit(0);
    }
    if (!strcmp(what, "fork")) waitpid(child, NULL, 0);
    if (!strcmp(what, "fork-and-crash")) fault_segv();
  }
  if (!strcmp(what, "atexit")) {
    atexit(exit_otherwise);
    exit(0);
  }
  return eg_answer(host, request, response, 200, "text/plain", eg_text("done"));
}

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)self;
  if (!(init->flags & EG_INIT_TRIAL) && !eg_absent(eg_config(host, "crash"))) fault_segv();
  return EG_OK;
}

static void stop(const eg_host *host, void *self) {
  (void)host;
  (void)self;
  if (armed_shutdown) fault_segv();
}

static void cancel(const eg_host *host, void *self, uint64_t token) {
  (void)host;
  (void)self;
  (void)token;
  if (armed_cancel) fault_segv();
}

__attribute__((destructor)) static void unload(void) {
  if (armed_unload) fault_segv();
}

EG_HANDLER_UNLOADABLE("adversary", "1.0");
EG_ENTRY(entry);
EG_INIT(start);
EG_SHUTDOWN(stop);
EG_CANCEL(cancel);
