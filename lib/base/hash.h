/*
 * Hashes: SHA-256 for what is written to disk (digests of partitions and definitions), XXH3-128 (Yann Collet's
 * libxxhash) where the same bytes must be known again at the speed of memory: no secret is safe behind it, a flipped
 * bit is found, SipHash-2-4 (Aumasson, Bernstein 2012; 128-bit output) for keys in memory.
 */
#ifndef ETL_BASE_HASH_H
#define ETL_BASE_HASH_H

#include "base/mem.h"

struct sha256 {
    void *ctx;
};
void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_str(struct sha256 *h, const char *s); /* with its NUL, so that ("a","b") differs from ("ab","") */
void sha256_hex(struct sha256 *h, char out[65]);  /* ends and frees */
void sha256_of(const void *p, size_t n, char out[65]);
void sha1_of(const void *p, size_t n, char out[41]); /* names of URLs in the ledger; no secret is safe behind it */

struct digest { /* XXH3-128 */
    void *state;
};
void digest_start(struct digest *d);
void digest_add(struct digest *d, const void *p, size_t n);
void digest_hex(struct digest *d, char out[65]); /* 32 digits; ends and frees */

/* Fixed key: stable over runs, machines and threads. */
void siphash128(const void *p, size_t n, uint64_t out[2]);

#endif
