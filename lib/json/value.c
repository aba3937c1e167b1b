/* Reading scanned values and writing JSON text; see scan.h. */
#include <errno.h>
#include <math.h>

#include "json/number.h"
#include "json/scan.h"

static bool key_is(struct jval k, struct sv key) {
    if (!(jv_tok(k)->flags & JF_ESC)) return sv_eq(jv_raw(k), key);
    struct buf b = {0};
    jv_unescape(k, &b);
    bool same = sv_eq((struct sv){b.p, b.n}, key);
    buf_free(&b);
    return same;
}

bool jv_get(struct jval obj, struct sv key, struct jval *out) {
    if (jv_type(obj) != JT_OBJ) return false;
    bool found = false;
    uint32_t end = jv_tok(obj)->next;
    for (uint32_t i = obj.i + 1; i < end;) {
        struct jval k = {obj.text, obj.t, i}, v = {obj.text, obj.t, i + 1};
        if (key_is(k, key)) {
            *out = v;
            found = true;
        }
        i = obj.t[i + 1].next;
    }
    return found;
}

bool jv_each(struct jval v, uint32_t *pos, struct jval *key, struct jval *val) {
    const struct jtok *t = jv_tok(v);
    if (t->type != JT_OBJ && t->type != JT_ARR) return false;
    uint32_t i = *pos ? *pos : v.i + 1;
    if (i >= t->next) return false;
    if (t->type == JT_OBJ) {
        if (key) *key = (struct jval){v.text, v.t, i};
        i++;
    }
    *val = (struct jval){v.text, v.t, i};
    *pos = v.t[i].next;
    return true;
}

static unsigned hex4(const char *p) {
    unsigned x = 0;
    for (int k = 0; k < 4; k++) {
        char c = p[k];
        x = x * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return x;
}

static void add_utf8(struct buf *b, unsigned u) {
    char c[4];
    size_t n;
    if (u < 0x80) {
        c[0] = (char)u;
        n = 1;
    } else if (u < 0x800) {
        c[0] = (char)(0xC0 | u >> 6);
        c[1] = (char)(0x80 | (u & 63));
        n = 2;
    } else if (u < 0x10000) {
        c[0] = (char)(0xE0 | u >> 12);
        c[1] = (char)(0x80 | (u >> 6 & 63));
        c[2] = (char)(0x80 | (u & 63));
        n = 3;
    } else {
        c[0] = (char)(0xF0 | u >> 18);
        c[1] = (char)(0x80 | (u >> 12 & 63));
        c[2] = (char)(0x80 | (u >> 6 & 63));
        c[3] = (char)(0x80 | (u & 63));
        n = 4;
    }
    buf_add(b, c, n);
}

void jv_unescape(struct jval v, struct buf *b) {
    struct sv s = jv_raw(v);
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        const char *q = memchr(p, '\\', (size_t)(end - p));
        buf_add(b, p, (size_t)((q ? q : end) - p));
        if (!q) return;
        static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
        if (q[1] == 'u') {
            unsigned u = hex4(q + 2);
            p = q + 6;
            if (u >= 0xD800 && u < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
                unsigned lo = hex4(p + 2);
                if (lo >= 0xDC00 && lo < 0xE000) {
                    u = 0x10000 + ((u - 0xD800) << 10) + (lo - 0xDC00);
                    p += 6;
                }
            }
            add_utf8(b, u >= 0xD800 && u < 0xE000 ? 0xFFFD : u);
        } else {
            const char *f = strchr(from, q[1]);
            buf_chr(b, f ? to[f - from] : q[1]);
            p = q + 2;
        }
    }
}

char *jv_str(struct jval v, struct arena *a, size_t *n) {
    struct sv s = jv_raw(v);
    if (jv_type(v) == JT_STR && jv_tok(v)->flags & JF_ESC) {
        struct buf b = {0};
        jv_unescape(v, &b);
        char *out = arena_strn(a, b.p, b.n);
        if (n) *n = b.n;
        buf_free(&b);
        return out;
    }
    if (n) *n = s.n;
    return arena_strn(a, s.p, s.n);
}

double jv_num(struct jval v) {
    if (jv_type(v) != JT_NUM) return NAN;
    struct sv s = jv_raw(v);
    if (s.n <= 15 && jv_tok(v)->flags & JF_INT) { /* exact in a double, and the common case */
        int64_t x = 0;
        size_t k = s.p[0] == '-';
        for (; k < s.n; k++) x = x * 10 + (s.p[k] - '0');
        return s.p[0] == '-' ? -(double)x : (double)x;
    }
    char small[64];
    if (s.n < sizeof small) {
        memcpy(small, s.p, s.n);
        small[s.n] = 0;
        return strtod(small, NULL);
    }
    char *big = mem_alloc(s.n + 1);
    memcpy(big, s.p, s.n);
    double d = strtod(big, NULL);
    free(big);
    return d;
}

/* An integer written with a point or an exponent: its digits, then zeros up to the point. */
static bool spread_digits(struct sv s, char text[24]) {
    struct number x;
    number_parse(&x, s.p, s.n);
    if (!number_is_int(&x) || x.top > 19) return false;
    size_t n = 0;
    if (!x.digits) {
        memcpy(text, "0", 2);
        return true;
    }
    if (x.neg) text[n++] = '-';
    for (uint32_t i = 0; i < x.n; i++)
        if (x.d[i] != '.') text[n++] = x.d[i];
    while (n - x.neg < (size_t)x.top) text[n++] = '0';
    text[n] = 0;
    return true;
}

bool jv_int(struct jval v, int64_t *out) {
    if (jv_type(v) != JT_NUM) return false;
    struct sv s = jv_raw(v);
    char text[24];
    if (!(jv_tok(v)->flags & JF_INT)) {
        if (!spread_digits(s, text)) return false;
    } else {
        if (s.n > 20) return false;
        memcpy(text, s.p, s.n);
        text[s.n] = 0;
    }
    errno = 0;
    long long x = strtoll(text, NULL, 10);
    if (errno) return false;
    *out = x;
    return true;
}

void json_copy(struct buf *b, struct jval v) {
    struct sv s = jv_raw(v);
    if (jv_type(v) == JT_STR) {
        buf_chr(b, '"');
        buf_sv(b, s);
        buf_chr(b, '"');
    } else {
        buf_sv(b, s);
    }
}

void json_line_col(const char *text, size_t len, size_t at, size_t *line, size_t *col) {
    *line = 1;
    *col = 1;
    for (size_t i = 0; i < at && i < len; i++) {
        if (text[i] == '\n') {
            (*line)++;
            *col = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            (*col)++;
        }
    }
}
