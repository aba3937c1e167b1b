/* Compiling a dataset's checks: names become slots, event names bits, and the expectations get their text once. */
#include <math.h>

#include "quality/quality_impl.h"

static uint32_t hash_name(struct sv s) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h ^ h >> 15;
}

uint32_t fields_slot(struct fields *f, const char *name) {
    if (!name) return NO_SLOT;
    for (uint32_t i = 0; i < f->n; i++)
        if (strcmp(f->name[i], name) == 0) return i;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 32;
        f->name = mem_grow(f->name, f->cap * sizeof *f->name);
    }
    f->name[f->n] = name;
    return f->n++;
}

void fields_index(struct fields *f) {
    uint32_t size = 16;
    while (size < f->n * 4) size *= 2;
    f->mask = size - 1;
    f->table = mem_alloc(size * sizeof *f->table);
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t k = hash_name(sv_of(f->name[i])) & f->mask;
        while (f->table[k]) k = (k + 1) & f->mask;
        f->table[k] = (uint16_t)(i + 1);
    }
}

void fields_find(const struct fields *f, struct jval rec, struct jval *vals, struct arena *a) {
    memset(vals, 0, (f->n + 1) * sizeof *vals);
    uint32_t pos = 0;
    for (struct jval key, val; jv_each(rec, &pos, &key, &val);) {
        struct sv name = jv_raw(key);
        if (jv_tok(key)->flags & JF_ESC) {
            size_t n;
            name.p = jv_str(key, a, &n);
            name.n = n;
        }
        for (uint32_t k = hash_name(name) & f->mask; f->table[k]; k = (k + 1) & f->mask) {
            uint32_t slot = f->table[k] - 1u;
            if (sv_is(name, f->name[slot])) {
                vals[slot] = val;
                break;
            }
        }
    }
}

static struct when plan_when(struct quality *q, const struct pl_when *src) {
    struct when w = {.n = src->n};
    w.c = arena_alloc(&q->a, src->n * sizeof *w.c);
    for (size_t i = 0; i < src->n; i++) {
        w.c[i].slot = fields_slot(&q->fields, src->c[i].field);
        w.c[i].in = src->c[i].in;
    }
    return w;
}

static const char *joined(struct arena *a, struct strs l, const char *between) {
    struct buf b = {0};
    for (size_t i = 0; i < l.n; i++) buf_fmt(&b, "%s%s", i ? between : "", l.s[i]);
    const char *s = arena_strn(a, buf_text(&b), b.n);
    buf_free(&b);
    return s;
}

static const char *range_text(struct arena *a, const struct pl_rule *r) {
    if (r->in.n) return joined(a, r->in, " | ");
    if (isnan(r->max)) return arena_fmt(a, "%s %.15g", r->min_open ? ">" : ">=", r->min);
    if (isnan(r->min)) return arena_fmt(a, "%s %.15g", r->max_open ? "<" : "<=", r->max);
    return arena_fmt(a, "%s %.15g, %s %.15g", r->min_open ? ">" : ">=", r->min, r->max_open ? "<" : "<=", r->max);
}

static uint64_t event_bit(struct arena *a, struct check *c, const char *name) {
    for (size_t i = 0; i < c->events.n; i++)
        if (strcmp(c->events.s[i], name) == 0) return (uint64_t)1 << i;
    if (c->events.n == 64) return 0;
    const char **grown = arena_alloc(a, (c->events.n + 1) * sizeof *grown);
    if (c->events.n) memcpy(grown, c->events.s, c->events.n * sizeof *grown);
    grown[c->events.n] = name;
    c->events.s = grown;
    return (uint64_t)1 << c->events.n++;
}

