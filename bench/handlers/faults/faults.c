/* /faults/{what}: does what the path says, of which most is a
 * mistake; "thread" makes it on a thread of its own. Anything else answers
 * "alive". */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge_gateway_sdk.h"

static int *volatile nowhere;
static void *volatile leaked;

static void *segv(void *unused) {
  *nowhere = 1;
  return unused;
}

__attribute__((noinline)) static int overflow(int n) {
  volatile char room[4096];
  room[n % 4096] = (char)n;
  return overflow(n + 1) + room[n % 7];
}

static void in_thread(void) {
  pthread_t other;
  if (pthread_create(&other, NULL, segv, NULL) == 0) pthread_join(other, NULL);
}

/* Three seconds: past the deadline of its endpoint. */
static void spin(void) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while (now.tv_sec - begin.tv_sec < 3);
}

/* In pieces of 4 MiB, up to 512 MiB, at 100 MB a second. */
static void leak(void) {
  const struct timespec pause = {0, 40 * 1000 * 1000};
  for (int i = 0; i < 128; i++) {
    leaked = malloc(4 << 20);
    if (leaked == NULL) abort();
    memset(leaked, i + 1, 4 << 20);
    nanosleep(&pause, NULL);
  }
}

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes what = eg_param(request, "what");
  if (eg_equal(what, eg_text("segv"))) segv(NULL);
  if (eg_equal(what, eg_text("abort"))) abort();
  if (eg_equal(what, eg_text("exit"))) exit(0);
  if (eg_equal(what, eg_text("stack"))) overflow(0);
  if (eg_equal(what, eg_text("thread"))) in_thread();
  if (eg_equal(what, eg_text("spin"))) spin();
  if (eg_equal(what, eg_text("leak"))) leak();
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8", eg_text("alive\n"));
}

EG_HANDLER("faults", "1.0");
EG_ENTRY(entry);
