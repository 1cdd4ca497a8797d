/* Answers, logging, config, services, and what the macros export. */
#include "check.h"
#include "fake_host.h"

static int32_t entry(const eg_host *host, const eg_request *request, eg_response *response) {
  return eg_answer(host, request, response, 201, "text/plain", eg_text("made"));
}

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)host;
  *self = (void *)(uintptr_t)init->flags;
  return EG_OK;
}

EG_HANDLER("answer", "1.2");
EG_ENTRY(entry);
EG_INIT(start);

static void the_macros_export_a_handler(void) {
  const eg_info *info = handler_info();
  CHECK(info == handler_info() && info->struct_size == sizeof *info);
  CHECK(info->abi_major == EG_ABI_MAJOR && info->abi_minor == EG_ABI_MINOR);
  CHECK(info->flags == 0 && info->pointer_size == sizeof(void *));
  CHECK_BYTES(info->name, "answer");
  CHECK_BYTES(info->version, "1.2");
  CHECK_BYTES(info->sdk, EG_SDK_NAME);
  CHECK_BYTES(info->language, "c");
  handler_abi_0_2();

  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 256);
  eg_response response = fake_response();
  CHECK(handler_entry(&fake.table, &request, &response) == EG_OK);
  CHECK(response.status == 201 && response.header_count == 1);
  CHECK_BYTES(response.body, "made");
  eg_init init = {sizeof init, EG_INIT_TRIAL, eg_text("e"), NULL, 0};
  void *self = NULL;
  CHECK(handler_init(&fake.table, &init, &self) == EG_OK);
  CHECK(self == (void *)(uintptr_t)EG_INIT_TRIAL);
  CHECK(fake.block_count == 1);
  fake_stop(&fake);
}

static void headers_keep_their_order_however_they_grow(void) {
  static const eg_field fixed[] = {{EG_LITERAL("first"), EG_LITERAL("static")}};
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 100);
  eg_response response = fake_response();
  response.headers = fixed;
  response.header_count = 1;
  for (int i = 0; i < 50; i++) {
    /* Now and then something lies behind the list, or the block is full. */
    eg_bytes value = i % 3 == 0 ? eg_format(&fake.table, &request, "%d", i) : eg_text("same");
    CHECK(eg_add_header(&fake.table, &request, &response, "x", value) == EG_OK);
    CHECK(((uintptr_t)fake.arena.next & 15) == 0 || fake.arena.next == fake.arena.end);
  }
  CHECK(response.header_count == 51);
  CHECK_BYTES(response.headers[0].value, "static");
  for (int i = 0; i < 50; i++) {
    char number[8];
    snprintf(number, sizeof number, "%d", i);
    CHECK_BYTES(response.headers[i + 1].name, "x");
    CHECK_BYTES(response.headers[i + 1].value, i % 3 == 0 ? number : "same");
  }
  fake_stop(&fake);
}

static void headers_in_a_row_take_no_more_than_themselves(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 100 * sizeof(eg_field));
  eg_response response = fake_response();
  for (int i = 0; i < 100; i++)
    CHECK(eg_add_header(&fake.table, &request, &response, "x", eg_text("y")) == EG_OK);
  CHECK(fake.block_count == 1 && response.header_count == 100);
  fake_stop(&fake);
}

static void an_answer_may_have_no_body_and_no_type(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 0);
  eg_response response = fake_response();
  CHECK(eg_answer(&fake.table, &request, &response, 204, NULL, eg_text(NULL)) == EG_OK);
  CHECK(response.status == 204 && response.header_count == 0 && eg_absent(response.body));
  fake_stop(&fake);
}

static void log_lines_name_the_request_and_are_cut(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 5, 0);
  CHECK(eg_log(&fake.table, &request, EG_LOG_WARN, "%s %d", "n", 3) == EG_OK);
  CHECK(fake.last_token == 5 && fake.log_level == EG_LOG_WARN && strcmp(fake.log_text, "n 3") == 0);
  CHECK(eg_log(&fake.table, NULL, EG_LOG_INFO, "%09000d", 1) == EG_OK);
  CHECK(fake.last_token == FAKE_INSTANCE_TOKEN && fake.log_len == 8192);
  fake_stop(&fake);
}

static void config_and_services_are_found_or_absent(void) {
  fake_host fake;
  fake_start(&fake);
  CHECK_BYTES(eg_config(&fake.table, "greeting"), "Hello");
  CHECK(eg_absent(eg_config(&fake.table, "none")));
  CHECK(eg_find_service(&fake.table, EG_TIMER, NULL) != NULL);
  CHECK(eg_find_service(&fake.table, "test.named/1", "orders") != NULL);
  CHECK(eg_find_service(&fake.table, "test.named/1", "other") == NULL);
  CHECK(eg_find_service(&fake.table, "nothing/1", NULL) == NULL);
  fake_stop(&fake);
}

int main(void) {
  the_macros_export_a_handler();
  headers_keep_their_order_however_they_grow();
  headers_in_a_row_take_no_more_than_themselves();
  an_answer_may_have_no_body_and_no_type();
  log_lines_name_the_request_and_are_cut();
  config_and_services_are_found_or_absent();
  return 0;
}
