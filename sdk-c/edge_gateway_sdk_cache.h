/*
 * edge_gateway_sdk_cache.h: caches, on top of edge_gateway_cache.h.
 *
 *   const void *cache = eg_cache(host, "cache");
 *   eg_op op = eg_cache_get_op(host, request, cache, eg_text("greeting"));
 *   int32_t status = eg_run(host, request, &op, 1);
 *   eg_bytes greeting = eg_cache_value(&op);
 *
 * A time to live is in nanoseconds; 0 is no end.
 */
#ifndef EDGE_GATEWAY_SDK_CACHE_H
#define EDGE_GATEWAY_SDK_CACHE_H

#include "edge_gateway_cache.h"
#include "edge_gateway_sdk.h"

/* The cache that the endpoint calls `name`, valid as long as the instance; NULL
 * if it is bound to none, and operations on it are EG_E_DENIED then. */
static inline const void *eg_cache(const eg_host *host, const char *name) {
  return eg_find_service(host, EG_CACHE, name);
}

/* ---- operations --------------------------------------------------------- */

/* Reads values. Read them with eg_cache_entry_at. */
static inline eg_op eg_cache_get_many_op(const eg_host *host, const eg_request *request,
                                         const void *cache, const eg_bytes *keys, uint64_t count) {
  eg_cache_keys args;
  void *copy;
  for (uint64_t i = 0; i < count; i++)
    if (eg_failed(keys[i])) return eg_failed_op(EG_E_NO_MEMORY);
  if (!eg_copy_list(host, request, keys, count, sizeof *keys, &copy))
    return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.keys = (const eg_bytes *)copy;
  args.count = count;
  return eg_make_op_with(host, request, cache, EG_CACHE_GET, &args, sizeof args);
}

/* Reads a value. Read it with eg_cache_value. */
static inline eg_op eg_cache_get_op(const eg_host *host, const eg_request *request,
                                    const void *cache, eg_bytes key) {
  return eg_cache_get_many_op(host, request, cache, &key, 1);
}

