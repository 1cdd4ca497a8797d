#include "run.h"

#include <inttypes.h>

#define NUMBERS(most)                                                                            \
  "with recursive n(i) as (select 1 union all select i + 1 from n where i < " #most ") select i from n"

static eg_op query_with(run *r, const char *text, const eg_sql_value *params, uint64_t count) {
  return eg_sql_query_op(r->host, r->request, eg_sql(r->host, "db"), text, params, count);
}

eg_op query(run *r, const char *text) { return query_with(r, text, NULL, 0); }

#define INSERT_NOTE "insert into note values ($1, $2, $3)"

eg_op insert_note(run *r, int64_t id, const char *title, int64_t size) {
  const eg_sql_value params[] = {eg_sql_int(id), eg_sql_text(eg_text(title)), eg_sql_int(size)};
  return query_with(r, INSERT_NOTE, params, 3);
}

static eg_op batch(run *r, const eg_sql_statement *statements, uint64_t count) {
  return eg_sql_batch_op(r->host, r->request, eg_sql(r->host, "db"), statements, count);
}

static eg_op begin(run *r, uint32_t isolation, uint32_t flags) {
  return eg_sql_begin_op(r->host, r->request, eg_sql(r->host, "db"), isolation, flags);
}

static eg_op commit(run *r) { return eg_sql_commit_op(eg_sql(r->host, "db")); }
static eg_op rollback(run *r) { return eg_sql_rollback_op(eg_sql(r->host, "db")); }

#define CLEAN() query(r, "delete from note")

// How a statement failed: status, SQLSTATE, subject and place.
static void failed(run *r, const char *label) {
  const eg_op *op = &r->ops[0];
  const eg_problem *problem = eg_problem_of(op);
  if (op->status == EG_OK) {
    say(r, "%s: ok", label);
    return;
  }
  eg_bytes code = problem == NULL ? eg_text(NULL) : problem->code;
  eg_bytes subject = problem == NULL ? eg_text(NULL) : problem->subject;
  say(r, "%s: error %d%s%.*s%s%.*s at %u", label, op->status, code.len > 0 ? " " : "", TEXT(code),
      subject.len > 0 ? " " : "", TEXT(subject), problem == NULL ? 0 : problem->position);
}

static eg_bytes value(run *r, const eg_sql_result *rows, uint64_t n, uint64_t column) {
  eg_sql_value v = eg_sql_get(rows, n, column);
  switch (v.type) {
  case EG_SQL_NULL: return eg_text("null");
  case EG_SQL_BOOL: return eg_text(v.number ? "bool true" : "bool false");
  case EG_SQL_INT64:
    return eg_format(r->host, r->request, "int %" PRId64, eg_sql_get_int(rows, n, column));
  case EG_SQL_FLOAT64:
    return eg_format(r->host, r->request, "float %.3f", eg_sql_get_float(rows, n, column));
  case EG_SQL_TEXT: return eg_format(r->host, r->request, "text '%.*s'", TEXT(v.bytes));
  case EG_SQL_BYTES: return eg_format(r->host, r->request, "bytes '%.*s'", TEXT(hex(r, v.bytes)));
  case EG_SQL_TIMESTAMP:
    return eg_format(r->host, r->request, "timestamp %" PRId64, (int64_t)v.number);
  case EG_SQL_JSON: return eg_format(r->host, r->request, "json %.*s", TEXT(v.bytes));
  }
  return eg_text("?");
}

void row(run *r, const char *label, const eg_sql_result *rows, uint64_t n) {
  eg_bytes line = eg_text("");
  if (rows == NULL) {
    failed(r, label);
    return;
  }
  for (uint64_t column = 0; column < rows->column_count; column++) {
    eg_bytes parts[] = {line, eg_text(column > 0 ? ", " : ""), value(r, rows, n, column)};
    line = eg_concat(r->host, r->request, parts, 3);
  }
  say(r, "%s: %.*s", label, TEXT(line));
}

static void one(run *r, const char *label) { row(r, label, eg_sql_rows(&r->ops[0]), 0); }

