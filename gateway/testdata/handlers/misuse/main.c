// Uses services in every way that is not usual: late, from threads of its own,
// in the background, with large values, and wrongly. GET /{how}.
#include "edge_gateway_sdk.h"
#include "edge_gateway_sdk_cache.h"
#include "edge_gateway_sdk_email.h"
#include "edge_gateway_sdk_http.h"
#include "edge_gateway_sdk_sql.h"
#include "edge_gateway_sdk_storage.h"

#include <pthread.h>
#include <stdlib.h>

#define TEXT(bytes) (int)(bytes).len, (bytes).ptr == NULL ? "" : (const char *)(bytes).ptr

// What this instance remembers; the test asks for one thing at a time.
static struct {
  uint64_t token;  // of a request that has been answered
  int32_t at_init; // status of a cache set in handler_init
} kept;

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response, eg_bytes text) {
  return eg_answer(host, request, response, 200, "text/plain", text);
}

// One operation on the calling thread; its status.
static int32_t call(const eg_host *host, uint64_t token, eg_op *op) {
  int32_t status = host->call(host, token, op, 1);
  return status == EG_OK ? op->status : status;
}

static eg_op set_in(const void *cache, eg_cache_put *args, const char *key, eg_bytes value) {
  memset(args, 0, sizeof *args);
  args->struct_size = sizeof *args;
  args->key = eg_text(key);
  args->value = value;
  return eg_make_op(cache, EG_CACHE_PUT, args);
}

static eg_op query_in(const void *db, eg_sql_statement *args, const char *text) {
  *args = eg_sql_statement_of(text, NULL, 0);
  return eg_make_op(db, EG_SQL_QUERY, args);
}

// ---- late: a token is kept, with an open transaction -----------------------

static int32_t keep(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_op op = eg_sql_begin_op(host, request, eg_sql(host, "db"), 0, 0);
  int32_t status = eg_run(host, request, &op, 1);
  kept.token = request->token;
  return answer(host, request, response, eg_format(host, request, "%d", status));
}

typedef struct late {
  const eg_host *host;
  int32_t status[9];
} late;

static void *call_late(void *argument) {
  late *l = argument;
  const eg_host *host = l->host;
  const void *db = eg_sql(host, "db");
  eg_sql_statement statement;
  eg_cache_put put;
  eg_storage_put object = eg_storage_new(eg_text("late"), eg_text("x"));
  eg_timer_sleep sleep;
  eg_op ops[] = {
      query_in(db, &statement, "insert into note values (99, 'late', 1)"),
      eg_sql_commit_op(db),
      eg_make_op(db, EG_SQL_BEGIN, NULL),
      set_in(eg_cache(host, "cache"), &put, "late", eg_text("x")),
      eg_make_op(eg_storage(host, "files"), EG_STORAGE_START, &object),
      {0},
  };
  eg_sleep_op(host, 0, &ops[5], &sleep);
  for (int n = 0; n < 6; n++) l->status[n] = call(host, kept.token, &ops[n]);
  l->status[6] = host->release_results(host, kept.token, ops, 1);
  l->status[7] = host->canceled(host, kept.token);
  l->status[8] = host->arena_grow(host, kept.token, 16);
  return NULL;
}

static int32_t run_late(const eg_host *host, const eg_request *request, eg_response *response, bool thread) {
  late l = {host, {0}};
  pthread_t id;
  if (!thread)
    call_late(&l);
  else if (pthread_create(&id, NULL, call_late, &l) == 0)
    pthread_join(id, NULL);
  return answer(host, request, response,
                eg_format(host, request, "%d %d %d %d %d %d %d %d %d", l.status[0], l.status[1], l.status[2], l.status[3],
                          l.status[4], l.status[5], l.status[6], l.status[7], l.status[8]));
}

// ---- a thread of the library's own, during the request ----------------------

typedef struct foreign {
  const eg_host *host;
  const eg_request *request;
  eg_bytes text;
} foreign;

static void *call_foreign(void *argument) {
  foreign *f = argument;
  eg_op ops[] = {eg_sql_query_op(f->host, f->request, eg_sql(f->host, "db"), "select 7", NULL, 0),
                 eg_cache_set_op(f->host, f->request, eg_cache(f->host, "cache"), eg_text("foreign"), eg_text("v"), 0)};
  int32_t status = eg_run(f->host, f->request, ops, 2);
  f->text = eg_format(f->host, f->request, "%d %d %d", status, (int)eg_sql_get_int(eg_sql_rows(&ops[0]), 0, 0), ops[1].status);
  return NULL;
}

