#include "run.h"

#include <inttypes.h>

#define CACHE r->host, r->request, eg_cache(r->host, "cache")
#define ODD "odd \x01\xff\r\n"

static eg_op set(run *r, const char *name, const void *value, uint64_t len, int64_t ttl) {
  return eg_cache_set_op(CACHE, key(r, name), eg_view(value, len), ttl);
}

static eg_op get(run *r, const char *name) { return eg_cache_get_op(CACHE, key(r, name)); }

static eg_op remove_key(run *r, const char *name) { return eg_cache_delete_op(CACHE, key(r, name)); }

eg_bytes value_of(run *r, const eg_cache_entry *entry) {
  if (entry == NULL || eg_absent(entry->value)) return eg_text("none");
  return eg_format(r->host, r->request, "'%.*s'", TEXT(hex(r, entry->value)));
}

static void value(run *r, const char *label) {
  if (r->ops[0].status != EG_OK)
    outcome(r, label, &r->ops[0]);
  else
    say(r, "%s: %.*s", label, TEXT(value_of(r, eg_cache_entry_at(&r->ops[0], 0))));
}

static eg_op get_many(run *r) {
  const eg_bytes keys[] = {key(r, ODD), key(r, "none"), key(r, "one"), key(r, ODD)};
  return eg_cache_get_many_op(CACHE, keys, 4);
}

static void values(run *r) {
  BEGIN
  DO(get(r, "none"));
  value(r, "nothing");
  DO(set(r, "one", "1", 1, HOUR), set(r, ODD, "\0\xff", 2, 0));
  DO(get(r, "one"));
  value(r, "one");
  DO(get(r, ODD));
  value(r, "odd");
  DO(set(r, "one", "", 0, 0));
  DO(get(r, "one"));
  value(r, "empty");
  DO(get_many(r));
  eg_bytes all[4];
  for (uint64_t n = 0; n < 4; n++) all[n] = value_of(r, eg_cache_entry_at(&r->ops[0], n));
  say(r, "many: %.*s %.*s %.*s %.*s", TEXT(all[0]), TEXT(all[1]), TEXT(all[2]), TEXT(all[3]));
  END
}

static void modes(run *r) {
  BEGIN
  DO(remove_key(r, "modes"));
  DO(eg_cache_replace_op(CACHE, key(r, "modes"), eg_text("1"), 0));
  whether(r, "replace nothing", EG_E_NOT_FOUND, EG_OK);
  DO(eg_cache_add_op(CACHE, key(r, "modes"), eg_text("2"), HOUR));
  whether(r, "add", EG_E_CONFLICT, EG_OK);
  DO(eg_cache_add_op(CACHE, key(r, "modes"), eg_text("3"), 0));
  whether(r, "add again", EG_E_CONFLICT, EG_OK);
  DO(get(r, "modes"));
  value(r, "value");
  DO(eg_cache_replace_op(CACHE, key(r, "modes"), eg_text("4"), 0));
  whether(r, "replace", EG_E_NOT_FOUND, EG_OK);
  DO(get(r, "modes"));
  value(r, "value");
  DO(eg_cache_exists_op(CACHE, key(r, "modes")));
  whether(r, "exists", EG_E_NOT_FOUND, EG_OK);
  DO(remove_key(r, "modes"));
  whether(r, "delete", EG_E_NOT_FOUND, EG_OK);
  DO(remove_key(r, "modes"));
  whether(r, "delete again", EG_E_NOT_FOUND, EG_OK);
  DO(eg_cache_exists_op(CACHE, key(r, "modes")));
  whether(r, "exists still", EG_E_NOT_FOUND, EG_OK);
  END
}

static eg_op swap(run *r, const char *text) {
  return eg_cache_swap_op(CACHE, key(r, "swap"), r->version, eg_text(text), 0);
}

