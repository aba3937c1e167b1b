/* Nearest and near enough against comparing with every point; moments against long double in two passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "transform/geo.h"
#include "transform/moments.h"

#define N 700

struct world {
    double x[N], y[N], r[N];
    struct rng g;
};

static double between(struct rng *g, double lo, double hi) {
    return lo + (hi - lo) * ((double)(rng_next(g) >> 11) / 9007199254740992.0);
}

/* A bent road, some points twice, a far one. */
static void make(struct world *w) {
    rng_seed(&w->g, 7);
    for (int i = 0; i < N; i++) {
        double t = i / (double)N;
        w->x[i] = 127.52 + 0.25 * t + 0.02 * sin(20 * t);
        w->y[i] = 34.5 + 0.5 * t * t;
        w->r[i] = between(&w->g, 1e-6, 3e-5);
    }
    w->x[300] = w->x[20], w->y[300] = w->y[20];
    w->x[N - 1] = 129;
}

static uint32_t slow_nearest(const struct world *w, double x, double y) {
    uint32_t at = 0;
    for (uint32_t i = 1; i < N; i++) {
        double d = (w->x[i] - x) * (w->x[i] - x) + (w->y[i] - y) * (w->y[i] - y);
        double b = (w->x[at] - x) * (w->x[at] - x) + (w->y[at] - y) * (w->y[at] - y);
        if (d < b) at = i;
    }
    return at;
}

static void nearest_is_the_nearest(void **state) {
    (void)state;
    struct world w;
    make(&w);
    struct geo_near *g = geo_near_new(w.x, w.y, N);
    for (int i = 0; i < 300000; i++) {
        double x, y;
        int k = (int)rng_below(&w.g, N - 1);
        if (i % 3 == 0) { /* near the road */
            x = w.x[k] + between(&w.g, -1e-3, 1e-3), y = w.y[k] + between(&w.g, -1e-3, 1e-3);
        } else if (i % 3 == 1) { /* exactly between two points, and on one */
            x = (w.x[k] + w.x[k + 1]) / 2, y = (w.y[k] + w.y[k + 1]) / 2;
            if (i % 2) x = w.x[k], y = w.y[k];
        } else { /* in the box, around it, far from it: every grid, and none */
            double far = (double[]){0, 1, 4, 16, 64, 4096}[i / 3 % 6];
            x = between(&w.g, 127 - far, 130 + far), y = between(&w.g, 34 - far, 35.5 + far);
        }
        uint32_t got = geo_nearest(g, x, y), want = slow_nearest(&w, x, y);
        if (got != want) fail_msg("%.17g %.17g: %u, not %u", x, y, got, want);
    }
    geo_near_free(g);
}

static void ties_go_to_the_first(void **state) {
    (void)state;
    double x[] = {1, 3, 1, 3, 2}, y[] = {1, 1, 3, 3, 9};
    struct geo_near *g = geo_near_new(x, y, 5);
    assert_int_equal(geo_nearest(g, 2, 2), 0);
    assert_int_equal(geo_nearest(g, 3, 2), 1);
    assert_int_equal(geo_nearest(g, 2, 3), 2);
    geo_near_free(g);
    double one[] = {5};
    g = geo_near_new(one, one, 1);
    assert_int_equal(geo_nearest(g, -100, 1e300), 0);
    geo_near_free(g);
    double same[] = {4, 4, 4};
    g = geo_near_new(same, same, 3);
    assert_int_equal(geo_nearest(g, 4, 4), 0);
    assert_int_equal(geo_nearest(g, 40, -4), 0);
    assert_int_equal(geo_nearest(g, (double)NAN, 4), 0);
    assert_int_equal(geo_nearest(g, 4, -(double)INFINITY), 0);
    geo_near_free(g);
}

