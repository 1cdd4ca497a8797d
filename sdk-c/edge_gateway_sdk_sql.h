/*
 * edge_gateway_sdk_sql.h: SQL databases, on top of edge_gateway_sql.h.
 *
 *   const void *db = eg_sql(host, "db");
 *   const eg_sql_value params[] = {eg_sql_text(eg_param(request, "item"))};
 *   eg_op op = eg_sql_query_op(host, request, db,
 *                              "select count from stock where item = $1", params, 1);
 *   int32_t status = eg_run(host, request, &op, 1);
 *   if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
 *   const eg_sql_result *rows = eg_sql_rows(&op);
 *   if (rows->row_count == 0) return eg_answer(host, request, response, 404, ...);
 *   int64_t count = eg_sql_get_int(rows, 0, 0);
 */
#ifndef EDGE_GATEWAY_SDK_SQL_H
#define EDGE_GATEWAY_SDK_SQL_H

#include "edge_gateway_sdk.h"
#include "edge_gateway_sql.h"

/* The database that the endpoint calls `name`, valid as long as the instance;
 * NULL if it is bound to none, and operations on it are EG_E_DENIED then. */
static inline const void *eg_sql(const eg_host *host, const char *name) {
  return eg_find_service(host, EG_SQL, name);
}

/* ---- values ------------------------------------------------------------- */

static inline eg_sql_value eg_sql_value_of(uint32_t type, uint64_t number, eg_bytes bytes) {
  eg_sql_value value;
  value.type = type;
  value.reserved = 0;
  value.number = number;
  value.bytes = bytes;
  return value;
}

static inline eg_sql_value eg_sql_null(void) {
  return eg_sql_value_of(EG_SQL_NULL, 0, eg_view(NULL, 0));
}

static inline eg_sql_value eg_sql_bool(bool value) {
  return eg_sql_value_of(EG_SQL_BOOL, value ? 1 : 0, eg_view(NULL, 0));
}

static inline eg_sql_value eg_sql_int(int64_t value) {
  return eg_sql_value_of(EG_SQL_INT64, (uint64_t)value, eg_view(NULL, 0));
}

static inline eg_sql_value eg_sql_float(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return eg_sql_value_of(EG_SQL_FLOAT64, bits, eg_view(NULL, 0));
}

/* Unix time in microseconds, UTC. */
static inline eg_sql_value eg_sql_timestamp(int64_t microseconds) {
  return eg_sql_value_of(EG_SQL_TIMESTAMP, (uint64_t)microseconds, eg_view(NULL, 0));
}

/* UTF-8; absent is NULL, for eg_sql_blob and eg_sql_json too. */
static inline eg_sql_value eg_sql_text(eg_bytes text) {
  return eg_sql_value_of(eg_absent(text) ? EG_SQL_NULL : EG_SQL_TEXT, 0, text);
}

/* Any bytes. */
static inline eg_sql_value eg_sql_blob(eg_bytes bytes) {
  return eg_sql_value_of(eg_absent(bytes) ? EG_SQL_NULL : EG_SQL_BYTES, 0, bytes);
}

/* A JSON document, UTF-8. */
static inline eg_sql_value eg_sql_json(eg_bytes text) {
  return eg_sql_value_of(eg_absent(text) ? EG_SQL_NULL : EG_SQL_JSON, 0, text);
}

/* ---- operations --------------------------------------------------------- */

/* A statement for eg_sql_batch_op; nothing is copied. */
static inline eg_sql_statement eg_sql_statement_of(const char *text, const eg_sql_value *params,
                                                   uint64_t count) {
  eg_sql_statement statement;
  memset(&statement, 0, sizeof statement);
  statement.struct_size = (uint32_t)sizeof statement;
  statement.text = eg_text(text);
  statement.params = params;
  statement.param_count = count;
  return statement;
}

/* Puts a copy of the parameters into the arena. False without memory, and when
 * the bytes of one have failed. */
