#include "form.h"

/* One line of text, or with `lines` several, of at most `max` bytes, and not
 * blank. Failed bytes pass: without memory it is not the visitor's fault. */
static bool is_text(eg_bytes text, uint64_t max, bool lines) {
  bool blank = true;
  if (eg_failed(text)) return true;
  if (eg_absent(text) || text.len > max || !eg_is_utf8(text)) return false;
  for (uint64_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    bool is_break = lines && (byte == '\n' || byte == '\r' || byte == '\t');
    if ((byte < ' ' && !is_break) || byte == 0x7f) return false;
    if (byte != ' ' && !is_break) blank = false;
  }
  return !blank;
}

/* Something before the only @ and a name with a dot behind it. */
static bool is_address(eg_bytes text) {
  uint64_t at = 0, ats = 0, dot = 0;
  if (eg_failed(text)) return true;
  if (!is_text(text, 254, false)) return false;
  for (uint64_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    if (byte >= 0x80 || strchr(" ,;:<>()[]\\\"", byte) != NULL) return false;
    if (byte == '@') at = i, ats++;
    if (byte == '.') dot = i;
  }
  return ats == 1 && at > 0 && dot > at + 1 && dot + 1 < text.len;
}

const char *form_read(const eg_host *host, const eg_request *request, form *form) {
  form->name = eg_form_param(host, request, "name");
  form->email = eg_form_param(host, request, "email");
  form->message = eg_form_param(host, request, "message");
  if (!is_text(form->name, 100, false)) return "name: one line of at most 100 bytes is wanted\n";
  if (!is_address(form->email)) return FORM_EMAIL_FAULT;
  if (!is_text(form->message, 10000, true))
    return "message: a text of at most 10000 bytes is wanted\n";
  return NULL;
}
