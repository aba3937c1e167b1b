/* Cells: numbers that keep their spelling, cheaply read and written. See tab.h. */
#include "transform/tab.h"

#include <math.h>

static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* mant / 10^scale is the nearest double as long as both are exact (Clinger 1990). */
static bool decimal(struct tcell *c, const char *p, size_t n) {
    const char *end = p + n;
    bool neg = *p == '-';
    uint64_t mant = 0;
    uint8_t scale = 0;
    p += neg;
    if (end - p > 18 || p == end) return false;
    while (p < end && *p >= '0' && *p <= '9') mant = mant * 10 + (uint64_t)(*p++ - '0');
    if (p < end && *p == '.') {
        const char *dot = ++p;
        while (p < end && *p >= '0' && *p <= '9') mant = mant * 10 + (uint64_t)(*p++ - '0');
        scale = (uint8_t)(p - dot);
    }
    if (p < end || mant > 1ull << 53 || (neg && !mant)) return false;
    c->mant = neg ? -(int64_t)mant : (int64_t)mant;
    c->scale = scale;
    c->num = scale ? (double)c->mant / tens[scale] : (double)c->mant;
    c->kind = TC_DECIMAL;
    return true;
}

struct tcell tcell_read(struct jval v) {
    const struct jtok *t = jv_tok(v);
    const char *p = v.text + t->off;
    struct tcell c = {.num = NAN};
    if (t->type == JT_NUM) {
        if (decimal(&c, p, t->len)) return c;
        c.num = jv_num(v);
        c.kind = isfinite(c.num) ? TC_NUMBER : TC_TEXT; /* 1e400: no number that can be computed with */
        c.text = p;
        c.len = t->len;
    } else if (t->type == JT_NULL) {
        c.kind = TC_NULL;
    } else {
        bool quotes = t->type == JT_STR;
        c.kind = TC_TEXT;
        c.text = p - quotes;
        c.len = t->len + 2 * quotes;
    }
    return c;
}

struct tcell tcell_alike(const struct alike_value *v) {
    struct tcell c = {.num = NAN, .text = v->p, .len = v->n, .kind = v->kind == JT_NULL ? TC_NULL : TC_TEXT};
    if (v->kind != JT_NUM) return c;
    if (v->mant > 1ull << 53 || (v->negative && !v->mant)) {
        char text[24];
        memcpy(text, v->p, v->n);
        text[v->n] = 0;
        c.num = strtod(text, NULL);
        c.kind = TC_NUMBER;
        return c;
    }
    c.mant = v->negative ? -(int64_t)v->mant : (int64_t)v->mant;
    c.scale = v->scale;
    c.num = c.scale ? (double)c.mant / tens[c.scale] : (double)c.mant;
    c.kind = TC_DECIMAL;
    return c;
}

struct tcell tcell_json(const char *text, size_t n) {
    struct jtoks toks = {0};
    struct jerr je;
    struct tcell c = {.kind = TC_NULL, .num = NAN};
    if (json_scan(&toks, text, n, 0, &je)) c = tcell_read((struct jval){text, toks.t, 0});
    jtoks_free(&toks);
    return c;
}

