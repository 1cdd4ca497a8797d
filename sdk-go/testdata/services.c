#include "services.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge_gateway_cache.h"
#include "edge_gateway_email.h"
#include "edge_gateway_http.h"
#include "edge_gateway_sql.h"
#include "edge_gateway_storage.h"

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "services: line %d: %s\n", __LINE__, #condition); \
      exit(3);                                                        \
    }                                                                 \
  } while (0)

int services_quiet;

/* ---- tables ---- */

static const struct lent {
  const char *id, *name;
  eg_service table;
} lent[] = {
    {EG_SQL, "db", {sizeof(eg_service), 0}},       {EG_CACHE, "cache", {sizeof(eg_service), 0}},
    {EG_STORAGE, "files", {sizeof(eg_service), 0}}, {EG_EMAIL, "mail", {sizeof(eg_service), 0}},
    {EG_HTTP, "web", {sizeof(eg_service), 0}},
};
enum { KINDS = sizeof lent / sizeof lent[0] };

static int is(eg_bytes b, const char *text) { return b.len == strlen(text) && memcmp(b.ptr, text, b.len) == 0; }

int32_t services_find(const char *id, eg_bytes name, const void **table) {
  int known = 0;
  for (int i = 0; i < KINDS; i++) {
    if (strcmp(lent[i].id, id) != 0) continue;
    known = 1;
    if (!is(name, lent[i].name)) continue;
    *table = &lent[i].table;
    return EG_OK;
  }
  return known ? EG_E_DENIED : EG_E_UNSUPPORTED;
}

/* ---- results ---- */

