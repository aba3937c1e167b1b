/*
 * Rules that one record alone can break. The meaning of each is that of the checks of the e-commerce pipeline that
 * etl replaces (docs: etl-pipeline(5), "checks"); a value of the wrong type is a breach, never a crash.
 */
#include <math.h>

#include "quality/quality_impl.h"

const char *show(struct jval v, struct arena *a) {
    if (!v.t) return "absent";
    struct sv s = jv_raw(v);
    size_t n = s.n;
    if (n > 80) {
        n = 80;
        while (n && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--; /* whole characters */
    }
    return arena_fmt(a, jv_type(v) == JT_STR ? "\"%.*s\"%s" : "%.*s%s", (int)n, s.p, n < s.n ? "..." : "");
}

void add_reason(struct qout *out, struct reason r) {
    if (out->nreasons == out->rcap) {
        out->rcap = out->rcap ? out->rcap * 2 : 64;
        out->reasons = mem_grow(out->reasons, out->rcap * sizeof *out->reasons);
    }
    out->reasons[out->nreasons++] = r;
}

/* The value as text to compare with words: strings by what they mean, other scalars as written. */
static struct sv word_of(struct jval v, struct arena *a) {
    if (jv_type(v) == JT_STR && jv_tok(v)->flags & JF_ESC) {
        size_t n;
        const char *s = jv_str(v, a, &n);
        return (struct sv){s, n};
    }
    return jv_raw(v);
}

bool when_holds(const struct when *w, const struct jval *vals, struct arena *a) {
    for (size_t i = 0; i < w->n; i++) {
        struct jval v = vals[w->c[i].slot];
        if (!v.t || jv_type(v) == JT_ARR || jv_type(v) == JT_OBJ || !strs_has(w->c[i].in, word_of(v, a))) return false;
    }
    return true;
}

struct row {
    const struct quality *q;
    uint32_t index, check;
    struct qout *out;
};

static void breach(struct row *w, const char *field, const char *expected, struct jval found) {
    w->out->failed[w->check]++;
    add_reason(w->out, (struct reason){.rec = w->index,
                                       .check = w->check,
                                       .field = field,
                                       .expected = expected,
                                       .found = show(found, &w->out->a)});
}

static bool is_missing(struct jval v, bool empty_too) {
    if (!v.t || jv_type(v) == JT_NULL) return true;
    if (!empty_too) return false;
    switch (jv_type(v)) {
    case JT_FALSE:
        return true;
    case JT_STR:
        return jv_tok(v)->len == 0;
    case JT_NUM:
        return jv_num(v) == 0;
    case JT_ARR:
    case JT_OBJ:
        return jv_tok(v)->n == 0;
    default:
        return false;
    }
}

static void check_not_null(struct row *w, const struct check *c) {
    const struct jval *vals = w->out->vals;
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!when_holds(&r->when, vals, &w->out->a)) continue;
        for (size_t k = 0; k < r->src->fields.n; k++)
            if (is_missing(vals[r->slots[k]], r->src->empty_is_missing))
                breach(w, r->src->fields.s[k], "!= null", vals[r->slots[k]]);
    }
}

static bool in_range(const struct pl_rule *r, double x) {
    if (!isnan(r->min) && (r->min_open ? !(x > r->min) : !(x >= r->min))) return false;
    if (!isnan(r->max) && (r->max_open ? !(x < r->max) : !(x <= r->max))) return false;
    return true;
}

static void check_range(struct row *w, const struct check *c) {
    const struct jval *vals = w->out->vals;
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!when_holds(&r->when, vals, &w->out->a)) continue;
        struct jval v = vals[r->slot];
        bool ok;
        if (!v.t)
            ok = !r->src->has_absent || (!r->src->in.n && in_range(r->src, r->src->absent));
        else if (r->src->in.n)
            ok = jv_type(v) == JT_STR && strs_has(r->src->in, word_of(v, &w->out->a));
        else
            ok = jv_type(v) == JT_NUM && in_range(r->src, jv_num(v));
        if (!ok) breach(w, r->src->field, r->expected, v);
    }
}

static void check_timestamp(struct row *w, const struct check *c) {
    struct jval v = w->out->vals[c->slot];
    struct stamp st;
    bool ok = v.t && jv_type(v) == JT_STR && stamp_parse(word_of(v, &w->out->a), &st) && st.year >= c->src->min_year &&
              st.year <= c->src->max_year;
    if (!ok) breach(w, c->src->field, c->expected, v);
}

static void check_allowed(struct row *w, const struct check *c) {
    const struct jval *vals = w->out->vals;
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!when_holds(&r->when, vals, &w->out->a)) continue;
        struct jval v = vals[r->slot];
        if (!v.t || jv_type(v) != JT_STR || !strs_has(r->src->in, word_of(v, &w->out->a)))
            breach(w, r->src->field, r->expected, v);
    }
}

