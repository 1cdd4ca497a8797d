/* SQL: what the host gets, and what is read from its answer. */
#include "check.h"
#include "edge_gateway_sdk_sql.h"
#include "fake_host.h"

static fake_host fake;
static eg_request request;
static const void *db;

static void start(void) {
  fake_start(&fake);
  request = fake_request(&fake, 1, 64);
  db = eg_sql(&fake.table, "db");
}

/* Runs an operation that has to succeed, and gives what the host got. */
static const void *sent(eg_op op, uint32_t code) {
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  const eg_op *got = &fake.received[fake.received_count - 1];
  CHECK(got->service == fake_table(EG_SQL) && got->code == code);
  return got->args;
}

static bool is_value(eg_sql_value value, uint32_t type, uint64_t number, const char *text) {
  eg_bytes wanted = eg_text(text);
  return value.type == type && value.reserved == 0 && value.number == number &&
         eg_absent(value.bytes) == eg_absent(wanted) && eg_equal(value.bytes, wanted);
}

static void values_have_their_type(void) {
  CHECK(is_value(eg_sql_null(), EG_SQL_NULL, 0, NULL));
  CHECK(is_value(eg_sql_bool(true), EG_SQL_BOOL, 1, NULL));
  CHECK(is_value(eg_sql_bool(false), EG_SQL_BOOL, 0, NULL));
  CHECK(is_value(eg_sql_int(-1), EG_SQL_INT64, UINT64_MAX, NULL));
  CHECK(is_value(eg_sql_float(1.0), EG_SQL_FLOAT64, 0x3ff0000000000000u, NULL));
  CHECK(is_value(eg_sql_timestamp(-2), EG_SQL_TIMESTAMP, UINT64_MAX - 1, NULL));
  CHECK(is_value(eg_sql_text(eg_text("a")), EG_SQL_TEXT, 0, "a"));
  CHECK(is_value(eg_sql_text(eg_text("")), EG_SQL_TEXT, 0, ""));
  CHECK(is_value(eg_sql_text(eg_text(NULL)), EG_SQL_NULL, 0, NULL));
  CHECK(is_value(eg_sql_blob(eg_text("b")), EG_SQL_BYTES, 0, "b"));
  CHECK(is_value(eg_sql_blob(eg_text(NULL)), EG_SQL_NULL, 0, NULL));
  CHECK(is_value(eg_sql_json(eg_text("{}")), EG_SQL_JSON, 0, "{}"));
  CHECK(is_value(eg_sql_json(eg_text(NULL)), EG_SQL_NULL, 0, NULL));
}

static void statements_are_sent_with_copies_of_their_parameters(void) {
  start();
  eg_sql_value params[] = {eg_sql_int(7), eg_sql_text(eg_text("x"))};
  eg_op op = eg_sql_query_op(&fake.table, &request, db, "select $1, $2", params, 2);
  params[0] = params[1] = eg_sql_null(); /* the caller's own, free to be used again */
  const eg_sql_statement *got = sent(op, EG_SQL_QUERY);
  CHECK(got->struct_size == sizeof *got && got->flags == 0 && got->page == 0);
  CHECK_BYTES(got->text, "select $1, $2");
  CHECK(got->param_count == 2 && got->params != params);
  CHECK(is_value(got->params[0], EG_SQL_INT64, 7, NULL));
  CHECK(is_value(got->params[1], EG_SQL_TEXT, 0, "x"));

  got = sent(eg_sql_query_one_op(&fake.table, &request, db, "q", NULL, 0), EG_SQL_QUERY);
  CHECK(got->flags == EG_SQL_ONE && got->params == NULL && got->param_count == 0);
  got = sent(eg_sql_page_op(&fake.table, &request, db, "q", NULL, 0, 500), EG_SQL_QUERY);
  CHECK(got->flags == 0 && got->page == 500);

  params[1] = eg_sql_text(eg_view(NULL, 1));
  op = eg_sql_query_op(&fake.table, &request, db, "q", params, 2);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NO_MEMORY);
  fake_stop(&fake);
}

static void batches_carry_every_statement(void) {
  start();
  const eg_sql_value one[] = {eg_sql_int(1)}, two[] = {eg_sql_int(2), eg_sql_null()};
  const eg_sql_statement statements[] = {eg_sql_statement_of("a", one, 1),
                                         eg_sql_statement_of("b", NULL, 0),
                                         eg_sql_statement_of("c", two, 2)};
  const eg_sql_batch *got =
      sent(eg_sql_batch_op(&fake.table, &request, db, statements, 3), EG_SQL_BATCH);
  CHECK(got->struct_size == sizeof *got && got->count == 3);
  for (int i = 0; i < 3; i++) {
    const eg_sql_statement *copy = got->statements[i];
    CHECK(copy != &statements[i] && copy->struct_size == sizeof *copy);
    CHECK(eg_equal(copy->text, statements[i].text));
    CHECK(copy->param_count == statements[i].param_count);
  }
  CHECK(is_value(got->statements[2]->params[0], EG_SQL_INT64, 2, NULL));

  static const eg_sql_result results[2] = {{.affected = 1}, {.affected = 5}};
  static const eg_sql_result *const list[] = {&results[0], &results[1]};
  static const eg_sql_results all = {sizeof all, 0, list, 2};
  eg_op op = eg_sql_batch_op(&fake.table, &request, db, statements, 2);
  fake_answer(&fake, EG_OK, &all);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  CHECK(eg_sql_rows_of(&op, 1)->affected == 5 && eg_sql_rows_of(&op, 2) == NULL);
  fake_stop(&fake);
}

