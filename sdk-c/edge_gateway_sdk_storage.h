/*
 * edge_gateway_sdk_storage.h: object storage, on top of edge_gateway_storage.h.
 *
 *   const void *files = eg_storage(host, "files");
 *   eg_op op = eg_storage_get_op(host, request, files, eg_param(request, "key"));
 *   int32_t status = eg_run(host, request, &op, 1);
 *   if (status == EG_E_NOT_FOUND) return eg_answer(host, request, response, 404, ...);
 *   if (status != EG_OK) return eg_fail_ops(response, status, &op, 1);
 *   eg_bytes body = eg_storage_object_of(&op)->body;
 */
#ifndef EDGE_GATEWAY_SDK_STORAGE_H
#define EDGE_GATEWAY_SDK_STORAGE_H

#include "edge_gateway_sdk.h"
#include "edge_gateway_storage.h"

/* The storage that the endpoint calls `name`, valid as long as the instance;
 * NULL if it is bound to none, and operations on it are EG_E_DENIED then. */
static inline const void *eg_storage(const eg_host *host, const char *name) {
  return eg_find_service(host, EG_STORAGE, name);
}

/* ---- reading ------------------------------------------------------------ */

/* Reads at most `length` bytes (0: to the end) from `offset` of an object that
 * has to have that etag, unless it is absent. Read it with eg_storage_object_of.
 * EG_E_NOT_FOUND, EG_E_CONFLICT: another etag, EG_E_INVALID: behind its end. */
