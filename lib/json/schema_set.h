/*
 * A set of strings with a number for each: property names, string values of
 * enum, URIs. Filled while compiling, only read afterwards, by any thread.
 *
 * Open addressing, at most half full. The strings and the slots live in the
 * arena given to schema_set_add; the set keeps pointers to the strings. A set
 * that will be asked often is settled: a seed is looked for under which each
 * string stands in its own slot, so that finding one is a load and a compare.
 *
 * The first 16 bytes of a string are two words, zeros behind a shorter one: most
 * names and values are compared by these alone, without a loop or a branch on
 * their length.
 */
#ifndef ETL_JSON_SCHEMA_SET_H
#define ETL_JSON_SCHEMA_SET_H

#include "base/mem.h"

struct strset_key {
    uint64_t a, b; /* the first 16 bytes */
    const char *p;
    size_t n;
};
struct strset_slot {
    uint64_t a, b;
    const char *p;          /* NULL: free */
    uint32_t n, next_value; /* value + 1; 0 in a free slot: as a value that is "not in" */
};
struct strset {
    struct strset_slot *slots;
    uint64_t seed;
    uint32_t mask, n;
};

/* True when it was not in yet. */
bool schema_set_add(struct strset *s, struct arena *a, struct sv key, uint32_t value);
void schema_set_settle(struct strset *s, struct arena *a);

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

/* Of a string behind whose first byte 15 more can be read, whatever its length. */
static inline struct strset_key schema_set_key16(const char *p, size_t n) {
    static const unsigned char keep[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                           255, 255, 255, 255, 255, 255, 255, 255}; /* then zeros */
    const unsigned char *mask = keep + 16 - (n < 16 ? n : 16);
    struct strset_key k = {.p = p, .n = n};
    uint64_t a, b;
    memcpy(&a, mask, 8);
    memcpy(&b, mask + 8, 8);
    memcpy(&k.a, p, 8);
    memcpy(&k.b, p + 8, 8);
    k.a &= a;
    k.b &= b;
    return k;
}

static inline struct strset_key schema_set_key(struct sv s) {
    char copy[16] = {0};
    if (s.n) memcpy(copy, s.p, s.n < 16 ? s.n : 16);
    struct strset_key k = schema_set_key16(copy, s.n);
    k.p = s.p;
    return k;
}

static inline uint32_t schema_set_place16(const struct strset *s, struct strset_key k) { /* k.n <= 16 */
    return (uint32_t)((unsigned __int128)(k.a + k.b * 0x9E3779B97F4A7C15u + k.n) * s->seed >> 64) & s->mask;
}
uint32_t schema_set_find(const struct strset *s, struct sv key); /* UINT32_MAX when it is not in */

/* The same where 16 bytes can be read: most are found, or seen to be missing, by one look. */
static inline uint32_t schema_set_find16(const struct strset *s, const char *p, size_t n) {
    if (__builtin_expect(s->n && n <= 16, 1)) {
        struct strset_key key = schema_set_key16(p, n);
        const struct strset_slot *x = &s->slots[schema_set_place16(s, key)];
        if (__builtin_expect(!((x->a ^ key.a) | (x->b ^ key.b) | (x->n ^ n)), 1)) return x->next_value - 1;
        if (!x->next_value) return UINT32_MAX;
    }
    return schema_set_find(s, (struct sv){p, n});
}

#endif
