/* Uses every operation of SQL databases and writes down what came of it. */
#include "edge_gateway_sdk_sql.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct report { char text[16384]; size_t length; } report;

static void say(report *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(r->text + r->length, sizeof r->text - r->length, format, arguments);
  va_end(arguments);
  if (n > 0) r->length += (size_t)n;
}

#define TEXT(b) (int)(b).len, (b).len ? (const char *)(b).ptr : ""

static void rows(report *r, const eg_sql_result *s) {
  say(r, " affected %d", (int)s->affected);
  for (uint64_t i = 0; i < s->row_count; i++) {
    say(r, " (");
    for (uint64_t k = 0; k < s->column_count; k++) {
      eg_sql_value v = s->values[i * s->column_count + k];
      if (k) say(r, ",");
      switch (v.type) {
      case EG_SQL_NULL: say(r, "null"); break;
      case EG_SQL_FLOAT64: say(r, "%g", eg_sql_get_float(s, i, k)); break;
      case EG_SQL_BYTES: say(r, "#%d", (int)v.bytes.len); break;
      case EG_SQL_TEXT: case EG_SQL_JSON: say(r, "'%.*s'", TEXT(v.bytes)); break;
      default: say(r, "%lld", (long long)(int64_t)v.number);
      }
      if (s->columns[k].type != v.type && v.type != EG_SQL_NULL) say(r, " of type %d, not %d", (int)v.type, (int)s->columns[k].type);
    }
    say(r, ")");
  }
  if (s->cursor) say(r, " and more");
}

static void told(report *r, const char *what, const eg_op *op) {
  say(r, "%s %d", what, op->status);
  if (op->status < 0) {
    const eg_problem *p = op->result;
    if (p) say(r, " %s at %d", p->message.len ? "said" : "silent", (int)p->position);
    if (p && p->code.len) say(r, " %.*s", TEXT(p->code));
  } else if (op->result && op->code == EG_SQL_BATCH) {
    const eg_sql_results *all = op->result;
    for (uint64_t i = 0; i < all->count; i++) rows(r, all->results[i]);
  } else if (op->result) {
    rows(r, op->result);
  }
  say(r, "\n");
}

#define RUN(what, make) do { eg_op op = make; eg_run(host, request, &op, 1); told(r, what, &op); } while (0)
#define QUERY(text, params, count) eg_sql_query_op(host, request, db, text, params, count)

