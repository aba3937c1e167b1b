/*
 * See group.h. Rows go through in blocks of 2048: codes are widened, conditions thin out the list of rows, keys become
 * one number, that number a record of the group; then each aggregate passes over the list in a loop of its own.
 *
 * A thread takes the groups whose key's hash falls to it and leaves out the other rows. All threads look at all rows;
 * that is the cheap part.
 */
#include "mart/group_impl.h"

#include "base/stop.h"

#define MOST_THREADS 16
#define DIRECT 65536 /* keys below this find their group without a hash */

/* ---- a group's record ---- */

static uint64_t hash_key(uint64_t k) {
    k *= 0x9e3779b97f4a7c15u;
    return k ^ k >> 29;
}

static uint32_t new_group(struct worker *w, uint64_t key) {
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap + w->cap / 3 : 64;
        w->recs = mem_grow(w->recs, w->cap * w->stride);
    }
    char *rec = w->recs + w->n * w->stride;
    memset(rec, 0, w->stride);
    memcpy(rec, &key, 8);
    return (uint32_t)w->n++;
}

static void more_slots(struct worker *w) {
    uint64_t *old = w->table;
    uint32_t n = old ? w->mask + 1 : 0;
    w->mask = old ? n * 2 - 1 : 1023;
    w->table = mem_alloc(((size_t)w->mask + 1) * sizeof *w->table);
    for (uint32_t i = 0; i < n; i++) {
        if (!old[i]) continue;
        uint32_t k = (uint32_t)(old[i] >> 32) & w->mask;
        while (w->table[k]) k = (k + 1) & w->mask;
        w->table[k] = old[i];
    }
    free(old);
}

static uint32_t find_group(struct worker *w, uint64_t key, uint64_t hash) {
    uint32_t h = (uint32_t)hash, k = h & w->mask;
    for (; w->table[k]; k = (k + 1) & w->mask) {
        uint32_t g = (uint32_t)w->table[k] - 1;
        if ((uint32_t)(w->table[k] >> 32) == h && memcmp(w->recs + g * w->stride, &key, 8) == 0) return g;
    }
    uint32_t g = new_group(w, key);
    w->table[k] = (uint64_t)h << 32 | (g + 1);
    if (w->n > (w->mask >> 2) * 3) more_slots(w);
    return g;
}

/* ---- one block ---- */

static void make_keys(struct worker *w) {
    struct rows *r = &w->rows;
    memset(w->key, 0, r->nsel * sizeof *w->key);
    for (size_t k = 0; k < w->p->nkeys; k++) {
        const struct group_value *v = &w->p->keys[k];
        const uint32_t *code = rows_column(r, v->col);
        uint64_t stride = w->strides[k];
        if (v->map)
            for (size_t i = 0; i < r->nsel; i++) w->key[i] += v->map[code[r->sel[i]]] * stride;
        else
            for (size_t i = 0; i < r->nsel; i++) w->key[i] += code[r->sel[i]] * stride;
    }
}

/* Leaves out the rows whose groups are not mine, and has the memory of the others' groups fetched. */
static void keep_mine(struct worker *w) {
    struct rows *r = &w->rows;
    size_t n = 0;
    for (size_t i = 0; i < r->nsel; i++) {
        uint64_t hash = hash_key(w->key[i]);
        if (w->of > 1 && (int)((hash >> 48) * (uint64_t)w->of >> 16) != w->me) continue;
        w->key[n] = w->key[i];
        w->hash[n] = hash;
        r->sel[n++] = r->sel[i];
    }
    r->nsel = n;
    if (w->direct || w->n < 1000) return;
    for (size_t i = 0; i < n; i++) __builtin_prefetch(&w->table[w->hash[i] & w->mask]);
    for (size_t i = 0; i < n; i++) {
        uint64_t slot = w->table[w->hash[i] & w->mask];
        if (slot) __builtin_prefetch(w->recs + ((uint32_t)slot - 1) * w->stride);
    }
}

/* Rows come in the order of the keys: a group ends where the key changes. */
static void next_groups(struct worker *w) {
    size_t n = w->rows.nsel;
    for (size_t i = 0; i < n; i++) {
        if (!w->n || memcmp(w->recs + (w->n - 1) * w->stride, &w->key[i], 8) != 0) new_group(w, w->key[i]);
        w->group[i] = (uint32_t)w->n - 1;
    }
    for (size_t i = 0; i < n; i++) w->rec[i] = w->recs + w->group[i] * w->stride;
}

/* The rows whose groups are mine, with their groups. */
static void find_groups(struct worker *w) {
    keep_mine(w);
    size_t n = w->rows.nsel;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = w->key[i];
        if (!w->direct) {
            w->group[i] = find_group(w, key, w->hash[i]);
            continue;
        }
        if (!w->direct[key]) w->direct[key] = new_group(w, key) + 1;
        w->group[i] = w->direct[key] - 1;
    }
    for (size_t i = 0; i < n; i++) w->rec[i] = w->recs + w->group[i] * w->stride;
}

