/*
 * edge_gateway_sql.h: SQL databases, the service "eg.sql/1".
 *
 * Look it up with the local name of a binding. Statements have placeholders
 * $1, $2 … on every driver; one may be used again, and in any order.
 *
 * Transactions. EG_SQL_BEGIN gives the request a connection of its own: from
 * then on every operation of this request on this service runs in it, until
 * EG_SQL_COMMIT or EG_SQL_ROLLBACK. It is rolled back when the request is
 * answered, a 504 too, and when no operation comes for the service's tx_idle;
 * later operations end with EG_E_TX_GONE, up to EG_SQL_COMMIT or _ROLLBACK,
 * which is told the same. Operations in a transaction run one after the other
 * in the order of the list. After one that failed only EG_SQL_ROLLBACK is left:
 * others end with EG_E_REFUSED, code "25P02", and EG_SQL_COMMIT rolls back and
 * ends with EG_E_TX_GONE. A transaction needs a request: with an instance's
 * token EG_SQL_BEGIN is EG_E_UNSUPPORTED, EG_SQL_BATCH is not.
 */
#ifndef EDGE_GATEWAY_SQL_H
#define EDGE_GATEWAY_SQL_H

#include "edge_gateway.h"

#define EG_SQL "eg.sql/1"

/* Runs a statement. args eg_sql_statement, result eg_sql_result. With rows over
 * the service's max_rows and no page: EG_E_TOO_LARGE, and what the statement
 * wrote outside a transaction may stay. A violated constraint:
 * EG_E_CONFLICT, its name in eg_problem.subject. EG_E_TX_GONE. */
#define EG_SQL_QUERY 1u

/* Runs statements in one round trip and as one transaction, or within that of
 * the request. args eg_sql_batch, result eg_sql_results. An error tells by
 * eg_problem.position which statement failed, and nothing of the batch was
 * done, but with EG_E_TOO_LARGE as for EG_SQL_QUERY. EG_E_CONFLICT,
 * EG_E_TX_GONE, EG_E_UNKNOWN_OUTCOME. */
#define EG_SQL_BATCH 2u

/* The next page of a cursor. args eg_sql_cursor, result eg_sql_result.
 * EG_E_TX_GONE: the cursor is closed. */
#define EG_SQL_NEXT 3u

/* Gives a cursor up before its last page. args eg_sql_cursor, no result. */
#define EG_SQL_CLOSE 4u

/* Starts a transaction. args eg_sql_begin or NULL, no result. EG_E_CONFLICT:
 * there is one already. Waits for a connection until the deadline. */
#define EG_SQL_BEGIN 5u

/* Ends it. No args, no result. EG_E_TX_GONE, EG_E_CONFLICT (it could not be
 * serialised: run it again), EG_E_UNKNOWN_OUTCOME: the deadline or the loss of
 * the connection cut the commit, which may have happened. */
#define EG_SQL_COMMIT 6u

/* Ends it without effect. No args, no result. EG_E_TX_GONE. */
#define EG_SQL_ROLLBACK 7u

/* Types of a value. */
#define EG_SQL_NULL 0u
#define EG_SQL_BOOL 1u      /* number 0 or 1 */
#define EG_SQL_INT64 2u     /* number, as int64_t */
#define EG_SQL_FLOAT64 3u   /* number: the bits of a double */
#define EG_SQL_TEXT 4u      /* bytes, UTF-8 */
#define EG_SQL_BYTES 5u     /* bytes */
#define EG_SQL_TIMESTAMP 6u /* number, as int64_t: Unix time in microseconds, UTC */
#define EG_SQL_JSON 7u      /* bytes, UTF-8 */

typedef struct eg_sql_value {
  uint32_t type; /* EG_SQL_... */
  uint32_t reserved;
  uint64_t number;
  eg_bytes bytes;
} eg_sql_value;

#define EG_SQL_ONE 1u /* at most one row is wanted; others are not read */

typedef struct eg_sql_statement {
  uint32_t struct_size;
  uint32_t flags; /* EG_SQL_ONE */
  eg_bytes text;  /* one statement */
  const eg_sql_value *params;
  uint64_t param_count; /* exactly as many as the greatest $n */
  uint64_t page;        /* rows in a page; 0: all rows in one result. A cursor
                           holds a connection as a transaction does */
} eg_sql_statement;

typedef struct eg_sql_batch {
  uint32_t struct_size;
  uint32_t reserved;
  const eg_sql_statement *const *statements;
  uint64_t count; /* 1 to 1,000 */
} eg_sql_batch;

typedef struct eg_sql_cursor {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t cursor;
} eg_sql_cursor;

#define EG_SQL_ISOLATION_DEFAULT 0u
#define EG_SQL_READ_COMMITTED 1u
#define EG_SQL_REPEATABLE_READ 2u
#define EG_SQL_SERIALIZABLE 3u /* sqlite is never less */

#define EG_SQL_READ_ONLY 1u

typedef struct eg_sql_begin {
  uint32_t struct_size;
  uint32_t flags;     /* EG_SQL_READ_ONLY */
  uint32_t isolation; /* EG_SQL_..., at least this */
  uint32_t reserved;
} eg_sql_begin;

typedef struct eg_sql_column {
  eg_bytes name;   /* names may repeat */
  eg_bytes native; /* the type as the backend calls it; or absent */
  uint32_t type;   /* EG_SQL_... that its values have, or NULL; EG_SQL_NULL: not known */
  uint32_t reserved;
} eg_sql_column;

#define EG_SQL_HAS_LAST_ID 1u

typedef struct eg_sql_result {
  uint32_t struct_size;
  uint32_t flags;    /* EG_SQL_HAS_LAST_ID */
  uint64_t affected; /* rows inserted, updated or deleted */
  int64_t last_id;   /* of the row inserted last (sqlite; in postgres use RETURNING) */
  const eg_sql_column *columns;
  uint64_t column_count;
  const eg_sql_value *values; /* row_count * column_count, row after row */
  uint64_t row_count;
  uint64_t cursor; /* for EG_SQL_NEXT; 0 when there are no more rows */
} eg_sql_result;

typedef struct eg_sql_results {
  uint32_t struct_size;
  uint32_t reserved;
  const eg_sql_result *const *results; /* one for each statement */
  uint64_t count;
} eg_sql_results;

#endif
