/*
 * A set of strings with a number for each: property names, string values of
 * enum, URIs. Filled while compiling, only read afterwards, by any thread.
 *
 * Open addressing, at most half full. The strings and the slots live in the
 * arena given to schema_set_add; the set keeps pointers to the strings.
 */
#ifndef ETL_JSON_SCHEMA_SET_H
#define ETL_JSON_SCHEMA_SET_H

#include "base/mem.h"

struct strset_slot {
    const char *p; /* NULL: free */
    uint32_t len, hash, value;
};
struct strset {
    struct strset_slot *slots;
    uint32_t mask, n;
};

/* True when it was not in yet. */
bool schema_set_add(struct strset *s, struct arena *a, struct sv key, uint32_t value);

static inline uint64_t schema_set_load(const char *p, size_t n) { /* n <= 8 bytes */
    uint64_t x = 0;
    uint32_t lo, hi;
    if (n == 8) {
        memcpy(&x, p, 8);
    } else if (n >= 4) {
        memcpy(&lo, p, 4);
        memcpy(&hi, p + n - 4, 4);
        x = (uint64_t)hi << 32 | lo;
    } else if (n) {
        x = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[n >> 1] << 8 | (unsigned char)p[n - 1];
    }
    return x;
}

static inline uint32_t schema_set_hash(const char *p, size_t n) {
    uint64_t h = n * 0x9E3779B97F4A7C15u;
    for (; n > 8; p += 8, n -= 8) {
        h = (h ^ schema_set_load(p, 8)) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    h = (h ^ schema_set_load(p, n)) * 0xC4CEB9FE1A85EC53u;
    return (uint32_t)(h >> 32);
}

/* memcmp without the call: these strings are short. For one length, schema_set_load takes different bytes to different
 * words. */
static inline bool schema_set_same(const char *a, const char *b, size_t n) {
    if (n <= 8) return schema_set_load(a, n) == schema_set_load(b, n);
    for (size_t k = 0; k + 8 < n; k += 8)
        if (schema_set_load(a + k, 8) != schema_set_load(b + k, 8)) return false;
    return schema_set_load(a + n - 8, 8) == schema_set_load(b + n - 8, 8);
}

/* The number of the string, UINT32_MAX when it is not in. */
static inline uint32_t schema_set_find(const struct strset *s, struct sv key) {
    if (!s->n) return UINT32_MAX;
    uint32_t h = schema_set_hash(key.p, key.n);
    for (uint32_t k = h & s->mask; s->slots[k].p; k = (k + 1) & s->mask) {
        const struct strset_slot *x = &s->slots[k];
        if (x->hash == h && x->len == key.n && schema_set_same(x->p, key.p, key.n)) return x->value;
    }
    return UINT32_MAX;
}

#endif
