/* The pending sample under many requests: order, cancel, a full queue, stop. */
#include "check.h"
#include "fake_host.h"
#include "queue.h"

static void *start(fake_host *fake) {
  fake_start(fake);
  void *self = NULL;
  eg_init init = {sizeof init, 0, eg_text("pending"), NULL, 0};
  CHECK(handler_init(&fake->table, &init, &self) == EG_OK && self != NULL);
  return self;
}

static int32_t ask(fake_host *fake, void *self, uint64_t token, const char *query) {
  eg_request request = fake_request(fake, token, 512);
  eg_response response = fake_response();
  request.self = self;
  request.query = eg_text(query);
  int32_t status = handler_entry(&fake->table, &request, &response);
  return status == EG_OK ? response.status : status;
}

static void the_earliest_is_answered_first(void) {
  static fake_host fake;
  void *self = start(&fake);
  CHECK(ask(&fake, self, 1, "ms=300") == EG_PENDING);
  CHECK(ask(&fake, self, 2, "ms=150") == EG_PENDING);
  CHECK(ask(&fake, self, 3, "ms=0") == EG_PENDING);
  CHECK(ask(&fake, self, 4, "ms=soon") == 400);
  fake_wait(&fake, 3);
  const uint64_t order[] = {3, 2, 1};
  for (int i = 0; i < 3; i++) CHECK(fake.completions[i].token == order[i]);
  CHECK(!strcmp(fake.completions[1].text, "waited 150 ms\n"));
  handler_shutdown(&fake.table, self);
  fake_stop(&fake);
}

static void a_canceled_request_is_answered_at_once(void) {
  static fake_host fake;
  void *self = start(&fake);
  CHECK(ask(&fake, self, 1, "ms=3600000") == EG_PENDING);
  CHECK(ask(&fake, self, 2, "ms=3600000") == EG_PENDING);
  handler_cancel(&fake.table, self, 2);
  handler_cancel(&fake.table, self, 99); /* unknown: nothing happens */
  fake_wait(&fake, 1);
  CHECK(fake.completions[0].token == 2);
  handler_shutdown(&fake.table, self); /* ends the other one */
  CHECK(fake.completion_count == 2 && fake.completions[1].status == EG_E_CLOSING);
  fake_stop(&fake);
}

static void the_queue_is_bounded_and_sorted(void) {
  static queue waiting;
  uint64_t random = 1;
  for (uint64_t i = 0; i < QUEUE_CAPACITY; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    entry added = {(int64_t)(random >> 40), i, i};
    CHECK(queue_push(&waiting, added));
  }
  entry more = {0, 0, 0};
  CHECK(!queue_push(&waiting, more));
  CHECK(queue_advance(&waiting, 12345) && !queue_advance(&waiting, QUEUE_CAPACITY));
  CHECK(queue_pop(&waiting).token == 12345);
  for (int64_t last = INT64_MIN; waiting.count > 0;) {
    entry next = queue_pop(&waiting);
    CHECK(next.due >= last);
    last = next.due;
  }
}

int main(void) {
  the_earliest_is_answered_first();
  a_canceled_request_is_answered_at_once();
  the_queue_is_bounded_and_sorted();
  return 0;
}
