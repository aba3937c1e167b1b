/*
 * Mean and sample standard deviation of a group, one value at a time, as exact as the definition.
 *
 * Values are taken relative to the group's first one (v - k, with the rounding of the subtraction kept), and their sum
 * and sum of squares are pairs of doubles (two-sum and two-product after Dekker and Knuth, about 106 bits). So the
 * variance (Q - S*S/n)/(n-1) loses nothing that matters where the values lie close together far from 0, and
 *     z = ((v - k) - S/n) / sd
 * agrees with exact arithmetic to a few parts in 1e16 unless the group spreads over less than 1e-15 of its values.
 * A group whose values are all equal has deviation exactly 0.
 */
#ifndef ETL_TRANSFORM_MOMENTS_H
#define ETL_TRANSFORM_MOMENTS_H

#include "base/poison.h"

#include <math.h>

struct twin { /* hi + lo, |lo| at most half a unit in the last place of hi */
    double hi, lo;
};

static inline struct twin twin_sum(double a, double b) {
    double s = a + b, t = s - a;
    return (struct twin){s, (a - (s - t)) + (b - t)};
}
static inline struct twin twin_quick(double a, double b) { /* |a| >= |b| */
    double s = a + b;
    return (struct twin){s, b - (s - a)};
}
static inline struct twin twin_product(double a, double b) {
    double p = a * b;
#ifdef __FMA__
    return (struct twin){p, __builtin_fma(a, b, -p)};
#else /* Veltkamp's split; exact below 2^996 */
    double x = 134217729.0 * a, ah = x - (x - a), al = a - ah;
    double y = 134217729.0 * b, bh = y - (y - b), bl = b - bh;
    return (struct twin){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}
static inline struct twin twin_add(struct twin a, struct twin b) {
    struct twin s = twin_sum(a.hi, b.hi), t = twin_sum(a.lo, b.lo);
    s = twin_quick(s.hi, s.lo + t.hi);
    return twin_quick(s.hi, s.lo + t.lo);
}
static inline struct twin twin_times(struct twin a, struct twin b) {
    struct twin p = twin_product(a.hi, b.hi);
    return twin_quick(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
static inline struct twin twin_over(struct twin a, double n) {
    double q = a.hi / n;
    struct twin p = twin_product(q, n), r = twin_add(a, (struct twin){-p.hi, -p.lo});
    return twin_quick(q, (r.hi + r.lo) / n);
}

struct moments {
    double first, min, max;
    struct twin sum, squares; /* of v - first */
};

static inline void moments_add(struct moments *m, uint64_t n_before, double v) {
    if (!n_before) {
        *m = (struct moments){.first = v, .min = v, .max = v};
        return;
    }
    if (v < m->min) m->min = v;
    if (v > m->max) m->max = v;
    struct twin d = twin_sum(v, -m->first);
    m->sum = twin_add(m->sum, d);
    m->squares = twin_add(m->squares, twin_times(d, d));
}

/* What z needs of a group: z = ((v - first) - mean) / sd; sd 0 where the deviation is 0 or undefined. */
struct spread {
    double first, sd;
    struct twin mean; /* of v - first */
};

static inline double moments_deviation(const struct moments *m, uint64_t n) {
    if (n < 2 || m->min == m->max) return 0;
    struct twin s2 = twin_times(m->sum, twin_over(m->sum, (double)n));
    struct twin q = twin_add(m->squares, (struct twin){-s2.hi, -s2.lo});
    double var = (q.hi + q.lo) / (double)(n - 1);
    return var > 0 ? sqrt(var) : 0;
}
static inline struct spread moments_spread(const struct moments *m, uint64_t n) {
    return (struct spread){m->first, moments_deviation(m, n), n ? twin_over(m->sum, (double)n) : (struct twin){0, 0}};
}
static inline double spread_z(const struct spread *s, double v) {
    if (!(s->sd > 0)) return 0;
    struct twin d = twin_add(twin_sum(v, -s->first), (struct twin){-s->mean.hi, -s->mean.lo});
    return (d.hi + d.lo) / s->sd;
}

#endif