/* The last k digits of x, from end backwards; where they are written. */
static inline char *put_last(char *end, uint64_t *x, unsigned k) {
    static const char two[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
        "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
        "9899";
    for (; k >= 2; k -= 2, *x /= 100) memcpy(end -= 2, two + *x % 100 * 2, 2);
    if (k) *--end = (char)('0' + *x % 10), *x /= 10;
    return end;
}

/* to has TCELL_ROOM bytes, which all may be written. */
static size_t put_decimal(char *to, int64_t mant, uint8_t scale) {
    char text[2 * TCELL_ROOM + 8], *end = text + TCELL_ROOM + 8, *p = end;
    uint64_t x = mant < 0 ? (uint64_t)-mant : (uint64_t)mant;
    if (scale) {
        p = put_last(p, &x, scale);
        *--p = '.';
    }
    while (x >= 100) p = put_last(p, &x, 2);
    p = put_last(p, &x, x >= 10 ? 2 : 1);
    if (mant < 0) *--p = '-';
    size_t n = (size_t)(end - p);
    memcpy(to, p, TCELL_ROOM);
    return n;
}

/* 15 significant digits without exponent between 1e-6 and 1e15; the rest is printf's. Powers of ten up to 10^27 are
 * exact in the 64 bits of x86's long double. */
static size_t put_real(char *to, double x) {
    static const long double big[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L,
                                      1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L};
    double a = fabs(x);
    if (x == 0) return *to = '0', 1;
    if (!(a >= 1e-6 && a < 1e14)) return (size_t)snprintf(to, TCELL_ROOM, isfinite(x) ? "%.15g" : "null", x);
    int e2;
    frexp(a, &e2);
    int scale = 14 - (int)floor((e2 - 1) * 0.30102999566398120); /* 15 or 16 digits */
    uint64_t mant = (uint64_t)llrintl((long double)a * big[scale]);
    if (mant >= 1000000000000000ull) mant = (uint64_t)llrintl((long double)a * big[--scale]);
    while (scale && mant % 10 == 0) mant /= 10, scale--;
    return put_decimal(to, x < 0 ? -(int64_t)mant : (int64_t)mant, (uint8_t)scale);
}

size_t tcell_number(char *to, const struct tcell *c) {
    return c->kind == TC_DECIMAL ? put_decimal(to, c->mant, c->scale) : put_real(to, c->num);
}

size_t tcell_written(const struct tcell *c) {
    return c->kind == TC_NUMBER || c->kind == TC_TEXT ? c->len : TCELL_ROOM;
}

char *tcell_write(char *p, const struct tcell *c) {
    if (c->kind == TC_DECIMAL || c->kind == TC_REAL) return p + tcell_number(p, c);
    bool text = c->kind >= TC_NUMBER;
    size_t n = text ? c->len : 4;
    memcpy(p, text ? c->text : "null", n);
    return p + n;
}

size_t tcell_packed(const struct tcell *c) {
    if (c->kind == TC_DECIMAL || c->kind == TC_REAL) return 10;
    return c->kind < TC_NUMBER ? 2 : (c->kind == TC_NUMBER ? 14u : 6u) + (size_t)c->len;
}

char *tcell_pack(char *p, const struct tcell *c) {
    p[0] = (char)c->kind;
    p[1] = (char)c->scale;
    p += 2;
    if (c->kind == TC_DECIMAL || c->kind == TC_REAL) {
        memcpy(p, c->kind == TC_REAL ? (const void *)&c->num : &c->mant, 8);
        return p + 8;
    }
    if (c->kind < TC_NUMBER) return p;
    memcpy(p, &c->len, 4);
    p += 4;
    if (c->kind == TC_NUMBER) {
        memcpy(p, &c->num, 8);
        p += 8;
    }
    memcpy(p, c->text, c->len);
    return p + c->len;
}

const char *tcell_unpack(struct tcell *c, const char *p) {
    c->kind = (uint8_t)p[0];
    c->scale = (uint8_t)p[1];
    c->num = NAN;
    p += 2;
    if (c->kind == TC_DECIMAL) {
        memcpy(&c->mant, p, 8);
        c->num = c->scale ? (double)c->mant / tens[c->scale] : (double)c->mant;
        return p + 8;
    }
    if (c->kind == TC_REAL) {
        memcpy(&c->num, p, 8);
        return p + 8;
    }
    if (c->kind < TC_NUMBER) return p;
    memcpy(&c->len, p, 4);
    p += 4;
    if (c->kind == TC_NUMBER) {
        memcpy(&c->num, p, 8);
        p += 8;
    }
    c->text = p;
    return p + c->len;
}