static void cursors_and_transactions(void) {
  start();
  const eg_sql_cursor *cursor =
      sent(eg_sql_next_op(&fake.table, &request, db, 8), EG_SQL_NEXT);
  CHECK(cursor->struct_size == sizeof *cursor && cursor->cursor == 8);
  cursor = sent(eg_sql_close_op(&fake.table, &request, db, 9), EG_SQL_CLOSE);
  CHECK(cursor->cursor == 9);
  const eg_sql_begin *begin = sent(
      eg_sql_begin_op(&fake.table, &request, db, EG_SQL_SERIALIZABLE, EG_SQL_READ_ONLY),
      EG_SQL_BEGIN);
  CHECK(begin->struct_size == sizeof *begin && begin->isolation == EG_SQL_SERIALIZABLE);
  CHECK(begin->flags == EG_SQL_READ_ONLY);
  CHECK(sent(eg_sql_commit_op(db), EG_SQL_COMMIT) == NULL);
  CHECK(sent(eg_sql_rollback_op(db), EG_SQL_ROLLBACK) == NULL);
  fake_stop(&fake);
}

static void rows_are_read_by_place_and_name(void) {
  const eg_sql_column columns[] = {{EG_LITERAL("id"), {NULL, 0}, EG_SQL_INT64, 0},
                                   {EG_LITERAL("name"), {NULL, 0}, EG_SQL_TEXT, 0},
                                   {EG_LITERAL("name"), {NULL, 0}, EG_SQL_FLOAT64, 0}};
  const eg_sql_value values[] = {
      eg_sql_int(-5),     eg_sql_text(eg_text("Ann")), eg_sql_float(0.5),
      eg_sql_bool(true),  eg_sql_null(),               eg_sql_int(3),
      eg_sql_timestamp(9), eg_sql_blob(eg_text("\xff")), eg_sql_json(eg_text("[]"))};
  eg_sql_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.columns = columns;
  result.column_count = 3;
  result.values = values;
  result.row_count = 3;
  start();
  eg_op op = eg_sql_query_op(&fake.table, &request, db, "q", NULL, 0);
  CHECK(eg_sql_rows(&op) == NULL); /* not run yet */
  fake_answer(&fake, EG_OK, &result);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  const eg_sql_result *rows = eg_sql_rows(&op);
  CHECK(rows == &result);
  CHECK(eg_sql_find_column(rows, "id") == 0 && eg_sql_find_column(rows, "name") == 1);
  CHECK(eg_sql_find_column(rows, "ID") == 3 && eg_sql_is_null(rows, 0, 3));
  CHECK(eg_sql_get_int(NULL, 0, 0) == 0 && eg_sql_is_null(NULL, 0, 0) && eg_sql_find_column(NULL, "id") == 0);
  CHECK(eg_sql_get_int(rows, 0, 0) == -5 && eg_sql_get_int(rows, 2, 0) == 9);
  CHECK(eg_sql_get_int(rows, 0, 1) == 0 && eg_sql_get_int(rows, 0, 2) == 0);
  CHECK(eg_sql_get_bool(rows, 1, 0) && !eg_sql_get_bool(rows, 1, 1));
  CHECK(eg_sql_get_float(rows, 0, 2) == 0.5 && eg_sql_get_float(rows, 1, 2) == 3.0);
  CHECK_BYTES(eg_sql_get_bytes(rows, 0, 1), "Ann");
  CHECK_BYTES(eg_sql_get_bytes(rows, 2, 1), "\xff");
  CHECK_BYTES(eg_sql_get_bytes(rows, 2, 2), "[]");
  CHECK(eg_absent(eg_sql_get_bytes(rows, 1, 1)) && eg_absent(eg_sql_get_bytes(rows, 0, 0)));
  CHECK(eg_sql_is_null(rows, 1, 1) && !eg_sql_is_null(rows, 1, 2));
  CHECK(eg_sql_is_null(rows, 3, 0));

  fake_answer(&fake, EG_E_REFUSED, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_REFUSED && eg_sql_rows(&op) == NULL);
  fake_stop(&fake);
}

int main(void) {
  values_have_their_type();
  statements_are_sent_with_copies_of_their_parameters();
  batches_carry_every_statement();
  cursors_and_transactions();
  rows_are_read_by_place_and_name();
  return 0;
}
