/*
 * Comparing short texts: two machine words and the length tell texts of up to 16 bytes apart, so a name or a value is
 * loaded once and compared with many without a call. Longer ones are compared whole when these agree.
 */
#ifndef ETL_QUALITY_WORD_H
#define ETL_QUALITY_WORD_H

#include "base/mem.h"

struct word {
    uint64_t a, b; /* the first and the last 8 bytes; of a shorter text overlapping halves */
    const char *p;
    size_t n;
};

static inline struct word word_of(const char *p, size_t n) {
    struct word w = {.p = p, .n = n};
    if (n >= 8) {
        memcpy(&w.a, p, 8);
        memcpy(&w.b, p + n - 8, 8);
    } else if (n >= 4) {
        uint32_t x, y;
        memcpy(&x, p, 4);
        memcpy(&y, p + n - 4, 4);
        w.a = x;
        w.b = y;
    } else if (n) {
        w.a = (unsigned char)p[0] | (uint64_t)(unsigned char)p[n / 2] << 8 | (uint64_t)(unsigned char)p[n - 1] << 16;
    }
    return w;
}

static inline bool word_eq(const struct word *x, const struct word *y) {
    return x->n == y->n && x->a == y->a && x->b == y->b && (x->n <= 16 || memcmp(x->p + 8, y->p + 8, x->n - 16) == 0);
}

struct words {
    struct word *w;
    size_t n;
};
static inline bool words_have(const struct words *l, const struct word *x) {
    for (size_t i = 0; i < l->n; i++)
        if (word_eq(&l->w[i], x)) return true;
    return false;
}

#endif
