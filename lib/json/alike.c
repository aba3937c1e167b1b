/* See alike.h. */
#include "json/alike.h"

static bool plain(const char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < 0x20 || (unsigned char)p[i] >= 0x80 || p[i] == '"' || p[i] == '\\') return false;
    return true;
}

bool alike_learn(struct alike *a, struct jval rec) {
    const struct jtok *t = rec.t;
    a->n = a->keys.n = 0;
    if (t[rec.i].type != JT_OBJ) return false;
    size_t n = 0;
    for (uint32_t i = rec.i + 1; i < t[rec.i].next; i = t[i + 1].next, n++) {
        uint8_t kind = (uint8_t)t[i + 1].type;
        if (n == ALIKE_MOST || t[i].flags & JF_ESC || !plain(rec.text + t[i].off, t[i].len)) return false;
        if (kind == JT_OBJ || kind == JT_ARR) return false;
        a->member[n].off = (uint32_t)a->keys.n;
        a->member[n].n = t[i].len + 4;
        buf_add(&a->keys, n ? ",\"" : "{\"", 2);
        buf_add(&a->keys, rec.text + t[i].off, t[i].len);
        buf_add(&a->keys, "\":", 2);
    }
    a->n = n;
    return n > 0;
}

static inline uint64_t word(const char *p) {
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Keys are short: the last eight bytes overlap the ones before. */
static inline bool same(const char *p, const char *q, size_t n) {
    if (n < 8) return memcmp(p, q, n) == 0;
    for (size_t i = 0; i + 8 < n; i += 8)
        if (word(p + i) != word(q + i)) return false;
    return word(p + n - 8) == word(q + n - 8);
}

#define ONES 0x0101010101010101u

/* The digits at p, eight at a time where eight bytes are there: how many a word begins with is found by looking for the
 * first byte above 9, and pairs, then fours, then all eight are added up at once (Lemire, "Quickly parsing eight
 * digits", 2018). More digits than fit make any x; whoever counts them sees that. */
static inline const char *digits(const char *p, const char *end, uint64_t *x) {
    static const uint64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    while (end - p >= 8) {
        uint64_t w = word(p) ^ ONES * '0', over = ((w + ONES * 0x76) | w) & ONES << 7;
        unsigned n = over ? (unsigned)__builtin_ctzll(over) / 8 : 8;
        if (!n) return p;
        w <<= 64 - 8 * n; /* leading zeros */
        w = w * 10 + (w >> 8);
        w = ((w & 0x000000FF000000FFu) * 0x000F424000000064u + (w >> 16 & 0x000000FF000000FFu) * 0x0000271000000001u) >>
            32;
        *x = *x * tens[n] + w;
        p += n;
        if (n < 8) return p;
    }
    while (p < end && (unsigned char)(*p - '0') < 10) *x = *x * 10 + (uint64_t)(*p++ - '0');
    return p;
}

/* JSON's grammar without exponent, of at most 18 characters. NULL: none. */
static inline const char *number(const char *p, const char *end, struct alike_value *v) {
    const char *from = p;
    v->kind = JT_NUM;
    v->negative = *p == '-';
    v->mant = v->scale = 0;
    p += v->negative;
    const char *first = p;
    p = digits(p, end, &v->mant);
    if (p == first || (*first == '0' && p > first + 1)) return NULL;
    if (p < end && *p == '.') {
        const char *dot = ++p;
        p = digits(p, end, &v->mant);
        if (p == dot) return NULL;
        v->scale = (uint8_t)(p - dot);
    }
    if (p - first > 18) return NULL;
    v->n = (uint32_t)(p - from);
    return p;
}

typedef unsigned char bytes16 __attribute__((vector_size(16)));

/* Up to the quote that closes a string without anything unusual in it. */
static inline const char *string(const char *p, const char *end, struct alike_value *v) {
    const char *from = p++;
    for (; p + 16 <= end; p += 16) {
        bytes16 b;
        memcpy(&b, p, sizeof b);
        bytes16 odd = (bytes16)(b < 0x20) | (bytes16)(b >= 0x80) | (bytes16)(b == '"') | (bytes16)(b == '\\');
        typedef unsigned long long words2 __attribute__((vector_size(16)));
        words2 w = (words2)odd;
        if (!(w[0] | w[1])) continue;
        p += w[0] ? __builtin_ctzll(w[0]) / 8 : 8 + __builtin_ctzll(w[1]) / 8;
        break;
    }
    while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\') p++;
    if (p == end || *p != '"') return NULL;
    v->kind = JT_STR;
    v->n = (uint32_t)(++p - from);
    return p;
}

bool alike_read(const struct alike *a, const char *text, size_t n, struct alike_value *values) {
    const char *p = text, *end = text + n, *keys = a->keys.p;
    struct alike_value unused;
    if (!a->n || n >= UINT32_MAX) return false;
    for (size_t k = 0; k < a->n; k++) {
        struct alike_value *v = values ? values + k : &unused;
        size_t len = a->member[k].n;
        if ((size_t)(end - p) <= len || !same(p, keys + a->member[k].off, len)) return false;
        v->p = p += len;
        if (*p == '"') {
            p = string(p, end, v);
        } else if (*p == 'n') {
            if (end - p < 4 || memcmp(p, "null", 4) != 0) return false;
            v->kind = JT_NULL;
            v->n = 4;
            p += 4;
        } else {
            p = number(p, end, v);
        }
        if (!p) return false;
    }
    return p + 1 == end && *p == '}';
}

void alike_free(struct alike *a) {
    buf_free(&a->keys);
    a->n = 0;
}
