/* Memory of the request: alignment, growth, limits, overflow. */
#include "check.h"
#include "fake_host.h"

static void results_are_aligned_and_apart(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 4096);
  uint8_t *last = NULL;
  for (uint64_t size = 0; size < 40; size++) {
    uint8_t *memory = eg_alloc(&fake.table, &request, size);
    CHECK(memory != NULL && (uintptr_t)memory % 16 == 0 && memory != last);
    memset(memory, 0xab, (size_t)(size == 0 ? 1 : size));
    last = memory;
  }
  CHECK(fake.block_count == 1);
  fake_stop(&fake);
}

static void a_block_is_used_to_its_last_byte(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 37);
  memset(eg_alloc(&fake.table, &request, 16), 1, 16);
  memset(eg_alloc(&fake.table, &request, 21), 2, 21);
  CHECK(fake.block_count == 1 && fake.arena.next == fake.arena.end);
  memset(eg_alloc(&fake.table, &request, 1), 3, 1);
  CHECK(fake.block_count == 2);
  fake_stop(&fake);
}

static void growth_keeps_what_was_taken(void) {
  for (uint64_t misalign = 0; misalign < 16; misalign++) {
    fake_host fake;
    fake_start(&fake);
    fake.misalign = misalign;
    eg_request request = fake_request(&fake, 42, 0); /* not even a first block */
    uint8_t *taken[64];
    for (int i = 0; i < 64; i++) {
      taken[i] = eg_alloc(&fake.table, &request, (uint64_t)(i * 37 + 1));
      CHECK(taken[i] != NULL && (uintptr_t)taken[i] % 16 == 0);
      memset(taken[i], i, (size_t)(i * 37 + 1));
    }
    for (int i = 0; i < 64; i++)
      for (int j = 0; j < i * 37 + 1; j++) CHECK(taken[i][j] == i);
    CHECK(fake.last_token == 42);
    fake_stop(&fake);
  }
}

static void no_memory_is_told_and_passed_on(void) {
  fake_host fake;
  fake_start(&fake);
  fake.memory_limit = 64;
  eg_request request = fake_request(&fake, 1, 16);
  eg_response response = fake_response();
  static const uint8_t big[100];
  CHECK(eg_alloc(&fake.table, &request, 100) == NULL);
  eg_bytes failed = eg_copy(&fake.table, &request, eg_view(big, 100));
  CHECK(eg_failed(failed) && eg_absent(failed));
  CHECK(eg_failed(eg_concat(&fake.table, &request, &failed, 1)));
  CHECK(eg_failed(eg_format(&fake.table, &request, "%0100d", 1)));
  CHECK(eg_answer(&fake.table, &request, &response, 200, "text/plain", failed) == EG_E_NO_MEMORY);
  CHECK(eg_add_header(&fake.table, &request, &response, "x", failed) == EG_E_NO_MEMORY);
  CHECK(response.header_count == 0 && response.status == 0);
  CHECK(eg_fail(&response, failed) == EG_E_INTERNAL && !eg_absent(response.message));
  CHECK(eg_alloc(&fake.table, &request, 16) != NULL); /* the rest is still there */
  fake_stop(&fake);
}

static void absurd_sizes_are_refused(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  const uint64_t sizes[] = {UINT64_MAX,      UINT64_MAX - 1,  UINT64_MAX - 14, UINT64_MAX - 15,
                            UINT64_MAX - 16, (uint64_t)1 << 63, (uint64_t)1 << 48};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    CHECK(eg_alloc(&fake.table, &request, sizes[i]) == NULL);
  const eg_bytes huge[] = {eg_view("x", UINT64_MAX - 1), eg_view("y", 2)};
  CHECK(eg_failed(eg_concat(&fake.table, &request, huge, 2)));
  CHECK(eg_failed(eg_concat(&fake.table, &request, &huge[0], 1)));
  CHECK(fake.block_count == 1);
  fake_stop(&fake);
}

static void text_is_made(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 16);
  const eg_bytes parts[] = {eg_text("a\0b"), eg_view("\0c", 2), eg_text(NULL), eg_text("d")};
  eg_bytes joined = eg_concat(&fake.table, &request, parts, 4);
  CHECK(joined.len == 4 && memcmp(joined.ptr, "a\0cd", 5) == 0);
  CHECK_BYTES(eg_concat(&fake.table, &request, NULL, 0), "");
  CHECK_BYTES(eg_format(&fake.table, &request, "%s-%d-%50s", "x", 7, "y"),
              "x-7-                                                 y");
  CHECK_BYTES(eg_format(&fake.table, &request, "%s", ""), "");
  CHECK_BYTES(eg_copy(&fake.table, &request, eg_text("")), "");
  CHECK(eg_absent(eg_copy(&fake.table, &request, eg_text(NULL))));
  CHECK(!eg_failed(eg_copy(&fake.table, &request, eg_text(NULL))));
  fake_stop(&fake);
}

int main(void) {
  results_are_aligned_and_apart();
  a_block_is_used_to_its_last_byte();
  growth_keeps_what_was_taken();
  no_memory_is_told_and_passed_on();
  absurd_sizes_are_refused();
  text_is_made();
  return 0;
}
