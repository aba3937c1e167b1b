/* Compiling a dataset's checks: names become slots, event names bits, and the expectations get their text once. */
#include <math.h>

#include "quality/quality_impl.h"

static inline uint32_t hash_name(const struct word *w) {
    uint64_t h = (w->a ^ w->n) * 0x9e3779b97f4a7c15u ^ w->b;
    return (uint32_t)((h ^ h >> 29) * 0xbf58476d1ce4e5b9u >> 40);
}

uint32_t fields_slot(struct fields *f, const char *name) {
    if (!name) return NO_SLOT;
    struct word w = word_of(name, strlen(name));
    for (uint32_t i = 0; i < f->n; i++)
        if (word_eq(&f->name[i], &w)) return i;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 32;
        f->name = mem_grow(f->name, f->cap * sizeof *f->name);
    }
    f->name[f->n] = w;
    return f->n++;
}

void fields_index(struct fields *f) {
    uint32_t size = 64;
    while (size < f->n * 8) size *= 2;
    f->mask = size - 1;
    f->table = mem_alloc(size * sizeof *f->table);
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t k = hash_name(&f->name[i]) & f->mask;
        while (f->table[k]) k = (k + 1) & f->mask;
        f->table[k] = (uint16_t)(i + 1);
    }
}

static uint32_t fields_look(const struct fields *f, const struct word *name) {
    for (uint32_t k = hash_name(name) & f->mask; f->table[k]; k = (k + 1) & f->mask)
        if (word_eq(name, &f->name[f->table[k] - 1])) return f->table[k] - 1u;
    return NO_SLOT;
}

static __attribute__((noinline)) void guess_again(const struct fields *f, struct jval rec, const struct jtok *t,
                                                  struct guess *g, struct arena *a) {
    struct word name = value_word((struct jval){rec.text, rec.t, (uint32_t)(t - rec.t)}, a);
    *g = (struct guess){name.a, name.b, (uint32_t)name.n, fields_look(f, &name)};
}

/* a and b are all of a name of up to 16 bytes. Most have 8 or more, and these need no look at their length. */
static inline bool is_guess(const struct guess *g, const char *p, uint32_t n, uint8_t flags) {
    if (g->n != n || flags & JF_ESC) return false;
    if (n >= 8) {
        uint64_t a, b;
        memcpy(&a, p, 8);
        memcpy(&b, p + n - 8, 8);
        return a == g->a && b == g->b && n <= 16;
    }
    struct word w = word_of(p, n);
    return w.a == g->a && w.b == g->b;
}

void fields_find(const struct fields *f, struct jval rec, uint32_t *at, struct guess guess[GUESSES], struct arena *a) {
    if (!f->n) return;
    memset(at, 0, f->n * sizeof *at);
    const struct jtok *end = rec.t + jv_tok(rec)->next;
    struct guess *g = guess;
    for (const struct jtok *t = jv_tok(rec) + 1; t < end; t = rec.t + t[1].next) {
        if (!is_guess(g, rec.text + t->off, t->len, t->flags)) guess_again(f, rec, t, g, a);
        if (g->slot != NO_SLOT) at[g->slot] = (uint32_t)(t - rec.t) + 1;
        if (++g == guess + GUESSES) g = guess;
    }
}

static struct words plan_words(struct quality *q, struct strs l) {
    struct words w = {arena_alloc(&q->a, (l.n + 1) * sizeof *w.w), l.n};
    for (size_t i = 0; i < l.n; i++) w.w[i] = word_of(l.s[i], strlen(l.s[i]));
    return w;
}

/* The bit of a word in its field's set; 0 when the set is full. */
static uint64_t set_bit(struct quality *q, struct wordset *set, const struct word *w) {
    for (size_t i = 0; i < set->words.n; i++)
        if (word_eq(&set->words.w[i], w)) return (uint64_t)1 << i;
    if (set->words.n == SET_WORDS) return 0;
    if (!set->words.n) set->words.w = arena_alloc(&q->a, SET_WORDS * sizeof *set->words.w);
    set->words.w[set->words.n] = *w;
    return (uint64_t)1 << set->words.n++;
}

