/* Any method, /c/echo/{path:*}: the request as one line of JSON, the same
 * bytes as the samples in the other languages give. */
#include "edge_gateway_sdk.h"
#include "sha256.h"

/* Where JSON goes. The first pass has no memory and only counts. */
typedef struct writer {
  uint8_t *memory;
  uint64_t len;
} writer;

static void put(writer *out, const void *bytes, uint64_t len) {
  if (out->memory != NULL && len > 0) memcpy(out->memory + out->len, bytes, (size_t)len);
  out->len += len;
}

static void put_text(writer *out, const char *text) { put(out, text, strlen(text)); }

/* Header values and paths are any bytes: those that JSON or UTF-8 would mind
 * become \u00XX, one escape for each byte. */
static void put_string(writer *out, eg_bytes text) {
  static const char digits[] = "0123456789abcdef";
  put_text(out, "\"");
  for (uint64_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    if (byte == '"' || byte == '\\') {
      put_text(out, "\\");
      put(out, &byte, 1);
    } else if (byte < 0x20 || byte >= 0x7f) {
      put_text(out, "\\u00");
      put(out, &digits[byte >> 4], 1);
      put(out, &digits[byte & 15], 1);
    } else {
      put(out, &byte, 1);
    }
  }
  put_text(out, "\"");
}

static void put_fields(writer *out, const eg_field *fields, uint64_t count) {
  put_text(out, "[");
  for (uint64_t i = 0; i < count; i++) {
    put_text(out, i == 0 ? "[" : ",[");
    put_string(out, fields[i].name);
    put_text(out, ",");
    put_string(out, fields[i].value);
    put_text(out, "]");
  }
  put_text(out, "]");
}

static void put_request(writer *out, const eg_request *request, const char *length,
                        eg_bytes digest) {
  put_text(out, "{\"method\":");
  put_string(out, request->method);
  put_text(out, ",\"path\":");
  put_string(out, request->path);
  put_text(out, ",\"query\":");
  put_string(out, request->query);
  put_text(out, ",\"params\":");
  put_fields(out, request->params, request->param_count);
  put_text(out, ",\"headers\":");
  put_fields(out, request->headers, request->header_count);
  put_text(out, ",\"body_length\":");
  put_text(out, length);
  put_text(out, ",\"body_sha256\":");
  put_string(out, digest);
  put_text(out, "}\n");
}

static int32_t echo(const eg_host *host, const eg_request *request, eg_response *response) {
  uint8_t digest[32];
  char hex[64 + 1], length[20 + 1];
  sha256(request->body.ptr, request->body.len, digest);
  for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  snprintf(length, sizeof length, "%llu", (unsigned long long)request->body.len);

  writer out = {NULL, 0};
  put_request(&out, request, length, eg_text(hex));
  out.memory = eg_alloc(host, request, out.len);
  if (out.memory == NULL) return EG_E_NO_MEMORY;
  out.len = 0;
  put_request(&out, request, length, eg_text(hex));
  return eg_answer(host, request, response, 200, "application/json",
                   eg_view(out.memory, out.len));
}

EG_HANDLER_UNLOADABLE("echo", "1.0");
EG_ENTRY(echo);
