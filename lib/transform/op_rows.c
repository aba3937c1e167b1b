/* split: a text becomes a list; join: the other way; explode: a list becomes records. */
#include "transform/regex.h"

#define ITEMS_MOST 10000 /* a record with a longer list is dropped: it would not fit the memory many times over */

#define RECORDS_MOST ((size_t)64 << 20) /* bytes that one record may become */

struct split {
    struct sv field, to, by;
    struct rx *pattern, **without;
    size_t nwithout;
    bool unique, trim;
    struct sv empty; /* JSON text of the only item where none is left; n 0: an empty list */
};

const void *parse_split(struct op_parse *c) {
    struct split *s = arena_alloc(c->a, sizeof *s);
    struct jval v;
    s->field = sv_of(get_str(c->a, c->v, "field", ""));
    s->to = sv_of(get_str(c->a, c->v, "to", s->field.p));
    s->by = sv_of(get_str(c->a, c->v, "by", NULL));
    if (get_val(c->v, "pattern", &v)) s->pattern = rx_new(c, jv_str(v, c->a, NULL), v);
    s->without = rx_list(c, "without", &s->nwithout);
    s->unique = get_bool(c->v, "unique", false);
    s->trim = get_bool(c->v, "trim", true);
    if (get_val(c->v, "empty", &v)) s->empty = value_of_text(sv_of(jv_str(v, c->a, NULL)), c->a);
    return s;
}

struct items {
    struct sv *s;
    size_t n, cap;
    struct arena *a;
};

static bool wanted(const struct split *x, const struct items *l, struct sv s) {
    struct rx_match m;
    for (size_t i = 0; i < x->nwithout; i++)
        if (rx_find(x->without[i], s, 0, l->a, &m)) return false;
    for (size_t i = 0; x->unique && i < l->n; i++)
        if (sv_eq(l->s[i], s)) return false;
    return true;
}

static bool blank(const char *p) {
    return *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r';
}

static void add_item(const struct split *x, struct items *l, struct sv s) {
    while (x->trim && s.n && blank(s.p)) s.p++, s.n--;
    while (x->trim && s.n && blank(s.p + s.n - 1)) s.n--;
    if ((x->trim && !s.n) || l->n > ITEMS_MOST || !wanted(x, l, s)) return;
    if (l->n == l->cap) {
        struct sv *old = l->s;
        l->cap = l->cap ? l->cap * 2 : 8;
        l->s = arena_alloc(l->a, l->cap * sizeof *l->s);
        if (l->n) memcpy(l->s, old, l->n * sizeof *l->s);
    }
    l->s[l->n++] = s;
}

/* Where the next separator lies, from `at` on. */
static bool next_separator(const struct split *x, struct sv s, size_t at, struct arena *a, size_t *start, size_t *end) {
    struct rx_match m;
    if (x->pattern) {
        for (; at <= s.n && rx_find(x->pattern, s, at, a, &m); at++) {
            *start = (size_t)(m.group[0].p - s.p);
            *end = *start + m.group[0].n;
            if (*end > *start) return true;
            for (at = *start; at + 1 < s.n && ((unsigned char)s.p[at + 1] & 0xC0) == 0x80;) at++;
        }
        return false;
    }
    const char *p = x->by.n && s.n > at ? memmem(s.p + at, s.n - at, x->by.p, x->by.n) : NULL;
    if (!p) return false;
    *start = (size_t)(p - s.p);
    *end = *start + x->by.n;
    return true;
}

static void put_list(struct trec *r, struct sv to, const struct items *l, struct sv empty) {
    struct buf b = {0};
    buf_chr(&b, '[');
    for (size_t i = 0; i < l->n; i++) {
        if (i) buf_chr(&b, ',');
        json_quote(&b, l->s[i]);
    }
    if (!l->n) buf_sv(&b, empty);
    buf_chr(&b, ']');
    trec_set(r, to, (struct sv){arena_strn(r->a, b.p, b.n), b.n});
    buf_free(&b);
}

enum op_verdict apply_split(struct tworker *w, const struct top *o, struct trec *r) {
    const struct split *x = o->args;
    const struct tmember *m = trec_find(r, x->field);
    struct items l = {.a = r->a};
    (void)w;
    if (m && (m->value.p[0] == '[' || m->value.p[0] == '{')) return OP_NEXT; /* no text */
    if (m && !value_is_null(m->value)) {
        struct sv s = value_text(m->value, r->a);
        size_t at = 0, start, end;
        for (; next_separator(x, s, at, r->a, &start, &end); at = end)
            add_item(x, &l, (struct sv){s.p + at, start - at});
        add_item(x, &l, (struct sv){s.p + at, s.n - at});
    }
    if (l.n > ITEMS_MOST) return OP_DROP;
    put_list(r, x->to, &l, x->empty);
    return OP_NEXT;
}

/* ---- explode ---- */

struct explode {
    struct sv field, to;
    bool keep_empty;
};

const void *parse_explode(struct op_parse *c) {
    struct explode *x = arena_alloc(c->a, sizeof *x);
    x->field = sv_of(get_str(c->a, c->v, "field", ""));
    x->to = sv_of(get_str(c->a, c->v, "to", x->field.p));
    x->keep_empty = get_bool(c->v, "keep_empty", false);
    return x;
}

static struct sv value_of(struct jval v) {
    struct sv s = jv_raw(v);
    return jv_type(v) == JT_STR ? (struct sv){s.p - 1, s.n + 2} : s;
}

/* Bytes of the record when it is written, but for its names' escapes. */
static size_t size_of(const struct trec *r) {
    size_t n = 2;
    for (size_t i = 0; i < r->n; i++) n += r->m[i].key.n + r->m[i].value.n + 4;
    return n;
}

enum op_verdict apply_explode(struct tworker *w, const struct top *o, struct trec *r) {
    const struct explode *x = o->args;
    const struct tmember *m = trec_find(r, x->field);
    struct jtoks toks = {0};
    struct jerr je;
    uint32_t pos = 0;
    size_t n = 0;
    if (m && m->value.p[0] != '[' && !value_is_null(m->value)) { /* one value is a list of one */
        if (!sv_eq(x->to, x->field)) trec_set(r, x->to, m->value);
        return OP_NEXT;
    }
    struct trec left = trec_copy(r);
    if (!sv_eq(x->to, x->field)) trec_remove(&left, x->field);
    if (m && m->value.p[0] == '[' && json_scan(&toks, m->value.p, m->value.n, 0, &je)) {
        struct jval list = {m->value.p, toks.t, 0}, e;
        size_t each = size_of(&left) - (sv_eq(x->to, x->field) ? m->value.n : 0);
        if (toks.t->n > ITEMS_MOST || toks.t->n * each > RECORDS_MOST) {
            jtoks_free(&toks);
            return OP_DROP;
        }
        for (; jv_each(list, &pos, NULL, &e); n++) {
            struct trec one = trec_copy(&left);
            trec_set(&one, x->to, value_of(e));
            top_pass(w, o, &one);
        }
    }
    jtoks_free(&toks);
    if (n) return OP_PASSED;
    if (!x->keep_empty) return OP_DROP;
    trec_set(r, x->to, SV("null"));
    if (!sv_eq(x->to, x->field)) trec_remove(r, x->field);
    return OP_NEXT;
}