static struct oneof plan_oneof(struct quality *q, uint32_t slot, struct strs l) {
    struct oneof x = {.slot = slot, .in = plan_words(q, l)};
    uint32_t i = 0;
    if (!l.n) return x;
    while (i < q->nsets && q->sets[i].slot != slot) i++;
    if (i == q->nsets) {
        q->sets = mem_grow(q->sets, (i + 1) * sizeof *q->sets);
        q->sets[q->nsets++] = (struct wordset){.slot = slot};
    }
    x.set = i;
    for (size_t k = 0; k < l.n; k++) {
        uint64_t bit = set_bit(q, &q->sets[i], &x.in.w[k]);
        x.mask |= bit;
        if (!bit) x.set = NO_SLOT;
    }
    return x;
}

/* Set 0 is of no field and always full. */
static struct when plan_when(struct quality *q, const struct pl_when *src) {
    struct when w = {.mask = 1, .c = arena_alloc(&q->a, (src->n + 1) * sizeof *w.c)};
    for (size_t i = 0; i < src->n; i++) w.c[i] = plan_oneof(q, fields_slot(&q->fields, src->c[i].field), src->c[i].in);
    if (src->n && w.c[0].set != NO_SLOT) {
        w.set = w.c[0].set;
        w.mask = w.c[0].mask;
    }
    w.n = src->n > 1 || (src->n && w.c[0].set == NO_SLOT) ? src->n : 0;
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
    r->in = plan_oneof(q, r->slot, src->in);
    r->nslots = src->fields.n;
    r->slots = arena_alloc(&q->a, (src->fields.n + 1) * sizeof *r->slots);
    for (size_t i = 0; i < src->fields.n; i++) r->slots[i] = fields_slot(&q->fields, src->fields.s[i]);
    if (c->src->kind == CHECK_RANGE || c->src->kind == CHECK_CONSISTENCY) r->expected = range_text(&q->a, src);
    if (c->src->kind != CHECK_SEQUENCE) return;
    r->has = src->has ? event_bit(&q->a, c, src->has) : 0;
    r->first = src->first ? event_bit(&q->a, c, src->first) : 0;
    for (size_t i = 0; i < src->others.n; i++) r->others |= event_bit(&q->a, c, src->others.s[i]);
    if (r->first) c->ordered |= r->first | r->others;
    r->expected = arena_fmt(&q->a, "%s -> %s", joined(&q->a, src->others, " | "), src->has ? src->has : src->first);
}

/* The table of a field's values; a part of its slots for the check. */
static void plan_group(struct quality *q, uint32_t slot, uint32_t check, size_t part) {
    size_t i = 0;
    while (i < q->ngroupings && q->groupings[i].slot != slot) i++;
    if (i == q->ngroupings) {
        q->groupings = mem_grow(q->groupings, (i + 1) * sizeof *q->groupings);
        q->groupings[q->ngroupings++] = (struct grouping){.slot = slot};
    }
    struct grouping *g = &q->groupings[i];
    g->checks = mem_grow(g->checks, (g->n + 1) * sizeof *g->checks);
    g->checks[g->n++] = check;
    q->checks[check].part = g->payload;
    g->payload += part;
}

static size_t sequence_part(struct check *c) {
    size_t n = SEQ_SEEN + (c->events.n + 7) / 8;
    for (size_t k = 0; k < c->nrules; k++) {
        c->rules[k].block = n;
        if (c->rules[k].first) n += SEQ_BLOCK;
    }
    return n;
}

static void plan_keys(struct quality *q, uint32_t i, size_t memory) {
    struct check *c = &q->checks[i];
    size_t entry, key = KEY_SIZE + 8;
    if (c->src->kind == CHECK_UNIQUE) {
        entry = sizeof(struct unique_entry);
        plan_group(q, c->slot, i, 0);
        q->nunique++;
    } else if (c->src->kind == CHECK_SEQUENCE) {
        entry = sizeof(struct sequence_entry);
        key += ORDER_SIZE;
        plan_group(q, c->group, i, sequence_part(c));
    } else if (c->src->kind == CHECK_CONSISTENCY && c->src->constant) {
        entry = sizeof(struct constant_entry);
        plan_group(q, c->group, i, KEY_SIZE);
    } else {
        return;
    }
    c->sorter = sorter_new(entry, key, memory, q->cfg.tmpdir);
}