static void scenario(const eg_host *host, const eg_request *request, report *r) {
  const void *db = eg_find_service(host, EG_SQL, NULL);
  RUN("create", QUERY("create table abi (id bigint primary key, b boolean, f double precision, s text, y bytea, t timestamp with time zone, j json)", NULL, 0));
  eg_sql_value row[] = {eg_sql_int(-7), eg_sql_bool(true), eg_sql_float(1.5), eg_sql_text(eg_text("a")), eg_sql_blob(eg_view("\0x", 2)),
                        eg_sql_timestamp(1700000000000001), eg_sql_json(eg_text("[1]"))};
  eg_sql_value empty[] = {eg_sql_int(1), eg_sql_null(), eg_sql_null(), eg_sql_text(eg_text("")), eg_sql_blob(eg_view("", 0)), eg_sql_null(), eg_sql_null()};
  RUN("insert", QUERY("insert into abi values ($1, $2, $3, $4, $5, $6, $7)", row, 7));
  RUN("insert", QUERY("insert into abi values ($1, $2, $3, $4, $5, $6, $7)", empty, 7));
  RUN("insert", QUERY("insert into abi values ($1, $2, $3, $4, $5, $6, $7)", row, 7));
  RUN("select", QUERY("select * from abi order by id", NULL, 0));
  RUN("one", eg_sql_query_one_op(host, request, db, "select id, id from abi order by id", NULL, 0));

  eg_sql_statement update = eg_sql_statement_of("update abi set s = $1", &row[3], 1), count = eg_sql_statement_of("select count(*) from abi", NULL, 0),
                   wrong = eg_sql_statement_of("select wrong from abi", NULL, 0);
  eg_sql_statement batch[] = {update, count}, bad[] = {update, count, wrong};
  RUN("batch", eg_sql_batch_op(host, request, db, batch, 2));
  RUN("bad batch", eg_sql_batch_op(host, request, db, bad, 3));

  eg_op list[] = {eg_sql_begin_op(host, request, db, EG_SQL_SERIALIZABLE, 0), QUERY("delete from abi", NULL, 0), QUERY("select count(*) from abi", NULL, 0),
                  eg_sql_rollback_op(db), QUERY("select count(*) from abi", NULL, 0)};
  eg_run(host, request, list, 5);
  for (int i = 0; i < 5; i++) told(r, "list", &list[i]);

  eg_op page = eg_sql_page_op(host, request, db, "select id from abi order by id", NULL, 0, 1);
  eg_run(host, request, &page, 1);
  told(r, "page", &page);
  const eg_sql_result *first = eg_sql_rows(&page);
  uint64_t cursor = first ? first->cursor : 0;
  RUN("next", eg_sql_next_op(host, request, db, cursor));
  RUN("over", eg_sql_next_op(host, request, db, cursor));
  RUN("close", eg_sql_close_op(host, request, db, cursor));

  RUN("commit", eg_sql_commit_op(db));
  eg_sql_value unknown = {99, 0, 0, {NULL, 0}};
  RUN("type", QUERY("select $1", &unknown, 1));
  eg_sql_value nul = eg_sql_text(eg_view("a\0b", 3));
  RUN("NUL", QUERY("select $1", &nul, 1));
  eg_sql_value hollow = {EG_SQL_TEXT, 0, 0, {NULL, 5}};
  eg_sql_statement statement = eg_sql_statement_of("select $1", &hollow, 1);
  eg_op raw = {db, EG_SQL_QUERY, 0, &statement, NULL};
  RUN("hollow", raw);
  statement.params = NULL;
  RUN("no params", raw);
  statement = count;
  statement.flags = 8;
  RUN("flag", raw);
  statement.struct_size = 4;
  RUN("small", raw);
  raw.args = NULL;
  RUN("nothing", raw);
  raw.code = 77;
  RUN("code", raw);
  const eg_sql_statement *none[] = {NULL};
  eg_sql_batch broken = {sizeof broken, 0, none, 1};
  raw = (eg_op){db, EG_SQL_BATCH, 0, &broken, NULL};
  RUN("no statement", raw);
  broken.count = 1001;
  RUN("too many", raw);
  eg_sql_begin begin = {sizeof begin, 0, 9, 0};
  raw = (eg_op){db, EG_SQL_BEGIN, 0, &begin, NULL};
  RUN("isolation", raw);
  RUN("drop", QUERY("drop table abi", NULL, 0));
}

/* Takes a transaction and is stuck, until after the request is over. */
static int32_t stuck(const eg_host *host, const eg_request *request) {
  const void *db = eg_find_service(host, EG_SQL, NULL);
  eg_op list[] = {eg_sql_begin_op(host, request, db, 0, 0), eg_sql_query_op(host, request, db, "insert into held values (1)", NULL, 0)};
  eg_run(host, request, list, 2);
  while (host->canceled(host, request->token) == EG_OK) usleep(1000);
  usleep(1500000);
  return EG_E_DEADLINE;
}

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (eg_equal(eg_param(request, "how"), eg_text("stuck"))) return stuck(host, request);
  report *r = calloc(1, sizeof *r);
  if (!r) return EG_E_NO_MEMORY;
  scenario(host, request, r);
  int32_t status = eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "%s", r->text));
  free(r);
  return status;
}

EG_HANDLER("sql", "1.0");
EG_ENTRY(answer);