/* Codes of the aggregate's argument, by selected row. */
static const uint32_t *arguments(struct worker *w, const struct group_agg *g, uint32_t *out) {
    struct rows *r = &w->rows;
    const struct group_value *v = &g->value;
    const uint32_t *code = v->col >= 0 ? rows_column(r, v->col) : NULL;
    for (size_t i = 0; i < r->nsel; i++)
        out[i] = !code ? v->constant : v->map ? v->map[code[r->sel[i]]] : code[r->sel[i]];
    for (size_t c = 0; c < g->nwhen; c++) {
        const uint32_t *by = rows_column(r, g->when[c].col);
        for (size_t i = 0; i < r->nsel; i++)
            if (!g->when[c].truth[by[r->sel[i]]]) out[i] = g->otherwise;
    }
    return out;
}

static bool set_add(struct worker *w, size_t a, uint32_t group, uint32_t code) {
    uint64_t **set = &w->sets[a];
    if (!w->p->nkeys) {
        if ((*set)[code >> 6] >> (code & 63) & 1) return false;
        (*set)[code >> 6] |= (uint64_t)1 << (code & 63);
        return true;
    }
    uint64_t pair = ((uint64_t)group << 32 | code) + 1;
    uint32_t k = (uint32_t)(hash_key(pair) >> 16) & w->set_mask[a];
    for (; (*set)[k]; k = (k + 1) & w->set_mask[a])
        if ((*set)[k] == pair) return false;
    (*set)[k] = pair;
    if (++w->set_n[a] > (w->set_mask[a] >> 2) * 3) {
        uint64_t *old = *set;
        uint32_t n = w->set_mask[a] + 1;
        w->set_mask[a] = n * 2 - 1;
        *set = mem_alloc((size_t)n * 2 * sizeof **set);
        for (uint32_t i = 0; i < n; i++) {
            if (!old[i]) continue;
            k = (uint32_t)(hash_key(old[i]) >> 16) & w->set_mask[a];
            while ((*set)[k]) k = (k + 1) & w->set_mask[a];
            (*set)[k] = old[i];
        }
        free(old);
    }
    return true;
}

static void add_counts(struct worker *w, size_t a, const uint32_t *arg) {
    const struct group_agg *g = &w->p->aggs[a];
    const struct slot *s = &w->slots[a];
    size_t n = w->rows.nsel;
    if (g->star) {
        for (size_t i = 0; i < n; i++) AT(uint32_t, w->rec[i], s->count)++;
    } else if (g->distinct) {
        for (size_t i = 0; i < n; i++)
            if (arg[i]) AT(uint32_t, w->rec[i], s->count) += set_add(w, a, w->group[i], arg[i]);
    } else if (s->adds) {
        const uint32_t *code = rows_column(&w->rows, g->value.col);
        for (size_t i = 0; i < n; i++) AT(uint32_t, w->rec[i], s->count) += s->adds[code[w->rows.sel[i]]];
    } else {
        for (size_t i = 0; i < n; i++) AT(uint32_t, w->rec[i], s->count) += arg[i] != 0;
    }
}

/* sumStep of SQLite's func.c */
static void add_sums(struct worker *w, size_t a, const uint32_t *arg) {
    const struct dict *d = w->p->aggs[a].value.dict;
    const struct slot *s = &w->slots[a];
    for (size_t i = 0; i < w->rows.nsel; i++) {
        char *rec = w->rec[i];
        uint32_t c = arg[i];
        if (!c) continue;
        AT(uint32_t, rec, s->count)++;
        if (s->exact) {
            AT(int64_t, rec, s->whole) += dict_get_int(d, c);
        } else if (dict_type(d, c) == VALUE_INTEGER) {
            int64_t v = dict_get_int(d, c);
            AT(double, rec, s->real) += (double)v;
            if (!AT(uint32_t, rec, s->flags) &&
                __builtin_add_overflow(AT(int64_t, rec, s->whole), v, &AT(int64_t, rec, s->whole)))
                AT(uint32_t, rec, s->flags) = SUM_APPROX | SUM_OVERFLOW;
        } else {
            AT(double, rec, s->real) += dict_get_real(d, c);
            AT(uint32_t, rec, s->flags) |= SUM_APPROX;
        }
    }
}

static void add_extremes(struct worker *w, size_t a, const uint32_t *arg) {
    const uint32_t *rank = w->p->aggs[a].value.dict->rank;
    bool min = w->p->aggs[a].kind == AGG_MIN;
    size_t off = w->slots[a].count;
    for (size_t i = 0; i < w->rows.nsel; i++) {
        if (!arg[i]) continue;
        uint32_t have = AT(uint32_t, w->rec[i], off), v = rank[arg[i]]; /* ranks of values begin at 1 */
        if (!have || (min ? v < have : v > have)) AT(uint32_t, w->rec[i], off) = v;
    }
}

