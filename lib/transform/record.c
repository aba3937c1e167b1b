/* Records and their values; see op.h. */
#include <math.h>
#include <stdlib.h>

#include "transform/op.h"

struct tmember *trec_find(const struct trec *r, struct sv key) {
    for (size_t i = 0; i < r->n; i++)
        if (r->m[i].key.n == key.n && memcmp(r->m[i].key.p, key.p, key.n) == 0) return &r->m[i];
    return NULL;
}

static struct tmember *add(struct trec *r) {
    if (r->n == r->cap) {
        struct tmember *old = r->m;
        r->cap = r->cap ? r->cap * 2 : 16;
        r->m = arena_alloc(r->a, r->cap * sizeof *r->m);
        if (r->n) memcpy(r->m, old, r->n * sizeof *r->m);
    }
    return &r->m[r->n++];
}

void trec_read(struct trec *r, struct jval object) {
    uint32_t pos = 0;
    r->n = 0;
    for (struct jval key, val; jv_each(object, &pos, &key, &val);) {
        struct sv k = jv_raw(key), raw = jv_raw(val);
        if (jv_tok(key)->flags & JF_ESC) k.p = jv_str(key, r->a, &k.n);
        if (jv_type(val) == JT_STR) raw = (struct sv){raw.p - 1, raw.n + 2}; /* with its quotes */
        struct tmember *m = trec_find(r, k);                                 /* the last of one name counts */
        if (!m) m = add(r);
        *m = (struct tmember){k, raw};
    }
}

void trec_write(const struct trec *r, struct buf *out) {
    buf_chr(out, '{');
    for (size_t i = 0; i < r->n; i++) {
        if (i) buf_chr(out, ',');
        json_quote(out, r->m[i].key);
        buf_chr(out, ':');
        buf_sv(out, r->m[i].value);
    }
    buf_chr(out, '}');
}

void trec_set(struct trec *r, struct sv key, struct sv value) {
    struct tmember *m = trec_find(r, key);
    if (!m) m = add(r);
    *m = (struct tmember){key, value};
}

void trec_remove(struct trec *r, struct sv key) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!sv_eq(r->m[i].key, key)) r->m[n++] = r->m[i];
    r->n = n;
}

struct trec trec_copy(const struct trec *r) {
    struct trec c = {.n = r->n, .cap = r->n + 4, .a = r->a};
    c.m = arena_alloc(c.a, c.cap * sizeof *c.m);
    if (r->n) memcpy(c.m, r->m, r->n * sizeof *c.m);
    return c;
}

bool value_is_text(struct sv v) {
    return v.n >= 2 && v.p[0] == '"';
}

bool value_is_null(struct sv v) {
    return v.n == 4 && v.p[0] == 'n';
}

struct sv value_text(struct sv v, struct arena *a) {
    if (!value_is_text(v)) return v;
    struct sv s = {v.p + 1, v.n - 2};
    if (!s.n || !memchr(s.p, '\\', s.n)) return s;
    struct jtok t = {.off = 1, .len = (uint32_t)s.n, .next = 1, .type = JT_STR, .flags = JF_ESC};
    s.p = jv_str((struct jval){v.p, &t, 0}, a, &s.n);
    return s;
}

/* Bytes that a JSON string cannot hold as they are. */
static bool needs_escape(struct sv s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '"' || s.p[i] == '\\' || (unsigned char)s.p[i] == 0x7f)
            return true;
    return false;
}

struct sv value_of_text(struct sv text, struct arena *a) {
    if (needs_escape(text)) {
        struct buf b = {0};
        json_quote(&b, text);
        struct sv v = {arena_strn(a, b.p, b.n), b.n};
        buf_free(&b);
        return v;
    }
    char *p = arena_alloc(a, text.n + 3);
    p[0] = '"';
    if (text.n) memcpy(p + 1, text.p, text.n);
    p[text.n + 1] = '"';
    return (struct sv){p, text.n + 2};
}

/* Exactly the grammar of JSON numbers. */
static bool is_number(struct sv s) {
    size_t i = 0;
    if (i < s.n && s.p[i] == '-') i++;
    size_t from = i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
    if (i == from || (s.p[from] == '0' && i - from > 1)) return false;
    if (i < s.n && s.p[i] == '.') {
        from = ++i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
        if (i == from) return false;
    }
    if (i < s.n && (s.p[i] | 32) == 'e') {
        i++;
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) i++;
        from = i;
        while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') i++;
        if (i == from) return false;
    }
    return i == s.n;
}

bool value_number(struct sv v, double *out) {
    struct sv s = value_is_text(v) ? (struct sv){v.p + 1, v.n - 2} : v;
    char text[64], *copy = text;
    if (!s.n || !is_number(s)) return false;
    bool small = s.n <= 15;
    int64_t x = 0;
    for (size_t i = s.p[0] == '-'; small && i < s.n; i++) {
        small = s.p[i] >= '0' && s.p[i] <= '9';
        x = x * 10 + (s.p[i] - '0');
    }
    if (small) {
        *out = s.p[0] == '-' ? -(double)x : (double)x;
        return true;
    }
    if (s.n >= sizeof text) copy = mem_grow(NULL, s.n + 1);
    memcpy(copy, s.p, s.n);
    copy[s.n] = 0;
    *out = strtod(copy, NULL);
    if (copy != text) free(copy);
    return isfinite(*out);
}

