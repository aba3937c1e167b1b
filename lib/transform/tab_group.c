/*
 * Aggregates of groups; see tab.h. Groups gather in a table, in the order of the input, with sums as pairs of doubles.
 * Where the table outgrows its memory, rows are sorted by group (io/runs.h keeps the order of equal keys) and summed as
 * they come back: the same numbers. Groups come out in the order of their keys, as key_add sorts values.
 */
#include <math.h>

#include "transform/tab.h"

#define NONE UINT32_MAX

struct sum {
    struct twin sum;
    double min, max;
};
struct group {
    struct tab_key hash;
    uint64_t n;
    const char *by; /* packed cells */
    uint32_t len;
    struct buf order; /* by key_add, once all came */
};
struct tab_groups {
    const struct tab_op *end;
    size_t nby, nsums, memory;
    const char *tmpdir;
    struct arena a;
    struct group *g;
    struct sum *s; /* nsums a group */
    size_t n, room, next;
    uint32_t *slots, last;
    size_t nslots;
    struct runs *runs; /* instead of the table */
    struct run_entry ahead;
    bool have_ahead, ended;
    struct buf key, load, by;
    struct sum *one;
};

struct tab_groups *tab_groups_new(const struct tab_op *end, size_t memory, const char *tmpdir) {
    struct tab_groups *g = mem_alloc(sizeof *g);
    g->end = end;
    g->nby = end->a->names.n;
    g->nsums = end->a->nsums;
    g->memory = memory;
    g->tmpdir = tmpdir;
    g->last = NONE;
    g->one = mem_alloc((g->nsums + 1) * sizeof *g->one);
    return g;
}

static void more_slots(struct tab_groups *g) {
    size_t n = g->nslots ? g->nslots * 2 : 1024;
    free(g->slots);
    g->slots = mem_grow(NULL, n * sizeof *g->slots);
    memset(g->slots, 0xff, n * sizeof *g->slots);
    g->nslots = n;
    for (uint32_t k = 0; k < g->n; k++) {
        size_t i = g->g[k].hash.h[0] & (n - 1);
        while (g->slots[i] != NONE) i = (i + 1) & (n - 1);
        g->slots[i] = k;
    }
}

static void zero(struct sum *s, size_t n) {
    for (size_t i = 0; i < n; i++) s[i] = (struct sum){.min = INFINITY, .max = -INFINITY};
}

static void add_row(struct tab_groups *g, struct sum *s, const double *v) {
    for (size_t i = 0; i < g->nsums; i++) {
        s[i].sum = twin_add(s[i].sum, (struct twin){v[i], 0});
        if (v[i] < s[i].min) s[i].min = v[i];
        if (v[i] > s[i].max) s[i].max = v[i];
    }
}

static uint32_t new_group(struct tab_groups *g, struct tab_key k, struct sv by) {
    if (g->n == g->room) {
        g->room = g->room ? g->room * 2 : 512;
        g->g = mem_grow(g->g, g->room * sizeof *g->g);
        g->s = mem_grow(g->s, g->room * (g->nsums + 1) * sizeof *g->s);
    }
    if ((g->n + 1) * 2 > g->nslots) more_slots(g);
    uint32_t at = (uint32_t)g->n++;
    g->g[at] = (struct group){.hash = k, .by = arena_strn(&g->a, by.p, by.n), .len = (uint32_t)by.n};
    zero(g->s + at * g->nsums, g->nsums);
    size_t i = k.h[0] & (g->nslots - 1);
    while (g->slots[i] != NONE) i = (i + 1) & (g->nslots - 1);
    g->slots[i] = at;
    return at;
}

static bool is(const struct group *g, struct tab_key k) {
    return g->hash.h[0] == k.h[0] && g->hash.h[1] == k.h[1];
}

