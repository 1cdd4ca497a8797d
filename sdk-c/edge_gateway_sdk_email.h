/*
 * edge_gateway_sdk_email.h: sending mail, on top of edge_gateway_email.h.
 *
 *   const eg_bytes to[] = {eg_text("Ann <ann@example.com>")};
 *   eg_email_message message = eg_email_new();
 *   message.to = to;
 *   message.to_count = 1;
 *   message.subject = eg_text("Hello");
 *   message.text = eg_text("How are you?");
 *   eg_op op = eg_email_send_op(host, request, eg_email(host, "mail"), &message);
 *   int32_t status = eg_run(host, request, &op, 1);
 */
#ifndef EDGE_GATEWAY_SDK_EMAIL_H
#define EDGE_GATEWAY_SDK_EMAIL_H

#include "edge_gateway_email.h"
#include "edge_gateway_sdk.h"

/* The email service that the endpoint calls `name`, valid as long as the
 * instance; NULL if it is bound to none, and operations on it are EG_E_DENIED
 * then. */
static inline const void *eg_email(const eg_host *host, const char *name) {
  return eg_find_service(host, EG_EMAIL, name);
}

/* An empty message. At least one recipient and a text or an HTML body have to
 * be set. */
static inline eg_email_message eg_email_new(void) {
  eg_email_message message;
  memset(&message, 0, sizeof message);
  message.struct_size = (uint32_t)sizeof message;
  return message;
}

static inline bool eg_email_keep_addresses(const eg_host *host, const eg_request *request,
                                           const eg_bytes **addresses, uint64_t count) {
  void *copy;
  for (uint64_t i = 0; i < count; i++)
    if (eg_failed((*addresses)[i])) return false;
  if (!eg_copy_list(host, request, *addresses, count, sizeof(eg_bytes), &copy)) return false;
  *addresses = (const eg_bytes *)copy;
  return true;
}

/* Sends a mail: it is durable when this succeeds, and delivered later. With
 * message->transaction, which is what eg_sql gave for a database with an open
 * transaction of this request, it is committed and rolled back with it. Read its
 * id with eg_email_id. */
static inline eg_op eg_email_send_op(const eg_host *host, const eg_request *request,
                                     const void *mail, const eg_email_message *message) {
  eg_email_message copy = *message;
  void *attachments;
  bool kept = !eg_failed(copy.from) && !eg_failed(copy.subject) && !eg_failed(copy.text) &&
              !eg_failed(copy.html) &&
              eg_email_keep_addresses(host, request, &copy.to, copy.to_count) &&
              eg_email_keep_addresses(host, request, &copy.cc, copy.cc_count) &&
              eg_email_keep_addresses(host, request, &copy.bcc, copy.bcc_count) &&
              eg_email_keep_addresses(host, request, &copy.reply_to, copy.reply_to_count) &&
              eg_copy_list(host, request, copy.attachments, copy.attachment_count,
                           sizeof(eg_email_attachment), &attachments);
  if (!kept) return eg_failed_op(EG_E_NO_MEMORY);
  for (uint64_t i = 0; i < copy.attachment_count; i++)
    if (eg_failed(copy.attachments[i].content)) return eg_failed_op(EG_E_NO_MEMORY);
  copy.attachments = (const eg_email_attachment *)attachments;
  return eg_make_op_with(host, request, mail, EG_EMAIL_SEND, &copy, sizeof copy);
}

/* What became of a mail. Read it with eg_email_state_of. EG_E_NOT_FOUND. */
static inline eg_op eg_email_state_op(const eg_host *host, const eg_request *request,
                                      const void *mail, eg_bytes message_id) {
  eg_email_query args;
  if (eg_failed(message_id)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.message_id = message_id;
  return eg_make_op_with(host, request, mail, EG_EMAIL_STATE, &args, sizeof args);
}

/* The id of a mail that was accepted; absent if it was not. */
static inline eg_bytes eg_email_id(const eg_op *op) {
  const eg_email_accepted *accepted = (const eg_email_accepted *)eg_result_of(op);
  return accepted == NULL ? eg_view(NULL, 0) : accepted->message_id;
}

/* NULL if the operation failed. */
static inline const eg_email_state *eg_email_state_of(const eg_op *op) {
  return (const eg_email_state *)eg_result_of(op);
}

#endif
