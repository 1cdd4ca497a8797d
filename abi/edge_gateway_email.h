/*
 * edge_gateway_email.h: sending mail, the service "eg.email/1".
 *
 * Look it up with the local name of a binding. A mail that was accepted is
 * durable in the service's outbox and will be delivered at least once, always
 * with the same Message-ID.
 */
#ifndef EDGE_GATEWAY_EMAIL_H
#define EDGE_GATEWAY_EMAIL_H

#include "edge_gateway.h"

#define EG_EMAIL "eg.email/1"

/* Accepts a mail. args eg_email_message, result eg_email_accepted. With
 * `transaction` it is a row in that database and is committed, or rolled back,
 * with the transaction: EG_E_TX_GONE, or EG_E_DENIED when the email service is
 * not set up to take mail from that database. */
#define EG_EMAIL_SEND 1u

/* What became of one. args eg_email_query, result eg_email_state.
 * EG_E_NOT_FOUND. */
#define EG_EMAIL_STATE 2u

/* An address is "a@example.com" or "Name <a@example.com>". */
typedef struct eg_email_attachment {
  eg_bytes name;
  eg_bytes content_type; /* absent: by the name, else application/octet-stream */
  eg_bytes content;
  eg_bytes content_id; /* of one that the HTML shows as cid:…; absent: a file */
} eg_email_attachment;

/* At least one recipient, and a text or an HTML body. */
typedef struct eg_email_message {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes from; /* absent: the service's own */
  const eg_bytes *to;
  uint64_t to_count;
  const eg_bytes *cc;
  uint64_t cc_count;
  const eg_bytes *bcc;
  uint64_t bcc_count;
  const eg_bytes *reply_to;
  uint64_t reply_to_count;
  eg_bytes subject;
  eg_bytes text;
  eg_bytes html;
  const eg_email_attachment *attachments;
  uint64_t attachment_count;
  const void *transaction; /* table of an eg.sql/1 with an open transaction of
                              this request; or NULL */
} eg_email_message;

typedef struct eg_email_accepted {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes message_id; /* without angle brackets */
} eg_email_accepted;

typedef struct eg_email_query {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes message_id;
} eg_email_query;

#define EG_EMAIL_QUEUED 1u    /* waits for its first or next try */
#define EG_EMAIL_DELIVERED 2u /* taken by the server, or written to the folder */
#define EG_EMAIL_FAILED 3u    /* given up, see `reason` */

typedef struct eg_email_state {
  uint32_t struct_size;
  uint32_t state; /* EG_EMAIL_... */
  uint64_t attempts;
  int64_t accepted; /* Unix time in nanoseconds */
  int64_t next;     /* of the next try; 0 if there is none */
  eg_bytes reason;  /* of the last failure; or absent */
} eg_email_state;

#endif
