/* Quantiles: by the formula, and within the bound that the sketch claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "profile/ranks.h"

static const double ps[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

static void close_to(double a, double b) {
    if (fabs(a - b) > 1e-12 * fmax(1, fabs(b))) fail_msg("%.17g, not %.17g", a, b);
}

/* Expected: Python's statistics.quantiles(xs, n=100, method='inclusive'). */
static void type_seven(void **state) {
    (void)state;
    static const double xs[] = {15, 20, 35, 40, 50, 50, 50, 61, 79, -4};
    static const double want[] = {-2.29, 4.55, 23.75, 45, 50, 70.9, 77.38};
    struct weighted w[10];
    size_t n = 10;
    for (size_t i = 0; i < n; i++) w[i] = (struct weighted){xs[i], 1};
    weighted_sort(w, &n);
    assert_int_equal(n, 8);
    assert_int_equal(w[5].count, 3);
    for (int i = 0; i < 7; i++) close_to(weighted_quantile(w, n, ps[i]), want[i]);
    struct weighted two[] = {{1, 1}, {2, 1}};
    static const double between[] = {1.01, 1.05, 1.25, 1.5, 1.75, 1.95, 1.99};
    for (int i = 0; i < 7; i++) close_to(weighted_quantile(two, 2, ps[i]), between[i]);
    struct weighted one = {3.5, 1};
    for (int i = 0; i < 7; i++) close_to(weighted_quantile(&one, 1, ps[i]), 3.5);
    close_to(weighted_quantile(two, 2, 0), 1);
    close_to(weighted_quantile(two, 2, 1), 2);
    assert_true(isnan(weighted_quantile(NULL, 0, 0.5)));
    uint64_t below, above;
    weighted_outside(w, n, 15, 61, &below, &above);
    assert_int_equal(below, 1);
    assert_int_equal(above, 1);
}

/* Counts are as good as repetition. */
static void counts(void **state) {
    (void)state;
    struct weighted many[300], few[] = {{1, 100}, {7, 150}, {9, 50}};
    size_t n = 300;
    for (size_t i = 0; i < n; i++) many[i] = (struct weighted){i < 100 ? 1 : i < 250 ? 7 : 9, 1};
    double p[101];
    for (int i = 0; i <= 100; i++) p[i] = weighted_quantile(many, n, i / 100.0);
    for (int i = 0; i <= 100; i++) close_to(weighted_quantile(few, 3, i / 100.0), p[i]);
}

enum { MANY = 200000 };

/* How far the rank of x is from h, in a sorted array. */
static double off_by(const double *sorted, double x, double h) {
    size_t lo = 0, hi = MANY;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (sorted[mid] < x)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t upto = lo;
    while (upto < MANY && sorted[upto] == x) upto++;
    if (h < (double)lo) return (double)lo - h;
    return h > (double)upto ? h - (double)upto : 0;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double number(struct rng *r, int shape, int i) {
    switch (shape) {
    case 0:
        return i; /* rising */
    case 1:
        return -i; /* falling */
    case 2:
        return (double)rng_below(r, 1000);
    case 3:
        return ldexp((double)(rng_next(r) >> 11), (int)rng_below(r, 200) - 150);
    default:
        return (i % 2 ? 1 : -1) * (double)(i * 7919LL % MANY); /* from both ends inwards */
    }
}

/* Whatever the order: no quantile is off by more ranks than the bound, and that is what the header promises. */
static void bound_holds(void **state) {
    (void)state;
    static const uint32_t ks[] = {64, 256, 4096};
    double *x = mem_alloc(MANY * sizeof *x);
    struct rng rng;
    for (int shape = 0; shape < 5; shape++)
        for (int c = 0; c < 3; c++) {
            struct ranks r = {.k = ks[c]};
            rng_seed(&rng, (uint64_t)shape);
            for (int i = 0; i < MANY; i++) ranks_add(&r, x[i] = number(&rng, shape, i), 0);
            qsort(x, MANY, sizeof *x, by_value);
            size_t n;
            uint64_t all = 0;
            struct weighted *w = ranks_list(&r, &n);
            for (size_t i = 0; i < n; i++) all += w[i].count;
            assert_int_equal(r.count, MANY);
            assert_int_equal(all, MANY);
            double levels = log2((double)MANY / ks[c]) + 1;
            assert_true((double)r.bound <= (double)MANY / ks[c] * levels);
            double worst = 0;
            for (int i = 0; i <= 1000; i++) {
                double off = off_by(x, weighted_quantile(w, n, i / 1000.0), (MANY - 1) * (i / 1000.0));
                if (off > worst) worst = off;
            }
            if (worst > (double)r.bound + 1)
                fail_msg("shape %d k %u: off by %g, bound %g", shape, ks[c], worst, (double)r.bound);
            free(w);
            ranks_free(&r);
        }
    free(x);
}

static void exact_while_it_fits(void **state) {
    (void)state;
    struct ranks r = {.k = 100};
    for (int i = 0; i < 99; i++) ranks_add(&r, 99 - i, 0);
    size_t n;
    struct weighted *w = ranks_list(&r, &n);
    assert_int_equal(r.bound, 0);
    assert_int_equal(n, 99);
    close_to(weighted_quantile(w, n, 0.5), 50);
    free(w);
    ranks_free(&r);
}

/* A count goes to the levels of its bits, without loss as long as they have room. */
static void weights(void **state) {
    (void)state;
    struct ranks r = {.k = 64};
    ranks_add_many(&r, -2, 1000);
    ranks_add_many(&r, 5, 0);
    ranks_add_many(&r, 3, 77);
    ranks_add_many(&r, -0.5, 1);
    size_t n;
    struct weighted *w = ranks_list(&r, &n);
    assert_int_equal(n, 3);
    assert_int_equal(w[0].count, 1000);
    assert_int_equal(w[1].count, 1);
    assert_int_equal(w[2].count, 77);
    assert_int_equal(r.bound, 0);
    assert_int_equal(r.count, 1078);
    free(w);
    ranks_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(type_seven), cmocka_unit_test(counts),
                                       cmocka_unit_test(bound_holds), cmocka_unit_test(exact_while_it_fits),
                                       cmocka_unit_test(weights)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