static void plan_rule(struct quality *q, struct check *c, struct rule *r, const struct pl_rule *src) {
    r->src = src;
    r->when = plan_when(q, &src->when);
    r->slot = fields_slot(&q->fields, src->field);
    r->slots = arena_alloc(&q->a, (src->fields.n + 1) * sizeof *r->slots);
    for (size_t i = 0; i < src->fields.n; i++) r->slots[i] = fields_slot(&q->fields, src->fields.s[i]);
    if (c->src->kind == CHECK_RANGE || c->src->kind == CHECK_CONSISTENCY) r->expected = range_text(&q->a, src);
    if (c->src->kind != CHECK_SEQUENCE) return;
    r->has = src->has ? event_bit(&q->a, c, src->has) : 0;
    r->first = src->first ? event_bit(&q->a, c, src->first) : 0;
    for (size_t i = 0; i < src->others.n; i++) r->others |= event_bit(&q->a, c, src->others.s[i]);
    r->expected = arena_fmt(&q->a, "%s -> %s", joined(&q->a, src->others, " | "), src->has ? src->has : src->first);
}

static void plan_check(struct quality *q, struct check *c, const struct pl_check *src, size_t memory) {
    struct fields *f = &q->fields;
    c->src = src;
    c->slot = fields_slot(f, src->field);
    c->group = fields_slot(f, src->group);
    c->order = fields_slot(f, src->order);
    c->event = fields_slot(f, src->event);
    c->constant = fields_slot(f, src->constant);
    c->total = fields_slot(f, src->total);
    c->document = fields_slot(f, src->document);
    c->when = plan_when(q, &src->when);
    c->nrules = src->nrules;
    c->rules = arena_alloc(&q->a, (src->nrules + 1) * sizeof *c->rules);
    for (size_t i = 0; i < src->nrules; i++) plan_rule(q, c, &c->rules[i], &src->rules[i]);
    if (src->kind == CHECK_TIMESTAMP) c->expected = arena_fmt(&q->a, "%d..%d", src->min_year, src->max_year);
    size_t key = 0;
    if (src->kind == CHECK_UNIQUE) {
        c->entry = sizeof(struct unique_entry);
        key = KEY_SIZE + 8;
    } else if (src->kind == CHECK_SEQUENCE) {
        c->entry = sizeof(struct sequence_entry);
        key = KEY_SIZE + ORDER_SIZE + 8;
    } else if (src->kind == CHECK_CONSISTENCY && src->constant) {
        c->entry = sizeof(struct constant_entry);
        key = KEY_SIZE + 8;
    }
    if (c->entry) c->sorter = sorter_new(c->entry, key, memory, q->cfg.tmpdir);
}

void plan_checks(struct quality *q) {
    const struct pl_dataset *d = q->cfg.d;
    struct pl_check *parse = arena_alloc(&q->a, sizeof *parse);
    *parse = (struct pl_check){.kind = CHECK_PARSE,
                               .name = "parse",
                               .type = "parse_check",
                               .min_pass_rate = d->min_pass_rate,
                               .gate = true,
                               .reject = true};
    size_t sorting = 1;
    q->parse_check = UINT32_MAX;
    for (size_t i = 0; i < d->nchecks; i++) {
        enum check_kind k = d->checks[i].kind;
        if (k == CHECK_SCHEMA && q->parse_check == UINT32_MAX) q->parse_check = (uint32_t)i;
        if (k == CHECK_UNIQUE || k == CHECK_SEQUENCE || k == CHECK_CONSISTENCY) sorting++;
    }
    q->nchecks = d->nchecks + (q->parse_check == UINT32_MAX);
    q->checks = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->checks);
    q->results = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->results);
    for (size_t i = 0; i < d->nchecks; i++) plan_check(q, &q->checks[i], &d->checks[i], q->cfg.memory / sorting);
    if (q->parse_check == UINT32_MAX) {
        q->parse_check = (uint32_t)d->nchecks;
        plan_check(q, &q->checks[d->nchecks], parse, 0);
    }
    for (size_t i = 0; i < q->nchecks; i++) q->results[i].c = q->checks[i].src;
    fields_index(&q->fields);
}