static int32_t run_foreign(const eg_host *host, const eg_request *request, eg_response *response) {
  foreign f = {host, request, eg_view(NULL, 1)};
  pthread_t id;
  if (pthread_create(&id, NULL, call_foreign, &f) != 0) return EG_E_INTERNAL;
  pthread_join(id, NULL);
  return answer(host, request, response, f.text);
}

// ---- results in the answer, and results given back --------------------------

static int32_t borrowed(const eg_host *host, const eg_request *request, eg_response *response) {
  const void *files = eg_storage(host, "files"), *db = eg_sql(host, "db");
  eg_storage_put object = eg_storage_new(eg_text("borrowed"), request->body);
  eg_op put = eg_storage_put_op(host, request, files, &object);
  eg_op ops[] = {eg_storage_get_op(host, request, files, eg_text("borrowed")),
                 eg_sql_query_op(host, request, db, "select 'of a row'", NULL, 0)};
  int32_t status = eg_run(host, request, &put, 1);
  if (status == EG_OK) status = eg_run(host, request, ops, 2);
  if (status != EG_OK) return eg_fail_ops(response, status, ops, 2);
  eg_add_header(host, request, response, "x-borrowed", eg_sql_get_bytes(eg_sql_rows(&ops[1]), 0, 0));
  return eg_answer(host, request, response, 200, "application/octet-stream", eg_storage_object_of(&ops[0])->body);
}

// Reads a value of 1 MiB again and again, more than the gateway lends.
static int32_t read_often(const eg_host *host, const eg_request *request, eg_response *response, bool give_back) {
  const void *cache = eg_cache(host, "cache");
  eg_op op;
  int n = 0;
  void *value = calloc(1, 1 << 20);
  op = eg_cache_set_op(host, request, cache, eg_text("often"), eg_view(value, 1 << 20), 0);
  int32_t status = eg_run(host, request, &op, 1);
  free(value);
  for (; n < 200 && status == EG_OK; n++) {
    op = eg_cache_get_op(host, request, cache, eg_text("often"));
    status = eg_run(host, request, &op, 1);
    if (status == EG_OK && give_back) status = host->release_results(host, request->token, &op, 1);
  }
  return answer(host, request, response, eg_format(host, request, "%d %s", status, n == 200 ? "all" : "not all"));
}

// ---- work that belongs to no request -----------------------------------------

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  eg_cache_put put;
  eg_op op = set_in(eg_cache(host, "cache"), &put, "at init", eg_text("v"));
  (void)init;
  (void)self;
  kept.at_init = call(host, host->token, &op);
  host->release_results(host, host->token, &op, 1);
  return EG_OK;
}

typedef struct background {
  const eg_host *host;
  int32_t status[6];
  int64_t number;
} background;

static void *call_background(void *argument) {
  background *b = argument;
  const eg_host *host = b->host;
  const void *db = eg_sql(host, "db");
  eg_cache_put put;
  eg_storage_put object = eg_storage_new(eg_text("background"), eg_text("x"));
  eg_sql_statement statement = eg_sql_statement_of("select 1", NULL, 0), other;
  const eg_sql_statement *list[] = {&statement};
  eg_sql_batch batch = {sizeof batch, 0, list, 1};
  eg_op ops[] = {
      set_in(eg_cache(host, "cache"), &put, "of a thread", eg_text("v")),
      eg_make_op(db, EG_SQL_BEGIN, NULL),
      eg_make_op(db, EG_SQL_BATCH, &batch),
      query_in(db, &other, "select 7"),
      eg_make_op(eg_storage(host, "files"), EG_STORAGE_START, &object),
      eg_make_op(eg_storage(host, "files"), EG_STORAGE_PUT, &object),
  };
  for (int n = 0; n < 6; n++) b->status[n] = call(host, host->token, &ops[n]);
  b->number = eg_sql_get_int(eg_sql_rows(&ops[3]), 0, 0);
  host->release_results(host, host->token, ops, 6);
  return NULL;
}

static int32_t in_background(const eg_host *host, const eg_request *request, eg_response *response) {
  background b = {host, {0}, 0};
  pthread_t id;
  if (pthread_create(&id, NULL, call_background, &b) != 0) return EG_E_INTERNAL;
  pthread_join(id, NULL);
  return answer(host, request, response,
                eg_format(host, request, "%d: %d %d %d %d %d %d: %d", kept.at_init, b.status[0], b.status[1], b.status[2],
                          b.status[3], b.status[4], b.status[5], (int)b.number));
}

// ---- large values --------------------------------------------------------------

#define MOST (64 << 20)

static bool same(eg_bytes got, eg_bytes want) { return got.len == want.len && memcmp(got.ptr, want.ptr, got.len) == 0; }

