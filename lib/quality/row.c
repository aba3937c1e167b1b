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

struct word escaped_word(struct jval v, struct arena *a) {
    size_t n;
    const char *s = jv_str(v, a, &n);
    return word_of(s, n);
}

static bool is_scalar(struct jval v) {
    return v.t && jv_type(v) != JT_ARR && jv_type(v) != JT_OBJ;
}

bool list_has(const struct oneof *x, const struct qout *o) {
    struct jval v = value_at(o, x->slot);
    if (!is_scalar(v)) return false;
    struct arena a = {0};
    struct word w = value_word(v, &a);
    bool has = words_have(&x->in, &w);
    arena_free(&a);
    return has;
}

/* Which of the words that rules know each field holds. */
static uint64_t bits_of(const struct wordset *set, struct qout *o) {
    const struct jtok *t = token_at(o, set->slot);
    if (!t || t->type == JT_ARR || t->type == JT_OBJ) return 0;
    struct word x = value_word((struct jval){o->rec.text, o->rec.t, o->at[set->slot]}, &o->a);
    const struct word *w = set->words.w;
    for (size_t k = 0; k < set->words.n; k++)
        if (w[k].a == x.a && word_eq(&w[k], &x)) return (uint64_t)1 << k;
    return 0;
}

static void find_bits(const struct quality *q, struct qout *o) {
    o->bits[0] = 1;
    for (size_t i = 1; i < q->nsets; i++) o->bits[i] = bits_of(&q->sets[i], o);
}

struct row {
    const struct quality *q;
    uint32_t index, check;
    struct qout *out;
};

/* jv_num, without strtod for decimals of up to 15 digits: both parts are exact, so their quotient is the nearest
 * double (Clinger, "How to Read Floating Point Numbers Accurately"). */
static double number_of(struct jval v) {
    static const double tens[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    struct sv s = jv_raw(v);
    if (jv_tok(v)->flags & JF_INT || s.n > 16) return jv_num(v);
    int64_t x = 0;
    size_t i = s.p[0] == '-', point = s.n;
    for (; i < s.n; i++) {
        if (s.p[i] == '.')
            point = i + 1;
        else if ((unsigned)(s.p[i] - '0') > 9)
            return jv_num(v); /* an exponent */
        else
            x = x * 10 + (s.p[i] - '0');
    }
    double d = (double)x / tens[s.n - point];
    return s.p[0] == '-' ? -d : d;
}

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
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!holds(&r->when, w->out)) continue;
        for (size_t k = 0; k < r->nslots; k++) {
            const struct jtok *t = token_at(w->out, r->slots[k]);
            if (t && t->type == JT_STR && t->len) continue; /* most are */
            struct jval v = value_at(w->out, r->slots[k]);
            if (is_missing(v, r->src->empty_is_missing)) breach(w, r->src->fields.s[k], "!= null", v);
        }
    }
}

static bool in_range(const struct pl_rule *r, double x) {
    if (!isnan(r->min) && (r->min_open ? !(x > r->min) : !(x >= r->min))) return false;
    if (!isnan(r->max) && (r->max_open ? !(x < r->max) : !(x <= r->max))) return false;
    return true;
}

static void check_range(struct row *w, const struct check *c) {
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!holds(&r->when, w->out)) continue;
        struct jval v = value_at(w->out, r->slot);
        bool ok;
        if (!v.t)
            ok = !r->src->has_absent || (!r->in.in.n && in_range(r->src, r->src->absent));
        else if (r->in.in.n)
            ok = jv_type(v) == JT_STR && is_one_of(&r->in, w->out);
        else
            ok = jv_type(v) == JT_NUM && in_range(r->src, number_of(v));
        if (!ok) breach(w, r->src->field, r->expected, v);
    }
}

static void check_timestamp(struct row *w, const struct check *c) {
    struct jval v = value_at(w->out, c->slot);
    const struct pl_check *src = c->src;
    struct stamp st;
    if (v.t && jv_type(v) == JT_STR) {
        struct word s = value_word(v, &w->out->a);
        const struct stamp_fields *f = stamp_of(w->out, c->slot, &s);
        if (s.n == 19 && f && f->hour < 24 && f->minute < 60 && f->second < 60 && f->month && f->month <= 12 &&
            f->day && f->day <= 28 && (int)f->year >= src->min_year && (int)f->year <= src->max_year)
            return; /* any month has these days */
        if (stamp_parse((struct sv){s.p, s.n}, &st) && st.year >= src->min_year && st.year <= src->max_year) return;
    }
    breach(w, src->field, c->expected, v);
}

