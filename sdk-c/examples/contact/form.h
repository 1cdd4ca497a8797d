/* What a visitor wrote. */
#ifndef FORM_H
#define FORM_H

#include "edge_gateway_sdk.h"

#define FORM_EMAIL_FAULT "email: an address such as ann@example.com is wanted\n"

typedef struct form {
  eg_bytes name, email, message;
} form;

/* Reads and checks the fields: NULL, or what is wrong with which of them, for
 * the visitor. */
const char *form_read(const eg_host *host, const eg_request *request, form *form);

#endif
