/*
 * group: one record per group of equal values in the fields "by", with what was asked for of the others.
 *
 * Records come sorted by group, so each group is a few figures while it passes, however large it is. For the most
 * frequent value they also come sorted by preference and value inside the group: equal values are one run, and the
 * longest run of the best preference wins, the smaller value of two equally long ones. Nothing depends on the order of
 * the input: sums are exact (profile/exact.h).
 *
 * An entry: key = values of "by", then, with "frequent", preference and value; load = length of the first part, then
 * the values that are needed, each as length and JSON text (length 0: absent).
 */
#include "profile/exact.h"
#include "transform/op.h"

enum agg_kind { AGG_MIN, AGG_MAX, AGG_SUM, AGG_MEAN, AGG_COUNT, AGG_FREQUENT, AGG_KINDS };
static const char *const agg_names[AGG_KINDS] = {"min", "max", "sum", "mean", "count", "frequent"};

struct agg {
    enum agg_kind kind;
    struct sv target, source; /* source "*": count records */
};
struct group {
    struct svs by;
    struct agg *aggs;
    size_t n;
    const struct agg *frequent; /* NULL none */
    struct sv prefer;           /* field */
    struct svs order;           /* its values, best first */
};

static void read_agg(struct op_parse *c, struct group *g, struct jval key, struct jval v) {
    struct agg *x = &g->aggs[g->n];
    x->target = sv_of(jv_str(key, c->a, NULL));
    for (int k = 0; k < AGG_KINDS; k++) {
        const char *s = get_str(c->a, v, agg_names[k], NULL);
        if (!s) continue;
        x->kind = (enum agg_kind)k;
        x->source = sv_of(s);
        if (k == AGG_FREQUENT && g->frequent)
            mistake_at(c->m, offset_of(v), "only one field of a group can be the most frequent value; use two steps");
        if (k == AGG_FREQUENT) g->frequent = x;
        g->n++;
        return;
    }
}

const void *parse_group(struct op_parse *c) {
    struct group *g = arena_alloc(c->a, sizeof *g);
    struct jval v, k, e;
    g->by = get_svs(c, "by");
    if (get_val(c->v, "fields", &v) && jv_type(v) == JT_OBJ) {
        g->aggs = arena_alloc(c->a, (jv_tok(v)->n + 1) * sizeof *g->aggs);
        for (uint32_t pos = 0; jv_each(v, &pos, &k, &e);) read_agg(c, g, k, e);
    }
    if (get_val(c->v, "prefer", &v)) {
        struct op_parse inner = *c;
        inner.v = v;
        g->prefer = sv_of(get_str(c->a, v, "field", ""));
        g->order = get_svs(&inner, "order");
        if (!g->frequent) mistake_at(c->m, offset_of(v), "\"prefer\" decides between frequent values; there is none");
    }
    return g;
}

/* ---- packing ---- */

static void put_value(struct buf *load, const struct tmember *m) {
    uint32_t n = m && !value_is_null(m->value) ? (uint32_t)m->value.n : 0;
    buf_add(load, &n, sizeof n);
    if (n) buf_add(load, m->value.p, n);
}

/* 0 best; values that are not listed come after those that are, records without a value last. */
static uint8_t preference(const struct group *g, const struct trec *r, const struct tmember *value) {
    if (!value || value_is_null(value->value)) return 255;
    struct sv s = trec_text(r, g->prefer);
    size_t i = 0;
    while (i < g->order.n && !sv_eq(g->order.s[i], s)) i++;
    return (uint8_t)(i < 254 ? i : 254);
}

void pack_group(struct tworker *w, const void *args, struct trec *r, struct buf *key, struct buf *load) {
    const struct group *g = args;
    (void)w;
    for (size_t i = 0; i < g->by.n; i++) {
        const struct tmember *m = trec_find(r, g->by.s[i]);
        key_add(key, m ? m->value : SV(""));
    }
    uint32_t n = (uint32_t)key->n;
    buf_add(load, &n, sizeof n);
    if (g->frequent) {
        const struct tmember *m = trec_find(r, g->frequent->source);
        buf_chr(key, (char)preference(g, r, m));
        key_add(key, m ? m->value : SV(""));
    }
    for (size_t i = 0; i < g->by.n; i++) put_value(load, trec_find(r, g->by.s[i]));
    for (size_t i = 0; i < g->n; i++)
        if (g->aggs[i].kind != AGG_COUNT || !sv_is(g->aggs[i].source, "*"))
            put_value(load, trec_find(r, g->aggs[i].source));
}

/* ---- unpacking ---- */

struct figure {
    uint64_t n;
    struct buf value, key; /* min, max, frequent: the value so far and its sort key */
    struct exact sum;
};
struct passing { /* the group that passes by */
    struct buf key, by, other;
    struct figure *f;
    bool begun;
    uint8_t best;            /* preference of the first record */
    struct buf run, run_key; /* the run of equal values under way */
    uint64_t run_n, most;
};

static struct sv take_value(const char **p) {
    uint32_t n;
    memcpy(&n, *p, sizeof n);
    struct sv s = {*p + sizeof n, n};
    *p += sizeof n + n;
    return s;
}

static void buf_is(struct buf *b, struct sv s) {
    b->n = 0;
    buf_sv(b, s);
}