static void plan_check(struct quality *q, uint32_t i, const struct pl_check *src, size_t memory) {
    struct fields *f = &q->fields;
    struct check *c = &q->checks[i];
    c->src = src;
    c->kind = src->kind;
    c->per_row = src->kind != CHECK_BALANCE && src->kind != CHECK_SEQUENCE && src->kind != CHECK_ROW_COUNT;
    c->slot = fields_slot(f, src->field);
    c->group = fields_slot(f, src->group);
    c->order = fields_slot(f, src->order);
    uint32_t event = fields_slot(f, src->event);
    c->constant = fields_slot(f, src->constant);
    c->total = fields_slot(f, src->total);
    c->document = fields_slot(f, src->document);
    c->when = plan_when(q, &src->when);
    c->product = plan_words(q, src->product);
    c->minus = plan_words(q, src->minus);
    c->plus = plan_words(q, src->plus);
    c->nrules = src->nrules;
    c->rules = arena_alloc(&q->a, (src->nrules + 1) * sizeof *c->rules);
    for (size_t k = 0; k < src->nrules; k++) plan_rule(q, c, &c->rules[k], &src->rules[k]);
    c->event = arena_alloc(&q->a, (c->events.n + 1) * sizeof *c->event);
    for (size_t k = 0; k < c->events.n; k++) c->event[k] = plan_oneof(q, event, (struct strs){&c->events.s[k], 1});
    if (src->kind == CHECK_TIMESTAMP) c->expected = arena_fmt(&q->a, "%d..%d", src->min_year, src->max_year);
    plan_keys(q, i, memory);
}

/* The tables may take all of the memory but a twelfth, which is for sorting what they have no room for. */
static void plan_tables(struct quality *q) {
    size_t memory = q->cfg.memory - q->cfg.memory / 12;
    q->room = (int64_t)memory;
    for (size_t i = 0; i < q->ngroupings; i++) {
        struct grouping *g = &q->groupings[i];
        keytable_init(&g->table, g->payload, memory);
        g->cost = keytable_cost(&g->table);
    }
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
    q->sets = mem_alloc(sizeof *q->sets);
    q->sets[q->nsets++].slot = NO_SLOT;
    q->parse_check = UINT32_MAX;
    for (size_t i = 0; i < d->nchecks; i++) {
        enum check_kind k = d->checks[i].kind;
        if (k == CHECK_SCHEMA && q->parse_check == UINT32_MAX) q->parse_check = (uint32_t)i;
        if (k == CHECK_UNIQUE || k == CHECK_SEQUENCE || k == CHECK_CONSISTENCY) sorting++;
    }
    q->nchecks = d->nchecks + (q->parse_check == UINT32_MAX);
    q->checks = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->checks);
    q->results = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->results);
    q->ranks = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->ranks);
    q->drop_reasons = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->drop_reasons);
    for (uint32_t i = 0; i < d->nchecks; i++) plan_check(q, i, &d->checks[i], q->cfg.memory / 12 / sorting);
    q->objects_only = !d->nchecks;
    if (q->parse_check == UINT32_MAX) {
        q->parse_check = (uint32_t)d->nchecks;
        plan_check(q, q->parse_check, parse, 0);
    }
    q->rowchecks = arena_alloc(&q->a, (q->nchecks + 1) * sizeof *q->rowchecks);
    for (uint32_t i = 0; i < q->nchecks; i++) {
        enum check_kind k = q->checks[i].kind;
        q->results[i].c = q->checks[i].src;
        if (k != CHECK_UNIQUE && k != CHECK_SEQUENCE && k != CHECK_ROW_COUNT && k != CHECK_PARSE)
            q->rowchecks[q->nrowchecks++] = i;
    }
    q->drops = sorter_new(sizeof(struct drop_entry), DROP_KEY, q->cfg.memory / 12 / sorting, q->cfg.tmpdir);
    plan_tables(q);
    fields_index(&q->fields);
}