static inline bool eg_sql_keep_params(const eg_host *host, const eg_request *request,
                                      eg_sql_statement *statement) {
  void *copy;
  for (uint64_t i = 0; i < statement->param_count; i++)
    if (eg_failed(statement->params[i].bytes)) return false;
  if (!eg_copy_list(host, request, statement->params, statement->param_count,
                    sizeof(eg_sql_value), &copy))
    return false;
  statement->params = (const eg_sql_value *)copy;
  return true;
}

static inline eg_op eg_sql_statement_op(const eg_host *host, const eg_request *request,
                                        const void *db, eg_sql_statement statement) {
  if (!eg_sql_keep_params(host, request, &statement)) return eg_failed_op(EG_E_NO_MEMORY);
  return eg_make_op_with(host, request, db, EG_SQL_QUERY, &statement, sizeof statement);
}

/* Runs one statement with placeholders $1, $2 ...; all of its rows come at
 * once. Read them with eg_sql_rows. EG_E_CONFLICT: a constraint forbids it, its
 * name is eg_problem.subject, the SQLSTATE eg_problem.code. */
static inline eg_op eg_sql_query_op(const eg_host *host, const eg_request *request,
                                    const void *db, const char *text, const eg_sql_value *params,
                                    uint64_t count) {
  return eg_sql_statement_op(host, request, db, eg_sql_statement_of(text, params, count));
}

/* The same when at most one row is wanted. */
static inline eg_op eg_sql_query_one_op(const eg_host *host, const eg_request *request,
                                        const void *db, const char *text,
                                        const eg_sql_value *params, uint64_t count) {
  eg_sql_statement statement = eg_sql_statement_of(text, params, count);
  statement.flags = EG_SQL_ONE;
  return eg_sql_statement_op(host, request, db, statement);
}

/* The same with at most `page` rows at a time; go on with eg_sql_next_op while
 * eg_sql_result.cursor is not 0. */
static inline eg_op eg_sql_page_op(const eg_host *host, const eg_request *request, const void *db,
                                   const char *text, const eg_sql_value *params, uint64_t count,
                                   uint64_t page) {
  eg_sql_statement statement = eg_sql_statement_of(text, params, count);
  statement.page = page;
  return eg_sql_statement_op(host, request, db, statement);
}

static inline eg_op eg_sql_cursor_op(const eg_host *host, const eg_request *request,
                                     const void *db, uint32_t code, uint64_t cursor) {
  eg_sql_cursor args;
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.cursor = cursor;
  return eg_make_op_with(host, request, db, code, &args, sizeof args);
}

/* The next page. Read it with eg_sql_rows. */
static inline eg_op eg_sql_next_op(const eg_host *host, const eg_request *request, const void *db,
                                   uint64_t cursor) {
  return eg_sql_cursor_op(host, request, db, EG_SQL_NEXT, cursor);
}

/* Gives up the pages that are left. */
static inline eg_op eg_sql_close_op(const eg_host *host, const eg_request *request,
                                    const void *db, uint64_t cursor) {
  return eg_sql_cursor_op(host, request, db, EG_SQL_CLOSE, cursor);
}

/* Runs statements in one round trip and as one transaction: all or none. Read
 * with eg_sql_rows_of; eg_problem.position tells which failed. */
static inline eg_op eg_sql_batch_op(const eg_host *host, const eg_request *request,
                                    const void *db, const eg_sql_statement *statements,
                                    uint64_t count) {
  void *copies;
  const eg_sql_statement **list;
  eg_sql_batch args;
  if (!eg_copy_list(host, request, statements, count, sizeof *statements, &copies))
    return eg_failed_op(EG_E_NO_MEMORY);
  if (count > UINT64_MAX / sizeof *list) return eg_failed_op(EG_E_NO_MEMORY);
  list = (const eg_sql_statement **)eg_alloc(host, request, count * sizeof *list);
  if (list == NULL) return eg_failed_op(EG_E_NO_MEMORY);
  for (uint64_t i = 0; i < count; i++) {
    eg_sql_statement *copy = (eg_sql_statement *)copies + i;
    if (!eg_sql_keep_params(host, request, copy)) return eg_failed_op(EG_E_NO_MEMORY);
    list[i] = copy;
  }
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.statements = list;
  args.count = count;
  return eg_make_op_with(host, request, db, EG_SQL_BATCH, &args, sizeof args);
}

