#include "run.h"

#include <inttypes.h>

static eg_op send(run *r, const eg_email_message *message) {
  return eg_email_send_op(r->host, r->request, eg_email(r->host, "mail"), message);
}

static eg_op mail(run *r, const char *subject, const void *transaction) {
  const eg_bytes to = eg_text("Ann <ann@example.com>"), cc = eg_text("bob@example.com"),
                 bcc = eg_text("secret@example.com"), reply = eg_text("desk@example.com");
  eg_email_attachment attachment = {eg_text("data.bin"), eg_text(NULL), eg_view("\0content\xff", 9), eg_text(NULL)};
  eg_email_message message = eg_email_new();
  message.to = &to;
  message.cc = &cc;
  message.bcc = &bcc;
  message.reply_to = &reply;
  message.to_count = message.cc_count = message.bcc_count = message.reply_to_count = 1;
  message.subject = eg_format(r->host, r->request, "%s by %.*s", subject, TEXT(eg_param(r->request, "how")));
  message.text = eg_text("plain text");
  message.html = eg_text("<p>html</p>");
  message.attachments = &attachment;
  message.attachment_count = 1;
  message.transaction = transaction;
  return send(r, &message);
}

static void id(run *r) {
  if (r->ops[0].status == EG_OK)
    say(r, "%.*s", TEXT(eg_email_id(&r->ops[0])));
  else
    outcome(r, "send", &r->ops[0]);
}

static void sent(run *r) {
  BEGIN
  DO(mail(r, "sent", NULL));
  id(r);
  END
}

static void committed(run *r) {
  BEGIN
  DO(query(r, "delete from note"));
  DO(eg_sql_begin_op(r->host, r->request, eg_sql(r->host, "db"), 0, 0), insert_note(r, 1, "a", 1));
  DO(mail(r, "committed", eg_sql(r->host, "db")));
  id(r);
  DO(eg_sql_commit_op(eg_sql(r->host, "db")));
  END
}

static void rolled_back(run *r) {
  BEGIN
  DO(query(r, "delete from note"));
  DO(eg_sql_begin_op(r->host, r->request, eg_sql(r->host, "db"), 0, 0), insert_note(r, 1, "a", 1));
  DO(mail(r, "rolled back", eg_sql(r->host, "db")));
  id(r);
  DO(eg_sql_rollback_op(eg_sql(r->host, "db")));
  END
}

// Tells of the mail whose id is the query.
static void state(run *r) {
  BEGIN
  DO(eg_email_state_op(r->host, r->request, eg_email(r->host, "mail"), r->request->query));
  const char *const states[] = {"", "queued", "delivered", "failed"};
  const eg_email_state *found = eg_email_state_of(&r->ops[0]);
  if (r->ops[0].status == EG_E_NOT_FOUND)
    say(r, "none");
  else if (found == NULL)
    outcome(r, "state", &r->ops[0]);
  else
    say(r, "%s after %" PRIu64, states[found->state & 3], found->attempts);
  END
}

static eg_op simple(run *r, const char *to, const char *subject, const char *text) {
  const eg_bytes address = eg_text(to);
  eg_email_message message = eg_email_new();
  message.to = &address;
  message.to_count = to == NULL ? 0 : 1;
  message.subject = eg_text(subject);
  message.text = eg_text(text);
  return send(r, &message);
}

static void refused(run *r) {
  BEGIN
  DO(simple(r, NULL, "s", "t"));
  outcome(r, "nobody", &r->ops[0]);
  DO(simple(r, "a@example.com", "s", NULL));
  outcome(r, "no body", &r->ops[0]);
  DO(simple(r, "a@example.com", "s\r\nBcc: b@example.com", "t"));
  outcome(r, "injection", &r->ops[0]);
  DO(simple(r, "no address", "s", "t"));
  outcome(r, "address", &r->ops[0]);
  END
}

const named email_scenarios[] = {
    {"email-send", sent},   {"email-commit", committed}, {"email-rollback", rolled_back},
    {"email-state", state}, {"email-refused", refused},  {NULL, NULL},
};
