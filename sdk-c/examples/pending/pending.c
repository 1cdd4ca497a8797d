/* GET /c/pending?ms=N: answers after N milliseconds (100 if not given) from a
 * thread of its own: the way to bring an event loop along. */
#define _POSIX_C_SOURCE 200809L
#include "edge_gateway_sdk.h"
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct instance {
  const eg_host *host;
  pthread_t thread;
  pthread_mutex_t lock;    /* guards what follows */
  pthread_cond_t changed;
  bool stopping;
  queue waiting;
} instance;

static int64_t monotonic_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Not under the lock: the host takes locks of its own. */
static void answer(const eg_host *host, entry done, bool stopping) {
  char text[64];
  if (stopping) {
    eg_complete_fail(host, done.token, EG_E_CLOSING, eg_text("the instance is stopping"));
    return;
  }
  snprintf(text, sizeof text, "waited %llu ms\n", (unsigned long long)done.ms);
  eg_complete_text(host, done.token, 200, eg_text(text));
}

static void *serve(void *argument) {
  instance *self = argument;
  pthread_mutex_lock(&self->lock);
  while (!self->stopping || self->waiting.count > 0) {
    if (self->waiting.count == 0) {
      pthread_cond_wait(&self->changed, &self->lock);
    } else if (self->stopping || self->waiting.entries[0].due <= monotonic_now()) {
      bool stopping = self->stopping;
      entry first = queue_pop(&self->waiting);
      pthread_mutex_unlock(&self->lock);
      answer(self->host, first, stopping);
      pthread_mutex_lock(&self->lock);
    } else {
      int64_t due = self->waiting.entries[0].due;
      struct timespec until = {.tv_sec = (time_t)(due / 1000000000), .tv_nsec = due % 1000000000};
      pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

static int32_t start(const eg_host *host, const eg_init *init, void **self_out) {
  (void)init;
  instance *self = calloc(1, sizeof *self);
  if (self == NULL) return EG_E_NO_MEMORY;
  self->host = host;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  if (pthread_create(&self->thread, NULL, serve, self) != 0) {
    eg_log(host, NULL, EG_LOG_ERROR, "pending: cannot start a thread; raise the limit on threads");
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    return EG_E_INTERNAL;
  }
  *self_out = self;
  return EG_OK;
}

static void stop(const eg_host *host, void *argument) {
  (void)host;
  instance *self = argument;
  pthread_mutex_lock(&self->lock);
  self->stopping = true;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
  pthread_join(self->thread, NULL);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

/* Nobody waits any more: answer at once, so that the request can end. */
static void cancel(const eg_host *host, void *argument, uint64_t token) {
  (void)host;
  instance *self = argument;
  pthread_mutex_lock(&self->lock);
  if (queue_advance(&self->waiting, token)) pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

static int32_t pending(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes text = eg_query_param(host, request, "ms");
  uint64_t ms = 100;
  if (eg_failed(text)) return EG_E_NO_MEMORY;
  if (!eg_absent(text) && eg_parse_uint(text, 3600000, &ms) != EG_OK)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text("ms must be a number from 0 to 3600000\n"));

  instance *self = request->self;
  entry added = {monotonic_now() + (int64_t)ms * 1000000, ms, request->token};
  pthread_mutex_lock(&self->lock);
  bool taken = !self->stopping && queue_push(&self->waiting, added);
  if (taken) pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
  /* The thread may have answered by now: touch nothing of the request. */
  if (taken) return EG_PENDING;
  return eg_answer(host, request, response, 503, "text/plain; charset=utf-8",
                   eg_text("too many requests are waiting\n"));
}

/* stop joins the only thread there is. */
EG_HANDLER_UNLOADABLE("pending", "1.0");
EG_INIT(start);
EG_ENTRY(pending);
EG_CANCEL(cancel);
EG_SHUTDOWN(stop);
