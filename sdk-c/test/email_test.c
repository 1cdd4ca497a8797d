/* Email: what the host gets, and what is read from its answer. */
#include "check.h"
#include "edge_gateway_sdk_email.h"
#include "fake_host.h"

static void a_message_is_sent_with_all_of_its_parts(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  const void *mail = eg_email(&fake.table, "mail");
  eg_bytes to[] = {eg_text("Ann <a@b.c>"), eg_text("d@e.f")};
  eg_bytes cc[] = {eg_text("cc@x.y")}, bcc[] = {eg_text("bcc@x.y")}, reply[] = {eg_text("r@x.y")};
  eg_email_attachment files[] = {
      {EG_LITERAL("a.txt"), {NULL, 0}, EG_LITERAL("content"), EG_LITERAL("cid")}};
  eg_email_message message = eg_email_new();
  message.from = eg_text("me@x.y");
  message.to = to;
  message.to_count = 2;
  message.cc = cc;
  message.cc_count = 1;
  message.bcc = bcc;
  message.bcc_count = 1;
  message.reply_to = reply;
  message.reply_to_count = 1;
  message.subject = eg_text("subject");
  message.text = eg_text("text");
  message.html = eg_text("<p>");
  message.attachments = files;
  message.attachment_count = 1;
  message.transaction = fake_table("eg.sql/1");
  eg_op op = eg_email_send_op(&fake.table, &request, mail, &message);
  /* The lists are the caller's again. */
  memset(to, 0, sizeof to);
  memset(cc, 0, sizeof cc);
  memset(bcc, 0, sizeof bcc);
  memset(reply, 0, sizeof reply);
  memset(files, 0, sizeof files);

  static const eg_email_accepted accepted = {sizeof accepted, 0, EG_LITERAL("id@x.y")};
  fake_answer(&fake, EG_OK, &accepted);
  CHECK(eg_absent(eg_email_id(&op)));
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  CHECK_BYTES(eg_email_id(&op), "id@x.y");

  CHECK(fake.received[0].service == fake_table(EG_EMAIL) && fake.received[0].code == EG_EMAIL_SEND);
  const eg_email_message *got = fake.received[0].args;
  CHECK(got->struct_size == sizeof *got && got->reserved == 0);
  CHECK_BYTES(got->from, "me@x.y");
  CHECK(got->to_count == 2 && got->cc_count == 1 && got->bcc_count == 1);
  CHECK_BYTES(got->to[0], "Ann <a@b.c>");
  CHECK_BYTES(got->to[1], "d@e.f");
  CHECK_BYTES(got->cc[0], "cc@x.y");
  CHECK_BYTES(got->bcc[0], "bcc@x.y");
  CHECK(got->reply_to_count == 1);
  CHECK_BYTES(got->reply_to[0], "r@x.y");
  CHECK_BYTES(got->subject, "subject");
  CHECK_BYTES(got->text, "text");
  CHECK_BYTES(got->html, "<p>");
  CHECK(got->attachment_count == 1 && eg_absent(got->attachments[0].content_type));
  CHECK_BYTES(got->attachments[0].name, "a.txt");
  CHECK_BYTES(got->attachments[0].content, "content");
  CHECK_BYTES(got->attachments[0].content_id, "cid");
  CHECK(got->transaction == fake_table("eg.sql/1"));
  fake_stop(&fake);
}

static void parts_without_memory_keep_it_from_being_sent(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  const void *mail = eg_email(&fake.table, "mail");
  const eg_bytes failed = eg_view(NULL, 1);
  const eg_email_attachment file = {EG_LITERAL("a"), {NULL, 0}, {NULL, 1}, {NULL, 0}};
  eg_email_message messages[4];
  for (int i = 0; i < 4; i++) messages[i] = eg_email_new();
  messages[0].subject = failed;
  messages[1].text = failed;
  messages[2].to = &failed;
  messages[2].to_count = 1;
  messages[3].attachments = &file;
  messages[3].attachment_count = 1;
  for (int i = 0; i < 4; i++) {
    eg_op op = eg_email_send_op(&fake.table, &request, mail, &messages[i]);
    CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NO_MEMORY);
  }
  CHECK(fake.received_count == 0);
  fake_stop(&fake);
}

static void the_state_of_a_mail_can_be_asked(void) {
  fake_host fake;
  fake_start(&fake);
  eg_request request = fake_request(&fake, 1, 64);
  static const eg_email_state state = {sizeof state, EG_EMAIL_QUEUED, 2, 5, 6, EG_LITERAL("busy")};
  eg_op op = eg_email_state_op(&fake.table, &request, eg_email(&fake.table, "mail"),
                               eg_text("id@x.y"));
  fake_answer(&fake, EG_OK, &state);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_OK);
  CHECK(eg_email_state_of(&op) == &state && fake.received[0].code == EG_EMAIL_STATE);
  const eg_email_query *got = fake.received[0].args;
  CHECK(got->struct_size == sizeof *got);
  CHECK_BYTES(got->message_id, "id@x.y");
  fake_answer(&fake, EG_E_NOT_FOUND, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NOT_FOUND && eg_email_state_of(&op) == NULL);
  fake_stop(&fake);
}

int main(void) {
  a_message_is_sent_with_all_of_its_parts();
  parts_without_memory_keep_it_from_being_sent();
  the_state_of_a_mail_can_be_asked();
  return 0;
}