static void add_block(struct worker *w) {
    uint32_t *arg = w->arg;
    for (size_t a = 0; a < w->p->naggs; a++) {
        const struct group_agg *g = &w->p->aggs[a];
        if (!g->star && !w->slots[a].adds) arguments(w, g, arg);
        if (g->kind == AGG_COUNT)
            add_counts(w, a, arg);
        else if (g->kind == AGG_MIN || g->kind == AGG_MAX)
            add_extremes(w, a, arg);
        else
            add_sums(w, a, arg);
    }
}

static size_t worker_bytes(const struct worker *w) {
    size_t n = w->cap * w->stride + (w->table ? ((size_t)w->mask + 1) * 8 : 0);
    for (size_t a = 0; a < w->p->naggs; a++)
        if (w->sets[a]) n += ((size_t)w->set_mask[a] + 1) * 8;
    return n;
}

static void *work(void *ctx) {
    struct worker *w = ctx;
    const struct group_plan *p = w->p;
    if (!p->nkeys) new_group(w, 0);
    for (size_t from = 0; from < p->in->nrows && !w->odd; from += BLOCK) {
        rows_block(&w->rows, from, p->where, p->nwhere);
        make_keys(w);
        if (w->sorted) {
            next_groups(w);
        } else if (p->nkeys) {
            find_groups(w);
        } else {
            memset(w->group, 0, sizeof w->group);
            for (size_t i = 0; i < w->rows.nsel; i++) w->rec[i] = w->recs;
        }
        add_block(w);
        if ((from / BLOCK & 63) == 0) {
            w->odd = worker_bytes(w) > p->memory / (size_t)w->of;
            w->rc = stop_check(&w->e);
            if (w->rc) break;
        }
    }
    return NULL;
}

/* ---- before and after ---- */

static bool small_integers(const struct dict *d, size_t nrows) {
    if (d->has[VALUE_REAL]) return false;
    for (uint32_t c = 1; c < d->n; c++) {
        int64_t v = dict_get_int(d, c);
        if (v > INT64_MAX / 4 / (int64_t)(nrows + 1) || v < INT64_MIN / 4 / (int64_t)(nrows + 1)) return false;
    }
    return true;
}

/* Is the aggregate one whose result here is SQLite's? Also readies what it needs. */
static bool ready(const struct group_plan *p, const struct group_agg *g, struct slot *s, size_t *at8, size_t *at4) {
    struct dict *d = g->value.dict;
    s->count = (*at4)++;
    if (g->star) return true;
    switch (g->kind) {
    case AGG_COUNT:
        if (g->distinct && d->has[VALUE_REAL]) dict_rank(d);
        if (g->distinct) return !d->ties;
        if (g->value.col >= 0 && !g->nwhen) {
            uint32_t n = p->in->cols[g->value.col].dict->n;
            uint8_t *adds = mem_alloc(n);
            for (uint32_t c = 0; c < n; c++) adds[c] = (g->value.map ? g->value.map[c] : c) != 0;
            s->adds = adds;
        }
        return true;
    case AGG_MIN:
    case AGG_MAX:
        dict_rank(d);
        if (d->ties) return false;
        s->code_of = mem_alloc(((size_t)d->n + 1) * sizeof *s->code_of);
        for (uint32_t c = 0; c < d->n; c++) s->code_of[d->rank[c]] = c;
        return true;
    default:
        if (d->has[VALUE_TEXT] || d->has[VALUE_UUID]) return false; /* numbers in texts: SQLite's business */
        s->exact = g->kind == AGG_SUM && small_integers(d, p->in->nrows);
        s->whole = (*at8)++;
        if (s->exact) return true;
        s->real = (*at8)++;
        s->flags = (*at4)++;
        return true;
    }
}

/* Record: key, then all of 8 bytes, then all of 4. */
static size_t lay_out(struct slot *s, size_t n, size_t n8, size_t n4) {
    size_t base4 = 8 + n8 * 8;
    for (size_t i = 0; i < n; i++) {
        s[i].whole = 8 + s[i].whole * 8;
        s[i].real = 8 + s[i].real * 8;
        s[i].count = base4 + s[i].count * 4;
        s[i].flags = base4 + s[i].flags * 4;
    }
    return (base4 + n4 * 4 + 7) & ~(size_t)7;
}

static bool make_strides(const struct group_plan *p, uint64_t *strides, uint64_t *domain) {
    unsigned __int128 all = 1;
    for (size_t k = p->nkeys; k-- > 0;) {
        dict_rank(p->keys[k].dict);
        if (p->keys[k].dict->ties) return false;
        strides[k] = (uint64_t)all;
        all *= p->keys[k].dict->n;
        if (all >> 63) return false;
    }
    *domain = (uint64_t)all;
    return true;
}

