#include "queue.h"

/* Puts `moved` where `hole` is, or above it while its parents are later. */
static void sift_up(queue *waiting, uint32_t hole, entry moved) {
  while (hole > 0 && waiting->entries[(hole - 1) / 2].due > moved.due) {
    waiting->entries[hole] = waiting->entries[(hole - 1) / 2];
    hole = (hole - 1) / 2;
  }
  waiting->entries[hole] = moved;
}

bool queue_push(queue *waiting, entry added) {
  if (waiting->count == QUEUE_CAPACITY) return false;
  sift_up(waiting, waiting->count++, added);
  return true;
}

entry queue_pop(queue *waiting) {
  entry first = waiting->entries[0], moved = waiting->entries[--waiting->count];
  uint32_t hole = 0;
  for (;;) {
    uint32_t child = 2 * hole + 1;
    if (child >= waiting->count) break;
    if (child + 1 < waiting->count && waiting->entries[child + 1].due < waiting->entries[child].due)
      child++;
    if (waiting->entries[child].due >= moved.due) break;
    waiting->entries[hole] = waiting->entries[child];
    hole = child;
  }
  waiting->entries[hole] = moved;
  return first;
}

bool queue_advance(queue *waiting, uint64_t token) {
  for (uint32_t i = 0; i < waiting->count; i++) {
    if (waiting->entries[i].token != token) continue;
    entry moved = waiting->entries[i];
    moved.due = INT64_MIN;
    sift_up(waiting, i, moved);
    return true;
  }
  return false;
}
