/* Caches: what the host gets, and what is read from its answer. */
#include "check.h"
#include "edge_gateway_sdk_cache.h"
#include "fake_host.h"

static fake_host fake;
static eg_request request;
static const void *cache;

static void start(void) {
  fake_start(&fake);
  request = fake_request(&fake, 1, 64);
  cache = eg_cache(&fake.table, "cache");
}

/* Runs an operation that has to succeed, and gives what the host got. */
static const void *sent(eg_op op, uint32_t code) {
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  const eg_op *got = &fake.received[fake.received_count - 1];
  CHECK(got->service == fake_table(EG_CACHE) && got->code == code);
  return got->args;
}

static void values_are_read(void) {
  start();
  static const eg_cache_entry entries[] = {
      {EG_LITERAL("1"), 11}, {{NULL, 0}, 0}, {EG_LITERAL(""), 13}};
  static const eg_cache_entries all = {sizeof all, 0, entries, 3};
  eg_bytes keys[] = {eg_text("a"), eg_view("b\0c", 3), eg_text("d")};
  eg_op op = eg_cache_get_many_op(&fake.table, &request, cache, keys, 3);
  memset(keys, 0, sizeof keys); /* the list is the caller's again */
  fake_answer(&fake, EG_OK, &all);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK && fake.received[0].code == EG_CACHE_GET);
  const eg_cache_keys *got = fake.received[0].args;
  CHECK(got->struct_size == sizeof *got && got->count == 3);
  CHECK_BYTES(got->keys[0], "a");
  CHECK(eg_equal(got->keys[1], eg_view("b\0c", 3)));
  CHECK_BYTES(eg_cache_value(&op), "1");
  CHECK(eg_cache_entry_at(&op, 0)->version == 11);
  CHECK(eg_absent(eg_cache_entry_at(&op, 1)->value));
  CHECK_BYTES(eg_cache_entry_at(&op, 2)->value, "");
  CHECK(eg_cache_entry_at(&op, 3) == NULL);

  op = eg_cache_get_op(&fake.table, &request, cache, eg_text("k"));
  fake_answer(&fake, EG_E_UNAVAILABLE, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_UNAVAILABLE);
  CHECK(eg_absent(eg_cache_value(&op)));
  fake_stop(&fake);
}

static void values_are_stored(void) {
  start();
  const eg_bytes key = eg_text("k"), value = eg_text("v");
  const eg_op ops[] = {eg_cache_set_op(&fake.table, &request, cache, key, value, 5),
                       eg_cache_add_op(&fake.table, &request, cache, key, value, 5),
                       eg_cache_replace_op(&fake.table, &request, cache, key, value, 5),
                       eg_cache_swap_op(&fake.table, &request, cache, key, 77, value, 5)};
  const uint32_t modes[] = {EG_CACHE_SET, EG_CACHE_ADD, EG_CACHE_REPLACE, EG_CACHE_SWAP};
  for (int i = 0; i < 4; i++) {
    const eg_cache_put *got = sent(ops[i], EG_CACHE_PUT);
    CHECK(got->struct_size == sizeof *got && got->mode == modes[i] && got->ttl == 5);
    CHECK(got->version == (i == 3 ? 77 : 0));
    CHECK_BYTES(got->key, "k");
    CHECK_BYTES(got->value, "v");
  }
  fake_stop(&fake);
}

static void keys_are_deleted_looked_for_and_touched(void) {
  start();
  const eg_bytes key = eg_text("k");
  const eg_cache_key *got =
      sent(eg_cache_delete_op(&fake.table, &request, cache, key), EG_CACHE_DELETE);
  CHECK(got->struct_size == sizeof *got);
  CHECK_BYTES(got->key, "k");
  got = sent(eg_cache_exists_op(&fake.table, &request, cache, key), EG_CACHE_EXISTS);
  CHECK_BYTES(got->key, "k");
  const eg_cache_touch *touch =
      sent(eg_cache_touch_op(&fake.table, &request, cache, key, 9), EG_CACHE_TOUCH);
  CHECK(touch->struct_size == sizeof *touch && touch->ttl == 9);
  CHECK_BYTES(touch->key, "k");
  eg_op op = eg_cache_exists_op(&fake.table, &request, cache, key);
  fake_answer(&fake, EG_E_NOT_FOUND, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NOT_FOUND);
  fake_stop(&fake);
}

static void numbers_are_counted(void) {
  start();
  static const eg_cache_number sum = {sizeof sum, 0, UINT64_MAX};
  eg_op op = eg_cache_count_op(&fake.table, &request, cache, eg_text("k"), -5);
  CHECK(eg_cache_sum(&op) == 0);
  fake_answer(&fake, EG_OK, &sum);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK && eg_cache_sum(&op) == UINT64_MAX);
  const eg_cache_count *got = fake.received[0].args;
  CHECK(got->struct_size == sizeof *got && got->flags == 0 && got->delta == -5);
  CHECK(got->initial == 0 && got->ttl == 0);
  got = sent(eg_cache_count_or_start_op(&fake.table, &request, cache, eg_text("k"), 1, 100, 7),
             EG_CACHE_COUNT);
  CHECK(got->flags == EG_CACHE_CREATE && got->delta == 1 && got->initial == 100 && got->ttl == 7);
  CHECK_BYTES(got->key, "k");
  fake_stop(&fake);
}

int main(void) {
  values_are_read();
  values_are_stored();
  keys_are_deleted_looked_for_and_touched();
  numbers_are_counted();
  return 0;
}
