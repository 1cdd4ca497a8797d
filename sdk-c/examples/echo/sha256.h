/* SHA-256 as in FIPS 180-4. */
#ifndef SHA256_H
#define SHA256_H

#include <stdint.h>

/* Writes the digest of `len` bytes at `data`, which may be NULL when len is 0. */
void sha256(const uint8_t *data, uint64_t len, uint8_t digest[32]);

#endif
