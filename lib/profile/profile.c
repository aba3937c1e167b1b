/* See profile.h. This file: the limits, the crew, and the merge of its batches in the order of the input. */
#include <sys/random.h>

#include "profile/figures.h"
#include "profile/ones.h"

/*
 * The limits of 256 MiB. Of a field of the first tier: 10,000 values (400 KB) with a table (64 KB) and 480 KB of
 * text, or, when that is not enough, 16 KB of registers and some 10 levels of 32 KB for quantiles; 50 of them are
 * 60 MB at worst. The second tier is a tenth of that for 450 fields, the third a hundredth for 1,500.
 */
static const struct tier most_tiers[TIERS] = {
    {50, 10000, 480000, 4096, 14}, {500, 1000, 48000, 1024, 12}, {2000, 100, 8192, 256, 10}};
#define FULL_MEMORY ((size_t)256 << 20)

static uint32_t part_of(size_t full, size_t memory, uint32_t least) {
    size_t n = memory < FULL_MEMORY ? full * (memory >> 20) / (FULL_MEMORY >> 20) : full;
    return (uint32_t)(n < least ? least : n);
}

static void set_limits(struct profile *p, size_t memory) {
    p->most = part_of(most_tiers[TIERS - 1].upto, memory, 100);
    for (int i = 0; i < TIERS; i++) {
        const struct tier *full = &most_tiers[i];
        p->tiers[i] = (struct tier){.upto = full->upto < p->most ? full->upto : p->most,
                                    .values = part_of(full->values, memory, 16),
                                    .text = part_of(full->text, memory, 4096),
                                    .ranks = part_of(full->ranks, memory, 64) & ~1u,
                                    .hll = full->hll};
    }
}

size_t profile_block(size_t memory) {
    size_t b = memory / 256;
    return b < 65536 ? 65536 : b > 1 << 20 ? 1 << 20 : b;
}

/* A slot of the crew holds a block, its tokens and what was seen: some 16 times the block where the records are short
 * numbers. A quarter of the memory is for all of them; the result is the same with any number of threads. */
static int threads_that_fit(int threads, size_t memory) {
    size_t fit = memory / 4 / (profile_block(memory) * 16);
    if (fit < 4) fit = 4;
    return (size_t)threads + 2 > fit ? (int)fit - 2 : threads;
}

static uint32_t map_slot(const struct profile *p, const struct field *parent, uint64_t hash) {
    uint64_t of = parent ? parent->index + 1 : 0;
    return (uint32_t)((hash ^ of * 0x9e3779b97f4a7c15u) * p->salt >> 32) & p->mask;
}

static struct field *make_field(struct profile *p, struct field *parent, struct sv key, uint64_t hash, bool item) {
    struct field *f = arena_alloc(&p->a, sizeof *f);
    const struct tier *t = p->tiers;
    while (t->upto < p->nfields && t < p->tiers + TIERS - 1) t++;
    *f = (struct field){.parent = parent,
                        .key = arena_strn(&p->a, key.p, key.n),
                        .keylen = (uint32_t)key.n,
                        .key_hash = hash,
                        .item = item,
                        .index = p->nfields,
                        .hll_p = t->hll,
                        .numbers = {.k = t->ranks},
                        .times = {.k = t->ranks}};
    tally_start(&f->t);
    top_start(&f->top, t->values, t->text, p->salt);
    if (parent && parent->last)
        parent->last->next = f;
    else if (parent)
        parent->first = f;
    if (parent) parent->last = f;
    p->fields[p->nfields++] = f;
    return f;
}

static uint32_t find(const struct profile *p, const struct field *parent, struct sv key, uint64_t hash, bool item) {
    uint32_t k = map_slot(p, parent, hash);
    for (; p->map[k]; k = (k + 1) & p->mask) {
        const struct field *f = p->fields[p->map[k] - 1];
        if (f->parent == parent && f->item == item && f->key_hash == hash && sv_eq((struct sv){f->key, f->keylen}, key))
            break;
    }
    return k;
}

/* On any thread, once the profile is full: nothing that it reads changes then. */
static struct field *find_field(void *ctx, struct field *parent, struct sv key, uint64_t hash, bool item) {
    const struct profile *p = ctx;
    uint32_t k = find(p, parent, key, hash, item);
    return p->map[k] ? p->fields[p->map[k] - 1] : NULL;
}

/* On the thread that merges: found, or made where there is room. */
static struct field *find_or_make(void *ctx, struct field *parent, struct sv key, uint64_t hash, bool item) {
    struct profile *p = ctx;
    uint32_t k = find(p, parent, key, hash, item);
    if (p->map[k]) return p->fields[p->map[k] - 1];
    if (p->nfields > p->most) return NULL;
    struct field *f = make_field(p, parent, key, hash, item);
    p->map[k] = f->index + 1;
    if (p->nfields > p->most) __atomic_store_n(&p->full, true, __ATOMIC_RELEASE);
    return f;
}

struct field *profile_next(const struct field *f) {
    if (f->first) return f->first;
    while (f && !f->next) f = f->parent;
    return f ? f->next : NULL;
}

/* On any thread. */
static void work(void *ctx, struct batch *b, void *out) {
    struct profile *p = ctx;
    struct walk *w = out;
    w->most = p->most;
    w->salt = p->salt;
    w->record = p->fields[0];
    w->place = __atomic_load_n(&p->full, __ATOMIC_ACQUIRE) ? find_field : NULL;
    w->ctx = p;
    walk_batch(w, b);
}

static struct value value_of(const struct one *o) {
    return (struct value){.hash = o->hash, .num = o->num, .len = o->len, .kind = o->kind, .quoted = o->type == JT_STR};
}

#define AHEAD 8 /* values to prefetch */