static void check_allowed(struct row *w, const struct check *c) {
    for (size_t i = 0; i < c->nrules; i++) {
        const struct rule *r = &c->rules[i];
        if (!holds(&r->when, w->out)) continue;
        const struct jtok *t = token_at(w->out, r->slot);
        if (!t || t->type != JT_STR || !is_one_of(&r->in, w->out))
            breach(w, r->src->field, r->expected, value_at(w->out, r->slot));
    }
}

static bool member(struct jval doc, const struct word *name, struct jval *v) {
    return jv_get(doc, (struct sv){name->p, name->n}, v);
}

/* Sum of the document's fields; absent and null count 0, anything but a number makes it unreadable. */
static bool add_fields(struct jval doc, struct words names, double sign, double *sum) {
    for (size_t i = 0; i < names.n; i++) {
        struct jval v;
        if (!member(doc, &names.w[i], &v) || jv_type(v) == JT_NULL || jv_type(v) == JT_FALSE) continue;
        if (jv_type(v) != JT_NUM) return false;
        *sum += sign * number_of(v);
    }
    return true;
}

static bool document_sum(const struct check *c, struct jval doc, double *sum) {
    struct jval items, v;
    *sum = 0;
    if (jv_type(doc) != JT_OBJ) return false;
    if (jv_get(doc, sv_of(c->src->items), &items)) {
        if (jv_type(items) != JT_ARR) return false;
        uint32_t pos = 0;
        for (struct jval item; jv_each(items, &pos, NULL, &item);) {
            double product = 1;
            for (size_t i = 0; i < c->product.n; i++) {
                if (!member(item, &c->product.w[i], &v) || jv_type(v) != JT_NUM) return false;
                product *= number_of(v);
            }
            *sum += product;
        }
    }
    return add_fields(doc, c->minus, -1, sum) && add_fields(doc, c->plus, 1, sum);
}

static void check_balance(struct row *w, const struct check *c) {
    if (!holds(&c->when, w->out)) return;
    w->out->total[w->check]++;
    struct jval doc = value_at(w->out, c->document), total = value_at(w->out, c->total);
    if (is_missing(doc, true)) return; /* nothing to compare with */
    struct jtoks *toks = &w->out->toks;
    struct jerr je;
    double sum = 0, amount = !total.t ? 0 : jv_type(total) == JT_NUM ? number_of(total) : NAN;
    bool readable = jv_type(doc) == JT_OBJ;
    if (jv_type(doc) == JT_STR) {
        struct word text = value_word(doc, &w->out->a);
        toks->n = 0;
        readable = json_scan(toks, text.p, text.n, 0, &je);
        if (readable) readable = document_sum(c, (struct jval){text.p, toks->t, 0}, &sum);
    } else if (readable) {
        readable = document_sum(c, doc, &sum);
    }
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

static void check_row(struct row *w, const struct check *c, struct jval rec) {
    switch (c->kind) {
    case CHECK_SCHEMA:
        check_schema(w, rec);
        break;
    case CHECK_NOT_NULL:
        check_not_null(w, c);
        break;
    case CHECK_RANGE:
        check_range(w, c);
        break;
    case CHECK_TIMESTAMP:
        check_timestamp(w, c);
        break;
    case CHECK_BALANCE:
        check_balance(w, c);
        break;
    case CHECK_CONSISTENCY:
        check_allowed(w, c);
        break;
    default:
        break;
    }
}

void row_check(const struct quality *q, struct jval rec, uint32_t index, struct qout *out) {
    struct row w = {.q = q, .index = index, .out = out};
    size_t before = out->nreasons;
    out->stamp.token = 0;
    find_bits(q, out);
    for (size_t i = 0; i < q->nrowchecks; i++) {
        w.check = q->rowchecks[i];
        const struct check *c = &q->checks[w.check];
        check_row(&w, c, rec);
        if (out->nreasons == before) continue;
        before = out->nreasons;
        if (c->src->reject) out->bad[index] = true;
    }
}
