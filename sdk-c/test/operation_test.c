/* Operations: how they are made, run, awaited, and fail. */
#include "check.h"
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_sql.h"
#include "fake_host.h"

static void a_list_runs_in_one_call(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 9, 64);
  const void *cache = eg_cache(&fake.table, "cache"), *db = eg_sql(&fake.table, "db");
  eg_op ops[] = {eg_cache_exists_op(&fake.table, &request, cache, eg_text("k")),
                 eg_sql_rollback_op(db)};
  CHECK(eg_run(&fake.table, &request, ops, 2) == EG_OK);
  CHECK(fake.calls == 1 && fake.last_token == 9 && fake.received_count == 2);
  CHECK(fake.received[0].service == fake_table(EG_CACHE));
  CHECK(fake.received[1].service == fake_table(EG_SQL) && fake.received[1].args == NULL);
  fake_stop(&fake);
}

static void the_first_error_is_the_outcome(void) {
  static const eg_problem problem = {
      sizeof problem, 2, EG_LITERAL("twice"), EG_LITERAL("23505"), EG_LITERAL("names_key")};
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  const void *cache = eg_cache(&fake.table, "cache");
  eg_op ops[3];
  for (int i = 0; i < 3; i++)
    ops[i] = eg_cache_delete_op(&fake.table, &request, cache, eg_text("k"));
  fake_answer(&fake, EG_OK, NULL);
  fake_answer(&fake, EG_E_CONFLICT, &problem);
  fake_answer(&fake, EG_E_NOT_FOUND, NULL);
  CHECK(eg_run(&fake.table, &request, ops, 3) == EG_E_CONFLICT);
  CHECK(eg_first_error(ops, 1) == EG_OK && eg_first_error(ops, 3) == EG_E_CONFLICT);
  CHECK(eg_problem_of(&ops[0]) == NULL && eg_problem_of(&ops[2]) == NULL);
  CHECK(eg_problem_of(&ops[1]) == &problem && eg_result_of(&ops[1]) == NULL);
  eg_response response = fake_response();
  CHECK(eg_fail_ops(&response, EG_E_CONFLICT, ops, 3) == EG_E_CONFLICT);
  CHECK_BYTES(response.message, "twice");
  response = fake_response();
  CHECK(eg_fail_ops(&response, EG_E_NOT_FOUND, ops, 3) == EG_E_NOT_FOUND);
  CHECK(eg_absent(response.message));
  fake_stop(&fake);
}

static void one_that_could_not_be_made_keeps_all_from_running(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  eg_response response = fake_response();
  const void *none = eg_cache(&fake.table, "other");
  CHECK(none == NULL && eg_sql(&fake.table, "other") == NULL);
  eg_op ops[] = {eg_sql_rollback_op(eg_sql(&fake.table, "db")),
                 eg_cache_delete_op(&fake.table, &request, none, eg_text("k"))};
  CHECK(eg_run(&fake.table, &request, ops, 2) == EG_E_DENIED && fake.calls == 0);
  CHECK(eg_await(&response, ops, 2, NULL, NULL) == EG_E_DENIED && response.ops == NULL);
  CHECK(eg_problem_of(&ops[1]) == NULL && eg_result_of(&ops[1]) == NULL);

  const void *cache = eg_cache(&fake.table, "cache");
  ops[1] = eg_cache_delete_op(&fake.table, &request, cache, eg_view(NULL, 1));
  CHECK(eg_run(&fake.table, &request, ops, 2) == EG_E_NO_MEMORY && fake.calls == 0);
  request = fake_request(&fake, 1, 0);
  fake.memory_limit = fake.memory_used;
  ops[1] = eg_cache_delete_op(&fake.table, &request, cache, eg_text("k"));
  CHECK(eg_run(&fake.table, &request, ops, 2) == EG_E_NO_MEMORY && fake.calls == 0);
  memset(&ops[1], 0, sizeof ops[1]);
  CHECK(eg_run(&fake.table, &request, ops, 2) == EG_E_INVALID && fake.calls == 0);
  fake_stop(&fake);
}

/* A continuation whose operations lie in its state. */
typedef struct reads {
  eg_op ops[2];
} reads;

static int32_t finish(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  reads *self = state;
  if (reason != EG_OK) return EG_OK;
  int32_t status = eg_first_error(self->ops, 2);
  if (status != EG_OK) return eg_fail_ops(response, status, self->ops, 2);
  return eg_answer(host, request, response, 200, NULL, eg_cache_value(&self->ops[1]));
}

static void operations_are_awaited_from_the_state(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  eg_response response = fake_response();
  const void *cache = eg_cache(&fake.table, "cache");
  reads *self = eg_alloc(&fake.table, &request, sizeof *self);
  self->ops[0] = eg_cache_touch_op(&fake.table, &request, cache, eg_text("a"), 5);
  self->ops[1] = eg_cache_get_op(&fake.table, &request, cache, eg_text("b"));
  CHECK(eg_await(&response, self->ops, 2, finish, self) == EG_AWAIT);
  CHECK(response.ops == self->ops && response.op_count == 2 && response.state == self);

  static const eg_cache_entry entry = {EG_LITERAL("value"), 1};
  static const eg_cache_entries entries = {sizeof entries, 0, &entry, 1};
  fake_answer(&fake, EG_OK, NULL);
  fake_answer(&fake, EG_OK, &entries);
  eg_response asked = response;
  CHECK(fake.table.call(&fake.table, 1, asked.ops, asked.op_count) == EG_OK);
  response = fake_response();
  CHECK(asked.resume(&fake.table, &request, &response, asked.state, EG_OK) == EG_OK);
  CHECK_BYTES(response.body, "value");
  fake_stop(&fake);
}

int main(void) {
  a_list_runs_in_one_call();
  the_first_error_is_the_outcome();
  one_that_could_not_be_made_keeps_all_from_running();
  operations_are_awaited_from_the_state();
  return 0;
}