static uint32_t group_of(struct tab_groups *g, struct tab_key k, struct sv by) {
    uint32_t at = NONE;
    if (g->last != NONE && is(&g->g[g->last], k)) return g->last;
    for (size_t i = k.h[0] & (g->nslots - 1); g->nslots && (at = g->slots[i]) != NONE; i = (i + 1) & (g->nslots - 1))
        if (is(&g->g[at], k)) return g->last = at;
    /* sorting needs as much again for the keys */
    size_t each = sizeof *g->g + g->nsums * sizeof *g->s + 4 * sizeof *g->slots;
    if (g->n && g->room * each * 3 / 2 + g->a.used * 2 > g->memory) return NONE;
    return g->last = new_group(g, k, by);
}

/* ---- the way of runs ---- */

/* The key as key_add sorts, and behind it the packed cells: spellings that sort alike are groups of their own. */
static void order_key(struct tab_groups *g, struct sv by, struct buf *key) {
    struct buf text = {0};
    struct tcell c;
    const char *p = by.p;
    key->n = 0;
    for (size_t i = 0; i < g->nby; i++) {
        p = tcell_unpack(&c, p);
        text.n = 0;
        text.n = (size_t)(tcell_write(buf_room(&text, tcell_written(&c)), &c) - text.p);
        key_add(key, (struct sv){text.p, text.n});
    }
    buf_sv(key, by);
    buf_free(&text);
}

static int add_run(struct tab_groups *g, struct sv by, uint64_t n, const void *p, size_t bytes, struct err *e) {
    uint32_t len = (uint32_t)by.n;
    order_key(g, by, &g->key);
    g->load.n = 0;
    buf_add(&g->load, &n, sizeof n);
    buf_add(&g->load, &len, sizeof len);
    buf_sv(&g->load, by);
    buf_add(&g->load, p, bytes);
    return runs_add(g->runs, (struct sv){g->key.p, g->key.n}, (struct sv){g->load.p, g->load.n}, e);
}

/* What the table holds goes first, as sums: n > 0; rows follow with n = 0. */
static int leave_table(struct tab_groups *g, struct err *e) {
    int rc = ERR_OK;
    g->runs = runs_new(g->memory / 2, g->tmpdir);
    for (size_t k = 0; k < g->n && rc == ERR_OK; k++)
        rc = add_run(g, (struct sv){g->g[k].by, g->g[k].len}, g->g[k].n, g->s + k * g->nsums, g->nsums * sizeof *g->s,
                     e);
    free(g->g);
    free(g->s);
    free(g->slots);
    arena_free(&g->a);
    g->g = NULL, g->s = NULL, g->slots = NULL;
    g->n = g->room = g->nslots = 0;
    return rc;
}

int tab_groups_take(struct tab_groups *g, struct tab_worker *w, struct err *e) {
    const char *p = w->by.p;
    int rc = ERR_OK;
    for (size_t i = 0; i < w->n && rc == ERR_OK; i++) {
        uint32_t len;
        memcpy(&len, p, sizeof len);
        struct sv by = {p + sizeof len, len};
        const double *v = w->vals + i * g->nsums;
        p += sizeof len + len;
        uint32_t at = g->runs ? NONE : group_of(g, w->keys[i], by);
        if (at == NONE && !g->runs) rc = leave_table(g, e);
        if (at == NONE) {
            if (rc == ERR_OK) rc = add_run(g, by, 0, v, g->nsums * sizeof *v, e);
            continue;
        }
        g->g[at].n++;
        add_row(g, g->s + at * g->nsums, v);
    }
    return rc;
}

/* ---- out ---- */

static int by_order(const void *x, const void *y) {
    const struct group *a = *(struct group *const *)x, *b = *(struct group *const *)y;
    size_t n = a->order.n < b->order.n ? a->order.n : b->order.n;
    int c = n ? memcmp(a->order.p, b->order.p, n) : 0;
    return c ? c : a->order.n < b->order.n ? -1 : a->order.n > b->order.n;
}

int tab_groups_finish(struct tab_groups *g, struct err *e) {
    if (g->runs) return runs_finish(g->runs, e);
    struct group **order = mem_alloc((g->n + 1) * sizeof *order);
    for (size_t k = 0; k < g->n; k++) {
        order[k] = &g->g[k];
        order_key(g, (struct sv){g->g[k].by, g->g[k].len}, &g->g[k].order);
    }
    qsort(order, g->n, sizeof(struct group *), by_order);
    free(g->slots); /* from now on: groups in order */
    g->slots = mem_alloc((g->n + 1) * sizeof *g->slots);
    for (size_t k = 0; k < g->n; k++) g->slots[k] = (uint32_t)(order[k] - g->g);
    free(order);
    return ERR_OK;
}

