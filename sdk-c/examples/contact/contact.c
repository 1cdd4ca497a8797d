/* POST /contact: a contact form with the fields name, email and message. What
 * was written is stored and mailed to the owner of the site, in one transaction:
 * both or neither.
 *
 * Bindings: db (sql), mail (email). Config: to, the owner's address. */
#include "edge_gateway_sdk_email.h"
#include "edge_gateway_sdk_sql.h"

#include "form.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct instance {
  atomic_bool has_table;
} instance;

static int32_t start(const eg_host *host, const eg_init *init, void **self) {
  (void)host;
  (void)init;
  *self = calloc(1, sizeof(instance));
  return *self == NULL ? EG_E_NO_MEMORY : EG_OK;
}

static void stop(const eg_host *host, void *self) {
  (void)host;
  free(self);
}

static int32_t make_table(const eg_host *host, const eg_request *request, eg_response *response,
                          const void *db) {
  instance *self = request->self;
  if (atomic_load(&self->has_table)) return EG_OK;
  eg_op create = eg_sql_query_op(host, request, db,
                                 "create table if not exists contact_messages ("
                                 "id text primary key, received bigint not null, "
                                 "name text not null, email text not null, message text not null)",
                                 NULL, 0);
  int32_t status = eg_run(host, request, &create, 1);
  /* A conflict: somebody else has made it at this moment. */
  if (status != EG_OK && status != EG_E_CONFLICT) return eg_fail_ops(response, status, &create, 1);
  atomic_store(&self->has_table, true);
  return EG_OK;
}

static eg_op store(const eg_host *host, const eg_request *request, const void *db,
                   const form *form) {
  const eg_sql_value params[] = {
      eg_sql_text(request->request_id), eg_sql_int(request->received / 1000),
      eg_sql_text(form->name),          eg_sql_text(form->email),
      eg_sql_text(form->message),
  };
  return eg_sql_query_op(host, request, db,
                         "insert into contact_messages (id, received, name, email, message) "
                         "values ($1, $2, $3, $4, $5)",
                         params, 5);
}

static eg_op notify(const eg_host *host, const eg_request *request, const void *mail,
                    const void *db, const form *form) {
  const eg_bytes subject[] = {eg_text("Message from "), form->name};
  eg_bytes to = eg_config(host, "to");
  eg_email_message message = eg_email_new();
  if (eg_absent(to)) to = eg_text("owner@example.com");
  message.to = &to;
  message.to_count = 1;
  message.reply_to = &form->email;
  message.reply_to_count = 1;
  message.subject = eg_concat(host, request, subject, 2);
  message.text = form->message;
  message.transaction = db;
  return eg_email_send_op(host, request, mail, &message);
}

static int32_t contact(const eg_host *host, const eg_request *request, eg_response *response) {
  form form;
  const char *fault = form_read(host, request, &form);
  if (fault != NULL)
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8", eg_text(fault));

  const void *db = eg_sql(host, "db"), *mail = eg_email(host, "mail");
  int32_t status = make_table(host, request, response, db);
  if (status != EG_OK) return status;

  eg_op begin = eg_sql_begin_op(host, request, db, EG_SQL_ISOLATION_DEFAULT, 0);
  status = eg_run(host, request, &begin, 1);
  if (status != EG_OK) return eg_fail_ops(response, status, &begin, 1);

  /* From here on, to answer without a commit is to roll back. */
  eg_op both[] = {store(host, request, db, &form), notify(host, request, mail, db, &form)};
  status = eg_run(host, request, both, 2);
  if (both[1].status == EG_E_INVALID) /* more is known there of addresses than here */
    return eg_answer(host, request, response, 400, "text/plain; charset=utf-8",
                     eg_text(FORM_EMAIL_FAULT));
  if (status != EG_OK) return eg_fail_ops(response, status, both, 2);

  eg_op commit = eg_sql_commit_op(db);
  status = eg_run(host, request, &commit, 1);
  if (status != EG_OK) return eg_fail_ops(response, status, &commit, 1);
  return eg_answer(host, request, response, 200, "text/plain; charset=utf-8",
                   eg_text("Thank you, your message is on its way.\n"));
}

EG_HANDLER_UNLOADABLE("contact", "1.0");
EG_INIT(start);
EG_ENTRY(contact);
EG_SHUTDOWN(stop);
