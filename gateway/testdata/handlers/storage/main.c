/* Uses every operation of object storage and writes down what came of it. */
#include "edge_gateway_sdk_storage.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct report { char text[16384]; size_t length; } report;

static void say(report *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(r->text + r->length, sizeof r->text - r->length, format, arguments);
  va_end(arguments);
  if (n > 0) r->length += (size_t)n;
}

#define TEXT(b) (int)(b).len, (b).len ? (const char *)(b).ptr : ""

static void object(report *r, const char *what, const eg_op *op) {
  const eg_storage_object *o = eg_storage_object_of(op);
  say(r, "%s %d", what, op->status);
  if (o) {
    say(r, " size %d at %d etag %d modified %d body %s'%.*s' %.*s", (int)o->size, (int)o->offset, (int)o->etag.len, o->modified > 0,
        o->body.ptr ? "" : "none ", o->body.len > 20 ? 20 : TEXT(o->body), TEXT(o->content_type));
    for (uint64_t i = 0; i < o->metadata_count; i++) say(r, " %.*s=%.*s", TEXT(o->metadata[i].name), TEXT(o->metadata[i].value));
  } else if (op->result) {
    const eg_problem *p = op->result;
    say(r, " %d%s%.*s", p->message.len > 0, p->code.len ? " " : "", TEXT(p->code));
  }
  say(r, "\n");
}

#define RUN(what, make) do { eg_op op = make; eg_run(host, request, &op, 1); object(r, what, &op); } while (0)

static void scenario(const eg_host *host, const eg_request *request, report *r) {
  const void *files = eg_find_service(host, EG_STORAGE, NULL);
  eg_bytes key = eg_text("dir/a"), none = {NULL, 0};
  eg_field fields[2] = {{eg_text("Owner"), eg_text("me")}, {eg_text("empty"), eg_view("", 0)}};
  eg_storage_put put = eg_storage_new(key, eg_text("0123456789"));
  put.content_type = eg_text("text/plain");
  put.metadata = fields;
  put.metadata_count = 2;
  RUN("get", eg_storage_get_op(host, request, files, key));
  RUN("put", eg_storage_put_op(host, request, files, &put));
  put.flags = EG_STORAGE_CREATE;
  RUN("create", eg_storage_put_op(host, request, files, &put));
  RUN("get", eg_storage_get_op(host, request, files, key));
  RUN("part", eg_storage_get_part_op(host, request, files, key, 3, 4, none));
  RUN("behind", eg_storage_get_part_op(host, request, files, key, 11, 0, none));
  RUN("etag", eg_storage_get_part_op(host, request, files, key, 0, 0, eg_text("another")));
  RUN("head", eg_storage_head_op(host, request, files, key));
  RUN("copy", eg_storage_copy_op(host, request, files, key, eg_text("b")));
  put = eg_storage_new(eg_text("empty"), none);
  RUN("empty", eg_storage_put_op(host, request, files, &put));
  RUN("empty", eg_storage_get_op(host, request, files, eg_text("empty")));

  put = eg_storage_new(eg_text("up"), eg_text("one "));
  eg_op start = eg_storage_start_op(host, request, files, &put);
  eg_run(host, request, &start, 1);
  uint64_t upload = eg_storage_upload_of(&start);
  say(r, "start %d %d\n", start.status, upload != 0);
  RUN("write", eg_storage_write_op(host, request, files, upload, eg_text("two ")));
  RUN("finish", eg_storage_finish_op(host, request, files, upload, eg_text("three")));
  RUN("again", eg_storage_finish_op(host, request, files, upload, none));
  RUN("up", eg_storage_get_op(host, request, files, eg_text("up")));
  start = eg_storage_start_op(host, request, files, &put);
  eg_run(host, request, &start, 1);
  RUN("abort", eg_storage_abort_op(host, request, files, eg_storage_upload_of(&start)));

  eg_bytes after = none;
  do {
    eg_op list = eg_storage_list_op(host, request, files, none, eg_text("/"), after, 2);
    eg_run(host, request, &list, 1);
    const eg_storage_page *page = eg_storage_page_of(&list);
    say(r, "list %d", list.status);
    for (uint64_t i = 0; page && i < page->count; i++)
      say(r, " %.*s(%d %d %d)", TEXT(page->entries[i].key), (int)page->entries[i].size, (int)page->entries[i].etag.len, page->entries[i].modified > 0);
    after = page ? page->next : none;
    say(r, " next '%.*s'\n", TEXT(after));
  } while (after.len);

  eg_op url = eg_storage_presign_op(host, request, files, EG_STORAGE_READ_URL, key, 60000000000);
  eg_run(host, request, &url, 1);
  say(r, "url %d %.*s\n", url.status, (int)eg_storage_url_of(&url).len > 40 ? 40 : TEXT(eg_storage_url_of(&url)));
  RUN("delete", eg_storage_delete_op(host, request, files, key));
  RUN("delete", eg_storage_delete_op(host, request, files, key));

  /* What breaks the rules. */
  put = eg_storage_new(eg_text(""), none);
  RUN("no key", eg_storage_put_op(host, request, files, &put));
  put = eg_storage_new(eg_text("\xff"), none);
  RUN("no UTF-8", eg_storage_put_op(host, request, files, &put));
  put = eg_storage_new(eg_view("a\0b", 3), none);
  RUN("NUL", eg_storage_put_op(host, request, files, &put));
  put = eg_storage_new(key, eg_view(r->text, (size_t)65 << 20)); /* not looked at */
  RUN("too large", eg_storage_put_op(host, request, files, &put));
  put = eg_storage_new(key, none);
  put.flags = 2;
  RUN("flag", eg_storage_put_op(host, request, files, &put));
  put.flags = 0;
  RUN("upload", eg_storage_write_op(host, request, files, 77, none));
  RUN("kind", eg_storage_presign_op(host, request, files, 9, key, 60000000000));
  RUN("code", eg_storage_key_op(host, request, files, 99, key));
  eg_op bare = {files, EG_STORAGE_GET, 0, NULL, NULL};
  host->call(host, request->token, &bare, 1);
  object(r, "no arguments", &bare);
  static const uint32_t tiny[2] = {4, 0};
  bare = (eg_op){files, EG_STORAGE_GET, 0, tiny, NULL};
  host->call(host, request->token, &bare, 1);
  object(r, "small arguments", &bare);
}

