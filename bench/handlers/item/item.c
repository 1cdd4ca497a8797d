/* GET /item/{id}: one row by its primary key, as "name: stock". Holds no thread
 * while the database works. Binding: db. */
#include "edge_gateway_sdk_sql.h"

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)init;
  *self = (void *)(uintptr_t)eg_sql(host, "db"); /* valid as long as the instance */
  return *self == NULL ? EG_E_DENIED : EG_OK;
}

static int32_t found(const eg_host *host, const eg_request *request, eg_response *response,
                     void *state, int32_t reason) {
  const eg_op *op = state; /* in the arena: nothing to free */
  if (reason != EG_OK) return EG_OK;
  if (op->status != EG_OK) return eg_fail_ops(response, op->status, op, 1);
  const eg_sql_result *rows = eg_sql_rows(op);
  if (rows->row_count == 0)
    return eg_answer(host, request, response, 404, "text/plain; charset=utf-8",
                     eg_text("no such item\n"));
  eg_bytes name = eg_sql_get_bytes(rows, 0, 0);
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_format(host, request, "%.*s: %lld\n", (int)name.len, (const char *)name.ptr,
                             (long long)eg_sql_get_int(rows, 0, 1)));
}

static int32_t item(const eg_host *host, const eg_request *request, eg_response *response) {
  uint64_t id = 0;
  eg_op *op = eg_alloc(host, request, sizeof *op);
  if (op == NULL) return EG_E_NO_MEMORY;
  if (eg_parse_uint(eg_param(request, "id"), INT64_MAX, &id) != EG_OK)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text("id must be a number\n"));
  const eg_sql_value params[] = {eg_sql_int((int64_t)id)};
  *op = eg_sql_query_one_op(host, request, request->self,
                            "select name, stock from item where id = $1", params, 1);
  return eg_await(response, op, 1, found, op);
}

EG_HANDLER("item", "1.0");
EG_INIT(start);
EG_ENTRY(item);
