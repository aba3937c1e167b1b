/* See hash.h. SHA-256 comes from OpenSSL, which uses the machine's SHA instructions. */
/* before poison.h: OpenSSL names parameters `rand` */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <xxhash.h>

#include "base/hash.h"

static EVP_MD *algorithm;

/* Fetched once, which spares every digest a search; and OpenSSL, where memory fails it while it begins, crashes when it
 * is used all the same. */
static void fetch(void) {
    if (OSSL_LIB_CTX_get0_global_default()) algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!algorithm) mem_die();
}

void sha256_start(struct sha256 *h) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch);
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || !EVP_DigestInit_ex(h->ctx, algorithm, NULL)) mem_die();
}

void sha256_add(struct sha256 *h, const void *p, size_t n) {
    if (!EVP_DigestUpdate(h->ctx, p, n)) mem_die();
}

void sha256_str(struct sha256 *h, const char *s) {
    if (!s) s = "";
    sha256_add(h, s, strlen(s) + 1);
}

void sha256_hex(struct sha256 *h, char out[65]) {
    unsigned char d[32];
    if (!EVP_DigestFinal_ex(h->ctx, d, NULL)) mem_die();
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        out[2 * i] = hex[d[i] >> 4];
        out[2 * i + 1] = hex[d[i] & 15];
    }
    out[64] = 0;
}

void sha256_of(const void *p, size_t n, char out[65]) {
    struct sha256 h;
    sha256_start(&h);
    sha256_add(&h, p, n);
    sha256_hex(&h, out);
}

void sha1_of(const void *p, size_t n, char out[41]) {
    unsigned char d[20];
    unsigned int len = sizeof d;
    static const char hex[] = "0123456789abcdef";
    if (!EVP_Digest(p, n, d, &len, EVP_sha1(), NULL)) mem_die(); /* what stands in d then would make all URLs one */
    for (int i = 0; i < 20; i++) {
        out[2 * i] = hex[d[i] >> 4];
        out[2 * i + 1] = hex[d[i] & 15];
    }
    out[40] = 0;
}

void digest_start(struct digest *d) {
    d->state = XXH3_createState();
    if (!d->state) mem_die();
    XXH3_128bits_reset(d->state);
}

void digest_add(struct digest *d, const void *p, size_t n) {
    XXH3_128bits_update(d->state, p, n);
}

void digest_hex(struct digest *d, char out[65]) {
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, XXH3_128bits_digest(d->state));
    XXH3_freeState(d->state);
    d->state = NULL;
    for (int i = 0; i < 16; i++) snprintf(out + 2 * i, 3, "%02x", c.digest[i]);
}

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))
#define ROUND                                                                                                          \
    do {                                                                                                               \
        v0 += v1, v1 = ROTL(v1, 13), v1 ^= v0, v0 = ROTL(v0, 32);                                                      \
        v2 += v3, v3 = ROTL(v3, 16), v3 ^= v2;                                                                         \
        v0 += v3, v3 = ROTL(v3, 21), v3 ^= v0;                                                                         \
        v2 += v1, v1 = ROTL(v1, 17), v1 ^= v2, v2 = ROTL(v2, 32);                                                      \
    } while (0)

void siphash128(const void *p, size_t n, uint64_t out[2]) {
    const uint64_t k0 = 0x6574c82d1b9f40a7u, k1 = 0x9d4f1c6ae03b5827u;
    uint64_t v0 = 0x736f6d6570736575u ^ k0, v1 = 0x646f72616e646f6du ^ k1 ^ 0xee;
    uint64_t v2 = 0x6c7967656e657261u ^ k0, v3 = 0x7465646279746573u ^ k1, m;
    const unsigned char *s = p;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&m, s + i, 8);
        v3 ^= m;
        ROUND;
        ROUND;
        v0 ^= m;
    }
    m = (uint64_t)n << 56;
    if (n > i) {
        uint64_t tail = 0;
        memcpy(&tail, s + i, n - i);
        m |= tail;
    }
    v3 ^= m;
    ROUND;
    ROUND;
    v0 ^= m;
    v2 ^= 0xee;
    ROUND;
    ROUND;
    ROUND;
    ROUND;
    out[0] = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    ROUND;
    ROUND;
    ROUND;
    ROUND;
    out[1] = v0 ^ v1 ^ v2 ^ v3;
}
