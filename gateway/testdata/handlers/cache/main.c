/* /get?KEY answers with a value of the cache; /hello with none; /all does every
 * operation, right and wrong, and tells what came of each. */
#include "edge_gateway_cache.h"
#include "edge_gateway_sdk.h"

#define OPS 20
typedef struct all {
  eg_op ops[OPS];
  eg_bytes keys[4];
  eg_cache_keys get, one, none, many;
  eg_cache_put put, add, replace, swap, mode, negative, empty;
  eg_cache_key exists, delete, missing, no_key;
  eg_cache_count count, down, over, text, flags;
  eg_cache_touch touch;
} all;
typedef struct one {
  eg_op op;
  eg_bytes key;
  eg_cache_keys get;
} one;

static int32_t told(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  all *a = state;
  if (reason != EG_OK) return EG_OK;
  eg_bytes text = eg_text("");
  for (int n = 0; n < OPS; n++) {
    const eg_op *op = &a->ops[n];
    eg_bytes result = eg_text("");
    if (op->status != EG_OK && (op->result == NULL || ((const eg_problem *)op->result)->message.len == 0)) result = eg_text("(no sentence)");
    if (op->status == EG_OK && op->code == EG_CACHE_COUNT)
      result = eg_format(host, request, "=%llu", (unsigned long long)((const eg_cache_number *)op->result)->value);
    if (op->status == EG_OK && op->code == EG_CACHE_GET) {
      const eg_cache_entries *found = op->result;
      for (uint64_t i = 0; i < found->count; i++) {
        eg_bytes value = found->entries[i].value;
        eg_bytes parts[] = {result, eg_text(eg_absent(value) ? "-" : "="), value};
        result = eg_concat(host, request, parts, 3);
      }
    }
    eg_bytes parts[] = {text, eg_format(host, request, " %d", op->status), result};
    text = eg_concat(host, request, parts, 3);
  }
  return eg_answer(host, request, response, 200, 0, text);
}

static int32_t got(const eg_host *host, const eg_request *request, eg_response *response, void *state, int32_t reason) {
  one *o = state;
  if (reason != EG_OK) return EG_OK;
  if (o->op.status != EG_OK) return eg_answer(host, request, response, 500, 0, eg_format(host, request, "%d", o->op.status));
  eg_bytes value = ((const eg_cache_entries *)o->op.result)->entries[0].value;
  return eg_answer(host, request, response, eg_absent(value) ? 404 : 200, 0, value);
}

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  if (eg_equal(eg_param(request, "how"), eg_text("hello"))) return eg_answer(host, request, response, 200, 0, eg_text("hello"));
  const void *cache = eg_find_service(host, EG_CACHE, 0);
  if (cache == NULL) return eg_fail(response, eg_text("no cache"));
  if (eg_equal(eg_param(request, "how"), eg_text("get"))) {
    one *o = eg_alloc(host, request, sizeof *o);
    *o = (one){{cache, EG_CACHE_GET, 0, &o->get, 0}, request->query, {sizeof o->get, 0, &o->key, 1}};
    return eg_await(response, &o->op, 1, got, o);
  }
  all *a = eg_alloc(host, request, sizeof *a);
  eg_bytes k = eg_text("k"), n = eg_text("n"), v = eg_text("v"), w = eg_text("wxyz"), none = {0, 0};
  *a = (all){
      .keys = {k, eg_text("nothing"), k, none},
      .get = {sizeof a->get, 0, a->keys, 3}, .one = {sizeof a->one, 0, a->keys, 1},
      .none = {sizeof a->none, 0, a->keys, 0}, .many = {sizeof a->many, 0, a->keys, 1001},
      .put = {sizeof a->put, EG_CACHE_SET, k, v, 60000000000, 0}, .add = {sizeof a->add, EG_CACHE_ADD, k, w, 0, 0},
      .replace = {sizeof a->replace, EG_CACHE_REPLACE, k, w, 0, 0}, .swap = {sizeof a->swap, EG_CACHE_SWAP, k, v, 0, 12345678},
      .mode = {sizeof a->mode, 9, k, v, 0, 0}, .negative = {sizeof a->negative, 0, k, v, -1, 0}, .empty = {sizeof a->empty, 0, eg_text("e"), none, 0, 0},
      .exists = {sizeof a->exists, 0, k}, .delete = {sizeof a->delete, 0, k}, .missing = {sizeof a->missing, 0, k}, .no_key = {sizeof a->no_key, 0, none},
      .count = {sizeof a->count, EG_CACHE_CREATE, n, 1, 7, 0}, .down = {sizeof a->down, 0, n, -3, 0, 0},
      .over = {sizeof a->over, 0, k, 1, 0, 0}, .text = {sizeof a->text, 0, eg_text("nothing"), 1, 0, 0}, .flags = {sizeof a->flags, 8, n, 1, 0, 0},
      .touch = {sizeof a->touch, 0, k, 1000000000}};
  const struct { uint32_t code; const void *args; } list[OPS] = {
      {EG_CACHE_PUT, &a->put}, {EG_CACHE_PUT, &a->add}, {EG_CACHE_GET, &a->get}, {EG_CACHE_PUT, &a->replace}, {EG_CACHE_PUT, &a->swap},
      {EG_CACHE_GET, &a->one}, {EG_CACHE_COUNT, &a->count}, {EG_CACHE_COUNT, &a->down}, {EG_CACHE_COUNT, &a->over}, {EG_CACHE_COUNT, &a->text},
      {EG_CACHE_COUNT, &a->flags}, {EG_CACHE_TOUCH, &a->touch}, {EG_CACHE_EXISTS, &a->exists}, {EG_CACHE_DELETE, &a->delete}, {EG_CACHE_DELETE, &a->missing},
      {EG_CACHE_GET, &a->none}, {EG_CACHE_GET, &a->many}, {EG_CACHE_PUT, &a->mode}, {EG_CACHE_PUT, 0}, {77, &a->no_key}};
  for (int i = 0; i < OPS; i++) a->ops[i] = (eg_op){cache, list[i].code, 0, list[i].args, 0};
  return eg_await(response, a->ops, OPS, told, a);
}

EG_HANDLER_UNLOADABLE("cache", "1.0");
EG_ENTRY(answer);
