/* See figures.h. */
#include "profile/figures.h"

#include <math.h>

#include "base/day.h"

const double quantile_p[QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

static struct weighted *kept(const struct field *f, bool (*is)(enum kind), size_t *n) {
    struct weighted *w = mem_grow(NULL, f->top.n * sizeof *w);
    *n = 0;
    for (uint32_t i = 0; i < f->top.n; i++) {
        const struct value *v = &f->top.v[i];
        if (is((enum kind)v->kind) && !isinf(v->num)) w[(*n)++] = (struct weighted){v->num, v->count};
    }
    weighted_sort(w, n);
    return w;
}

static void spread_make(struct spread *s, const struct field *f, const struct ranks *r, bool (*is)(enum kind)) {
    size_t n;
    struct weighted *w = f->over ? ranks_list(r, &n) : kept(f, is, &n);
    s->exact = !f->over || !r->bound;
    s->rank_error = s->exact ? 0 : (double)r->bound / (double)r->count;
    for (int i = 0; i < QUANTILES; i++) s->q[i] = weighted_quantile(w, n, quantile_p[i]);
    double q1 = s->q[QUARTER], q3 = s->q[QUARTER + 2], reach = 1.5 * (q3 - q1);
    s->low = q1 - reach;
    s->high = q3 + reach;
    weighted_outside(w, n, s->low, s->high, &s->below, &s->above);
    free(w);
}

void figures_make(const struct field *f, struct figures *g) {
    const struct tally *t = &f->t;
    *g = (struct figures){.present = tally_present(t), .exact = !f->over};
    g->of = f->parent && !f->item ? f->parent->t.kinds[KIND_OBJECT] : g->present;
    g->filled = g->present - t->kinds[KIND_NULL] - t->kinds[KIND_EMPTY];
    g->values = g->present - t->kinds[KIND_NULL] - t->kinds[KIND_OBJECT] - t->kinds[KIND_ARRAY];
    g->distinct = f->top.n;
    g->ntop = top_list(&f->top, g->top, TOP_SHOWN);
    if (f->over) {
        g->distinct = hll_count(&f->hll);
        if (g->distinct > g->values) g->distinct = g->values;
        g->distinct_error = hll_error(&f->hll);
        /* only what is certain: such a value occurred more often than any that was forgotten could have */
        while (g->ntop && g->top[g->ntop - 1]->count <= f->top.lost) g->ntop--;
    }
    if ((g->numbers.n = t->numbers)) {
        spread_make(&g->numbers, f, &f->numbers, kind_is_number);
        g->numbers.mean = exact_mean(&t->exact, t->numbers);
        g->numbers.stddev = exact_stddev(&t->exact, t->numbers);
    }
    if ((g->times.n = t->times)) {
        spread_make(&g->times, f, &f->times, kind_is_time);
        __int128 mean = t->time_sum / (__int128)t->times; /* whole microseconds */
        g->times.mean = (double)mean;
        g->times.stddev = NAN;
    }
}

void time_text(double micros, bool zoned, bool dates, struct buf *b) {
    int64_t us = (int64_t)round(micros), day = us / 86400000000, rest = us % 86400000000;
    if (rest < 0) {
        rest += 86400000000;
        day--;
    }
    buf_str(b, day_text((day_t)day).s);
    if (dates && !rest) return;
    int64_t sec = rest / 1000000, part = rest % 1000000;
    buf_fmt(b, "T%02d:%02d:%02d", (int)(sec / 3600), (int)(sec / 60 % 60), (int)(sec % 60));
    if (part) {
        buf_fmt(b, ".%06d", (int)part);
        while (b->p[b->n - 1] == '0') b->p[--b->n] = 0;
    }
    if (zoned) buf_chr(b, 'Z');
}

void json_double(struct buf *b, double x) {
    char text[32];
    if (!isfinite(x)) {
        buf_str(b, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    buf_str(b, text);
}
