/* The generator of trips: the same bytes for the same day however they are asked for, and what a trip is like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "collect/trips.h"
#include "json/scan.h"

static const struct trips_segment road[3] = {{127600000, 34700000, 127600300, 34700400},
                                             {127600300, 34700400, 127600600, 34700800},
                                             {127600600, 34700800, 127600900, 34701200}};

static void make(struct buf *b, uint64_t seed, day_t day, uint32_t trips, bool flat, size_t piece, uint64_t *lines) {
    struct zone kst;
    struct err e;
    struct trips *g;
    uint64_t rows;
    assert_int_equal(zone_find("Asia/Seoul", &kst, &e), ERR_OK);
    struct trips_cfg cfg = {seed, day, &kst, trips, flat, road, 3};
    assert_int_equal(trips_open(&g, &cfg, &e), ERR_OK);
    *lines = 0;
    for (bool more = true; more; *lines += rows) trips_next(g, b, piece, &rows, &more);
    trips_close(g);
}

static void same_bytes(void **state) {
    (void)state;
    struct buf a = {0}, b = {0}, c = {0}, d = {0};
    uint64_t n, m;
    make(&a, 42, 20468, 20, false, 1, &n);
    make(&b, 42, 20468, 20, false, 1 << 20, &m);
    assert_int_equal(n, 20);
    assert_int_equal(m, 20);
    assert_true(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
    make(&c, 43, 20468, 20, false, 1 << 20, &m);
    make(&d, 42, 20469, 20, false, 1 << 20, &m);
    assert_true(a.n != c.n || memcmp(a.p, c.p, a.n) != 0);
    assert_true(a.n != d.n || memcmp(a.p, d.p, a.n) != 0);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
    buf_free(&d);
}

static double number(struct jval v, const char *key) {
    struct jval x;
    assert_true(jv_get(v, sv_of(key), &x));
    return jv_num(x);
}

/* All readings are plausible, on the road, of the day in the zone, ten a second. */
static void readings(void **state) {
    (void)state;
    struct buf b = {0};
    struct jtoks toks = {0};
    uint64_t n, first_of_day = (20468ull * 86400 - 9 * 3600) * 1000;
    double before = 0, hits = 0;
    make(&b, 7, 20468, 50, true, 1 << 16, &n);
    assert_true(n >= 50 * 400 && n <= 50 * 500);
    for (char *p = b.p, *nl; (nl = memchr(p, '\n', (size_t)(b.p + b.n - p))); p = nl + 1) {
        struct jerr je;
        toks.n = 0;
        assert_true(json_scan(&toks, p, (size_t)(nl - p), 0, &je));
        struct jval r = {p, toks.t, 0};
        double ts = number(r, "timestamp"), z = number(r, "accel_z");
        assert_true(ts >= (double)first_of_day && ts < (double)first_of_day + 86400e3);
        assert_true(ts - before == 100 || ts < before || ts - before > 100);
        assert_true(number(r, "lon") > 127.5999 && number(r, "lon") < 127.6011);
        assert_true(number(r, "velocity") >= 0 && number(r, "velocity") < 90);
        assert_true(number(r, "hdop") >= 0.8 && number(r, "hdop") <= 3.0);
        assert_true(number(r, "satellites") >= 6 && number(r, "satellites") <= 12);
        hits += z < 7 || z > 13;
        before = ts;
    }
    assert_true(hits > 5);
    buf_free(&b);
    jtoks_free(&toks);
}

static void no_road(void **state) {
    (void)state;
    struct zone utc = {0};
    struct err e;
    struct trips *g;
    struct trips_cfg cfg = {1, 0, &utc, 1, false, NULL, 0};
    assert_int_equal(trips_open(&g, &cfg, &e), ERR_CONFIG);
    assert_null(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bytes), cmocka_unit_test(readings),
                                       cmocka_unit_test(no_road)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