static eg_op insert_typed(run *r, int64_t id, const eg_sql_value values[7]) {
  eg_sql_value params[8] = {eg_sql_int(id)};
  memcpy(params + 1, values, 7 * sizeof *values);
  return query_with(r, "insert into typed values ($1, $2, $3, $4, $5, $6, $7, $8)", params, 8);
}

static eg_op insert_first(run *r) {
  return insert_typed(r, 1, (const eg_sql_value[]){
      eg_sql_bool(true), eg_sql_int(9007199254740993), eg_sql_float(-0.5), eg_sql_text(eg_text("é '$1'")),
      eg_sql_blob(eg_view("\x00\x01\xff", 3)), eg_sql_timestamp(1700000000123456),
      eg_sql_json(eg_text("{\"a\":[1,null]}"))});
}

static eg_op insert_second(run *r) {
  return insert_typed(r, 2, (const eg_sql_value[]){
      eg_sql_bool(false), eg_sql_int(-1), eg_sql_float(0.25), eg_sql_text(eg_text("")),
      eg_sql_blob(eg_view("", 0)), eg_sql_timestamp(-1), eg_sql_json(eg_text("[]"))});
}

static eg_op insert_third(run *r) {
  eg_bytes absent = eg_text(NULL);
  return insert_typed(r, 3, (const eg_sql_value[]){
      eg_sql_null(), eg_sql_null(), eg_sql_null(), eg_sql_text(absent),
      eg_sql_blob(absent), eg_sql_null(), eg_sql_json(absent)});
}

static void types(run *r) {
  BEGIN
  DO(query(r, "delete from typed"));
  DO(insert_first(r), insert_second(r), insert_third(r));
  DO(query(r, "select b, i, f, s, y, t, j from typed order by id"));
  for (uint64_t n = 0; n < 3; n++) row(r, "row", eg_sql_rows(&r->ops[0]), n);
  END
}

static eg_op scattered(run *r) {
  const eg_sql_value params[] = {eg_sql_text(eg_text("a")), eg_sql_text(eg_text("b")), eg_sql_int(7)};
  return query_with(
      r, "select cast($2 as text) || cast($1 as text) || cast($2 as text), cast($3 as bigint)", params, 3);
}

static void placeholders(run *r) {
  BEGIN
  DO(scattered(r));
  one(r, "row");
  END
}

static void columns(run *r) {
  BEGIN
  DO(query(r, "select 1 as a, 'x' as a, 2 as \"B b\", null as c"));
  for (uint64_t n = 0; n < eg_sql_rows(&r->ops[0])->column_count; n++)
    say(r, "column: %.*s", TEXT(eg_sql_rows(&r->ops[0])->columns[n].name));
  one(r, "row");
  END
}

static eg_op query_one(run *r, const char *text) {
  return eg_sql_query_one_op(r->host, r->request, eg_sql(r->host, "db"), text, NULL, 0);
}

static void first(run *r) {
  BEGIN
  DO(CLEAN());
  DO(query_one(r, "select id from note"));
  if (eg_sql_rows(&r->ops[0])->row_count == 0) say(r, "nothing: none");
  DO(query_one(r, NUMBERS(1000)));
  if (eg_sql_rows(&r->ops[0])->row_count == 1) one(r, "first");
  END
}

static void done(run *r, const char *label) {
  const eg_sql_result *result = eg_sql_rows(&r->ops[0]);
  if (result == NULL)
    failed(r, label);
  else if (result->flags & EG_SQL_HAS_LAST_ID)
    say(r, "%s: affected %" PRIu64 ", last %" PRId64, label, result->affected, result->last_id);
  else
    say(r, "%s: affected %" PRIu64 ", last none", label, result->affected);
}

static void execute(run *r) {
  BEGIN
  DO(CLEAN());
  DO(query(r, "insert into note values (1, 'a', 1), (2, 'b', 2)"));
  done(r, "insert");
  DO(query(r, "update note set size = 3 where id = 2"));
  done(r, "update");
  DO(query(r, "update note set size = 3 where id = 9"));
  done(r, "nothing");
  DO(CLEAN());
  done(r, "delete");
  END
}