static int compare(struct sv a, struct sv b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* Of values that compare equal (1 and 1.0) the one whose text is smaller, so that order does not matter. */
static void least_most(struct figure *f, struct buf *key, enum agg_kind kind, struct sv v) {
    key->n = 0;
    key_add(key, v);
    int c = f->n ? compare((struct sv){key->p, key->n}, (struct sv){f->key.p, f->key.n}) : 0;
    bool better =
        !f->n || (kind == AGG_MIN ? c < 0 : c > 0) || (c == 0 && compare(v, (struct sv){f->value.p, f->value.n}) < 0);
    f->n++;
    if (!better) return;
    buf_is(&f->value, v);
    buf_is(&f->key, (struct sv){key->p, key->n});
}

static void end_run(struct passing *g, struct figure *f) {
    if (g->run_n > g->most) {
        g->most = g->run_n;
        buf_is(&f->value, (struct sv){g->run.p, g->run.n});
        f->n = g->run_n;
    }
    g->run_n = 0;
}

static void frequent(struct passing *g, struct figure *f, struct sv key, struct sv v) {
    if ((uint8_t)key.p[0] != g->best || !v.n) return;
    if (!g->run_n || !sv_eq(key, (struct sv){g->run_key.p, g->run_key.n})) {
        end_run(g, f);
        buf_is(&g->run, v);
        buf_is(&g->run_key, key);
    }
    g->run_n++;
}

static void add_figure(struct passing *g, const struct agg *a, struct figure *f, struct sv v) {
    double x;
    if (!v.n) return;
    if (a->kind == AGG_MIN || a->kind == AGG_MAX) {
        least_most(f, &g->other, a->kind, v);
    } else if (a->kind == AGG_COUNT) {
        f->n++;
    } else if (value_number(v, &x)) {
        f->n++;
        exact_add(&f->sum, x, 1);
    }
}

static void add_entry(const struct group *a, struct passing *g, const struct run_entry *x, uint32_t prefix,
                      const char *p) {
    struct sv rest = {x->key.p + prefix, x->key.n - prefix};
    if (!g->begun) {
        const char *from = p;
        buf_is(&g->key, (struct sv){x->key.p, prefix});
        for (size_t i = 0; i < a->by.n; i++) take_value(&p);
        buf_is(&g->by, (struct sv){from, (size_t)(p - from)});
        if (rest.n) g->best = (uint8_t)rest.p[0];
        g->begun = true;
    } else {
        for (size_t i = 0; i < a->by.n; i++) take_value(&p);
    }
    for (size_t i = 0; i < a->n; i++) {
        const struct agg *k = &a->aggs[i];
        if (k->kind == AGG_COUNT && sv_is(k->source, "*")) {
            g->f[i].n++;
            continue;
        }
        struct sv v = take_value(&p);
        if (k->kind == AGG_FREQUENT)
            frequent(g, &g->f[i], rest, v);
        else
            add_figure(g, k, &g->f[i], v);
    }
}

static void put_figure(struct buf *out, const struct agg *a, struct figure *f) {
    struct arena room = {0};
    if (a->kind == AGG_COUNT)
        buf_fmt(out, "%llu", (unsigned long long)f->n);
    else if (!f->n)
        buf_str(out, a->kind == AGG_SUM ? "0" : "null");
    else if (a->kind == AGG_SUM || a->kind == AGG_MEAN)
        buf_sv(out, value_of_double(exact_mean(&f->sum, a->kind == AGG_SUM ? 1 : f->n), &room));
    else
        buf_add(out, f->value.p, f->value.n);
    arena_free(&room);
}

static void put_name(struct buf *out, struct sv name) {
    if (out->n > 1) buf_chr(out, ',');
    json_quote(out, name);
    buf_chr(out, ':');
}

static int end_group(struct stream *s, const struct group *a, struct passing *g, struct buf *out, struct err *e) {
    if (!g->begun) return ERR_OK;
    const char *p = g->by.p;
    out->n = 0;
    buf_chr(out, '{');
    for (size_t i = 0; i < a->by.n; i++) {
        struct sv v = take_value(&p);
        put_name(out, a->by.s[i]);
        buf_sv(out, v.n ? v : SV("null"));
    }
    for (size_t i = 0; i < a->n; i++) {
        if (a->aggs[i].kind == AGG_FREQUENT) end_run(g, &g->f[i]);
        put_name(out, a->aggs[i].target);
        put_figure(out, &a->aggs[i], &g->f[i]);
        g->f[i].n = 0;
        exact_free(&g->f[i].sum);
        g->f[i].sum = (struct exact){0};
    }
    buf_chr(out, '}');
    g->begun = false;
    g->most = 0;
    return stream_emit(s, (struct sv){out->p, out->n}, e);
}

int unpack_group(struct stream *s, const void *args, struct runs *in, struct err *e) {
    const struct group *a = args;
    struct passing g = {.f = mem_alloc((a->n + 1) * sizeof *g.f)};
    struct run_entry x;
    struct buf out = {0};
    int rc = ERR_OK;
    while (rc == ERR_OK && runs_next(in, &x, &rc, e)) {
        uint32_t prefix;
        memcpy(&prefix, x.load.p, sizeof prefix);
        if (g.begun && !sv_eq((struct sv){g.key.p, g.key.n}, (struct sv){x.key.p, prefix}))
            rc = end_group(s, a, &g, &out, e);
        if (rc == ERR_OK) add_entry(a, &g, &x, prefix, x.load.p + sizeof prefix);
    }
    if (rc == ERR_OK) rc = end_group(s, a, &g, &out, e);
    for (size_t i = 0; i < a->n; i++) {
        buf_free(&g.f[i].value);
        buf_free(&g.f[i].key);
        exact_free(&g.f[i].sum);
    }
    free(g.f);
    buf_free(&g.key);
    buf_free(&g.by);
    buf_free(&g.other);
    buf_free(&g.run);
    buf_free(&g.run_key);
    buf_free(&out);
    return rc;
}
