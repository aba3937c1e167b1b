/* See field.h: what is fed in order. */
#include "profile/field.h"

static int by_number(const void *a, const void *b) {
    double x = ((const struct weighted *)a)->x, y = ((const struct weighted *)b)->x;
    return (x > y) - (x < y);
}

/* From now on values will be forgotten: the sketches take over what has come so far. */
static void begin_sketches(struct field *f) {
    struct weighted *numbers = mem_grow(NULL, f->top.n * sizeof *numbers);
    struct weighted *times = mem_grow(NULL, f->top.n * sizeof *times);
    size_t n = 0, m = 0;
    f->over = true;
    hll_start(&f->hll, f->hll_p);
    for (uint32_t i = 0; i < f->top.n; i++) {
        const struct value *v = &f->top.v[i];
        hll_add(&f->hll, v->hash);
        if (kind_is_number(v->kind) && !__builtin_isinf(v->num)) numbers[n++] = (struct weighted){v->num, v->count};
        if (kind_is_time(v->kind)) times[m++] = (struct weighted){v->num, v->count};
    }
    /* in order of value: the order in the table is nobody's business */
    qsort(numbers, n, sizeof *numbers, by_number);
    qsort(times, m, sizeof *times, by_number);
    for (size_t i = 0; i < n; i++) ranks_add_many(&f->numbers, numbers[i].x, numbers[i].count);
    for (size_t i = 0; i < m; i++) ranks_add_many(&f->times, times[i].x, times[i].count);
    free(numbers);
    free(times);
}

static uint32_t find_or_add(struct field *f, const struct value *v, const char *text) {
    uint32_t i = top_find(&f->top, v, text);
    if (i != TOP_NONE) return i;
    if (!top_fits(&f->top, 1, value_kept(v->len))) {
        if (!f->over) begin_sketches(f);
        while (!top_fits(&f->top, 1, value_kept(v->len))) top_shrink(&f->top);
    }
    struct value fresh = *v;
    fresh.count = 0;
    return top_add(&f->top, &fresh, text);
}

void field_count(struct field *f, const struct value *v, const char *text, uint64_t count) {
    uint32_t i = find_or_add(f, v, text); /* may move the table */
    f->top.v[i].count += count;
}

void field_feed(struct field *f, const struct value *v, const char *text) {
    uint32_t i = find_or_add(f, v, text);
    f->top.v[i].count++;
    if (!f->over) return;
    hll_add(&f->hll, v->hash);
    if (kind_is_number(v->kind) && !__builtin_isinf(v->num)) ranks_add(&f->numbers, v->num, 0);
    if (kind_is_time(v->kind)) ranks_add(&f->times, v->num, 0);
}

void field_free(struct field *f) {
    tally_free(&f->t);
    top_free(&f->top);
    hll_free(&f->hll);
    ranks_free(&f->numbers);
    ranks_free(&f->times);
}

void field_pointer(const struct field *f, struct buf *b) {
    if (!f->parent) return;
    field_pointer(f->parent, b);
    buf_chr(b, '/');
    if (f->item) {
        buf_chr(b, '*');
        return;
    }
    if (f->keylen == 1 && *f->key == '*') {
        buf_str(b, "~2");
        return;
    }
    for (uint32_t i = 0; i < f->keylen; i++) {
        if (f->key[i] == '~')
            buf_str(b, "~0");
        else if (f->key[i] == '/')
            buf_str(b, "~1");
        else
            buf_chr(b, f->key[i]);
    }
}
