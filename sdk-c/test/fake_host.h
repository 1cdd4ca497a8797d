/* A host for tests: a real eg_host table over malloc, so that a sanitizer sees
 * every byte that a handler touches beyond its own. */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "edge_gateway_sdk.h"

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FAKE_INSTANCE_TOKEN 7u
#define FAKE_MAX_COMPLETIONS 64
#define FAKE_MAX_OPS 64

typedef struct fake_completion {
  uint64_t token;
  int32_t status;
  int32_t http_status;
  char content_type[64];
  char text[256]; /* body, or the message of an error */
} fake_completion;

typedef struct fake_host {
  eg_host table; /* first, so that a pointer to it is one to the fake */

  eg_arena arena;
  uint8_t *blocks[256];
  uint64_t block_sizes[256];
  uint32_t block_count;
  uint64_t memory_limit; /* arena_grow refuses above it */
  uint64_t memory_used;
  uint64_t misalign; /* offset of the next blocks from a multiple of 16 */

  int32_t timer_status; /* given by service() for the timer */
  int32_t sleep_status; /* given by call() to each operation */
  uint32_t calls;
  uint32_t released;
  uint64_t last_token;
  int64_t last_sleep;

  /* What call() got for any other service, and what it answers, in order; EG_OK
   * without a result when there are no more answers. */
  uint32_t received_count, answer_count, answered;
  eg_op received[FAKE_MAX_OPS];
  struct {
    int32_t status;
    const void *result;
  } answers[FAKE_MAX_OPS];

  int32_t log_level;
  uint64_t log_len;
  char log_text[8193];

  pthread_mutex_t lock;
  pthread_cond_t completed;
  uint32_t completion_count;
  fake_completion completions[FAKE_MAX_COMPLETIONS];
} fake_host;

void fake_start(fake_host *fake);

/* Frees every block. */
void fake_stop(fake_host *fake);

/* An empty request with `token`, served from the fake's arena, which starts
 * with a block of `size` bytes, or with none at 0. */
eg_request fake_request(fake_host *fake, uint64_t token, uint64_t size);

/* An empty response. */
eg_response fake_response(void);

/* The table of a service: fake_table(EG_SQL). */
const void *fake_table(const char *id);

/* What the next operation that has none yet comes back with. */
void fake_answer(fake_host *fake, int32_t status, const void *result);

/* Waits until `count` completions have come. */
void fake_wait(fake_host *fake, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