struct sv value_of_double(double x, struct arena *a) {
    char text[40];
    if (!isfinite(x)) return SV("null");
    if (x == 0) return SV("0");
    if (x == trunc(x) && fabs(x) < 1e15) {
        snprintf(text, sizeof text, "%.0f", x);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, x);
            if (strtod(text, NULL) == x) break;
        }
    }
    size_t n = strlen(text);
    return (struct sv){arena_strn(a, text, n), n};
}

struct sv trec_text(const struct trec *r, struct sv key) {
    const struct tmember *m = trec_find(r, key);
    return !m || value_is_null(m->value) ? SV("") : value_text(m->value, r->a);
}

bool trec_missing(const struct trec *r, struct sv key) {
    struct sv s = trec_text(r, key);
    while (s.n && (*s.p == ' ' || *s.p == '\t' || *s.p == '\n' || *s.p == '\r')) s.p++, s.n--;
    return !s.n;
}

bool when_holds(const struct pl_when *w, const struct trec *r) {
    for (size_t i = 0; i < w->n; i++) {
        const struct tmember *m = trec_find(r, sv_of(w->c[i].field));
        if (!m || !strs_has(w->c[i].in, value_text(m->value, r->a))) return false;
    }
    return true;
}

/* ---- keys ---- */

enum { KEY_NULL = 1, KEY_FALSE, KEY_TRUE, KEY_NUMBER, KEY_TEXT, KEY_OTHER };

/* 0 ends; a zero byte inside is 0 255. */
static void key_bytes(struct buf *key, struct sv s) {
    for (size_t i = 0; i < s.n;) {
        const char *zero = memchr(s.p + i, 0, s.n - i);
        size_t n = zero ? (size_t)(zero - s.p) - i : s.n - i;
        buf_add(key, s.p + i, n);
        i += n;
        if (zero) buf_add(key, "\0\377", 2), i++;
    }
    buf_chr(key, 0);
}

/* Sign and magnitude turned so that bytes sort as numbers do; the text after it tells apart what a double cannot. */
static void key_number(struct buf *key, double x, struct sv text) {
    uint64_t u;
    char b[8];
    if (x == 0) x = 0; /* not -0 */
    memcpy(&u, &x, 8);
    u = u >> 63 ? ~u : u | (uint64_t)1 << 63;
    for (int i = 0; i < 8; i++) b[i] = (char)(u >> (56 - 8 * i));
    buf_add(key, b, 8);
    key_bytes(key, fabs(x) < 1e15 ? SV("") : text);
}

void key_add(struct buf *key, struct sv v) {
    double x;
    if (!v.n || v.p[0] == 'n') {
        buf_chr(key, KEY_NULL);
    } else if (v.p[0] == 'f' || v.p[0] == 't') {
        buf_chr(key, v.p[0] == 'f' ? KEY_FALSE : KEY_TRUE);
    } else if (value_is_text(v)) {
        struct arena a = {0};
        buf_chr(key, KEY_TEXT);
        key_bytes(key, value_text(v, &a));
        arena_free(&a);
    } else if (v.p[0] != '{' && v.p[0] != '[' && value_number(v, &x)) {
        buf_chr(key, KEY_NUMBER);
        key_number(key, x, v);
    } else {
        buf_chr(key, KEY_OTHER);
        key_bytes(key, v);
    }
}

/* ---- arguments ---- */

static struct sv sv_in(struct op_parse *c, struct jval v) {
    struct sv s;
    s.p = jv_str(v, c->a, &s.n);
    return s;
}

struct svs get_svs(struct op_parse *c, const char *key) {
    struct jval v, e;
    struct svs l = {0};
    if (!get_val(c->v, key, &v)) return l;
    l.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *l.s);
    uint32_t pos = 0;
    if (jv_type(v) == JT_STR) l.s[l.n++] = sv_in(c, v);
    while (jv_type(v) == JT_ARR && jv_each(v, &pos, NULL, &e)) l.s[l.n++] = sv_in(c, e);
    return l;
}

struct sv_map get_sv_map(struct op_parse *c, const char *key, bool json) {
    struct jval v, k, e;
    struct sv_map m = {0};
    if (!get_val(c->v, key, &v) || jv_type(v) != JT_OBJ) return m;
    m.keys.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *m.keys.s);
    m.values.s = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *m.values.s);
    for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) {
        struct buf b = {0};
        m.keys.s[m.keys.n++] = sv_in(c, k);
        if (json)
            json_copy(&b, e);
        else
            jv_unescape(e, &b);
        m.values.s[m.values.n++] = (struct sv){arena_strn(c->a, buf_text(&b), b.n), b.n};
        buf_free(&b);
    }
    return m;
}
