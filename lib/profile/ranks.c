/* See ranks.h. */
#include "profile/ranks.h"

#include <math.h>

#include "base/rng.h"

/* Doubles as integers of the same order. */
static uint64_t rising(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b >> 63 ? ~b : b | (uint64_t)1 << 63;
}

/* Radix sort by bytes, lowest first; bytes that all numbers share cost one look. */
static void sort(double *x, double *scratch, uint32_t n) {
    uint32_t counts[8][256] = {{0}};
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v = rising(x[i]);
        for (int b = 0; b < 8; b++) counts[b][v >> 8 * b & 255]++;
    }
    double *from = x, *to = scratch;
    for (int b = 0; b < 8; b++) {
        if (counts[b][rising(x[0]) >> 8 * b & 255] == n) continue;
        uint32_t at[256], sum = 0;
        for (int d = 0; d < 256; d++) {
            at[d] = sum;
            sum += counts[b][d];
        }
        for (uint32_t i = 0; i < n; i++) to[at[rising(from[i]) >> 8 * b & 255]++] = from[i];
        double *t = from;
        from = to;
        to = t;
    }
    if (from != x) memcpy(x, from, n * sizeof *x);
}

static void compact(struct ranks *r, int h) {
    double *x = r->level[h];
    uint32_t n = r->n[h];
    sort(x, r->scratch, n);
    r->n[h] = 0;
    r->bound += (uint64_t)1 << h;
    uint32_t first = (uint32_t)(rng_splitmix(&r->coin) >> 63);
    r->count -= (uint64_t)n << h; /* ranks_add counts them again */
    for (uint32_t i = first; i < n; i += 2) ranks_add(r, x[i], h + 1);
}

void ranks_add(struct ranks *r, double x, int h) {
    if (h >= RANK_LEVELS) h = RANK_LEVELS - 1; /* 2^59 numbers: not in this life */
    if (!r->level[h]) r->level[h] = mem_grow(NULL, r->k * sizeof(double));
    if (!r->scratch) r->scratch = mem_grow(NULL, r->k * sizeof(double));
    r->count += (uint64_t)1 << h;
    r->level[h][r->n[h]++] = x;
    if (r->n[h] == r->k) compact(r, h);
}

void ranks_add_many(struct ranks *r, double x, uint64_t count) {
    for (int h = 0; count; h++, count >>= 1)
        if (count & 1) ranks_add(r, x, h);
}

void ranks_free(struct ranks *r) {
    for (int h = 0; h < RANK_LEVELS; h++) free(r->level[h]);
    free(r->scratch);
    *r = (struct ranks){.k = r->k};
}

struct weighted *ranks_list(const struct ranks *r, size_t *n) {
    size_t all = 0;
    for (int h = 0; h < RANK_LEVELS; h++) all += r->n[h];
    struct weighted *w = mem_grow(NULL, all * sizeof *w);
    *n = 0;
    for (int h = 0; h < RANK_LEVELS; h++)
        for (uint32_t i = 0; i < r->n[h]; i++) w[(*n)++] = (struct weighted){r->level[h][i], (uint64_t)1 << h};
    weighted_sort(w, n);
    return w;
}

static int by_value(const void *a, const void *b) {
    double x = ((const struct weighted *)a)->x, y = ((const struct weighted *)b)->x;
    return (x > y) - (x < y);
}

void weighted_sort(struct weighted *w, size_t *n) {
    size_t k = 0;
    if (*n) qsort(w, *n, sizeof *w, by_value);
    for (size_t i = 0; i < *n; i++) {
        if (k && w[k - 1].x == w[i].x)
            w[k - 1].count += w[i].count;
        else
            w[k++] = w[i];
    }
    *n = k;
}

double weighted_quantile(const struct weighted *w, size_t n, double p) {
    uint64_t all = 0, seen = 0;
    for (size_t i = 0; i < n; i++) all += w[i].count;
    if (!all) return NAN;
    double h = (double)(all - 1) * p;
    uint64_t rank = (uint64_t)h; /* from 0 */
    double part = h - (double)rank;
    for (size_t i = 0; i < n; i++) {
        seen += w[i].count;
        if (rank >= seen) continue;
        double x = w[i].x, y = rank + 1 < seen || i + 1 == n ? x : w[i + 1].x;
        return x + part * (y - x);
    }
    return w[n - 1].x;
}

void weighted_outside(const struct weighted *w, size_t n, double a, double b, uint64_t *below, uint64_t *above) {
    *below = *above = 0;
    for (size_t i = 0; i < n; i++) {
        if (w[i].x < a) *below += w[i].count;
        if (w[i].x > b) *above += w[i].count;
    }
}