static inline eg_op eg_cache_put_op(const eg_host *host, const eg_request *request,
                                    const void *cache, uint32_t mode, eg_bytes key, eg_bytes value,
                                    int64_t ttl, uint64_t version) {
  eg_cache_put args;
  if (eg_failed(key) || eg_failed(value)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.mode = mode;
  args.key = key;
  args.value = value;
  args.ttl = ttl;
  args.version = version;
  return eg_make_op_with(host, request, cache, EG_CACHE_PUT, &args, sizeof args);
}

/* Stores a value, whatever is there. */
static inline eg_op eg_cache_set_op(const eg_host *host, const eg_request *request,
                                    const void *cache, eg_bytes key, eg_bytes value, int64_t ttl) {
  return eg_cache_put_op(host, request, cache, EG_CACHE_SET, key, value, ttl, 0);
}

/* Stores a value if there is none; else EG_E_CONFLICT. */
static inline eg_op eg_cache_add_op(const eg_host *host, const eg_request *request,
                                    const void *cache, eg_bytes key, eg_bytes value, int64_t ttl) {
  return eg_cache_put_op(host, request, cache, EG_CACHE_ADD, key, value, ttl, 0);
}

/* Stores a value if there is one; else EG_E_NOT_FOUND. */
static inline eg_op eg_cache_replace_op(const eg_host *host, const eg_request *request,
                                        const void *cache, eg_bytes key, eg_bytes value,
                                        int64_t ttl) {
  return eg_cache_put_op(host, request, cache, EG_CACHE_REPLACE, key, value, ttl, 0);
}

/* Stores a value if what is there has still the version that was read:
 * EG_E_CONFLICT if it has been changed, EG_E_NOT_FOUND if it is gone. */
static inline eg_op eg_cache_swap_op(const eg_host *host, const eg_request *request,
                                     const void *cache, eg_bytes key, uint64_t version,
                                     eg_bytes value, int64_t ttl) {
  return eg_cache_put_op(host, request, cache, EG_CACHE_SWAP, key, value, ttl, version);
}

static inline eg_op eg_cache_key_op(const eg_host *host, const eg_request *request,
                                    const void *cache, uint32_t code, eg_bytes key) {
  eg_cache_key args;
  if (eg_failed(key)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.key = key;
  return eg_make_op_with(host, request, cache, code, &args, sizeof args);
}

/* Deletes. EG_E_NOT_FOUND. */
static inline eg_op eg_cache_delete_op(const eg_host *host, const eg_request *request,
                                       const void *cache, eg_bytes key) {
  return eg_cache_key_op(host, request, cache, EG_CACHE_DELETE, key);
}

/* EG_OK if the key is there, else EG_E_NOT_FOUND. */
static inline eg_op eg_cache_exists_op(const eg_host *host, const eg_request *request,
                                       const void *cache, eg_bytes key) {
  return eg_cache_key_op(host, request, cache, EG_CACHE_EXISTS, key);
}

static inline eg_op eg_cache_count_with_op(const eg_host *host, const eg_request *request,
                                           const void *cache, uint32_t flags, eg_bytes key,
                                           int64_t delta, uint64_t initial, int64_t ttl) {
  eg_cache_count args;
  if (eg_failed(key)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.flags = flags;
  args.key = key;
  args.delta = delta;
  args.initial = initial;
  args.ttl = ttl;
  return eg_make_op_with(host, request, cache, EG_CACHE_COUNT, &args, sizeof args);
}

/* Adds to the decimal number that a value is; taking away stops at 0. Read the
 * sum with eg_cache_sum. EG_E_NOT_FOUND. */
static inline eg_op eg_cache_count_op(const eg_host *host, const eg_request *request,
                                      const void *cache, eg_bytes key, int64_t delta) {
  return eg_cache_count_with_op(host, request, cache, 0, key, delta, 0, 0);
}

/* The same, but a key that is not there starts as `initial`, which is the sum
 * then, and lives for `ttl`. */
static inline eg_op eg_cache_count_or_start_op(const eg_host *host, const eg_request *request,
                                               const void *cache, eg_bytes key, int64_t delta,
                                               uint64_t initial, int64_t ttl) {
  return eg_cache_count_with_op(host, request, cache, EG_CACHE_CREATE, key, delta, initial, ttl);
}

/* Gives a key another time to live. EG_E_NOT_FOUND. */
static inline eg_op eg_cache_touch_op(const eg_host *host, const eg_request *request,
                                      const void *cache, eg_bytes key, int64_t ttl) {
  eg_cache_touch args;
  if (eg_failed(key)) return eg_failed_op(EG_E_NO_MEMORY);
  memset(&args, 0, sizeof args);
  args.struct_size = (uint32_t)sizeof args;
  args.key = key;
  args.ttl = ttl;
  return eg_make_op_with(host, request, cache, EG_CACHE_TOUCH, &args, sizeof args);
}

/* ---- results ------------------------------------------------------------ */

/* The entry of a key, by its place in the list, with its version; its value is
 * absent if the key is not there. NULL if the operation failed. */
static inline const eg_cache_entry *eg_cache_entry_at(const eg_op *op, uint64_t place) {
  const eg_cache_entries *all = (const eg_cache_entries *)eg_result_of(op);
  return all == NULL || place >= all->count ? NULL : &all->entries[place];
}

/* The value of the first key; absent if it is not there or the operation
 * failed. */
static inline eg_bytes eg_cache_value(const eg_op *op) {
  const eg_cache_entry *entry = eg_cache_entry_at(op, 0);
  return entry == NULL ? eg_view(NULL, 0) : entry->value;
}

/* The sum; 0 if the operation failed. */
static inline uint64_t eg_cache_sum(const eg_op *op) {
  const eg_cache_number *number = (const eg_cache_number *)eg_result_of(op);
  return number == NULL ? 0 : number->value;
}

#endif
