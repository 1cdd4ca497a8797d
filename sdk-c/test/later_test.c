/* Blocking, suspending and completing later. */
#include "check.h"
#include "fake_host.h"

static void a_sleep_asks_the_timer_and_gives_the_result_back(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 9, 0);
  CHECK(eg_sleep(&fake.table, &request, 1500) == EG_OK);
  CHECK(fake.calls == 1 && fake.released == 1 && fake.last_sleep == 1500 && fake.last_token == 9);
  CHECK(eg_sleep(&fake.table, NULL, -1) == EG_OK && fake.last_token == FAKE_INSTANCE_TOKEN);
  fake.sleep_status = EG_E_DEADLINE;
  CHECK(eg_sleep(&fake.table, &request, 1) == EG_E_DEADLINE && fake.released == 3);
  fake.timer_status = EG_E_CLOSING;
  CHECK(eg_sleep(&fake.table, &request, 1) == EG_E_CLOSING && fake.calls == 3);
  fake_stop(&fake);
}

/* A continuation over three sleeps, with a state on the heap. */
typedef struct steps {
  int left;
} steps;

static int states_alive;

static int32_t step(const eg_host *host, const eg_request *request, eg_response *response,
                    void *state, int32_t reason) {
  steps *self = state;
  int32_t status = EG_OK;
  if (reason == EG_OK && self->left-- > 0) {
    status = eg_await_sleep(host, request, response, 10, step, self);
    if (status == EG_AWAIT) return status;
  } else if (reason == EG_OK) {
    status = eg_answer(host, request, response, 200, NULL, eg_text("done"));
  }
  states_alive--;
  free(self);
  return status;
}
EG_RESUME(guarded_step, step);

static int32_t begin(const eg_host *host, const eg_request *request, eg_response *response) {
  steps *self = malloc(sizeof *self);
  self->left = 2;
  states_alive++;
  int32_t status = eg_await_sleep(host, request, response, 10, guarded_step, self);
  if (status != EG_AWAIT) {
    states_alive--;
    free(self);
  }
  return status;
}

/* Resumes as a host does: operations run from a copy of the response, which is
 * then emptied. From the `ends_at`th resume on with the reason `end`. */
static int32_t run(fake_host *fake, const eg_request *request, eg_response *response, int ends_at,
                   int32_t end) {
  int32_t status = begin(&fake->table, request, response);
  for (int i = 0; status == EG_AWAIT; i++) {
    eg_response asked = *response;
    CHECK(asked.op_count == 1 && asked.ops != NULL && (uintptr_t)asked.ops % 16 == 0);
    CHECK(fake->table.call(&fake->table, request->token, asked.ops, 1) == EG_OK);
    *response = fake_response();
    status = asked.resume(&fake->table, request, response, asked.state, i >= ends_at ? end : EG_OK);
  }
  return status;
}

static void a_continuation_frees_its_state_once(void) {
  const int32_t reasons[] = {EG_OK, EG_E_DEADLINE, EG_E_CANCELED, EG_E_CLOSING};
  for (int ends_at = 0; ends_at < 4; ends_at++)
    for (int i = 0; i < 4; i++) {
      fake_host fake;
      fake_start(&fake);
      eg_request request = fake_request(&fake, 1, 48);
      eg_response response = fake_response();
      CHECK(run(&fake, &request, &response, ends_at, reasons[i]) == EG_OK);
      CHECK(states_alive == 0);
      bool answered = reasons[i] == EG_OK || ends_at == 3;
      CHECK(response.status == (answered ? 200 : 0));
      fake_stop(&fake);
    }
}

static void a_suspension_that_fails_leaves_the_state_to_its_caller(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  eg_response response = fake_response();
  fake.timer_status = EG_E_CLOSING;
  CHECK(run(&fake, &request, &response, 9, EG_OK) == EG_E_CLOSING && states_alive == 0);
  fake.timer_status = EG_OK;
  fake.memory_limit = fake.memory_used;
  request = fake_request(&fake, 1, 0);
  CHECK(run(&fake, &request, &response, 9, EG_OK) == EG_E_NO_MEMORY && states_alive == 0);
  CHECK(response.resume == NULL && response.ops == NULL);
  fake_stop(&fake);
}

static void a_completion_carries_all_of_the_answer(void) {
  fake_host fake;
  fake_start(&fake);
  CHECK(eg_complete_text(&fake.table, 11, 200, eg_text("text")) == EG_OK);
  CHECK(eg_complete_text(&fake.table, 11, 200, eg_text("again")) == EG_E_DONE);
  CHECK(eg_complete(&fake.table, 12, 204, NULL, eg_text(NULL)) == EG_OK);
  CHECK(eg_complete_fail(&fake.table, 13, EG_E_INTERNAL, eg_text("why")) == EG_OK);
  CHECK(fake.completion_count == 3);
  const fake_completion *made = fake.completions;
  CHECK(made[0].status == EG_OK && made[0].http_status == 200 && !strcmp(made[0].text, "text"));
  CHECK(!strcmp(made[0].content_type, "text/plain; charset=utf-8"));
  CHECK(made[1].http_status == 204 && !strcmp(made[1].content_type, ""));
  CHECK(made[2].status == EG_E_INTERNAL && !strcmp(made[2].text, "why"));
  fake_stop(&fake);
}

int main(void) {
  a_sleep_asks_the_timer_and_gives_the_result_back();
  a_continuation_frees_its_state_once();
  a_suspension_that_fails_leaves_the_state_to_its_caller();
  a_completion_carries_all_of_the_answer();
  return 0;
}