static bool is_sorted(const struct group_plan *p) {
    for (size_t k = 0; k < p->nkeys; k++)
        if (p->keys[k].map || p->in->cols[p->keys[k].col].sorted != k + 1) return false;
    return p->nkeys > 0;
}

static void worker_init(struct worker *w, const struct group_plan *p, const struct slot *slots, size_t stride) {
    w->p = p;
    w->slots = slots;
    w->stride = stride;
    rows_init(&w->rows, p->in);
    w->sorted = is_sorted(p);
    if (p->nkeys && !w->sorted && w->domain <= DIRECT)
        w->direct = mem_alloc((size_t)w->domain * sizeof *w->direct);
    else if (p->nkeys && !w->sorted)
        more_slots(w);
    w->sets = mem_alloc((p->naggs + 1) * sizeof *w->sets);
    w->set_mask = mem_alloc((p->naggs + 1) * sizeof *w->set_mask);
    w->set_n = mem_alloc((p->naggs + 1) * sizeof *w->set_n);
    for (size_t a = 0; a < p->naggs; a++) {
        if (!p->aggs[a].distinct) continue;
        w->set_mask[a] = p->nkeys ? 1023 : p->aggs[a].value.dict->n / 64;
        w->sets[a] = mem_alloc(((size_t)w->set_mask[a] + 1) * sizeof **w->sets);
    }
}

static void worker_free(struct worker *w) {
    for (size_t a = 0; a < w->p->naggs; a++) free(w->sets[a]);
    free(w->sets);
    free(w->set_mask);
    free(w->set_n);
    free(w->recs);
    free(w->table);
    free(w->direct);
    rows_free(&w->rows);
}

/* What the groups and their result take together at most: records, places to sort, codes, and values of sums. */
static size_t result_bytes(const struct group_plan *p, struct worker **w, int nw, size_t total) {
    size_t n = 0, each = 4 * (p->nkeys + p->naggs) + 32;
    for (size_t a = 0; a < p->naggs; a++)
        if (p->aggs[a].kind == AGG_AVG || p->aggs[a].kind == AGG_TOTAL || p->aggs[a].kind == AGG_SUM) each += 8;
    for (int t = 0; t < nw; t++) n += w[t]->n * w[t]->stride;
    return n + total * each;
}

int group_run(const struct group_plan *p, struct relation *out, struct keep *keep, bool *fits, struct err *e) {
    struct worker *w[MOST_THREADS] = {0};
    struct slot *slots = mem_alloc((p->naggs + 1) * sizeof *slots);
    uint64_t strides[16], domain = 1;
    size_t n8 = 0, n4 = 0, total = 0;
    int rc = ERR_OK, nw = p->threads > MOST_THREADS ? MOST_THREADS : p->threads;
    bool ok = p->nkeys <= 16 && p->in->nrows < INT32_MAX && make_strides(p, strides, &domain);
    for (size_t a = 0; a < p->naggs && ok; a++) ok = ready(p, &p->aggs[a], &slots[a], &n8, &n4);
    if (!ok) goto out;
    size_t stride = lay_out(slots, p->naggs, n8, n4);
    if (nw < 2 || !p->nkeys || is_sorted(p) || p->in->nrows < 50000) nw = 1;
    for (int t = 0; t < nw; t++) {
        w[t] = mem_alloc(sizeof **w);
        w[t]->me = t;
        w[t]->of = nw;
        w[t]->strides = strides;
        w[t]->domain = domain;
        worker_init(w[t], p, slots, stride);
        w[t]->started = t && pthread_create(&w[t]->thread, NULL, work, w[t]) == 0;
        if (t && !w[t]->started) work(w[t]);
    }
    work(w[0]);
    for (int t = 0; t < nw; t++) {
        if (w[t]->started) pthread_join(w[t]->thread, NULL);
        ok = ok && !w[t]->odd;
        if (w[t]->rc && rc == ERR_OK) {
            *e = w[t]->e;
            rc = w[t]->rc;
        }
        total += w[t]->n;
        free(w[t]->table);
        w[t]->table = NULL;
    }
    if (ok) ok = result_bytes(p, w, nw, total) <= p->memory;
    if (rc == ERR_OK && ok) ok = group_result(p, w, nw, strides, domain, total, out, keep);
out:
    *fits = ok;
    for (int t = 0; t < nw && w[t]; t++) {
        worker_free(w[t]);
        free(w[t]);
    }
    for (size_t a = 0; a < p->naggs; a++) {
        free((void *)(uintptr_t)slots[a].adds);
        free(slots[a].code_of);
    }
    free(slots);
    return rc;
}
