#include "run.h"

#include <inttypes.h>

#define FILES r->host, r->request, eg_storage(r->host, "files")

// All about an object but what differs from one to the next.
static void object(run *r, const char *label) {
  const eg_storage_object *o = eg_storage_object_of(&r->ops[0]);
  if (r->ops[0].status == EG_E_NOT_FOUND) {
    say(r, "%s: none", label);
    return;
  }
  if (o == NULL) {
    outcome(r, label, &r->ops[0]);
    return;
  }
  eg_bytes line = eg_format(r->host, r->request, "%s: %" PRIu64 " bytes", label, o->size);
  if (!eg_absent(o->body))
    line = eg_format(r->host, r->request, "%.*s, '%.*s' at %" PRIu64, TEXT(line), TEXT(o->body), o->offset);
  line = eg_format(r->host, r->request, "%.*s, %.*s", TEXT(line), TEXT(o->content_type));
  for (uint64_t n = 0; n < o->metadata_count; n++)
    line = eg_format(r->host, r->request, "%.*s, %.*s=%.*s", TEXT(line), TEXT(o->metadata[n].name),
                     TEXT(o->metadata[n].value));
  say(r, "%.*s", TEXT(line));
}

static eg_op put(run *r, eg_bytes name, const char *body, const char *type, const char *owner) {
  eg_storage_put made = eg_storage_new(name, eg_text(body));
  eg_field metadata = {eg_text("owner"), eg_text(owner)};
  made.content_type = eg_text(type);
  made.metadata = &metadata;
  made.metadata_count = owner == NULL ? 0 : 1;
  return eg_storage_put_op(FILES, &made);
}

static eg_op put_new(run *r, const char *body) {
  eg_storage_put made = eg_storage_new(key(r, "object"), eg_text(body));
  const eg_field metadata[] = {{eg_text("Owner"), eg_text("me")}, {eg_text("colour"), eg_text("grün")}};
  made.flags = EG_STORAGE_CREATE;
  made.content_type = eg_text("text/plain");
  made.metadata = metadata;
  made.metadata_count = 2;
  return eg_storage_put_op(FILES, &made);
}

static eg_op get(run *r, const char *name) { return eg_storage_get_op(FILES, key(r, name)); }
static eg_op head(run *r, const char *name) { return eg_storage_head_op(FILES, key(r, name)); }
static eg_op remove_object(run *r, const char *name) { return eg_storage_delete_op(FILES, key(r, name)); }

static void objects(run *r) {
  BEGIN
  DO(get(r, "object"));
  object(r, "nothing");
  DO(head(r, "object"));
  object(r, "no head");
  DO(put_new(r, "content"));
  say(r, "put: %" PRIu64 " bytes", eg_storage_object_of(&r->ops[0])->size);
  r->etag = eg_storage_object_of(&r->ops[0])->etag;
  DO(put_new(r, "other"));
  outcome(r, "put again", &r->ops[0]);
  DO(get(r, "object"));
  object(r, "get");
  r->n = r->etag.len > 0 && eg_equal(r->etag, eg_storage_object_of(&r->ops[0])->etag);
  DO(head(r, "object"));
  object(r, "head");
  say(r, "one etag: %s", r->n && eg_equal(r->etag, eg_storage_object_of(&r->ops[0])->etag) ? "true" : "false");
  DO(put(r, key(r, "object"), NULL, NULL, NULL));
  DO(get(r, "object"));
  object(r, "empty");
  DO(remove_object(r, "object"));
  outcome(r, "delete", &r->ops[0]);
  DO(remove_object(r, "object"));
  outcome(r, "delete again", &r->ops[0]);
  DO(get(r, "object"));
  object(r, "gone");
  END
}

static eg_op part(run *r, uint64_t offset, uint64_t length, eg_bytes etag) {
  return eg_storage_get_part_op(FILES, key(r, "range"), offset, length, etag);
}

static void ranges(run *r) {
  BEGIN
  DO(put(r, key(r, "range"), "0123456789", NULL, NULL));
  DO(part(r, 3, 4, eg_text(NULL)));
  object(r, "middle");
  DO(part(r, 8, 0, eg_text(NULL)));
  object(r, "rest");
  DO(part(r, 8, 10, eg_text(NULL)));
  object(r, "more than there is");
  DO(part(r, 10, 0, eg_text(NULL)));
  object(r, "end");
  DO(part(r, 11, 0, eg_text(NULL)));
  outcome(r, "behind", &r->ops[0]);
  for (eg_bytes chunks = eg_text(""); r->offset < 10;) {
    DO(part(r, r->offset, 4, r->etag));
    chunks = eg_storage_object_of(&r->ops[0])->body;
    r->facts = eg_format(r->host, r->request, "%.*s%s %.*s", TEXT(r->facts), r->offset == 0 ? "chunks:" : "", TEXT(chunks));
    r->offset += chunks.len;
    r->etag = eg_storage_object_of(&r->ops[0])->etag;
  }
  say(r, "%s", "");
  END
}

static eg_bytes below(run *r, const char *name) {
  eg_bytes parts[] = {key(r, "list/"), eg_text(name)};
  return eg_concat(r->host, r->request, parts, 2);
}

static eg_op put_listed(run *r, const char *name) { return put(r, below(r, name), name, NULL, NULL); }

static eg_op list(run *r, const char *prefix, const char *delimiter, uint64_t limit) {
  return eg_storage_list_op(FILES, below(r, prefix), eg_text(delimiter), r->etag, limit);
}

