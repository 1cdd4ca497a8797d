/* The contact sample: what is refused, and both or neither. */
#include "check.h"
#include "edge_gateway_sdk_email.h"
#include "edge_gateway_sdk_sql.h"
#include "fake_host.h"

static const char *const good = "name=Ann+%c3%84&email=ann%40example.com&message=Hello%0AWorld";

/* Sends a form and keeps the fake, with all that it was asked, to be looked at;
 * the result is the HTTP status or the error. */
static fake_host fake;
static void *self;
static eg_response response;

static void open_instance(void) {
  eg_init init = {sizeof init, 0, eg_text("contact"), NULL, 0};
  fake_start(&fake);
  CHECK(handler_init(&fake.table, &init, &self) == EG_OK);
}

static int32_t send_form(const char *form) {
  eg_request request = fake_request(&fake, 1, 4096);
  request.self = self;
  request.request_id = eg_text("r-1");
  request.received = 5000999;
  request.body = eg_text(form);
  response = fake_response();
  int32_t status = handler_entry(&fake.table, &request, &response);
  return status == EG_OK ? response.status : status;
}

static void close_instance(void) {
  handler_shutdown(&fake.table, self);
  fake_stop(&fake);
}

static uint32_t code(uint32_t place) {
  CHECK(place < fake.received_count);
  return fake.received[place].code;
}

static void a_message_is_stored_and_mailed_in_one_transaction(void) {
  open_instance();
  CHECK(send_form(good) == 200);
  CHECK(fake.received_count == 5 && fake.calls == 4);
  CHECK(code(0) == EG_SQL_QUERY && code(1) == EG_SQL_BEGIN && code(4) == EG_SQL_COMMIT);

  const eg_sql_statement *insert = fake.received[2].args;
  CHECK(fake.received[2].service == fake_table(EG_SQL) && insert->param_count == 5);
  CHECK_BYTES(insert->params[0].bytes, "r-1");
  CHECK(insert->params[1].type == EG_SQL_INT64 && insert->params[1].number == 5000);
  CHECK_BYTES(insert->params[2].bytes, "Ann \xc3\x84");
  CHECK_BYTES(insert->params[3].bytes, "ann@example.com");
  CHECK_BYTES(insert->params[4].bytes, "Hello\nWorld");

  const eg_email_message *mail = fake.received[3].args;
  CHECK(fake.received[3].service == fake_table(EG_EMAIL) && code(3) == EG_EMAIL_SEND);
  CHECK(mail->transaction == fake_table(EG_SQL));
  CHECK(mail->to_count == 1 && mail->reply_to_count == 1);
  CHECK_BYTES(mail->to[0], "owner@example.com");
  CHECK_BYTES(mail->reply_to[0], "ann@example.com");
  CHECK_BYTES(mail->subject, "Message from Ann \xc3\x84");
  CHECK_BYTES(mail->text, "Hello\nWorld");

  /* The table is made once. */
  CHECK(send_form(good) == 200 && fake.received_count == 9 && code(5) == EG_SQL_BEGIN);
  close_instance();
}

static void a_failure_at_any_step_ends_without_a_commit(void) {
  for (uint32_t failing = 0; failing < 5; failing++) {
    static const eg_problem problem = {sizeof problem, 0, EG_LITERAL("why"), {NULL, 0}, {NULL, 0}};
    open_instance();
    for (uint32_t i = 0; i < failing; i++) fake_answer(&fake, EG_OK, NULL);
    fake_answer(&fake, EG_E_UNAVAILABLE, &problem);
    CHECK(send_form(good) == EG_E_UNAVAILABLE);
    CHECK_BYTES(response.message, "why");
    /* A commit only after all else has succeeded. */
    bool committed = code(fake.received_count - 1) == EG_SQL_COMMIT;
    CHECK(committed == (failing == 4));
    close_instance();
  }
}

static void a_table_made_by_somebody_else_at_once_is_no_error(void) {
  open_instance();
  fake_answer(&fake, EG_E_CONFLICT, NULL);
  CHECK(send_form(good) == 200);
  close_instance();
}

static void an_address_that_the_service_refuses_is_the_visitors_fault(void) {
  open_instance();
  for (int i = 0; i < 3; i++) fake_answer(&fake, EG_OK, NULL);
  fake_answer(&fake, EG_E_INVALID, NULL);
  CHECK(send_form(good) == 400 && code(fake.received_count - 1) != EG_SQL_COMMIT);
  CHECK(memcmp(response.body.ptr, "email:", 6) == 0);
  close_instance();
}

static void what_is_wrong_names_its_field(void) {
  static const struct {
    const char *form, *field;
  } cases[] = {
      {"", "name:"},
      {"email=a@b.c&message=m", "name:"},
      {"name=&email=a@b.c&message=m", "name:"},
      {"name=++&email=a@b.c&message=m", "name:"},
      {"name=a%0d%0aBcc:+x@y.z&email=a@b.c&message=m", "name:"},
      {"name=%ff&email=a@b.c&message=m", "name:"},
      {"name=a%00b&email=a@b.c&message=m", "name:"},
      {"name=n&message=m", "email:"},
      {"name=n&email=ab.c&message=m", "email:"},
      {"name=n&email=@b.c&message=m", "email:"},
      {"name=n&email=a@b&message=m", "email:"},
      {"name=n&email=a@.c&message=m", "email:"},
      {"name=n&email=a@b.&message=m", "email:"},
      {"name=n&email=a@b@b.c&message=m", "email:"},
      {"name=n&email=a@b.c,d@e.f&message=m", "email:"},
      {"name=n&email=a+b@b.c&message=m", "email:"},
      {"name=n&email=a@b.c", "message:"},
      {"name=n&email=a@b.c&message=%0a+", "message:"},
      {"name=n&email=a@b.c&message=%01", "message:"},
  };
  open_instance();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CHECK(send_form(cases[i].form) == 400);
    CHECK(memcmp(response.body.ptr, cases[i].field, strlen(cases[i].field)) == 0);
  }
  CHECK(fake.received_count == 0);
  close_instance();
}

static void without_memory_it_says_so(void) {
  for (uint64_t room = 0; room < 2000; room += 16) {
    open_instance();
    eg_request request = fake_request(&fake, 1, 0);
    fake.memory_limit = room;
    request.self = self;
    request.request_id = eg_text("r-1");
    request.body = eg_text(good);
    response = fake_response();
    int32_t status = handler_entry(&fake.table, &request, &response);
    if (status == EG_OK) {
      CHECK(response.status == 200);
    } else {
      CHECK(status == EG_E_NO_MEMORY);
    }
    close_instance();
  }
}

int main(void) {
  a_message_is_stored_and_mailed_in_one_transaction();
  a_failure_at_any_step_ends_without_a_commit();
  a_table_made_by_somebody_else_at_once_is_no_error();
  an_address_that_the_service_refuses_is_the_visitors_fault();
  what_is_wrong_names_its_field();
  without_memory_it_says_so();
  return 0;
}
