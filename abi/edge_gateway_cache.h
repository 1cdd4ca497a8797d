/*
 * edge_gateway_cache.h: caches, the service "eg.cache/1".
 *
 * Look it up with the local name of a binding. Keys and values are any bytes;
 * a key is 1 to 64 KiB long, and one that a backend would refuse is hashed; a
 * value is up to 64 MiB, or what the backend takes (memcached: 1 MiB).
 * What a cache holds may be gone at any time. The embedded memory driver
 * answers without a hop to another thread.
 */
#ifndef EDGE_GATEWAY_CACHE_H
#define EDGE_GATEWAY_CACHE_H

#include "edge_gateway.h"

#define EG_CACHE "eg.cache/1"

/* Reads values. args eg_cache_keys, result eg_cache_entries in the same order.
 * A key that is not there is no error: its entry is absent. EG_E_TOO_LARGE: the
 * values are over 64 MiB together. */
#define EG_CACHE_GET 1u

/* Stores a value. args eg_cache_put, no result. EG_CACHE_ADD to a key that is
 * there: EG_E_CONFLICT. EG_CACHE_REPLACE of one that is not: EG_E_NOT_FOUND.
 * EG_CACHE_SWAP: EG_E_CONFLICT when the value has changed (or, with some
 * backends, was stored again as it was), EG_E_NOT_FOUND when it is gone. */
#define EG_CACHE_PUT 2u

/* Deletes. args eg_cache_key, no result. EG_E_NOT_FOUND. */
#define EG_CACHE_DELETE 3u

/* Tells whether a key is there. args eg_cache_key, no result. EG_E_NOT_FOUND. */
#define EG_CACHE_EXISTS 4u

/* Adds to a decimal number from 0 to 2^64 - 1, at once: 1 to 20 digits and
 * nothing else. args eg_cache_count, result eg_cache_number. Taking away stops
 * at 0. What is left to live of the key stays. EG_E_NOT_FOUND: the key is
 * not there and EG_CACHE_CREATE is not set. EG_E_CONFLICT: the value is no such
 * number, or would be too great. */
#define EG_CACHE_COUNT 5u

/* Gives a key another time to live. args eg_cache_touch, no result.
 * EG_E_NOT_FOUND. */
#define EG_CACHE_TOUCH 6u

typedef struct eg_cache_keys {
  uint32_t struct_size;
  uint32_t reserved;
  const eg_bytes *keys;
  uint64_t count; /* 1 to 1,000 */
} eg_cache_keys;

typedef struct eg_cache_entry {
  eg_bytes value;   /* absent: not there */
  uint64_t version; /* for EG_CACHE_SWAP; means something to this service alone */
} eg_cache_entry;

typedef struct eg_cache_entries {
  uint32_t struct_size;
  uint32_t reserved;
  const eg_cache_entry *entries;
  uint64_t count;
} eg_cache_entries;

#define EG_CACHE_SET 0u     /* whatever is there */
#define EG_CACHE_ADD 1u     /* only if the key is not there */
#define EG_CACHE_REPLACE 2u /* only if it is */
#define EG_CACHE_SWAP 3u    /* only if it has the version still */

typedef struct eg_cache_put {
  uint32_t struct_size;
  uint32_t mode; /* EG_CACHE_SET, _ADD, _REPLACE, _SWAP */
  eg_bytes key;
  eg_bytes value;
  int64_t ttl; /* nanoseconds, rounded up to what the backend can (memcached: whole
                   seconds, and up to one more); 0: no end */
  uint64_t version;
} eg_cache_put;

typedef struct eg_cache_key {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes key;
} eg_cache_key;

#define EG_CACHE_CREATE 1u /* a key that is not there starts as `initial`, which is the result */

typedef struct eg_cache_count {
  uint32_t struct_size;
  uint32_t flags; /* EG_CACHE_CREATE */
  eg_bytes key;
  int64_t delta;
  uint64_t initial;
  int64_t ttl; /* of a key that is created; as in eg_cache_put */
} eg_cache_count;

typedef struct eg_cache_number {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t value;
} eg_cache_number;

typedef struct eg_cache_touch {
  uint32_t struct_size;
  uint32_t reserved;
  eg_bytes key;
  int64_t ttl;
} eg_cache_touch;

#endif