/* Points so close together that their cells are hardly wider than a double is exact; many on one place; a line. */
static void odd_tables(void **state) {
    (void)state;
    static struct world w;
    for (int kind = 0; kind < 4; kind++) {
        make(&w);
        for (int i = 0; i < N; i++) {
            double step = kind == 0 ? 3e-14 : 1e-9;
            w.x[i] = kind == 1 ? 127.5 + (i % 3) : 127.5 + step * rng_below(&w.g, 100);
            w.y[i] = kind == 1 ? 35 : kind == 2 ? 35 : kind == 3 ? -35 + 1e-3 * i : 35 + step * rng_below(&w.g, 100);
        }
        struct geo_near *g = geo_near_new(w.x, w.y, N);
        double lo = w.x[0], hi = w.x[0];
        for (int i = 0; i < N; i++) lo = fmin(lo, w.x[i]), hi = fmax(hi, w.x[i]);
        for (int i = 0; i < 60000; i++) {
            double more = (hi - lo) * (i % 5), k = rng_below(&w.g, N);
            double x = between(&w.g, lo - more, hi + more), y = w.y[(int)k] + between(&w.g, -1, 1) * (hi - lo + more);
            uint32_t got = geo_nearest(g, x, y), want = slow_nearest(&w, x, y);
            if (got != want) fail_msg("%d: %.17g %.17g: %u, not %u", kind, x, y, got, want);
        }
        geo_near_free(g);
    }
}

static void near_is_near_enough(void **state) {
    (void)state;
    struct world w;
    make(&w);
    struct geo_radii *g = geo_radii_new(w.x, w.y, w.r, N);
    int hits = 0;
    for (int i = 0; i < 60000; i++) {
        int k = (int)rng_below(&w.g, N);
        double x = w.x[k] + between(&w.g, -4e-5, 4e-5), y = w.y[k] + between(&w.g, -4e-5, 4e-5);
        uint32_t want = GEO_NONE;
        for (uint32_t j = 0; j < N && want == GEO_NONE; j++)
            if (fabs(y - w.y[j]) <= w.r[j] && fabs(x - w.x[j]) * cos(y * (M_PI / 180)) <= w.r[j]) want = j;
        uint32_t got = geo_within(g, x, y);
        if (got != want) fail_msg("%.17g %.17g: %u, not %u", x, y, got, want);
        hits += want != GEO_NONE;
    }
    assert_true(hits > 5000);
    geo_radii_free(g);
    g = geo_radii_new(NULL, NULL, NULL, 0);
    assert_int_equal(geo_within(g, 1, 1), GEO_NONE);
    geo_radii_free(g);
}

/* Integers times 2^-20 have exact sums in __int128. */
static void deviation_is_exact(void **state) {
    (void)state;
    struct rng g;
    rng_seed(&g, 3);
    for (int round = 0; round < 200; round++) {
        struct moments m = {0};
        __int128 sum = 0, squares = 0;
        uint64_t n = 2 + rng_below(&g, 2000);
        int64_t far = round % 2 ? 0 : 3000000000000, v[2002];
        for (uint64_t i = 0; i < n; i++) {
            v[i] = far + rng_below(&g, round % 3 ? 4000 : 3);
            if (i == 0 && round % 5 == 0) v[i] = 1 << 20; /* the first one lies far from the others */
            sum += v[i], squares += (__int128)v[i] * v[i];
            moments_add(&m, i, (double)v[i] * 0x1p-20);
        }
        struct spread s = moments_spread(&m, n);
        __int128 top = squares * n - sum * sum;
        long double want = sqrtl((long double)top / (long double)n / (long double)(n - 1)) * 0x1p-20L;
        if (fabsl(s.sd - want) > 1e-15L * want) fail_msg("%d: %.17g, not %.17Lg", round, s.sd, want);
        for (uint64_t i = 0; i < n; i++) {
            __int128 d = (__int128)v[i] * n - sum;
            long double z = (long double)d / (long double)n * 0x1p-20L / want;
            if (fabsl(spread_z(&s, (double)v[i] * 0x1p-20) - z) > 1e-14L * fabsl(z))
                fail_msg("%d: z %.17g, not %.17Lg", round, spread_z(&s, (double)v[i] * 0x1p-20), z);
        }
    }
}

static void no_deviation(void **state) {
    (void)state;
    struct moments m = {0};
    for (uint64_t i = 0; i < 100000; i++) moments_add(&m, i, 9.81);
    struct spread s = moments_spread(&m, 100000);
    assert_true(s.sd == 0 && spread_z(&s, 9.81) == 0);
    m = (struct moments){0};
    moments_add(&m, 0, 3.5);
    s = moments_spread(&m, 1);
    assert_true(s.sd == 0 && spread_z(&s, 3.5) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nearest_is_the_nearest),
                                       cmocka_unit_test(ties_go_to_the_first),
                                       cmocka_unit_test(odd_tables),
                                       cmocka_unit_test(near_is_near_enough),
                                       cmocka_unit_test(deviation_is_exact),
                                       cmocka_unit_test(no_deviation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
