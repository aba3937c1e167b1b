/* See top.h. Open addressing over an array of values. */
#include "profile/top.h"

#define START 16

void top_start(struct top *t, uint32_t most, size_t most_text, uint64_t salt) {
    *t = (struct top){.most = most, .most_text = most_text, .salt = salt | 1};
}

void top_free(struct top *t) {
    free(t->v);
    free(t->slots);
    buf_free(&t->pool);
    *t = (struct top){0};
}

static uint32_t slot_of(const struct top *t, uint64_t hash) {
    return (uint32_t)(hash * t->salt >> 32) & t->mask;
}

struct sv top_text(const struct top *t, const struct value *v) {
    return (struct sv){t->pool.p ? t->pool.p + v->at : "", value_kept(v->len)};
}

static bool alike(const struct top *t, const struct value *a, const struct value *b, const char *text) {
    return a->hash == b->hash && a->len == b->len && a->quoted == b->quoted &&
           sv_eq(top_text(t, a), (struct sv){text, value_kept(b->len)});
}

void top_expect(const struct top *t, uint64_t hash) {
    if (t->slots) __builtin_prefetch(&t->slots[slot_of(t, hash)]);
}

uint32_t top_find(const struct top *t, const struct value *like, const char *text) {
    if (!t->n) return TOP_NONE;
    uint64_t tag = like->hash << 32;
    for (uint32_t k = slot_of(t, like->hash); t->slots[k]; k = (k + 1) & t->mask) {
        uint32_t i = (uint32_t)t->slots[k] - 1;
        if ((t->slots[k] >> 32 << 32) == tag && alike(t, &t->v[i], like, text)) return i;
    }
    return TOP_NONE;
}

bool top_fits(const struct top *t, uint32_t values, size_t text) {
    return t->n + values <= t->most && t->pool.n + text <= t->most_text;
}

static void place(struct top *t, uint32_t i) {
    uint32_t k = slot_of(t, t->v[i].hash);
    while (t->slots[k]) k = (k + 1) & t->mask;
    t->slots[k] = t->v[i].hash << 32 | (i + 1u);
}

static void place_all(struct top *t) {
    memset(t->slots, 0, ((size_t)t->mask + 1) * sizeof *t->slots);
    for (uint32_t i = 0; i < t->n; i++) place(t, i);
}

static void grow(struct top *t) {
    t->cap = t->cap ? t->cap * 2 : START;
    t->v = mem_grow(t->v, t->cap * sizeof *t->v);
    t->mask = t->cap * 2 - 1;
    t->slots = mem_grow(t->slots, ((size_t)t->mask + 1) * sizeof *t->slots);
    place_all(t);
}

uint32_t top_add(struct top *t, const struct value *v, const char *text) {
    if (t->n == t->cap) grow(t);
    struct value *mine = &t->v[t->n];
    *mine = *v;
    mine->at = (uint32_t)t->pool.n;
    buf_add(&t->pool, text, value_kept(v->len));
    place(t, t->n);
    return t->n++;
}

/* The k-th smallest count (Hoare's FIND; x is reordered). */
static uint64_t select_count(uint64_t *x, ptrdiff_t n, ptrdiff_t k) {
    ptrdiff_t lo = 0, hi = n - 1;
    while (lo < hi) {
        uint64_t pivot = x[k];
        ptrdiff_t i = lo, j = hi;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i > j) break;
            uint64_t s = x[i];
            x[i++] = x[j];
            x[j--] = s;
        }
        if (j < k) lo = i;
        if (k < i) hi = j;
    }
    return x[k];
}

void top_shrink(struct top *t) {
    if (!t->n) return;
    uint64_t *counts = mem_grow(NULL, t->n * sizeof *counts);
    for (uint32_t i = 0; i < t->n; i++) counts[i] = t->v[i].count;
    uint64_t off = select_count(counts, t->n, t->n / 2);
    free(counts);
    uint32_t left = 0;
    size_t text = 0;
    for (uint32_t i = 0; i < t->n; i++) { /* values lie in the order of their texts, so both move up in one go */
        struct value v = t->v[i];
        if (v.count <= off) continue;
        memmove(t->pool.p + text, t->pool.p + v.at, value_kept(v.len));
        v.count -= off;
        v.at = (uint32_t)text;
        text += value_kept(v.len);
        t->v[left++] = v;
    }
    t->n = left;
    t->pool.n = text;
    t->lost += off;
    place_all(t);
}

static bool before(const struct top *t, const struct value *a, const struct value *b) {
    if (a->count != b->count) return a->count > b->count;
    struct sv x = top_text(t, a), y = top_text(t, b);
    int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    if (c) return c < 0;
    if (x.n != y.n) return x.n < y.n;
    if (a->quoted != b->quoted) return b->quoted; /* the number 1 before the text "1" */
    return a->len != b->len ? a->len < b->len : a->hash < b->hash;
}

size_t top_list(const struct top *t, const struct value **out, size_t n) {
    size_t have = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct value *v = &t->v[i];
        if (have == n && !before(t, v, out[n - 1])) continue;
        size_t k = have < n ? have++ : n - 1;
        for (; k && before(t, v, out[k - 1]); k--) out[k] = out[k - 1];
        out[k] = v;
    }
    return have;
}
