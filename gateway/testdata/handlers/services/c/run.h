// One scenario under way. A scenario is a function that is called again after
// each list of operations, written in one piece with BEGIN, DO and END; what it
// has to remember lies in the run, not in variables. So the same scenario runs
// in both styles: as a chain of continuations, and on a thread that waits.
#ifndef RUN_H
#define RUN_H

#include "edge_gateway_sdk.h"
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_email.h"
#include "edge_gateway_sdk_http.h"
#include "edge_gateway_sdk_sql.h"
#include "edge_gateway_sdk_storage.h"

typedef struct run run;
typedef void scenario(run *);

struct run {
  const eg_host *host;
  const eg_request *request;
  scenario *scenario;
  int line;     // where it goes on
  eg_op ops[4]; // the list under way
  uint64_t count;
  eg_bytes facts;
  // What scenarios remember.
  uint64_t version, upload, cursor, offset;
  int64_t rows, sum, n;
  eg_bytes etag;
};

#define BEGIN switch (r->line) { case 0:
// Has the host run one operation, or several side by side.
#define DO(...)                                       \
  ask(r, (const eg_op[]){__VA_ARGS__},                \
      sizeof((const eg_op[]){__VA_ARGS__}) / sizeof(eg_op)); \
  r->line = __LINE__;                                 \
  return;                                             \
  case __LINE__:
#define END } r->count = 0;

void ask(run *r, const eg_op *ops, uint64_t count);

// A fact, a line.
EG_PRINTF(2, 3) void say(run *r, const char *format, ...);
// "label: ok", or status and code of the error.
void outcome(run *r, const char *label, const eg_op *op);
// "label: yes", or "no" if it ended with either status.
void whether(run *r, const char *label, int32_t no, int32_t also_no);
// A key of this run's own.
eg_bytes key(run *r, const char *name);
eg_bytes hex(run *r, eg_bytes bytes);
eg_bytes value_of(run *r, const eg_cache_entry *entry);
void row(run *r, const char *label, const eg_sql_result *rows, uint64_t n);
// A copy of `text` without `prefix` before it.
eg_bytes without(eg_bytes text, eg_bytes prefix);
eg_bytes url(run *r, const char *path);

// For printf's %.*s.
#define TEXT(bytes) (int)(bytes).len, (bytes).ptr == NULL ? "" : (const char *)(bytes).ptr

// The operations of the service that the endpoint calls "db".
eg_op query(run *r, const char *text);
eg_op insert_note(run *r, int64_t id, const char *title, int64_t size);
#define COUNT_NOTES "select count(*) from note"
#define HOUR INT64_C(3600000000000)

typedef struct named {
  const char *name;
  scenario *run;
} named;
extern const named sql_scenarios[], cache_scenarios[], storage_scenarios[], email_scenarios[],
    http_scenarios[], all_scenarios[];

#endif