#define NOTE(id, title)                                                                           \
  (const eg_sql_value[]){eg_sql_int(id), eg_sql_text(eg_text(title)), eg_sql_int(1)}

static eg_op good_batch(run *r) {
  return batch(r, (const eg_sql_statement[]){
      eg_sql_statement_of(INSERT_NOTE, NOTE(1, "a"), 3), eg_sql_statement_of(INSERT_NOTE, NOTE(2, "b"), 3),
      eg_sql_statement_of(COUNT_NOTES, NULL, 0)}, 3);
}

static eg_op bad_batch(run *r) {
  return batch(r, (const eg_sql_statement[]){
      eg_sql_statement_of(INSERT_NOTE, NOTE(3, "c"), 3), eg_sql_statement_of(INSERT_NOTE, NOTE(4, "a"), 3),
      eg_sql_statement_of(INSERT_NOTE, NOTE(5, "e"), 3)}, 3);
}

static void batches(run *r) {
  BEGIN
  DO(CLEAN());
  DO(good_batch(r));
  say(r, "affected: %" PRIu64 " %" PRIu64, eg_sql_rows_of(&r->ops[0], 0)->affected,
      eg_sql_rows_of(&r->ops[0], 1)->affected);
  row(r, "count", eg_sql_rows_of(&r->ops[0], 2), 0);
  DO(bad_batch(r));
  failed(r, "failing");
  DO(query(r, COUNT_NOTES));
  one(r, "left");
  END
}

static eg_op page(run *r) {
  return eg_sql_page_op(r->host, r->request, eg_sql(r->host, "db"), NUMBERS(25), NULL, 0, 10);
}

static void pages(run *r) {
  BEGIN
  DO(CLEAN());
  DO(page(r));
  for (;;) {
    for (uint64_t n = 0; n < eg_sql_rows(&r->ops[0])->row_count; n++) {
      r->rows++;
      r->sum += eg_sql_get_int(eg_sql_rows(&r->ops[0]), n, 0);
    }
    if (eg_sql_rows(&r->ops[0])->cursor == 0) break;
    DO(eg_sql_next_op(r->host, r->request, eg_sql(r->host, "db"), eg_sql_rows(&r->ops[0])->cursor));
  }
  say(r, "all: %" PRId64 " rows, sum %" PRId64, r->rows, r->sum);
  DO(page(r));
  one(r, "given up after");
  DO(eg_sql_close_op(r->host, r->request, eg_sql(r->host, "db"), eg_sql_rows(&r->ops[0])->cursor));
  DO(query(r, COUNT_NOTES));
  one(r, "then");
  END
}

static void committed(run *r) {
  BEGIN
  DO(CLEAN());
  DO(begin(r, EG_SQL_SERIALIZABLE, 0), insert_note(r, 1, "a", 1));
  DO(query(r, COUNT_NOTES));
  one(r, "inside");
  DO(begin(r, EG_SQL_ISOLATION_DEFAULT, 0));
  failed(r, "another");
  DO(commit(r));
  failed(r, "commit");
  DO(query(r, COUNT_NOTES));
  one(r, "after");
  END
}

static eg_op two_notes(run *r) {
  return batch(r, (const eg_sql_statement[]){eg_sql_statement_of(INSERT_NOTE, NOTE(1, "a"), 3),
                                             eg_sql_statement_of(INSERT_NOTE, NOTE(2, "b"), 3)}, 2);
}

static void rolled_back(run *r) {
  BEGIN
  DO(CLEAN());
  DO(begin(r, EG_SQL_ISOLATION_DEFAULT, 0));
  DO(two_notes(r));
  DO(query(r, COUNT_NOTES));
  one(r, "inside");
  DO(rollback(r));
  failed(r, "rollback");
  DO(query(r, COUNT_NOTES));
  one(r, "after");
  END
}

// Leaves a transaction open.
static void forgotten(run *r) {
  BEGIN
  DO(CLEAN());
  DO(begin(r, EG_SQL_ISOLATION_DEFAULT, 0));
  DO(insert_note(r, 1, "a", 1));
  DO(query(r, COUNT_NOTES));
  one(r, "inside");
  END
}