// There and back, of as many bytes as the query says: status, status, the same.
static int32_t large(const eg_host *host, const eg_request *request, eg_response *response, const char *kind) {
  static uint8_t content[MOST + 1];
  uint64_t size = 0;
  if (eg_parse_uint(request->query, MOST + 1, &size) != EG_OK) return EG_E_INVALID;
  for (size_t n = 0; n < sizeof content; n++) content[n] = (uint8_t)('a' + n % 251 % 26);
  const eg_bytes body = eg_view(content, size), key = eg_text("large");
  eg_op put = eg_failed_op(EG_E_INVALID), get = put;
  eg_bytes back = eg_view(NULL, 0);
  int32_t put_status, get_status = EG_OK;
  if (strcmp(kind, "sql") == 0) {
    const void *db = eg_sql(host, "db");
    const eg_sql_value param = eg_sql_blob(body);
    put = eg_sql_query_op(host, request, db, "insert into large values ($1)", &param, 1);
    put_status = eg_run(host, request, &put, 1);
    get = eg_sql_query_op(host, request, db, "select y from large", NULL, 0);
    if (put_status == EG_OK) get_status = eg_run(host, request, &get, 1);
    if (put_status == EG_OK && get_status == EG_OK) back = eg_sql_get_bytes(eg_sql_rows(&get), 0, 0);
  } else if (strcmp(kind, "cache") == 0) {
    const void *cache = eg_cache(host, "cache");
    put = eg_cache_set_op(host, request, cache, key, body, 0);
    put_status = eg_run(host, request, &put, 1);
    get = eg_cache_get_op(host, request, cache, key);
    if (put_status == EG_OK) get_status = eg_run(host, request, &get, 1);
    back = eg_cache_value(&get);
  } else if (strcmp(kind, "storage") == 0) {
    const void *files = eg_storage(host, "files");
    const eg_storage_put object = eg_storage_new(key, body);
    put = eg_storage_put_op(host, request, files, &object);
    put_status = eg_run(host, request, &put, 1);
    get = eg_storage_get_op(host, request, files, key);
    if (put_status == EG_OK) get_status = eg_run(host, request, &get, 1);
    if (eg_storage_object_of(&get) != NULL) back = eg_storage_object_of(&get)->body;
  } else if (strcmp(kind, "http") == 0) {
    put = eg_http_post_op(host, request, eg_http(host, "web"), eg_config(host, "url"), NULL, body);
    put_status = eg_run(host, request, &put, 1);
    if (eg_http_response_of(&put) != NULL) back = eg_http_response_of(&put)->body;
  } else {
    const eg_bytes to = eg_text("a@example.com");
    const eg_email_attachment attachment = {eg_text("large.bin"), eg_text(NULL), body, eg_text(NULL)};
    eg_email_message message = eg_email_new();
    message.to = &to;
    message.to_count = 1;
    message.text = eg_text("large");
    message.attachments = &attachment;
    message.attachment_count = 1;
    put = eg_email_send_op(host, request, eg_email(host, "mail"), &message);
    put_status = eg_run(host, request, &put, 1);
    back = put_status == EG_OK ? body : back;
  }
  return answer(host, request, response,
                eg_format(host, request, "%d %d %s", put_status, get_status, same(back, body) ? "same" : "other"));
}

// ---- wrong operations -------------------------------------------------------------

static int32_t wrong(const eg_host *host, const eg_request *request, eg_response *response) {
  const eg_bytes name = eg_text("db");
  const void *table = NULL, *tables[] = {eg_sql(host, "db"), eg_cache(host, "cache"), eg_storage(host, "files"),
                                         eg_email(host, "mail"), eg_http(host, "web")};
  eg_bytes text = eg_format(host, request, "%d %d\n", host->service(host, "eg.nope/1", &name, &table),
                            host->service(host, EG_SQL, NULL, &table));
  for (int n = 0; n < 5; n++) {
    uint32_t small[2] = {8, 0};
    eg_op unknown = eg_make_op(tables[n], 99, NULL), none = eg_make_op(tables[n], 1, NULL),
          short_args = eg_make_op(tables[n], 1, small);
    text = eg_format(host, request, "%.*s%d %d %d\n", TEXT(text), call(host, request->token, &unknown),
                     call(host, request->token, &none), call(host, request->token, &short_args));
  }
  // Values that the SDK cannot make.
  const eg_sql_value values[] = {{99, 0, 0, {0}}, {EG_SQL_BOOL, 0, 2, {0}}, {EG_SQL_TEXT, 0, 0, {NULL, 5}}};
  for (int n = 0; n < 3; n++) {
    eg_op op = eg_sql_query_op(host, request, tables[0], "select cast($1 as text)", NULL, 0);
    ((eg_sql_statement *)op.args)->params = &values[n];
    ((eg_sql_statement *)op.args)->param_count = 1;
    text = eg_format(host, request, "%.*s%d ", TEXT(text), call(host, request->token, &op));
  }
  eg_op op = eg_sql_query_op(host, request, tables[0], "select 1", NULL, 0);
  ((eg_sql_statement *)op.args)->param_count = 1; // and no list
  text = eg_format(host, request, "%.*s%d ", TEXT(text), call(host, request->token, &op));
  op = eg_sql_query_op(host, request, tables[0], "select 1", NULL, 0);
  ((eg_sql_statement *)op.args)->param_count = UINT64_MAX / 2;
  ((eg_sql_statement *)op.args)->params = values;
  text = eg_format(host, request, "%.*s%d\n", TEXT(text), call(host, request->token, &op));
  return answer(host, request, response, text);
}

