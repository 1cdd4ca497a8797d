/* /ledger/{id}: POST adds one to a number in the database, GET reads it by way
 * of the cache. Answers "VERSION counted N", "remembered" or "read". Bindings:
 * db, cache. The first POST makes the table. */
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_sql.h"

static const char version[] = "unversioned";

typedef struct services {
  const void *db, *cache;
} services;

/* One request, in the arena. */
typedef struct work {
  eg_op op;
  eg_bytes id;
  eg_bytes number; /* as text */
  const char *how;
} work;

static services lent; /* one instance a library, and as long as that */

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)init;
  lent.db = eg_sql(host, "db");
  lent.cache = eg_cache(host, "cache");
  *self = &lent;
  return lent.db == NULL || lent.cache == NULL ? EG_E_DENIED : EG_OK;
}

static int32_t tell(const eg_host *host, const eg_request *request, eg_response *response,
                    const work *w) {
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_format(host, request, "%s %s %.*s\n", version, w->how, (int)w->number.len,
                             (const char *)w->number.ptr));
}

static int32_t remembered(const eg_host *host, const eg_request *request, eg_response *response,
                          void *state, int32_t reason) {
  const work *w = state;
  if (reason != EG_OK) return EG_OK;
  if (w->op.status != EG_OK) return eg_fail_ops(response, w->op.status, &w->op, 1);
  return tell(host, request, response, w);
}

/* The number comes from the database, and goes into the cache. */
static int32_t remember(const eg_host *host, const eg_request *request, eg_response *response,
                        work *w, const eg_sql_result *rows) {
  const services *with = request->self;
  int64_t number = rows->row_count == 0 ? 0 : eg_sql_get_int(rows, 0, 0);
  w->number = eg_format(host, request, "%lld", (long long)number);
  w->op = eg_cache_set_op(host, request, with->cache, w->id, w->number, 0);
  return eg_await(response, &w->op, 1, remembered, w);
}

static int32_t counted(const eg_host *host, const eg_request *request, eg_response *response,
                       void *state, int32_t reason) {
  work *w = state;
  if (reason != EG_OK) return EG_OK;
  if (w->op.status != EG_OK) return eg_fail_ops(response, w->op.status, &w->op, 1);
  w->how = "counted";
  return remember(host, request, response, w, eg_sql_rows_of(&w->op, 1));
}

static int32_t read_number(const eg_host *host, const eg_request *request, eg_response *response,
                           void *state, int32_t reason) {
  work *w = state;
  if (reason != EG_OK) return EG_OK;
  if (w->op.status != EG_OK) return eg_fail_ops(response, w->op.status, &w->op, 1);
  w->how = "read";
  return remember(host, request, response, w, eg_sql_rows(&w->op));
}

static int32_t looked(const eg_host *host, const eg_request *request, eg_response *response,
                      void *state, int32_t reason) {
  work *w = state;
  const services *with = request->self;
  if (reason != EG_OK) return EG_OK;
  if (w->op.status != EG_OK) return eg_fail_ops(response, w->op.status, &w->op, 1);
  w->number = eg_cache_value(&w->op);
  if (!eg_absent(w->number)) {
    w->how = "remembered";
    return tell(host, request, response, w);
  }
  const eg_sql_value params[] = {eg_sql_text(w->id)};
  w->op = eg_sql_query_one_op(host, request, with->db, "select n from ledger where id = $1",
                              params, 1);
  return eg_await(response, &w->op, 1, read_number, w);
}

static int32_t ledger(const eg_host *host, const eg_request *request, eg_response *response) {
  const services *with = request->self;
  work *w = eg_alloc(host, request, sizeof *w);
  if (w == NULL) return EG_E_NO_MEMORY;
  w->id = eg_param(request, "id");
  if (!eg_equal(request->method, eg_text("POST"))) {
    w->op = eg_cache_get_op(host, request, with->cache, w->id);
    return eg_await(response, &w->op, 1, looked, w);
  }
  const eg_sql_value params[] = {eg_sql_text(w->id)};
  const eg_sql_statement both[] = {
      eg_sql_statement_of("create table if not exists ledger "
                          "(id text primary key, n bigint not null)", NULL, 0),
      eg_sql_statement_of("insert into ledger (id, n) values ($1, 1) "
                          "on conflict (id) do update set n = ledger.n + 1 returning n", params, 1),
  };
  w->op = eg_sql_batch_op(host, request, with->db, both, 2);
  return eg_await(response, &w->op, 1, counted, w);
}

EG_HANDLER_UNLOADABLE("ledger", "1.0");
EG_INIT(start);
EG_ENTRY(ledger);