static void count(run *r) {
  BEGIN
  DO(query(r, COUNT_NOTES));
  one(r, "count");
  END
}

static void conflict(run *r) {
  BEGIN
  DO(CLEAN());
  DO(insert_note(r, 1, "a", 1));
  failed(r, "first");
  DO(insert_note(r, 2, "a", 1));
  failed(r, "unique");
  DO(insert_note(r, 1, "b", 1));
  failed(r, "key");
  DO(insert_note(r, 2, NULL, 1));
  failed(r, "null");
  DO(insert_note(r, 2, "b", 100));
  failed(r, "check");
  END
}

#define TEXTS(...) (const eg_sql_value[]){__VA_ARGS__}
#define A eg_sql_text(eg_text("a"))

static void refused(run *r) {
  BEGIN
  DO(query_with(r, "select cast($1 as text), cast($2 as text)", TEXTS(A), 1));
  failed(r, "too few");
  DO(query_with(r, "select cast($1 as text)", TEXTS(A, A), 2));
  failed(r, "too many");
  DO(query(r, "select * from missing"));
  failed(r, "table");
  DO(query(r, "selct 1"));
  failed(r, "syntax");
  DO(query(r, " -- nothing"));
  failed(r, "empty");
  DO(query_with(r, "select cast($1 as text)", TEXTS(eg_sql_text(eg_view("a\0b", 3))), 1));
  failed(r, "NUL");
  DO(query_with(r, "select cast($1 as json)", TEXTS(eg_sql_json(eg_text("{"))), 1));
  failed(r, "JSON");
  END
}

static void wrong_type(run *r) {
  BEGIN
  DO(CLEAN());
  DO(query_with(r, INSERT_NOTE, TEXTS(eg_sql_text(eg_text("x")), A, eg_sql_int(1)), 3));
  failed(r, "text for a number");
  END
}

static void not_utf8(run *r) {
  BEGIN
  DO(query_with(r, "select cast($1 as text)", TEXTS(eg_sql_text(eg_text("a\xff" "b"))), 1));
  failed(r, "parameter");
  DO(query(r, "select 'a\xff" "b'"));
  failed(r, "statement");
  END
}

static void too_many(run *r) {
  BEGIN
  DO(CLEAN());
  DO(query(r, NUMBERS(10001)));
  failed(r, "rows");
  DO(query(r, COUNT_NOTES));
  one(r, "then");
  END
}

static void read_only(run *r) {
  BEGIN
  DO(CLEAN());
  DO(begin(r, EG_SQL_ISOLATION_DEFAULT, EG_SQL_READ_ONLY));
  DO(query(r, COUNT_NOTES));
  one(r, "read");
  DO(insert_note(r, 1, "a", 1));
  outcome(r, "write", &r->ops[0]);
  DO(rollback(r));
  failed(r, "rollback");
  END
}

// Goes on in a transaction after a statement has failed.
static void broken(run *r) {
  BEGIN
  DO(CLEAN());
  DO(begin(r, EG_SQL_ISOLATION_DEFAULT, 0));
  DO(insert_note(r, 1, "a", 1));
  outcome(r, "first", &r->ops[0]);
  DO(insert_note(r, 1, "a", 1));
  outcome(r, "same", &r->ops[0]);
  DO(insert_note(r, 1, "a", 1));
  outcome(r, "next", &r->ops[0]);
  DO(commit(r));
  failed(r, "commit");
  DO(query(r, COUNT_NOTES));
  one(r, "after");
  END
}

const named sql_scenarios[] = {
    {"sql-types", types},         {"sql-placeholders", placeholders}, {"sql-columns", columns},
    {"sql-one", first},           {"sql-exec", execute},              {"sql-batch", batches},
    {"sql-pages", pages},         {"sql-commit", committed},          {"sql-rollback", rolled_back},
    {"sql-forget", forgotten},    {"sql-count", count},               {"sql-conflict", conflict},
    {"sql-refused", refused},     {"sql-wrong-type", wrong_type},     {"sql-not-utf8", not_utf8},
    {"sql-too-many", too_many},   {"sql-read-only", read_only},       {"sql-broken", broken},
    {NULL, NULL},
};