// ---- a transaction whose backend hangs --------------------------------------------

typedef struct hanging {
  eg_op ops[3];
  int stage;
} hanging;

// Begins, writes, tells the test, which stops the backend, and asks for more.
static int32_t hang(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  hanging *h = state;
  const void *db = eg_sql(host, "db");
  if (reason != EG_OK) return EG_OK;
  switch (h->stage++) {
  case 0:
    h->ops[0] = eg_sql_begin_op(host, request, db, 0, 0);
    h->ops[1] = eg_sql_query_op(host, request, db, "insert into note values (77, 'hangs', 1)", NULL, 0);
    return eg_await(response, h->ops, 2, hang, h);
  case 1:
    if (eg_first_error(h->ops, 2) != EG_OK) return EG_E_INTERNAL;
    h->ops[0] = eg_http_get_op(host, request, eg_http(host, "web"), eg_config(host, "url"));
    return eg_await(response, h->ops, 1, hang, h);
  case 2:
    h->ops[0] = eg_sql_query_op(host, request, db, "select count(*) from note", NULL, 0);
    h->ops[1] = eg_sql_commit_op(db);
    return eg_await(response, h->ops, 2, hang, h);
  }
  return answer(host, request, response, eg_format(host, request, "%d %d", h->ops[0].status, h->ops[1].status));
}

static int32_t ask(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  eg_op *op = state;
  if (reason != EG_OK) return EG_OK;
  return eg_answer(host, request, response, op->status == EG_OK ? 200 : 503, "text/plain",
                   eg_format(host, request, "%d %d", op->status, (int)eg_sql_get_int(eg_sql_rows(op), 0, 0)));
}

static int32_t handle(const eg_host *host, const eg_request *request, eg_response *response) {
  eg_bytes how = eg_param(request, "how");
#define IS(name) eg_equal(how, eg_text(name))
  if (IS("hello")) return answer(host, request, response, eg_text("hello"));
  if (IS("keep")) return keep(host, request, response);
  if (IS("late")) return run_late(host, request, response, false);
  if (IS("late-thread")) return run_late(host, request, response, true);
  if (IS("foreign")) return run_foreign(host, request, response);
  if (IS("borrowed")) return borrowed(host, request, response);
  if (IS("give-back")) return read_often(host, request, response, true);
  if (IS("pile-up")) return read_often(host, request, response, false);
  if (IS("background")) return in_background(host, request, response);
  if (IS("wrong")) return wrong(host, request, response);
  if (IS("large-sql")) return large(host, request, response, "sql");
  if (IS("large-cache")) return large(host, request, response, "cache");
  if (IS("large-storage")) return large(host, request, response, "storage");
  if (IS("large-http")) return large(host, request, response, "http");
  if (IS("large-email")) return large(host, request, response, "email");
  if (IS("hang")) {
    hanging *h = eg_alloc(host, request, sizeof *h);
    if (h == NULL) return EG_E_NO_MEMORY;
    memset(h, 0, sizeof *h);
    return hang(host, request, response, h, EG_OK);
  }
  if (IS("count") || IS("query")) { // how many notes there are, or what the body asks
    eg_op *op = eg_alloc(host, request, sizeof *op);
    eg_bytes text = IS("query") ? eg_copy(host, request, request->body) : eg_text("select count(*) from note");
    if (op == NULL || eg_failed(text)) return EG_E_NO_MEMORY;
    *op = eg_sql_query_op(host, request, eg_sql(host, "db"), (const char *)text.ptr, NULL, 0);
    if (op->service == NULL) return ask(host, request, response, op, EG_OK);
    return eg_await(response, op, 1, ask, op);
  }
  return eg_answer(host, request, response, 404, "text/plain", eg_text("there is no such way\n"));
}

EG_HANDLER("misuse", "1.0");
EG_ENTRY(handle);
EG_INIT(start);