static void set_cells(const struct tab_groups *g, struct tab_worker *w, const char *by, const struct sum *s,
                      uint64_t n) {
    for (size_t i = 0; i < w->p->nslots; i++) w->row[i] = (struct tcell){.kind = TC_ABSENT, .num = NAN};
    for (size_t i = 0; i < g->nby; i++) by = tcell_unpack(&w->row[g->end->names[i]], by);
    for (size_t i = 0; i < g->nsums; i++) {
        struct tcell *c = &w->row[g->end->outs[i]];
        double sum = s[i].sum.hi + s[i].sum.lo;
        switch (g->end->a->sums[i].how) {
        case TAB_COUNT:
            *c = tcell_int((int64_t)n);
            break;
        case TAB_SUM:
            *c = sum == floor(sum) && fabs(sum) < 1e15 ? tcell_int((int64_t)sum) : tcell_real(sum);
            break;
        case TAB_MEAN: {
            struct twin mean = twin_over(s[i].sum, (double)n);
            *c = tcell_real(mean.hi + mean.lo);
            break;
        }
        case TAB_MIN:
            *c = tcell_real(s[i].min);
            break;
        case TAB_MAX:
            *c = tcell_real(s[i].max);
            break;
        }
    }
}

/* A run's entry into the sums of one group. */
static void add_entry(struct tab_groups *g, struct sv load, uint64_t *n) {
    uint64_t many;
    uint32_t len;
    memcpy(&many, load.p, sizeof many);
    memcpy(&len, load.p + sizeof many, sizeof len);
    const char *p = load.p + sizeof many + sizeof len + len;
    if (many) { /* sums of the table: always the group's first entry */
        memcpy(g->one, p, g->nsums * sizeof *g->one);
        *n = many;
        return;
    }
    double v[TAB_SLOTS];
    if (g->nsums) memcpy(v, p, g->nsums * sizeof *v);
    add_row(g, g->one, v);
    ++*n;
}

static bool next_of_runs(struct tab_groups *g, struct tab_worker *w, uint64_t *rows, int *rc, struct err *e) {
    uint64_t n = 0;
    zero(g->one, g->nsums);
    if (!g->have_ahead && (g->ended || !runs_next(g->runs, &g->ahead, rc, e))) return false;
    g->key.n = g->by.n = 0;
    buf_sv(&g->key, g->ahead.key);
    uint32_t len;
    memcpy(&len, g->ahead.load.p + 8, sizeof len);
    buf_add(&g->by, g->ahead.load.p + 12, len);
    do {
        add_entry(g, g->ahead.load, &n);
        g->have_ahead = runs_next(g->runs, &g->ahead, rc, e);
    } while (g->have_ahead && sv_eq(g->ahead.key, (struct sv){g->key.p, g->key.n}));
    g->ended = !g->have_ahead;
    if (*rc) return false;
    set_cells(g, w, g->by.p, g->one, n);
    *rows = n;
    return true;
}

bool tab_groups_next(struct tab_groups *g, struct tab_worker *w, uint64_t *rows, int *rc, struct err *e) {
    *rc = ERR_OK;
    if (g->runs) return next_of_runs(g, w, rows, rc, e);
    if (g->next == g->n) return false;
    uint32_t at = g->slots[g->next++];
    set_cells(g, w, g->g[at].by, g->s + at * g->nsums, g->g[at].n);
    *rows = g->g[at].n;
    return true;
}

void tab_groups_free(struct tab_groups *g) {
    if (!g) return;
    for (size_t k = 0; k < g->n; k++) buf_free(&g->g[k].order);
    free(g->g);
    free(g->s);
    free(g->slots);
    free(g->one);
    arena_free(&g->a);
    buf_free(&g->key);
    buf_free(&g->load);
    buf_free(&g->by);
    runs_free(g->runs);
    free(g);
}
