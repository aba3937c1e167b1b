/* See schema_build.h: from the value of a keyword to the argument of its op. */
#include "json/schema_build.h"

#define SMALL_DIGITS 18 /* of an integer that surely fits int64_t */

static void *alloc(struct making *m, size_t n) {
    return arena_alloc(&m->b->s->a, n);
}

static struct list *new_list(struct making *m, uint32_t n) {
    struct list *l = alloc(m, sizeof *l);
    l->of = alloc(m, n * sizeof *l->of);
    return l;
}

static uint32_t child(struct making *m, struct jval v) {
    return schema_build_node(m->b, m->doc, v.i);
}

bool schema_make_type(struct making *m, struct op *op, struct jval v) {
    (void)m;
    uint32_t allowed = 0, pos = 0;
    if (jv_type(v) == JT_STR) allowed = schema_type_bit(jv_raw(v));
    for (struct jval e; jv_each(v, &pos, NULL, &e);) allowed |= schema_type_bit(jv_raw(e));
    op->on = (uint8_t)(T_ANY & ~allowed);
    return true;
}

static void add_value(struct making *m, struct values *set, struct jval v) {
    if (jv_type(v) == JT_STR) {
        size_t n;
        char *text = jv_str(v, &m->b->s->a, &n);
        schema_set_add(&set->strings, &m->b->s->a, (struct sv){text, n}, 1);
    } else {
        set->other[set->nother++] = v.i;
    }
}

bool schema_make_const(struct making *m, struct op *op, struct jval v) {
    op->values = alloc(m, sizeof *op->values);
    op->values->other = alloc(m, sizeof *op->values->other);
    add_value(m, op->values, v);
    return true;
}

bool schema_make_enum(struct making *m, struct op *op, struct jval v) {
    op->values = alloc(m, sizeof *op->values);
    op->values->other = alloc(m, jv_tok(v)->n * sizeof *op->values->other);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) add_value(m, op->values, e);
    return true;
}

/* True when the number is written as an integer of at most 18 digits. */
static bool small_int(struct jval v, int64_t *x) {
    return jv_tok(v)->flags & JF_INT && jv_tok(v)->len <= SMALL_DIGITS && jv_int(v, x);
}

bool schema_make_multiple(struct making *m, struct op *op, struct jval v) {
    struct number x;
    struct multiple *a = op->multiple = alloc(m, sizeof *a);
    number_parse(&x, jv_raw(v).p, jv_raw(v).n);
    if (!number_divisor_init(&a->d, &x, &m->b->s->a)) {
        schema_build_complain(m->b, m->doc, v, "\"multipleOf\" has more than %d digits", DIVISOR_DIGITS);
        return false;
    }
    if (!small_int(v, &a->i)) a->i = 0;
    return true;
}

bool schema_make_limit(struct making *m, struct op *op, struct jval v) {
    struct limit *l = op->limit = alloc(m, sizeof *l);
    number_parse(&l->x, jv_raw(v).p, jv_raw(v).n);
    l->small = small_int(v, &l->i);
    return true;
}

bool schema_make_count(struct making *m, struct op *op, struct jval v) {
    (void)m;
    int64_t n;
    op->n = jv_int(v, &n) ? (uint64_t)n : UINT64_MAX; /* the shape is checked: only too large remains */
    return true;
}

static const struct pattern *new_pattern(struct making *m, struct jval v) {
    struct schema *s = m->b->s;
    char why[PATTERN_WHY];
    size_t n;
    char *text = jv_str(v, &m->b->tmp, &n);
    struct pattern *p = pattern_new(text, n, why);
    if (!p) {
        schema_build_complain(m->b, m->doc, v, "the pattern %.80s cannot be used: %s", text, why);
        return NULL;
    }
    if (s->npatterns % 16 == 0) s->patterns = mem_grow(s->patterns, (s->npatterns + 16) * sizeof *s->patterns);
    s->patterns[s->npatterns++] = p;
    return p;
}

bool schema_make_pattern(struct making *m, struct op *op, struct jval v) {
    op->pattern = new_pattern(m, v);
    return op->pattern;
}

bool schema_make_format(struct making *m, struct op *op, struct jval v) {
    if (!(m->b->s->flags & SCHEMA_ASSERT_FORMAT)) return false;
    op->format = format_find(jv_raw(v));
    return op->format;
}

bool schema_make_encoding(struct making *m, struct op *op, struct jval v) {
    (void)op;
    return m->b->s->flags & SCHEMA_ASSERT_FORMAT && sv_is(jv_raw(v), "base64");
}

bool schema_make_media(struct making *m, struct op *op, struct jval v) {
    struct jval encoding;
    if (!(m->b->s->flags & SCHEMA_ASSERT_FORMAT) || !sv_is(jv_raw(v), "application/json")) return false;
    op->decode = jv_get(m->schema, SV("contentEncoding"), &encoding) && jv_type(encoding) == JT_STR;
    return !op->decode || sv_is(jv_raw(encoding), "base64"); /* of an encoding we cannot read, nothing is known */
}

bool schema_make_schema(struct making *m, struct op *op, struct jval v) {
    op->node = child(m, v);
    return true;
}

/* Compiled for its mistakes and for those who point at it; the op is the neighbour's. */
bool schema_make_part(struct making *m, struct op *op, struct jval v) {
    (void)op;
    child(m, v);
    return false;
}

bool schema_make_map(struct making *m, struct op *op, struct jval v) {
    (void)op;
    uint32_t pos = 0;
    for (struct jval key, e; jv_each(v, &pos, &key, &e);) child(m, e);
    return false;
}

