/*
 * edge_gateway_storage.h: object storage, the service "eg.storage/1".
 *
 * Look it up with the local name of a binding. A key is 1 to 1,024 bytes of
 * UTF-8 without NUL; '/' has no meaning but for EG_STORAGE_LIST. An object is
 * whole or not there: nobody sees half of one. What has been acknowledged is
 * durable. One operation carries or brings up to 64 MiB of a body; what is
 * larger goes in parts. Storing, finishing, deleting and copying end with
 * EG_E_UNKNOWN_OUTCOME when they are cut off so that nobody knows whether they
 * were done.
 */
#ifndef EDGE_GATEWAY_STORAGE_H
#define EDGE_GATEWAY_STORAGE_H

#include "edge_gateway.h"

#define EG_STORAGE "eg.storage/1"

/* Reads an object or a part of it. args eg_storage_get, result
 * eg_storage_object with the body. EG_E_NOT_FOUND. EG_E_CONFLICT: it has
 * another etag. EG_E_INVALID: the offset is behind its end (eg_problem.code
 * "range"); at its end the body is empty. EG_E_TOO_LARGE: read parts. In
 * chunks: parts one after the other, with the etag of the first. */
#define EG_STORAGE_GET 1u

/* As EG_STORAGE_GET without the body. args eg_storage_key, result
 * eg_storage_object. EG_E_NOT_FOUND. */
#define EG_STORAGE_HEAD 2u

/* Stores an object whose body is at hand. args eg_storage_put, result
 * eg_storage_object. EG_E_CONFLICT: EG_STORAGE_CREATE, and it is there. */
#define EG_STORAGE_PUT 3u

/* Starts an object of unknown length. args eg_storage_put (its body is the
 * first part), result eg_storage_upload. It is given up when the request is
 * answered before EG_STORAGE_FINISH, or when adding to it or finishing it fails.
 * With an instance's token: EG_E_UNSUPPORTED. EG_E_OVERLOADED: the request has 16 open. */
#define EG_STORAGE_START 4u

/* Adds to it. args eg_storage_write, no result. EG_E_NOT_FOUND: no such upload. */
#define EG_STORAGE_WRITE 5u

/* Makes it an object. args eg_storage_write (its bytes are the last part),
 * result eg_storage_object. EG_E_NOT_FOUND, EG_E_CONFLICT. */
#define EG_STORAGE_FINISH 6u

/* Gives it up. args eg_storage_write, no result. EG_E_NOT_FOUND. */
#define EG_STORAGE_ABORT 7u

/* Deletes. args eg_storage_key, no result. No error when there was none. */
#define EG_STORAGE_DELETE 8u

/* Lists keys in the order of their bytes. args eg_storage_list, result
 * eg_storage_page. */
#define EG_STORAGE_LIST 9u

/* Copies within the service, metadata too. args eg_storage_copy, result
 * eg_storage_object. EG_E_NOT_FOUND. */
#define EG_STORAGE_COPY 10u

/* A URL that works for some time without more authority. args eg_storage_presign,
 * result eg_storage_url. */
#define EG_STORAGE_PRESIGN 11u

typedef struct eg_storage_key {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes key;
} eg_storage_key;

typedef struct eg_storage_get {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes key;
  uint64_t offset;
  uint64_t length; /* at most; 0: to the end */
  eg_bytes etag;   /* it has to have; or absent */
} eg_storage_get;

#define EG_STORAGE_CREATE 1u /* only if there is none of that key */

typedef struct eg_storage_put {
  uint32_t struct_size;
  uint32_t flags; /* EG_STORAGE_CREATE */
  eg_bytes key;
  eg_bytes content_type;    /* absent: application/octet-stream */
  const eg_field *metadata; /* names: tokens, compared in lower case; 2 KiB in all */
  uint64_t metadata_count;
  eg_bytes body;
} eg_storage_put;

typedef struct eg_storage_upload {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t upload;
} eg_storage_upload;

typedef struct eg_storage_write {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t upload;
  eg_bytes bytes;
} eg_storage_write;

typedef struct eg_storage_list {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes prefix;
  eg_bytes delimiter; /* keys with it behind the prefix are rolled up; or absent */
  eg_bytes after;     /* eg_storage_page.next of the page before; or absent */
  uint64_t limit;     /* entries, prefixes included; 0: 1,000, which is the most */
} eg_storage_list;

typedef struct eg_storage_copy {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes from;
  eg_bytes to;
} eg_storage_copy;

#define EG_STORAGE_READ_URL 0u  /* GET */
#define EG_STORAGE_WRITE_URL 1u /* PUT */

typedef struct eg_storage_presign {
  uint32_t struct_size;
  uint32_t kind; /* EG_STORAGE_READ_URL, _WRITE_URL */
  eg_bytes key;
  int64_t lifetime; /* nanoseconds, 1 second to 7 days */
} eg_storage_presign;

typedef struct eg_storage_object {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t size; /* of the whole object */
  uint64_t offset;
  eg_bytes body; /* with EG_STORAGE_GET */
  eg_bytes etag; /* changes with the content; without quotes */
  eg_bytes content_type;
  int64_t modified; /* Unix time in nanoseconds; 0: the backend did not say */
  const eg_field *metadata;
  uint64_t metadata_count;
} eg_storage_object;

typedef struct eg_storage_entry {
  eg_bytes key;  /* or a prefix, its delimiter included */
  eg_bytes etag; /* absent with a prefix */
  uint64_t size;
  int64_t modified; /* Unix time in nanoseconds; 0 with a prefix */
} eg_storage_entry;

typedef struct eg_storage_page {
  uint32_t struct_size;
  uint32_t reserved;
  const eg_storage_entry *entries;
  uint64_t count;
  eg_bytes next; /* absent: this was the last page */
} eg_storage_page;

typedef struct eg_storage_url {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes url;
} eg_storage_url;

#endif