static void swaps(run *r) {
  BEGIN
  DO(set(r, "swap", "one", 3, 0));
  DO(get(r, "swap"));
  r->version = eg_cache_entry_at(&r->ops[0], 0)->version;
  DO(swap(r, "two"));
  whether(r, "swap", EG_E_CONFLICT, EG_E_NOT_FOUND);
  DO(swap(r, "three"));
  whether(r, "with an old version", EG_E_CONFLICT, EG_E_NOT_FOUND);
  DO(get(r, "swap"));
  value(r, "value");
  DO(remove_key(r, "swap"));
  DO(swap(r, "four"));
  whether(r, "of what is gone", EG_E_CONFLICT, EG_E_NOT_FOUND);
  END
}

static eg_op add(run *r, int64_t delta) { return eg_cache_count_op(CACHE, key(r, "count"), delta); }

static eg_op add_or_start(run *r, int64_t delta, int64_t ttl) {
  return eg_cache_count_or_start_op(CACHE, key(r, "count"), delta, 5, ttl);
}

static void counts(run *r) {
  BEGIN
  DO(add(r, 1));
  if (r->ops[0].status == EG_E_NOT_FOUND) say(r, "nothing: none");
  DO(add_or_start(r, 1, HOUR));
  say(r, "start: %" PRIu64, eg_cache_sum(&r->ops[0]));
  DO(add_or_start(r, 10, 0));
  say(r, "go on: %" PRIu64, eg_cache_sum(&r->ops[0]));
  DO(add(r, 1));
  say(r, "up: %" PRIu64, eg_cache_sum(&r->ops[0]));
  DO(add(r, -100));
  say(r, "down: %" PRIu64, eg_cache_sum(&r->ops[0]));
  DO(set(r, "count", "ten", 3, 0));
  DO(add(r, 1));
  outcome(r, "no number", &r->ops[0]);
  DO(remove_key(r, "count"));
  END
}

static void touch(run *r) {
  BEGIN
  DO(remove_key(r, "touch"));
  DO(eg_cache_touch_op(CACHE, key(r, "touch"), HOUR));
  whether(r, "nothing", EG_E_NOT_FOUND, EG_OK);
  DO(set(r, "touch", "v", 1, HOUR / 60));
  DO(eg_cache_touch_op(CACHE, key(r, "touch"), HOUR));
  whether(r, "touch", EG_E_NOT_FOUND, EG_OK);
  DO(get(r, "touch"));
  value(r, "value");
  END
}

static eg_op get_too_many(run *r) {
  static eg_bytes keys[1001];
  for (int n = 0; n < 1001; n++) keys[n] = eg_text("k");
  return eg_cache_get_many_op(CACHE, keys, 1001);
}

static eg_bytes long_key(run *r) {
  void *memory = eg_alloc(r->host, r->request, (64 << 10) + 1);
  if (memory == NULL) return eg_view(NULL, 1);
  memset(memory, 'k', (64 << 10) + 1);
  return eg_view(memory, (64 << 10) + 1);
}

static void refused(run *r) {
  BEGIN
  DO(eg_cache_get_op(CACHE, eg_text("")));
  outcome(r, "no key", &r->ops[0]);
  DO(get_too_many(r));
  outcome(r, "too many keys", &r->ops[0]);
  DO(eg_cache_set_op(CACHE, long_key(r), eg_text(""), 0));
  outcome(r, "long key", &r->ops[0]);
  END
}

static void short_lived(run *r) {
  BEGIN
  DO(set(r, "short", "v", 1, INT64_C(900000000)));
  DO(get(r, "short"));
  value(r, "value");
  END
}

static void peek(run *r) {
  BEGIN
  DO(get(r, "short"));
  value(r, "value");
  END
}

const named cache_scenarios[] = {
    {"cache-values", values}, {"cache-modes", modes},     {"cache-swap", swaps},
    {"cache-count", counts},  {"cache-touch", touch},     {"cache-refused", refused},
    {"cache-short", short_lived}, {"cache-peek", peek}, {NULL, NULL},
};