/* Starts a transaction: every operation of this request on `db` is a part of it
 * until eg_sql_commit_op or eg_sql_rollback_op. A request that is answered
 * without a commit rolls it back. `isolation` is EG_SQL_ISOLATION_DEFAULT or
 * more, `flags` 0 or EG_SQL_READ_ONLY. */
static inline eg_op eg_sql_begin_op(const eg_host *host, const eg_request *request,
                                    const void *db, uint32_t isolation, uint32_t flags) {
  eg_sql_begin args;
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.flags = flags;
  args.isolation = isolation;
  return eg_make_op_with(host, request, db, EG_SQL_BEGIN, &args, sizeof args);
}

/* EG_E_CONFLICT: it could not be serialised, run it again. EG_E_TX_GONE: it was
 * rolled back before. EG_E_UNKNOWN_OUTCOME: it may be committed, or not. */
static inline eg_op eg_sql_commit_op(const void *db) {
  return eg_make_op(db, EG_SQL_COMMIT, NULL);
}

static inline eg_op eg_sql_rollback_op(const void *db) {
  return eg_make_op(db, EG_SQL_ROLLBACK, NULL);
}

/* ---- results ------------------------------------------------------------ */

/* The rows, and what was affected; NULL if the operation failed. */
static inline const eg_sql_result *eg_sql_rows(const eg_op *op) {
  return (const eg_sql_result *)eg_result_of(op);
}

/* The same of one statement of a batch. */
static inline const eg_sql_result *eg_sql_rows_of(const eg_op *op, uint64_t statement) {
  const eg_sql_results *all = (const eg_sql_results *)eg_result_of(op);
  return all == NULL || statement >= all->count ? NULL : all->results[statement];
}

/* `rows` may be NULL from here on, as after an operation that failed: it has no
 * columns and no values. */

/* The place of the first column of that name; column_count if there is none. */
static inline uint64_t eg_sql_find_column(const eg_sql_result *rows, const char *name) {
  eg_bytes wanted = eg_text(name);
  uint64_t place = 0;
  if (rows == NULL) return 0;
  while (place < rows->column_count && !eg_equal(rows->columns[place].name, wanted)) place++;
  return place;
}

/* The value at a place; NULL (the one of SQL) where there is none. */
static inline eg_sql_value eg_sql_get(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  if (rows == NULL || row >= rows->row_count || column >= rows->column_count) return eg_sql_null();
  return rows->values[row * rows->column_count + column];
}

static inline bool eg_sql_is_null(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  return eg_sql_get(rows, row, column).type == EG_SQL_NULL;
}

/* An integer, a bool or a timestamp; 0 for anything else. */
static inline int64_t eg_sql_get_int(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  eg_sql_value value = eg_sql_get(rows, row, column);
  bool whole = value.type == EG_SQL_INT64 || value.type == EG_SQL_BOOL ||
               value.type == EG_SQL_TIMESTAMP;
  return whole ? (int64_t)value.number : 0;
}

/* sqlite has no bool of its own: an integer that is not 0 is true as well. */
static inline bool eg_sql_get_bool(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  return eg_sql_get_int(rows, row, column) != 0;
}

/* A float or an integer; 0 for anything else. */
static inline double eg_sql_get_float(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  eg_sql_value value = eg_sql_get(rows, row, column);
  double number;
  if (value.type != EG_SQL_FLOAT64) return (double)eg_sql_get_int(rows, row, column);
  memcpy(&number, &value.number, sizeof number);
  return number;
}

/* A text, bytes or JSON; absent for anything else. */
static inline eg_bytes eg_sql_get_bytes(const eg_sql_result *rows, uint64_t row, uint64_t column) {
  return eg_sql_get(rows, row, column).bytes;
}

#endif