/* Sum of the document's fields; absent and null count 0, anything but a number makes it unreadable. */
static bool add_fields(struct jval doc, struct strs names, double sign, double *sum) {
    for (size_t i = 0; i < names.n; i++) {
        struct jval v;
        if (!jv_get(doc, sv_of(names.s[i]), &v) || jv_type(v) == JT_NULL || jv_type(v) == JT_FALSE) continue;
        if (jv_type(v) != JT_NUM) return false;
        *sum += sign * jv_num(v);
    }
    return true;
}

static bool document_sum(const struct pl_check *c, struct jval doc, double *sum) {
    struct jval items, v;
    *sum = 0;
    if (jv_type(doc) != JT_OBJ) return false;
    if (jv_get(doc, sv_of(c->items), &items)) {
        if (jv_type(items) != JT_ARR) return false;
        uint32_t pos = 0;
        for (struct jval item; jv_each(items, &pos, NULL, &item);) {
            double product = 1;
            for (size_t i = 0; i < c->product.n; i++) {
                if (!jv_get(item, sv_of(c->product.s[i]), &v) || jv_type(v) != JT_NUM) return false;
                product *= jv_num(v);
            }
            *sum += product;
        }
    }
    return add_fields(doc, c->minus, -1, sum) && add_fields(doc, c->plus, 1, sum);
}

static void check_balance(struct row *w, const struct check *c) {
    const struct jval *vals = w->out->vals;
    if (!when_holds(&c->when, vals, &w->out->a)) return;
    w->out->total[w->check]++;
    struct jval doc = vals[c->document], total = vals[c->total];
    if (is_missing(doc, true)) return; /* nothing to compare with */
    struct jtoks toks = {0};
    struct jerr je;
    double sum = 0, amount = total.t ? jv_num(total) : 0;
    bool readable = jv_type(doc) == JT_OBJ;
    if (jv_type(doc) == JT_STR) {
        size_t n;
        const char *text = jv_str(doc, &w->out->a, &n);
        readable = json_scan(&toks, text, n, 0, &je);
        if (readable) readable = document_sum(c->src, (struct jval){text, toks.t, 0}, &sum);
    } else if (readable) {
        readable = document_sum(c->src, doc, &sum);
    }
    jtoks_free(&toks);
    if (!readable)
        breach(w, c->src->document, "{...}", doc);
    else if (isnan(amount) || fabs(amount - sum) > c->src->tolerance)
        breach(w, c->src->total, arena_fmt(&w->out->a, "%.15g +- %.15g", sum, c->src->tolerance), total);
}

/* These only say that something below them broke, and the faults below are told as well. */
static bool is_summary(const char *keyword) {
    return strcmp(keyword, "oneOf") == 0 || strcmp(keyword, "anyOf") == 0 || strcmp(keyword, "allOf") == 0;
}

/* The field that a fault is about: for a missing member of the record itself, that member. */
static const char *field_of(const struct schema_fault *f) {
    if (!f->pointer[0] && f->word && strcmp(f->keyword, "required") == 0) return f->word;
    return f->pointer[0] == '/' ? f->pointer + 1 : f->pointer;
}

static void check_schema(struct row *w, struct jval rec) {
    struct schema_run *run = &w->out->run;
    run->max_faults = 0;
    if (schema_validate(w->q->cfg.d->schema, rec, run)) return;
    run->max_faults = 100; /* every reason; a record that breaks more is not read for the rest */
    schema_validate(w->q->cfg.d->schema, rec, run);
    w->out->failed[w->check]++;
    struct arena *a = &w->out->a; /* the faults live only until the next validation */
    for (size_t i = 0; i < run->nfaults; i++) {
        const struct schema_fault *f = &run->faults[i];
        if (run->nfaults > 1 && is_summary(f->keyword)) continue;
        add_reason(w->out, (struct reason){.rec = w->index,
                                           .check = w->check,
                                           .field = arena_str(a, field_of(f)),
                                           .expected = arena_str(a, f->expected),
                                           .found = arena_str(a, f->found),
                                           .keyword = arena_str(a, f->keyword),
                                           .pointer = arena_str(a, f->pointer)});
    }
}

void row_check(const struct quality *q, struct jval rec, uint32_t index, struct qout *out) {
    struct row w = {.q = q, .index = index, .out = out};
    for (uint32_t i = 0; i < q->nchecks; i++) {
        const struct check *c = &q->checks[i];
        size_t before = out->nreasons;
        w.check = i;
        if (c->src->kind != CHECK_BALANCE && c->src->kind != CHECK_SEQUENCE && c->src->kind != CHECK_ROW_COUNT)
            out->total[i]++;
        switch (c->src->kind) {
        case CHECK_SCHEMA:
            check_schema(&w, rec);
            break;
        case CHECK_NOT_NULL:
            check_not_null(&w, c);
            break;
        case CHECK_RANGE:
            check_range(&w, c);
            break;
        case CHECK_TIMESTAMP:
            check_timestamp(&w, c);
            break;
        case CHECK_BALANCE:
            check_balance(&w, c);
            break;
        case CHECK_CONSISTENCY:
            check_allowed(&w, c);
            break;
        default:
            break;
        }
        if (out->nreasons > before && c->src->reject) out->bad[index] = true;
    }
}
