/* GET /item/{id}: as item, but with a call that holds its thread while the
 * database works. Binding: db. */
#include "edge_gateway_sdk_sql.h"

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)init;
  *self = (void *)(uintptr_t)eg_sql(host, "db"); /* valid as long as the instance */
  return *self == NULL ? EG_E_DENIED : EG_OK;
}

static int32_t item(const eg_host *host, const eg_request *request, eg_response *response) {
  uint64_t id = 0;
  if (eg_parse_uint(eg_param(request, "id"), INT64_MAX, &id) != EG_OK)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text("id must be a number\n"));
  const eg_sql_value params[] = {eg_sql_int((int64_t)id)};
  eg_op op = eg_sql_query_one_op(host, request, request->self,
                                 "select name, stock from item where id = $1", params, 1);
  int32_t status = eg_run(host, request, &op, 1);
  if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
  const eg_sql_result *rows = eg_sql_rows(&op);
  if (rows->row_count == 0)
    return eg_answer(host, request, response, 404, "text/plain; charset=utf-8",
                     eg_text("no such item\n"));
  eg_bytes name = eg_sql_get_bytes(rows, 0, 0);
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_format(host, request, "%.*s: %lld\n", (int)name.len, (const char *)name.ptr,
                             (long long)eg_sql_get_int(rows, 0, 1)));
}

EG_HANDLER("item_blocking", "1.0");
EG_INIT(start);
EG_ENTRY(item);