static void merge_values(struct field *f, const struct seen *s) {
    size_t text = 0;
    for (uint32_t i = 0; i < s->n; i++) text += value_kept(s->ones[i].len);
    if (!f->over && top_fits(&f->top, s->n, text)) { /* nothing is forgotten, so the order does not matter */
        for (uint32_t i = 0; i < s->n; i++) {
            struct value v = value_of(&s->ones[i]);
            field_count(f, &v, s->ones[i].p, s->ones[i].count);
        }
        return;
    }
    uint32_t n = s->direct ? s->n : s->nids;
    for (uint32_t i = 0; i < n; i++) {
        const struct one *o = &s->ones[s->direct ? i : s->ids[i]];
        struct value v = value_of(o);
        if (i + AHEAD < n) top_expect(&f->top, s->ones[s->direct ? i + AHEAD : s->ids[i + AHEAD]].hash);
        field_feed(f, &v, o->p);
    }
}

/* Fields that the thread met for the first time get their place in order of appearance; false when one got none. */
static bool settle_fresh(struct profile *p, struct walk *w) {
    bool all = true;
    for (uint32_t i = 0; i < w->nfresh; i++) {
        struct seen *s = w->fresh[i];
        if (!s->field && s->parent->field)
            s->field =
                find_or_make(p, s->parent->field, (struct sv){s->key, s->keylen}, s->key_hash, s->parent->item == s);
        if (!s->field) all = false;
    }
    return all;
}

static void merge_bad(struct profile *p, const struct walk *w) {
    p->invalid += w->invalid;
    for (size_t i = 0; i < w->nbad && p->nbad < WALK_SAMPLES; i++) {
        p->bad[p->nbad] = w->bad[i];
        p->bad[p->nbad++].problem = arena_str(&p->a, w->bad[i].problem);
    }
}

/* On the calling thread, in the order of the input. */
static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct profile *p = ctx;
    struct walk *w = out;
    (void)e;
    if (w->gave_up) {
        walk_forget(w);
        w->place = find_or_make;
        walk_batch(w, b);
    }
    p->records += w->records;
    merge_bad(p, w);
    bool all = settle_fresh(p, w);
    for (uint32_t i = 0; i < w->nactive; i++) {
        struct seen *s = w->active[i];
        if (s->field) {
            merge_values(s->field, s);
            tally_merge(&s->field->t, &s->t);
        } else if (s->parent->field) {
            s->parent->field->t.left_out += tally_present(&s->t) + s->t.repeated;
        }
        ones_clear(s);
    }
    if (!all) walk_forget(w);
    return ERR_OK;
}

static void out_free(void *out) {
    walk_free(out);
}

static void note_inputs(struct profile *p, const struct reader *r, const char *home) {
    size_t n = home ? strlen(home) : 0, cap = 0;
    for (uint32_t i = 0; *reader_name(r, i); i++) {
        const char *name = reader_name(r, i);
        if (p->ninputs == cap) {
            cap = cap ? cap * 2 : 8;
            p->inputs = mem_grow(p->inputs, cap * sizeof *p->inputs);
        }
        if (n && strncmp(name, home, n) == 0 && name[n] == '/') name += n + 1;
        p->inputs[p->ninputs++] = arena_str(&p->a, name);
    }
    p->bytes = reader_bytes(r);
}

static void note_titles(struct profile *p, const struct profile_opt *o) {
    p->title = arena_str(&p->a, o->title);
    for (struct field *f = p->fields[0]->first; f && o->field_title; f = f->next) {
        const char *t = f->item ? NULL : o->field_title(o->ctx, f->key);
        if (t && *t) f->title = arena_str(&p->a, t);
    }
}

const struct figures *figures_of(const struct profile *p, const struct field *f) {
    return &p->figures[f->index];
}

static struct profile *new_profile(const struct profile_opt *o) {
    struct profile *p = mem_alloc(sizeof *p);
    if (getrandom(&p->salt, sizeof p->salt, GRND_NONBLOCK) != sizeof p->salt) p->salt = (uintptr_t)p;
    p->salt |= 1;
    set_limits(p, o->memory);
    p->fields = mem_alloc((p->most + 2) * sizeof *p->fields);
    for (p->mask = 63; p->mask < p->most * 2;) p->mask = p->mask * 2 + 1;
    p->map = mem_alloc((p->mask + 1u) * sizeof *p->map);
    find_or_make(p, NULL, (struct sv){"", 0}, 0, false);
    return p;
}

int profile_run(struct profile **out, struct reader *r, const struct profile_opt *o, struct err *e) {
    struct profile *p = new_profile(o);
    struct crew crew = {.threads = threads_that_fit(o->threads, o->memory),
                        .out_size = sizeof(struct walk),
                        .ctx = p,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    int rc = crew_run(&crew, r, e);
    if (rc) {
        profile_free(p);
        return rc;
    }
    p->figures = mem_alloc(p->nfields * sizeof *p->figures);
    for (uint32_t i = 0; i < p->nfields; i++) {
        p->left_out += p->fields[i]->t.left_out;
        p->repeated += p->fields[i]->t.repeated;
        figures_make(p->fields[i], &p->figures[i]);
    }
    note_inputs(p, r, o->home);
    note_titles(p, o);
    *out = p;
    return ERR_OK;
}

void profile_free(struct profile *p) {
    if (!p) return;
    for (uint32_t i = 0; i < p->nfields; i++) field_free(p->fields[i]);
    free(p->fields);
    free(p->map);
    free(p->figures);
    free(p->inputs);
    arena_free(&p->a);
    free(p);
}

uint64_t profile_records(const struct profile *p) {
    return p->records;
}

uint64_t profile_invalid(const struct profile *p) {
    return p->invalid;
}