static struct list *schema_list(struct making *m, struct jval v) {
    struct list *l = new_list(m, jv_tok(v)->n);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) l->of[l->n++] = child(m, e);
    return l;
}

bool schema_make_all(struct making *m, struct op *op, struct jval v) {
    op->list = schema_list(m, v);
    return true;
}

bool schema_make_branches(struct making *m, struct op *op, struct jval v) {
    op->branches = alloc(m, sizeof *op->branches);
    op->branches->list = *schema_list(m, v);
    return true;
}

bool schema_make_prefix_items(struct making *m, struct op *op, struct jval v) {
    op->list = schema_list(m, v);
    return op->list->n > 0;
}

bool schema_make_items(struct making *m, struct op *op, struct jval v) {
    struct jval prefix;
    if (jv_type(v) != JT_ARR && m->b->s->docs[m->doc]->modern > 1 && jv_get(m->schema, SV("prefixItems"), &prefix)) {
        op->code = OP_MOREITEMS; /* since 2020-12 "items" is what "additionalItems" was */
        op->more.node = child(m, v);
        op->more.from = jv_tok(prefix)->n;
        return true;
    }
    if (jv_type(v) != JT_ARR) return schema_make_schema(m, op, v);
    op->code = OP_TUPLE;
    op->list = schema_list(m, v);
    return op->list->n > 0;
}

bool schema_make_more_items(struct making *m, struct op *op, struct jval v) {
    struct jval items;
    op->more.node = child(m, v);
    if (!jv_get(m->schema, SV("items"), &items) || jv_type(items) != JT_ARR) return false;
    op->more.from = jv_tok(items)->n;
    return true;
}

bool schema_make_unique(struct making *m, struct op *op, struct jval v) {
    (void)m;
    (void)op;
    return jv_type(v) == JT_TRUE;
}

static struct list *gid_list(struct making *m, struct jval v) {
    struct list *l = new_list(m, jv_tok(v)->n);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) l->of[l->n++] = schema_build_gid(m->b, e);
    return l;
}

bool schema_make_required(struct making *m, struct op *op, struct jval v) {
    op->list = gid_list(m, v);
    return op->list->n > 0;
}

bool schema_make_props(struct making *m, struct op *op, struct jval v) {
    struct props *p = op->props = alloc(m, sizeof *p);
    p->of = alloc(m, jv_tok(v)->n * sizeof *p->of);
    struct strset seen = {0};
    uint32_t pos = 0;
    for (struct jval key, e; jv_each(v, &pos, &key, &e);) {
        struct prop x = {.gid = schema_build_gid(m->b, key), .node = child(m, e)};
        uint32_t at = schema_set_find(&seen, m->b->s->name[x.gid]);
        if (at != NONE) {
            p->of[at] = x; /* a property declared twice: the last one counts */
            continue;
        }
        schema_set_add(&seen, &m->b->tmp, m->b->s->name[x.gid], p->n);
        p->of[p->n++] = x;
    }
    return true;
}

bool schema_make_patprops(struct making *m, struct op *op, struct jval v) {
    struct patprops *p = op->patprops = alloc(m, sizeof *p);
    p->of = alloc(m, jv_tok(v)->n * sizeof *p->of);
    uint32_t pos = 0;
    for (struct jval key, e; jv_each(v, &pos, &key, &e);) {
        struct patprop x = {new_pattern(m, key), child(m, e)};
        if (x.pattern) p->of[p->n++] = x;
    }
    return p->n > 0;
}

bool schema_make_more_props(struct making *m, struct op *op, struct jval v) {
    op->moreprops = alloc(m, sizeof *op->moreprops);
    op->moreprops->node = child(m, v);
    op->moreprops->closed = jv_type(v) == JT_FALSE;
    return true; /* what its neighbours declare is added in schema_link.c */
}

static bool make_dependency(struct making *m, struct dep *d, struct jval key, struct jval v) {
    d->gid = schema_build_gid(m->b, key);
    d->node = NONE;
    if (schema_is_schema(v)) {
        d->node = child(m, v);
        return true;
    }
    uint32_t pos = 0;
    bool ok = jv_type(v) == JT_ARR;
    for (struct jval e; ok && jv_each(v, &pos, NULL, &e);) ok = jv_type(e) == JT_STR;
    if (ok)
        d->needs = *gid_list(m, v);
    else
        schema_build_complain(m->b, m->doc, v, "a dependency must be a schema or an array of property names");
    return ok;
}

bool schema_make_deps(struct making *m, struct op *op, struct jval v) {
    struct deps *d = op->deps = alloc(m, sizeof *d);
    d->of = alloc(m, jv_tok(v)->n * sizeof *d->of);
    uint32_t pos = 0;
    for (struct jval key, e; jv_each(v, &pos, &key, &e);)
        if (make_dependency(m, &d->of[d->n], key, e)) d->n++;
    return d->n > 0;
}

static uint32_t part(struct making *m, struct sv name) {
    struct jval v;
    return jv_get(m->schema, name, &v) && schema_is_schema(v) ? child(m, v) : NONE;
}

bool schema_make_if(struct making *m, struct op *op, struct jval v) {
    struct condition *c = op->condition = alloc(m, sizeof *c);
    c->test = child(m, v);
    c->then = part(m, SV("then"));
    c->other = part(m, SV("else"));
    return c->then != NONE || c->other != NONE;
}
