/* Requests that wait, the earliest first: a bounded binary heap. */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_CAPACITY 16384u

typedef struct entry {
  int64_t due; /* nanoseconds, by a clock that never steps */
  uint64_t ms;
  uint64_t token;
} entry;

typedef struct queue {
  uint32_t count;
  entry entries[QUEUE_CAPACITY]; /* entries[0] is the earliest */
} queue;

/* False when the queue is full. */
bool queue_push(queue *waiting, entry added);

/* Takes the earliest out; the queue must not be empty. */
entry queue_pop(queue *waiting);

/* Makes the entry of that token the earliest. False if there is none. */
bool queue_advance(queue *waiting, uint64_t token);

#endif
