/* Sums without rounding. Expected values by exact fractions (Python's fractions, integer square root). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "profile/exact.h"

static void known_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int n;
        double x[10], mean, stddev;
    } t[] = {
        {"small integers", 6, {1, 2, 3, 4, 4, 10}, 4, 0x1.94c583ada5b53p+1},
        {"cancellation", 3, {1e16, 1, -1e16}, 0x1.5555555555555p-2, 1e16},
        {"a billion and a bit", 4, {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}, 0x1.dcd6505000000p+29, 0x1.5e8add236a58fp+2},
        {"tenths", 10, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 0.1, 0},
        {"both ends of the range",
         5,
         {0x1.fffffffffffffp+1023, 0x1.fffffffffffffp+1023, -0x1.fffffffffffffp+1023, 0x0.0000000000001p-1022, 2.5},
         0x1.9999999999999p+1021,
         0x1.ac5eb3f7ab2f7p+1023},
        {"the smallest",
         3,
         {0x0.0000000000001p-1022, 0x0.0000000000001p-1022, 0x0.0000000000002p-1022},
         0x0.0000000000001p-1022,
         0x0.0000000000001p-1022},
        {"signs",
         6,
         {-3.5, 2.25, -0x1.56e1fc2f8f359p-997, 0x1.24a35bcdc760fp+667, -0x1.24a35bcdc760fp+667, 0},
         -0x1.aaaaaaaaaaaabp-3,
         0x1.72294416c96f5p+666},
        {"large spread",
         3,
         {0x1.87e92154ef7acp-665, 0x1.4e718d7d7625ap+664, 3},
         0x1.bdecbca748323p+662,
         0x1.822ea25a6e61dp+663},
        {"half a step", 2, {1, 0x1.0000000000001p+0}, 1, 0x1.6a09e667f3bcdp-53},
        {"minus", 4, {-1.5, -2.5, -2147483649.0, -2147483648.0}, -0x1.0000000500000p+30, 0x1.279a74558c626p+30},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct exact e = {0};
        for (int k = 0; k < t[i].n; k++) exact_add(&e, t[i].x[k], 1);
        double mean = exact_mean(&e, (uint64_t)t[i].n), dev = exact_stddev(&e, (uint64_t)t[i].n);
        if (mean != t[i].mean) fail_msg("%s: mean %a, not %a", t[i].name, mean, t[i].mean);
        /* the root of a rounded variance may be one step off */
        if (dev != t[i].stddev && dev != nextafter(t[i].stddev, INFINITY) && dev != nextafter(t[i].stddev, 0))
            fail_msg("%s: standard deviation %a, not %a", t[i].name, dev, t[i].stddev);
        exact_free(&e);
    }
}

static void nothing_and_one(void **state) {
    (void)state;
    struct exact e = {0};
    assert_true(exact_mean(&e, 0) == 0);
    assert_true(isnan(exact_stddev(&e, 0)));
    exact_add(&e, -7.25, 1);
    assert_true(exact_mean(&e, 1) == -7.25);
    assert_true(isnan(exact_stddev(&e, 1)));
    exact_free(&e);
}

static double any_double(struct rng *r) {
    static const int powers[] = {0, 10, 60, 300, 1000};
    double x = ldexp((double)(int64_t)rng_next(r), (int)rng_range(r, 0, 40) - 20 - 40);
    int p = powers[rng_below(r, 5)];
    return rng_chance(r, 0.5) ? ldexp(x, p - 20) : rng_chance(r, 0.5) ? (double)(int)rng_range(r, 0, 2000) - 1000 : x;
}

/* Cut into parts of any size, in any order, with counts instead of repetition: the same bits. */
static void order_does_not_matter(void **state) {
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    for (int round = 0; round < 50; round++) {
        enum { N = 500 };
        double x[N];
        struct exact one = {0}, parts = {0}, part = {0};
        for (int i = 0; i < N; i++) x[i] = i % 5 ? any_double(&r) : i ? x[i - 1] : 0;
        for (int i = 0; i < N; i++) exact_add(&one, x[i], 1);
        for (int i = N; i-- > 0;) {
            uint32_t count = 1;
            while (i > 0 && x[i - 1] == x[i]) count++, i--;
            exact_add(&part, x[i], count);
            if (rng_chance(&r, 0.1)) exact_merge(&parts, &part);
        }
        exact_merge(&parts, &part);
        exact_merge(&parts, &part); /* empty now */
        assert_true(exact_mean(&one, N) == exact_mean(&parts, N));
        assert_true(exact_stddev(&one, N) == exact_stddev(&parts, N));
        exact_free(&one);
        exact_free(&parts);
        exact_free(&part);
    }
}

/* Counts up to what a batch can hold, on both ways of adding. */
static void large_counts(void **state) {
    (void)state;
    static const double xs[] = {3, 2147483648.0, 0.1, 1.7976931348623157e308};
    for (size_t i = 0; i < 4; i++) {
        struct exact e = {0};
        uint64_t n = 0;
        for (int k = 0; k < 100; k++) {
            exact_add(&e, xs[i], UINT32_MAX);
            n += UINT32_MAX;
        }
        assert_true(exact_mean(&e, n) == xs[i]);
        assert_true(exact_stddev(&e, n) == 0);
        exact_free(&e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_values), cmocka_unit_test(nothing_and_one),
                                       cmocka_unit_test(order_does_not_matter), cmocka_unit_test(large_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
