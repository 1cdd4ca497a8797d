/* Storage: what the host gets, and what is read from its answer. */
#include "check.h"
#include "edge_gateway_sdk_storage.h"
#include "fake_host.h"

static fake_host fake;
static eg_request request;
static const void *files;

static const eg_storage_object object = {
    sizeof object, 0, 5, 0, EG_LITERAL("hello"), EG_LITERAL("e1"), EG_LITERAL("text/plain"),
    9,             NULL, 0};

static void start(void) {
  fake_start(&fake);
  request = fake_request(&fake, 1, 64);
  files = eg_storage(&fake.table, "files");
}

/* Runs an operation that has to succeed, and gives what the host got. */
static const void *sent(eg_op *op, uint32_t code) {
  CHECK(eg_run(&fake.table, &request, op, 1) == EG_OK);
  const eg_op *got = &fake.received[fake.received_count - 1];
  CHECK(got->service == fake_table(EG_STORAGE) && got->code == code);
  return got->args;
}

static void objects_are_read(void) {
  start();
  eg_op op = eg_storage_get_op(&fake.table, &request, files, eg_text("k"));
  CHECK(eg_storage_object_of(&op) == NULL);
  fake_answer(&fake, EG_OK, &object);
  const eg_storage_get *got = sent(&op, EG_STORAGE_GET);
  CHECK(got->struct_size == sizeof *got && got->offset == 0 && got->length == 0);
  CHECK(eg_absent(got->etag));
  CHECK_BYTES(got->key, "k");
  CHECK(eg_storage_object_of(&op) == &object);

  op = eg_storage_get_part_op(&fake.table, &request, files, eg_text("k"), 2, 3, eg_text("e1"));
  got = sent(&op, EG_STORAGE_GET);
  CHECK(got->offset == 2 && got->length == 3);
  CHECK_BYTES(got->etag, "e1");

  op = eg_storage_head_op(&fake.table, &request, files, eg_text("k"));
  fake_answer(&fake, EG_E_NOT_FOUND, NULL);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NOT_FOUND);
  CHECK(eg_storage_object_of(&op) == NULL);
  op = eg_storage_head_op(&fake.table, &request, files, eg_text("k"));
  const eg_storage_key *key = sent(&op, EG_STORAGE_HEAD);
  CHECK(key->struct_size == sizeof *key);
  CHECK_BYTES(key->key, "k");
  fake_stop(&fake);
}

static void objects_are_stored(void) {
  start();
  eg_field metadata[] = {{EG_LITERAL("a"), EG_LITERAL("1")}};
  eg_storage_put new_object = eg_storage_new(eg_text("k"), eg_text("body"));
  new_object.content_type = eg_text("text/plain");
  new_object.metadata = metadata;
  new_object.metadata_count = 1;
  new_object.flags = EG_STORAGE_CREATE;
  eg_op op = eg_storage_put_op(&fake.table, &request, files, &new_object);
  memset(metadata, 0, sizeof metadata); /* the list is the caller's again */
  fake_answer(&fake, EG_OK, &object);
  const eg_storage_put *got = sent(&op, EG_STORAGE_PUT);
  CHECK(got->struct_size == sizeof *got && got->flags == EG_STORAGE_CREATE);
  CHECK_BYTES(got->key, "k");
  CHECK_BYTES(got->body, "body");
  CHECK_BYTES(got->content_type, "text/plain");
  CHECK(got->metadata_count == 1);
  CHECK_BYTES(got->metadata[0].name, "a");
  CHECK_BYTES(got->metadata[0].value, "1");
  CHECK_BYTES(eg_storage_object_of(&op)->etag, "e1");
  new_object = eg_storage_new(eg_text("k"), eg_view(NULL, 1));
  op = eg_storage_put_op(&fake.table, &request, files, &new_object);
  CHECK(eg_run(&fake.table, &request, &op, 1) == EG_E_NO_MEMORY);
  fake_stop(&fake);
}