// Adds a page to the line; the next one starts at r->etag.
static bool listed(run *r) {
  const eg_storage_page *page = eg_storage_page_of(&r->ops[0]);
  for (uint64_t n = 0; n < page->count; n++) {
    const eg_storage_entry *e = &page->entries[n];
    r->facts = eg_format(r->host, r->request, "%.*s %.*s", TEXT(r->facts), TEXT(without(e->key, below(r, ""))));
    if (!eg_absent(e->etag)) r->facts = eg_format(r->host, r->request, "%.*s(%" PRIu64 ")", TEXT(r->facts), e->size);
  }
  r->etag = page->next;
  r->facts = eg_format(r->host, r->request, "%.*s%s", TEXT(r->facts), eg_absent(page->next) ? "\n" : " |");
  return !eg_absent(page->next);
}

static void label(run *r, const char *text) {
  r->facts = eg_format(r->host, r->request, "%.*s%s:", TEXT(r->facts), text);
}

static void lists(run *r) {
  BEGIN
  DO(put_listed(r, "a/1"), put_listed(r, "a/2"), put_listed(r, "a/b/3"), put_listed(r, "b"));
  DO(put_listed(r, "c/4"));
  DO(list(r, "", NULL, 0));
  label(r, "all");
  listed(r);
  DO(list(r, "", "/", 0));
  label(r, "top");
  listed(r);
  label(r, "in pages");
  do {
    DO(list(r, "a/", "/", 2));
  } while (listed(r));
  DO(list(r, "x", NULL, 0));
  label(r, "none");
  listed(r);
  END
}

static eg_op copy(run *r, const char *from) { return eg_storage_copy_op(FILES, key(r, from), key(r, "to")); }

static void copies(run *r) {
  BEGIN
  DO(put(r, key(r, "from"), "content", "text/css", "me"));
  DO(copy(r, "from"));
  DO(get(r, "to"));
  object(r, "copy");
  DO(copy(r, "nothing"));
  outcome(r, "of nothing", &r->ops[0]);
  END
}

static eg_op start(run *r, const char *name, const char *type) {
  eg_storage_put made = eg_storage_new(key(r, name), eg_text(NULL));
  made.content_type = eg_text(type);
  return eg_storage_start_op(FILES, &made);
}

static void uploads(run *r) {
  BEGIN
  DO(remove_object(r, "upload"));
  DO(start(r, "upload", "text/plain"));
  r->upload = eg_storage_upload_of(&r->ops[0]);
  DO(eg_storage_write_op(FILES, r->upload, eg_text("one ")));
  DO(head(r, "upload"));
  object(r, "before");
  DO(eg_storage_finish_op(FILES, r->upload, eg_text("two ")));
  DO(get(r, "upload"));
  object(r, "after");
  DO(start(r, "aborted", NULL));
  DO(eg_storage_abort_op(FILES, eg_storage_upload_of(&r->ops[0])));
  outcome(r, "abort", &r->ops[0]);
  DO(head(r, "aborted"));
  object(r, "aborted");
  END
}

// Leaves an upload open.
static void left(run *r) {
  BEGIN
  DO(start(r, "left", NULL));
  DO(eg_storage_write_op(FILES, eg_storage_upload_of(&r->ops[0]), eg_text("part")));
  outcome(r, "write", &r->ops[0]);
  END
}

static void after(run *r) {
  BEGIN
  DO(head(r, "left"));
  object(r, "left");
  END
}

static eg_op presign(run *r, uint32_t kind, const char *name, int64_t lifetime) {
  return eg_storage_presign_op(FILES, kind, key(r, name), lifetime);
}

// A URL to write and one to read.
static void signed_urls(run *r) {
  BEGIN
  DO(presign(r, EG_STORAGE_WRITE_URL, "signed", HOUR / 60), presign(r, EG_STORAGE_READ_URL, "signed", HOUR / 60));
  say(r, "%.*s\n%.*s", TEXT(eg_storage_url_of(&r->ops[0])), TEXT(eg_storage_url_of(&r->ops[1])));
  END
}

static eg_op put_wrongly(run *r, const char *type, const char *name) {
  eg_storage_put made = eg_storage_new(key(r, "x"), eg_text(NULL));
  eg_field metadata = {eg_text(name), eg_text("c")};
  made.content_type = eg_text(type);
  made.metadata = &metadata;
  made.metadata_count = name == NULL ? 0 : 1;
  return eg_storage_put_op(FILES, &made);
}

static eg_op put_long_key(run *r) {
  char *name = eg_alloc(r->host, r->request, 1025);
  if (name == NULL) return eg_failed_op(EG_E_NO_MEMORY);
  memset(name, 'k', 1025);
  return put(r, eg_view(name, 1025), NULL, NULL, NULL);
}

static void refused(run *r) {
  BEGIN
  DO(eg_storage_get_op(FILES, eg_text("")));
  outcome(r, "no key", &r->ops[0]);
  DO(eg_storage_head_op(FILES, eg_view("a\0b", 3)));
  outcome(r, "NUL", &r->ops[0]);
  DO(put_long_key(r));
  outcome(r, "long key", &r->ops[0]);
  DO(put_wrongly(r, "a\nb", NULL));
  outcome(r, "content type", &r->ops[0]);
  DO(put_wrongly(r, NULL, "a b"));
  outcome(r, "metadata", &r->ops[0]);
  DO(presign(r, EG_STORAGE_READ_URL, "x", 8 * 24 * HOUR));
  outcome(r, "lifetime", &r->ops[0]);
  END
}

const named storage_scenarios[] = {
    {"storage-object", objects},   {"storage-range", ranges},        {"storage-list", lists},
    {"storage-copy", copies},      {"storage-upload", uploads},      {"storage-left", left},
    {"storage-after", after},      {"storage-presign", signed_urls}, {"storage-refused", refused},
    {NULL, NULL},
};