/* One result with all it points to. It starts with the result's struct. */
struct block {
  struct block *next;
  size_t used, size;
  int released;
  uint8_t *data;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int arrived, ended;

static struct block *new_block(struct results *results, size_t size) {
  struct block *block = calloc(1, sizeof *block);
  CHECK(block != NULL);
  block->size = size + (1 << 16);
  block->data = calloc(1, block->size);
  CHECK(block->data != NULL);
  pthread_mutex_lock(&mutex);
  block->next = results->first;
  results->first = block;
  pthread_mutex_unlock(&mutex);
  return block;
}

static void *take(struct block *block, size_t size) {
  void *start = block->data + block->used;
  block->used += (size + 7) & ~(size_t)7;
  CHECK(block->used <= block->size);
  return start;
}

static eg_bytes keep(struct block *block, eg_bytes b) {
  if (b.ptr == NULL) return b;
  void *copy = take(block, b.len + 1);
  memcpy(copy, b.ptr, b.len);
  return (eg_bytes){copy, b.len};
}

static eg_bytes say(struct block *block, const char *format, ...) {
  char *text = take(block, 256);
  va_list list;
  va_start(list, format);
  int length = vsnprintf(text, 256, format, list);
  va_end(list);
  return (eg_bytes){(uint8_t *)text, (uint64_t)length};
}

/* A struct of this type, as a result has to start. */
#define RESULT(block, type) ((type *)sized(take(block, sizeof(type)), sizeof(type)))
static void *sized(void *at, uint32_t size) {
  *(uint32_t *)at = size;
  return at;
}

static void spoil(struct block *block) {
  memset(block->data, 0xdd, block->size);
  block->released = 1;
}

void services_release(struct results *results, const void *result) {
  pthread_mutex_lock(&mutex);
  struct block *block = results->first;
  while (block != NULL && (const void *)block->data != result) block = block->next;
  CHECK(block != NULL && !block->released);
  spoil(block);
  pthread_mutex_unlock(&mutex);
}

int services_end(struct results *results) {
  int left = 0;
  pthread_mutex_lock(&mutex);
  for (struct block *block = results->first; block != NULL; block = block->next) {
    if (block->released) continue;
    left++;
    spoil(block);
  }
  ended = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return left;
}

/* ---- printing ---- */

/* One line for an operation, printed at once. */
struct line {
  char text[4096];
  size_t used;
};

static void add(struct line *line, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int n = vsnprintf(line->text + line->used, sizeof line->text - line->used, format, list);
  va_end(list);
  CHECK(n >= 0 && line->used + (size_t)n < sizeof line->text);
  line->used += (size_t)n;
}

/* Bytes of any kind: absent, text, or the length of what is long. */
static void add_bytes(struct line *line, const char *label, eg_bytes b) {
  if (b.ptr == NULL) {
    CHECK(b.len == 0);
    add(line, "%s-", label);
  } else if (b.len > 100) {
    add(line, "%s<%llu bytes, %d to %d>", label, (unsigned long long)b.len, b.ptr[0], b.ptr[b.len - 1]);
  } else {
    add(line, "%s'%.*s'", label, (int)b.len, (const char *)b.ptr);
  }
}

static void add_list(struct line *line, const char *label, const eg_bytes *list, uint64_t count) {
  add(line, "%s[", label);
  CHECK((list != NULL) == (count > 0));
  for (uint64_t i = 0; i < count; i++) add_bytes(line, i ? " " : "", list[i]);
  add(line, "]");
}

static void add_fields(struct line *line, const char *label, const eg_field *fields, uint64_t count) {
  add(line, "%s[", label);
  CHECK((fields != NULL) == (count > 0));
  for (uint64_t i = 0; i < count; i++) {
    add_bytes(line, i ? " " : "", fields[i].name);
    add_bytes(line, ":", fields[i].value);
  }
  add(line, "]");
}

/* ---- answers that every service has ---- */

/* "fail STATUS CODE SUBJECT POSITION MESSAGE" is what it says; "together N"
 * waits until N such operations are under way; "outlive" until a request has
 * ended. Returns whether the operation has its status. */
static int special(eg_bytes text, eg_op *op, struct results *results) {
  char copy[256] = {0}, code[32] = {0}, subject[32] = {0};
  int status, position, rest = 0, wanted;
  if (text.ptr == NULL || text.len >= sizeof copy) return 0;
  memcpy(copy, text.ptr, text.len);
  if (strcmp(copy, "nothing") == 0) return 1; /* no result where one is due */
  if (sscanf(copy, "fail %d %31s %31s %d %n", &status, code, subject, &position, &rest) == 4) {
    op->status = status;
    if (strcmp(code, "-") == 0) return 1; /* and no problem */
    struct block *block = new_block(results, 0);
    eg_problem *problem = RESULT(block, eg_problem);
    op->result = problem;
    problem->position = (uint32_t)position;
    problem->message = say(block, "%s", copy + rest);
    if (strcmp(code, "none") != 0) problem->code = say(block, "%s", code);
    if (strcmp(subject, "none") != 0) problem->subject = say(block, "%s", subject);
    return 1;
  }
  int together = sscanf(copy, "together %d", &wanted) == 1, outlive = strcmp(copy, "outlive") == 0;
  if (!together && !outlive) return 0;
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 20;
  pthread_mutex_lock(&mutex);
  arrived++;
  pthread_cond_broadcast(&changed);
  while (op->status == EG_OK && (together ? arrived < wanted : !ended))
    if (pthread_cond_timedwait(&changed, &mutex, &limit) != 0) op->status = EG_E_DEADLINE;
  pthread_mutex_unlock(&mutex);
  if (outlive) op->result = (void *)8; /* no memory any more */
  return outlive || op->status != EG_OK;
}

/* ---- sql ---- */

static void add_statement(struct line *line, const eg_sql_statement *s) {
  CHECK(s->struct_size == sizeof *s && (s->params != NULL) == (s->param_count > 0));
  add_bytes(line, "", s->text);
  if (s->flags) add(line, " flags %u", s->flags);
  if (s->page) add(line, " page %llu", (unsigned long long)s->page);
  for (uint64_t i = 0; i < s->param_count; i++) {
    const eg_sql_value *v = &s->params[i];
    double number;
    memcpy(&number, &v->number, sizeof number);
    CHECK(v->reserved == 0);
    if (v->type == EG_SQL_NULL) add(line, " null");
    else if (v->type == EG_SQL_BOOL) add(line, " bool %llu", (unsigned long long)v->number);
    else if (v->type == EG_SQL_INT64) add(line, " int64 %lld", (long long)v->number);
    else if (v->type == EG_SQL_FLOAT64) add(line, " float64 %g", number);
    else if (v->type == EG_SQL_TIMESTAMP) add(line, " timestamp %lld", (long long)v->number);
    else if (v->type == EG_SQL_TEXT) add_bytes(line, " text ", v->bytes);
    else if (v->type == EG_SQL_BYTES) add_bytes(line, " bytes ", v->bytes);
    else { CHECK(v->type == EG_SQL_JSON); add_bytes(line, " json ", v->bytes); }
  }
}

static size_t size_of_values(const eg_sql_statement *s) {
  size_t size = 0;
  for (uint64_t i = 0; i < s->param_count; i++) size += 256 + s->params[i].bytes.len;
  return size;
}

/* A row with the parameters, in columns of one name. */
static const eg_sql_result *echo(struct block *block, const eg_sql_statement *s) {
  eg_sql_result *r = RESULT(block, eg_sql_result);
  eg_sql_column *columns = take(block, s->param_count * sizeof *columns);
  eg_sql_value *values = take(block, s->param_count * sizeof *values);
  for (uint64_t i = 0; i < s->param_count; i++) {
    columns[i] = (eg_sql_column){say(block, "c"), say(block, "native%d", (int)i), s->params[i].type, 0};
    values[i] = s->params[i];
    values[i].bytes = keep(block, values[i].bytes);
  }
  r->flags = EG_SQL_HAS_LAST_ID;
  r->affected = 3;
  r->last_id = -7;
  r->columns = columns;
  r->values = values;
  r->column_count = s->param_count;
  r->row_count = 1;
  return r;
}

/* Numbers from first up to below total, as many as are in a page. */
static const eg_sql_result *numbers(struct block *block, uint64_t first, uint64_t total, uint64_t page) {
  eg_sql_result *r = RESULT(block, eg_sql_result);
  uint64_t count = page && total - first > page ? page : total - first;
  eg_sql_column *column = take(block, sizeof *column);
  *column = (eg_sql_column){say(block, "n"), {NULL, 0}, EG_SQL_INT64, 0};
  eg_sql_value *values = take(block, count * sizeof *values);
  for (uint64_t i = 0; i < count; i++) values[i] = (eg_sql_value){EG_SQL_INT64, 0, first + i, {NULL, 0}};
  r->columns = column;
  r->column_count = 1;
  r->values = count ? values : NULL;
  r->row_count = count;
  r->last_id = 99; /* without the flag: not to be shown */
  if (first + count < total) r->cursor = 1u << 30 | page << 20 | total << 10 | (first + count);
  return r;
}

static void sql(eg_op *op, struct line *line, struct results *results) {
  switch (op->code) {
  case EG_SQL_QUERY: {
    const eg_sql_statement *s = op->args;
    unsigned total;
    add(line, "query ");
    add_statement(line, s);
    if (special(s->text, op, results)) return;
    struct block *block = new_block(results, size_of_values(s));
    char text[32] = {0};
    memcpy(text, s->text.ptr, s->text.len < 31 ? s->text.len : 31);
    op->result = sscanf(text, "numbers %u", &total) == 1 ? numbers(block, 0, total, s->page) : echo(block, s);
    return;
  }
  case EG_SQL_BATCH: {
    const eg_sql_batch *b = op->args;
    CHECK(b->struct_size == sizeof *b && (b->statements != NULL) == (b->count > 0));
    add(line, "batch %llu", (unsigned long long)b->count);
    struct block *block = new_block(results, 1 << 20);
    eg_sql_results *all = RESULT(block, eg_sql_results);
    const eg_sql_result **list = take(block, b->count * sizeof *list);
    for (uint64_t i = 0; i < b->count; i++) {
      add(line, "; ");
      add_statement(line, b->statements[i]);
      list[i] = echo(block, b->statements[i]);
    }
    all->results = list;
    all->count = b->count;
    if (b->count > 0 && special(b->statements[b->count - 1]->text, op, results)) {
      services_release(results, all);
      return;
    }
    op->result = all;
    return;
  }
  case EG_SQL_NEXT: case EG_SQL_CLOSE: {
    const eg_sql_cursor *c = op->args;
    CHECK(c->struct_size == sizeof *c);
    uint64_t first = c->cursor & 1023, total = c->cursor >> 10 & 1023, page = c->cursor >> 20 & 1023;
    add(line, "%s at %llu", op->code == EG_SQL_NEXT ? "next" : "close", (unsigned long long)first);
    if (op->code == EG_SQL_CLOSE) return;
    if (total == 13) op->status = EG_E_TX_GONE;
    else op->result = numbers(new_block(results, 1 << 16), first, total, page);
    return;
  }
  case EG_SQL_BEGIN: {
    const eg_sql_begin *b = op->args;
    CHECK(b->struct_size == sizeof *b && b->reserved == 0);
    add(line, "begin flags %u isolation %u", b->flags, b->isolation);
    return;
  }
  default:
    CHECK((op->code == EG_SQL_COMMIT || op->code == EG_SQL_ROLLBACK) && op->args == NULL);
    add(line, "%s", op->code == EG_SQL_COMMIT ? "commit" : "rollback");
  }
}

/* ---- cache ---- */

static void cache(eg_op *op, struct line *line, struct results *results) {
  switch (op->code) {
  case EG_CACHE_GET: {
    const eg_cache_keys *k = op->args;
    CHECK(k->struct_size == sizeof *k);
    add_list(line, "get ", k->keys, k->count);
    if (special(k->keys[0], op, results)) return;
    struct block *block = new_block(results, 0);
    eg_cache_entries *r = RESULT(block, eg_cache_entries);
    eg_cache_entry *entries = take(block, k->count * sizeof *entries);
    for (uint64_t i = 0; i < k->count; i++) {
      if (is(k->keys[i], "gone")) continue;
      entries[i].value = is(k->keys[i], "empty") ? say(block, "%s", "") : keep(block, k->keys[i]);
      entries[i].version = 100 + i;
    }
    r->entries = entries;
    r->count = k->count;
    op->result = r;
    return;
  }
  case EG_CACHE_PUT: {
    const eg_cache_put *p = op->args;
    CHECK(p->struct_size == sizeof *p);
    add(line, "put mode %u ttl %lld version %llu", p->mode, (long long)p->ttl, (unsigned long long)p->version);
    add_bytes(line, " ", p->key);
    add_bytes(line, " ", p->value);
    special(p->key, op, results);
    return;
  }
  case EG_CACHE_DELETE: case EG_CACHE_EXISTS: {
    const eg_cache_key *k = op->args;
    CHECK(k->struct_size == sizeof *k);
    add_bytes(line, op->code == EG_CACHE_DELETE ? "delete " : "exists ", k->key);
    special(k->key, op, results);
    return;
  }
  case EG_CACHE_COUNT: {
    const eg_cache_count *c = op->args;
    CHECK(c->struct_size == sizeof *c);
    add_bytes(line, "count ", c->key);
    add(line, " flags %u delta %lld initial %llu ttl %lld", c->flags, (long long)c->delta, (unsigned long long)c->initial, (long long)c->ttl);
    if (special(c->key, op, results)) return;
    eg_cache_number *r = RESULT(new_block(results, 0), eg_cache_number);
    r->value = UINT64_MAX;
    op->result = r;
    return;
  }
  default: {
    const eg_cache_touch *t = op->args;
    CHECK(op->code == EG_CACHE_TOUCH && t->struct_size == sizeof *t);
    add_bytes(line, "touch ", t->key);
    add(line, " ttl %lld", (long long)t->ttl);
    special(t->key, op, results);
  }
  }
}

/* ---- storage ---- */

static void object(eg_op *op, struct results *results, eg_bytes body) {
  struct block *block = new_block(results, body.len);
  eg_storage_object *o = RESULT(block, eg_storage_object);
  eg_field *metadata = take(block, 2 * sizeof *metadata);
  metadata[0] = (eg_field){say(block, "owner"), say(block, "me")};
  metadata[1] = (eg_field){say(block, "tag"), say(block, "%s", "")};
  o->size = 1000;
  o->offset = 5;
  o->body = keep(block, body);
  o->etag = say(block, "e1");
  o->content_type = say(block, "text/css");
  o->modified = 1700000000123456789;
  o->metadata = metadata;
  o->metadata_count = 2;
  op->result = o;
}

static void storage(eg_op *op, struct line *line, struct results *results) {
  static const char *const writes[] = {"write", "finish", "abort"};
  switch (op->code) {
  case EG_STORAGE_GET: {
    const eg_storage_get *g = op->args;
    CHECK(g->struct_size == sizeof *g);
    add_bytes(line, "get ", g->key);
    add(line, " offset %llu length %llu", (unsigned long long)g->offset, (unsigned long long)g->length);
    add_bytes(line, " etag ", g->etag);
    if (!special(g->key, op, results)) object(op, results, g->key);
    return;
  }
  case EG_STORAGE_HEAD: case EG_STORAGE_DELETE: {
    const eg_storage_key *k = op->args;
    CHECK(k->struct_size == sizeof *k);
    add_bytes(line, op->code == EG_STORAGE_HEAD ? "head " : "delete ", k->key);
    if (special(k->key, op, results)) return;
    if (op->code == EG_STORAGE_HEAD) object(op, results, (eg_bytes){NULL, 0});
    return;
  }
  case EG_STORAGE_PUT: case EG_STORAGE_START: {
    const eg_storage_put *p = op->args;
    CHECK(p->struct_size == sizeof *p);
    add_bytes(line, op->code == EG_STORAGE_PUT ? "put " : "start ", p->key);
    add(line, " flags %u", p->flags);
    add_bytes(line, " type ", p->content_type);
    add_fields(line, " metadata ", p->metadata, p->metadata_count);
    add_bytes(line, " body ", p->body);
    if (special(p->key, op, results)) return;
    if (op->code == EG_STORAGE_PUT) { object(op, results, (eg_bytes){NULL, 0}); return; }
    eg_storage_upload *r = RESULT(new_block(results, 0), eg_storage_upload);
    r->upload = is(p->key, "broken") ? 13 : 42;
    op->result = r;
    return;
  }
  case EG_STORAGE_WRITE: case EG_STORAGE_FINISH: case EG_STORAGE_ABORT: {
    const eg_storage_write *w = op->args;
    CHECK(w->struct_size == sizeof *w);
    add(line, "%s %llu", writes[op->code - EG_STORAGE_WRITE], (unsigned long long)w->upload);
    add_bytes(line, " ", w->bytes);
    if (w->upload == 13) op->status = EG_E_NOT_FOUND;
    else if (op->code == EG_STORAGE_FINISH) object(op, results, (eg_bytes){NULL, 0});
    return;
  }
  case EG_STORAGE_LIST: {
    const eg_storage_list *l = op->args;
    CHECK(l->struct_size == sizeof *l);
    add_bytes(line, "list ", l->prefix);
    add_bytes(line, " delimiter ", l->delimiter);
    add_bytes(line, " after ", l->after);
    add(line, " limit %llu", (unsigned long long)l->limit);
    if (special(l->after, op, results)) return;
    struct block *block = new_block(results, 0);
    eg_storage_page *r = RESULT(block, eg_storage_page);
    eg_storage_entry *entries = take(block, 2 * sizeof *entries);
    entries[0] = (eg_storage_entry){say(block, "a/"), {NULL, 0}, 0, 0};
    entries[1] = (eg_storage_entry){say(block, "b"), say(block, "e2"), 7, 1700000000000000001};
    r->entries = entries;
    r->count = 2;
    if (l->after.ptr == NULL) r->next = is(l->prefix, "broken") ? say(block, "fail -13 none none 0 lost") : say(block, "b");
    op->result = r;
    return;
  }
  case EG_STORAGE_COPY: {
    const eg_storage_copy *c = op->args;
    CHECK(c->struct_size == sizeof *c);
    add_bytes(line, "copy ", c->from);
    add_bytes(line, " to ", c->to);
    if (!special(c->from, op, results)) object(op, results, (eg_bytes){NULL, 0});
    return;
  }
  default: {
    const eg_storage_presign *p = op->args;
    CHECK(op->code == EG_STORAGE_PRESIGN && p->struct_size == sizeof *p);
    add(line, "presign %u", p->kind);
    add_bytes(line, " ", p->key);
    add(line, " for %lld", (long long)p->lifetime);
    if (special(p->key, op, results)) return;
    struct block *block = new_block(results, 0);
    eg_storage_url *r = RESULT(block, eg_storage_url);
    r->url = say(block, "https://files/%d", (int)p->key.len);
    op->result = r;
  }
  }
}

/* ---- email ---- */

static void email(eg_op *op, struct line *line, struct results *results) {
  if (op->code == EG_EMAIL_STATE) {
    const eg_email_query *q = op->args;
    CHECK(q->struct_size == sizeof *q);
    add_bytes(line, "state ", q->message_id);
    if (special(q->message_id, op, results)) return;
    struct block *block = new_block(results, 0);
    eg_email_state *r = RESULT(block, eg_email_state);
    r->state = EG_EMAIL_QUEUED;
    r->attempts = 2;
    r->accepted = 1700000000000000001;
    if (is(q->message_id, "again")) {
      r->next = 1700000000000000002;
      r->reason = say(block, "busy");
    }
    op->result = r;
    return;
  }
  const eg_email_message *m = op->args;
  CHECK(op->code == EG_EMAIL_SEND && m->struct_size == sizeof *m);
  CHECK(m->transaction == NULL || m->transaction == &lent[0].table);
  add_bytes(line, "send from ", m->from);
  add_list(line, " to ", m->to, m->to_count);
  add_list(line, " cc ", m->cc, m->cc_count);
  add_list(line, " bcc ", m->bcc, m->bcc_count);
  add_list(line, " reply_to ", m->reply_to, m->reply_to_count);
  add_bytes(line, " subject ", m->subject);
  add_bytes(line, " text ", m->text);
  add_bytes(line, " html ", m->html);
  for (uint64_t i = 0; i < m->attachment_count; i++) {
    add_bytes(line, " attachment ", m->attachments[i].name);
    add_bytes(line, " ", m->attachments[i].content_type);
    add_bytes(line, " ", m->attachments[i].content);
    add_bytes(line, " ", m->attachments[i].content_id);
  }
  if (m->transaction) add(line, " in a transaction");
  if (special(m->subject, op, results)) return;
  struct block *block = new_block(results, 0);
  eg_email_accepted *r = RESULT(block, eg_email_accepted);
  r->message_id = say(block, "1@example.com");
  op->result = r;
}

/* ---- http ---- */

static void http(eg_op *op, struct line *line, struct results *results) {
  const eg_http_request *q = op->args;
  CHECK(op->code == EG_HTTP_FETCH && q->struct_size == sizeof *q);
  add_bytes(line, "fetch ", q->method);
  add_bytes(line, " ", q->url);
  add(line, " flags %u timeout %lld max_body %llu", q->flags, (long long)q->timeout, (unsigned long long)q->max_body);
  add_fields(line, " headers ", q->headers, q->header_count);
  add_bytes(line, " body ", q->body);
  if (special(q->url, op, results)) return;
  struct block *block = new_block(results, q->body.len);
  eg_http_response *r = RESULT(block, eg_http_response);
  eg_field *headers = take(block, 2 * sizeof *headers);
  headers[0] = (eg_field){say(block, "set-cookie"), say(block, "a")};
  headers[1] = (eg_field){say(block, "set-cookie"), say(block, "b")};
  r->status = 404;
  r->headers = headers;
  r->header_count = 2;
  r->body = q->body.ptr ? keep(block, q->body) : say(block, "no such page");
  r->url = say(block, "https://elsewhere/");
  r->elapsed = 1500000;
  op->result = r;
}

int services_run(eg_op *op, struct results *results) {
  static void (*const kinds[KINDS])(eg_op *, struct line *, struct results *) = {sql, cache, storage, email, http};
  static const char *const names[KINDS] = {"sql", "cache", "storage", "email", "http"};
  for (int i = 0; i < KINDS; i++) {
    if (op->service != &lent[i].table) continue;
    struct line line = {{0}, 0};
    op->status = EG_OK;
    op->result = NULL;
    kinds[i](op, &line, results);
    if (!services_quiet) {
      pthread_mutex_lock(&mutex);
      printf("%s %s\n", names[i], line.text);
      pthread_mutex_unlock(&mutex);
    }
    return 1;
  }
  return 0;
}