static inline eg_op eg_storage_get_part_op(const eg_host *host, const eg_request *request,
                                           const void *storage, eg_bytes key, uint64_t offset,
                                           uint64_t length, eg_bytes etag) {
  eg_storage_get args;
  if (eg_failed(key) || eg_failed(etag)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.key = key;
  args.offset = offset;
  args.length = length;
  args.etag = etag;
  return eg_make_op_with(host, request, storage, EG_STORAGE_GET, &args, sizeof args);
}

/* Reads an object. Read it with eg_storage_object_of. EG_E_NOT_FOUND. */
static inline eg_op eg_storage_get_op(const eg_host *host, const eg_request *request,
                                      const void *storage, eg_bytes key) {
  return eg_storage_get_part_op(host, request, storage, key, 0, 0, eg_view(NULL, 0));
}

static inline eg_op eg_storage_key_op(const eg_host *host, const eg_request *request,
                                      const void *storage, uint32_t code, eg_bytes key) {
  eg_storage_key args;
  if (eg_failed(key)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.key = key;
  return eg_make_op_with(host, request, storage, code, &args, sizeof args);
}

/* All about an object but its body. Read it with eg_storage_object_of.
 * EG_E_NOT_FOUND. */
static inline eg_op eg_storage_head_op(const eg_host *host, const eg_request *request,
                                       const void *storage, eg_bytes key) {
  return eg_storage_key_op(host, request, storage, EG_STORAGE_HEAD, key);
}

/* Lists keys that start with `prefix`. Those with `delimiter` behind it are
 * rolled up, unless it is absent. `after` is eg_storage_page.next of the page
 * before, or absent; `limit` 0 is 1,000. Read it with eg_storage_page_of. */
static inline eg_op eg_storage_list_op(const eg_host *host, const eg_request *request,
                                       const void *storage, eg_bytes prefix, eg_bytes delimiter,
                                       eg_bytes after, uint64_t limit) {
  eg_storage_list args;
  if (eg_failed(prefix) || eg_failed(delimiter) || eg_failed(after))
    return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.prefix = prefix;
  args.delimiter = delimiter;
  args.after = after;
  args.limit = limit;
  return eg_make_op_with(host, request, storage, EG_STORAGE_LIST, &args, sizeof args);
}

/* A URL that works for `lifetime` nanoseconds without more authority; `kind` is
 * EG_STORAGE_READ_URL or EG_STORAGE_WRITE_URL. Read it with eg_storage_url_of. */
static inline eg_op eg_storage_presign_op(const eg_host *host, const eg_request *request,
                                          const void *storage, uint32_t kind, eg_bytes key,
                                          int64_t lifetime) {
  eg_storage_presign args;
  if (eg_failed(key)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.kind = kind;
  args.key = key;
  args.lifetime = lifetime;
  return eg_make_op_with(host, request, storage, EG_STORAGE_PRESIGN, &args, sizeof args);
}

/* ---- writing ------------------------------------------------------------ */

/* An object to be stored. Set what else is known of it: content_type, metadata,
 * flags (EG_STORAGE_CREATE). */
static inline eg_storage_put eg_storage_new(eg_bytes key, eg_bytes body) {
  eg_storage_put object;
  memset(&object, 0, sizeof object);
  object.struct_size = (uint32_t)sizeof object;
  object.key = key;
  object.body = body;
  return object;
}

static inline eg_op eg_storage_store_op(const eg_host *host, const eg_request *request,
                                        const void *storage, uint32_t code,
                                        const eg_storage_put *object) {
  eg_storage_put args = *object;
  void *metadata;
  if (eg_failed(args.key) || eg_failed(args.body) || eg_failed(args.content_type) ||
      !eg_copy_list(host, request, args.metadata, args.metadata_count, sizeof(eg_field),
                    &metadata))
    return eg_failed_op(EG_E_NO_MEMORY);
  args.metadata = (const eg_field *)metadata;
  return eg_make_op_with(host, request, storage, code, &args, sizeof args);
}

/* Stores an object whose body is at hand. Read its etag with
 * eg_storage_object_of. EG_E_CONFLICT: EG_STORAGE_CREATE, and it is there. */
static inline eg_op eg_storage_put_op(const eg_host *host, const eg_request *request,
                                      const void *storage, const eg_storage_put *object) {
  return eg_storage_store_op(host, request, storage, EG_STORAGE_PUT, object);
}

/* Starts an object of unknown length, whose body is the first part. Read the
 * upload with eg_storage_upload_of. It is given up when the request is answered
 * before eg_storage_finish_op. */
static inline eg_op eg_storage_start_op(const eg_host *host, const eg_request *request,
                                        const void *storage, const eg_storage_put *object) {
  return eg_storage_store_op(host, request, storage, EG_STORAGE_START, object);
}

static inline eg_op eg_storage_part_op(const eg_host *host, const eg_request *request,
                                       const void *storage, uint32_t code, uint64_t upload,
                                       eg_bytes bytes) {
  eg_storage_write args;
  if (eg_failed(bytes)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.upload = upload;
  args.bytes = bytes;
  return eg_make_op_with(host, request, storage, code, &args, sizeof args);
}

/* The next part. One at a time. */
static inline eg_op eg_storage_write_op(const eg_host *host, const eg_request *request,
                                        const void *storage, uint64_t upload, eg_bytes bytes) {
  return eg_storage_part_op(host, request, storage, EG_STORAGE_WRITE, upload, bytes);
}

/* The last part, absent for none; then it is an object. Read its etag with
 * eg_storage_object_of. */
static inline eg_op eg_storage_finish_op(const eg_host *host, const eg_request *request,
                                         const void *storage, uint64_t upload, eg_bytes bytes) {
  return eg_storage_part_op(host, request, storage, EG_STORAGE_FINISH, upload, bytes);
}

/* Gives an upload up. */
static inline eg_op eg_storage_abort_op(const eg_host *host, const eg_request *request,
                                        const void *storage, uint64_t upload) {
  return eg_storage_part_op(host, request, storage, EG_STORAGE_ABORT, upload, eg_view(NULL, 0));
}

/* Deletes. No error when there was none. */
static inline eg_op eg_storage_delete_op(const eg_host *host, const eg_request *request,
                                         const void *storage, eg_bytes key) {
  return eg_storage_key_op(host, request, storage, EG_STORAGE_DELETE, key);
}

/* Copies, metadata too. Read it with eg_storage_object_of. EG_E_NOT_FOUND. */
static inline eg_op eg_storage_copy_op(const eg_host *host, const eg_request *request,
                                       const void *storage, eg_bytes from, eg_bytes to) {
  eg_storage_copy args;
  if (eg_failed(from) || eg_failed(to)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.from = from;
  args.to = to;
  return eg_make_op_with(host, request, storage, EG_STORAGE_COPY, &args, sizeof args);
}

/* ---- results: NULL, 0 or absent if the operation failed ----------------- */

static inline const eg_storage_object *eg_storage_object_of(const eg_op *op) {
  return (const eg_storage_object *)eg_result_of(op);
}

static inline const eg_storage_page *eg_storage_page_of(const eg_op *op) {
  return (const eg_storage_page *)eg_result_of(op);
}

static inline uint64_t eg_storage_upload_of(const eg_op *op) {
  const eg_storage_upload *upload = (const eg_storage_upload *)eg_result_of(op);
  return upload == NULL ? 0 : upload->upload;
}

static inline eg_bytes eg_storage_url_of(const eg_op *op) {
  const eg_storage_url *url = (const eg_storage_url *)eg_result_of(op);
  return url == NULL ? eg_view(NULL, 0) : url->url;
}

#endif