static void uploads_come_in_parts(void) {
  start();
  static const eg_storage_upload started = {sizeof started, 0, 9};
  eg_storage_put new_object = eg_storage_new(eg_text("k"), eg_text("first"));
  eg_op op = eg_storage_start_op(&fake.table, &request, files, &new_object);
  CHECK(eg_storage_upload_of(&op) == 0);
  fake_answer(&fake, EG_OK, &started);
  const eg_storage_put *put = sent(&op, EG_STORAGE_START);
  CHECK_BYTES(put->body, "first");
  uint64_t upload = eg_storage_upload_of(&op);
  CHECK(upload == 9);

  op = eg_storage_write_op(&fake.table, &request, files, upload, eg_text("second"));
  const eg_storage_write *got = sent(&op, EG_STORAGE_WRITE);
  CHECK(got->struct_size == sizeof *got && got->upload == 9);
  CHECK_BYTES(got->bytes, "second");
  op = eg_storage_finish_op(&fake.table, &request, files, upload, eg_text("last"));
  got = sent(&op, EG_STORAGE_FINISH);
  CHECK(got->upload == 9);
  CHECK_BYTES(got->bytes, "last");
  op = eg_storage_abort_op(&fake.table, &request, files, upload);
  got = sent(&op, EG_STORAGE_ABORT);
  CHECK(got->upload == 9 && eg_absent(got->bytes));
  fake_stop(&fake);
}

static void objects_are_deleted_copied_and_presigned(void) {
  start();
  eg_op op = eg_storage_delete_op(&fake.table, &request, files, eg_text("k"));
  const eg_storage_key *key = sent(&op, EG_STORAGE_DELETE);
  CHECK_BYTES(key->key, "k");
  op = eg_storage_copy_op(&fake.table, &request, files, eg_text("a"), eg_text("b"));
  const eg_storage_copy *copy = sent(&op, EG_STORAGE_COPY);
  CHECK(copy->struct_size == sizeof *copy);
  CHECK_BYTES(copy->from, "a");
  CHECK_BYTES(copy->to, "b");

  static const eg_storage_url url = {sizeof url, 0, EG_LITERAL("http://x/")};
  op = eg_storage_presign_op(&fake.table, &request, files, EG_STORAGE_WRITE_URL, eg_text("k"), 5);
  CHECK(eg_absent(eg_storage_url_of(&op)));
  fake_answer(&fake, EG_OK, &url);
  const eg_storage_presign *presign = sent(&op, EG_STORAGE_PRESIGN);
  CHECK(presign->struct_size == sizeof *presign && presign->kind == EG_STORAGE_WRITE_URL);
  CHECK(presign->lifetime == 5);
  CHECK_BYTES(presign->key, "k");
  CHECK_BYTES(eg_storage_url_of(&op), "http://x/");
  fake_stop(&fake);
}

static void keys_are_listed(void) {
  start();
  static const eg_storage_entry entries[] = {{EG_LITERAL("p/a"), EG_LITERAL("e"), 7, 1}};
  static const eg_storage_page page = {sizeof page, 0, entries, 1, EG_LITERAL("n")};
  eg_op op = eg_storage_list_op(&fake.table, &request, files, eg_text("p/"), eg_text("/"),
                                eg_text("a"), 2);
  CHECK(eg_storage_page_of(&op) == NULL);
  fake_answer(&fake, EG_OK, &page);
  const eg_storage_list *got = sent(&op, EG_STORAGE_LIST);
  CHECK(got->struct_size == sizeof *got && got->limit == 2);
  CHECK_BYTES(got->prefix, "p/");
  CHECK_BYTES(got->delimiter, "/");
  CHECK_BYTES(got->after, "a");
  CHECK(eg_storage_page_of(&op) == &page);
  fake_stop(&fake);
}

int main(void) {
  objects_are_read();
  objects_are_stored();
  uploads_come_in_parts();
  objects_are_deleted_copied_and_presigned();
  keys_are_listed();
  return 0;
}