/* An upload that is left open, and a body of 64 MiB there and back. */
static void large(const eg_host *host, const eg_request *request, report *r) {
  const void *files = eg_find_service(host, EG_STORAGE, NULL);
  size_t size = (size_t)64 << 20;
  char *body = malloc(size);
  if (!body) return;
  for (size_t i = 0; i < size; i++) body[i] = (char)(i * 2654435761u >> 24);
  eg_storage_put put = eg_storage_new(eg_text("large"), eg_view(body, size));
  eg_op ops[2] = {eg_storage_put_op(host, request, files, &put), eg_storage_start_op(host, request, files, &put)};
  eg_run(host, request, ops, 2); /* side by side */
  say(r, "put %d, start %d\n", ops[0].status, ops[1].status);
  eg_op get = eg_storage_get_op(host, request, files, eg_text("large"));
  eg_run(host, request, &get, 1);
  const eg_storage_object *o = eg_storage_object_of(&get);
  say(r, "get %d same %d\n", get.status, o && o->body.len == size && memcmp(o->body.ptr, body, size) == 0);
  free(body);
}

static int32_t answer(const eg_host *host, const eg_request *request, eg_response *response) {
  report *r = calloc(1, sizeof *r);
  if (!r) return EG_E_NO_MEMORY;
  if (eg_equal(eg_param(request, "how"), eg_text("large"))) large(host, request, r);
  else scenario(host, request, r);
  int32_t status = eg_answer(host, request, response, 200, "text/plain", eg_format(host, request, "%s", r->text));
  free(r);
  return status;
}

EG_HANDLER("storage", "1.0");
EG_ENTRY(answer);
