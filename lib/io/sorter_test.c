/* The external sort: in memory and through temporary files the same order, nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "io/sorter.h"

static int cmp(const void *x, const void *y, void *n) {
    return memcmp(x, y, *(size_t *)n);
}

/* n random records of `rec` bytes with keys of `key`; the last 4 of the key make each one differ. spread: how many
 * values a byte takes. */
static char *records(size_t n, size_t rec, size_t key, uint32_t spread, uint64_t seed) {
    struct rng r;
    rng_seed(&r, seed);
    char *p = mem_alloc(n * rec + 1);
    for (size_t i = 0; i < n * rec; i++) p[i] = (char)rng_below(&r, spread);
    for (size_t i = 0; i < n && key >= 4; i++)
        for (size_t k = 0; k < 4; k++) p[i * rec + key - 1 - k] = (char)(i >> (8 * k));
    return p;
}

static size_t sorts(size_t n, size_t rec, size_t key, uint32_t spread, size_t memory) {
    char *in = records(n, rec, key, spread, n * 31 + rec), *want = mem_alloc(n * rec + 1);
    struct sorter *s = sorter_new(rec, key, memory, "/tmp");
    struct err e = {0};
    int rc;
    memcpy(want, in, n * rec);
    qsort_r(want, n, rec, cmp, &key);
    for (size_t i = 0; i < n; i++) assert_int_equal(sorter_add(s, in + i * rec, &e), ERR_OK);
    assert_int_equal(sorter_count(s), n);
    assert_int_equal(sorter_finish(s, &e), ERR_OK);
    for (int round = 0; round < 3; round++) { /* the second after a part, the third after all was read */
        size_t stop = round ? n : n / 3;
        for (size_t i = 0; i < stop; i++) {
            const void *p = sorter_next(s, &rc, &e);
            assert_non_null(p);
            assert_int_equal(rc, ERR_OK);
            if (memcmp(p, want + i * rec, rec)) fail_msg("record %zu of %zu (%zu bytes)", i, n, rec);
        }
        for (int again = 0; again < 2 && stop == n; again++) {
            assert_null(sorter_next(s, &rc, &e));
            assert_int_equal(rc, ERR_OK);
        }
        sorter_rewind(s);
    }
    size_t runs = sorter_runs(s);
    sorter_free(s);
    free(in);
    free(want);
    return runs;
}

static void in_memory(void **state) {
    (void)state;
    static const size_t counts[] = {1, 2, 3, 100, 1023, 1024, 1025, 4095, 4096, 5000, 20000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_int_equal(sorts(counts[i], 16, 8, 256, 64 << 20), 0);
        assert_int_equal(sorts(counts[i], 37, 37, 256, 64 << 20), 0);
        assert_int_equal(sorts(counts[i], 24, 12, 2, 64 << 20), 0); /* nearly all in a few buckets */
    }
}

static void nothing(void **state) {
    (void)state;
    assert_int_equal(sorts(0, 16, 8, 256, 1 << 20), 0);
    struct sorter *s = sorter_new(16, 8, 1 << 20, "/tmp");
    sorter_free(s);
    sorter_free(NULL);
}

static void spills(void **state) {
    (void)state;
    static const size_t counts[] = {5000, 8192, 30000, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_true(sorts(counts[i], 20, 12, 256, 40000) >= 2);
        assert_true(sorts(counts[i], 51, 43, 3, 60000) >= 2);
    }
    assert_true(sorts(200000, 20, 12, 256, 1) > 64); /* more runs than buffers: merged twice before they are read */
}

static void random_sizes(void **state) {
    (void)state;
    struct rng r;
    rng_seed(&r, 99);
    for (int i = 0; i < 60; i++) {
        size_t key = rng_range(&r, 4, 60), rec = key + rng_below(&r, 60), n = rng_below(&r, 9000);
        sorts(n, rec, key, rng_range(&r, 2, 256), rng_range(&r, 1, 200) * 1000);
    }
}

static void wide_records(void **state) {
    (void)state;
    sorts(6000, 300, 20, 256, 64 << 20);
    assert_true(sorts(6000, 700, 20, 256, 100000) >= 2);
}

/* Equal keys: all of them come, in no particular order. */
static void equal_keys(void **state) {
    (void)state;
    for (size_t memory = 1; memory < 1u << 24; memory <<= 23) {
        struct sorter *s = sorter_new(8, 4, memory, "/tmp");
        struct err e = {0};
        uint32_t n = 50000;
        bool *seen = mem_alloc(n);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t rec[2] = {i % 3, i};
            assert_int_equal(sorter_add(s, rec, &e), ERR_OK);
        }
        assert_int_equal(sorter_finish(s, &e), ERR_OK);
        int rc;
        uint32_t got = 0;
        char before[4] = {0};
        for (const char *p; (p = sorter_next(s, &rc, &e)); got++) {
            uint32_t id;
            memcpy(&id, p + 4, 4);
            assert_true(memcmp(before, p, 4) <= 0);
            memcpy(before, p, 4);
            assert_false(seen[id]);
            seen[id] = true;
        }
        assert_int_equal(got, n);
        free(seen);
        sorter_free(s);
    }
}

static void no_room_for_files(void **state) {
    (void)state;
    struct sorter *s = sorter_new(100, 8, 1, "/tmp/etl-no-such-directory");
    struct err e = {0};
    char rec[100] = {0};
    int rc = ERR_OK;
    for (int i = 0; i < 100000 && rc == ERR_OK; i++) rc = sorter_add(s, rec, &e);
    assert_int_equal(rc, ERR_IO);
    assert_non_null(strstr(e.msg, "/tmp/etl-no-such-directory"));
    sorter_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_memory),        cmocka_unit_test(nothing),
                                       cmocka_unit_test(spills),           cmocka_unit_test(random_sizes),
                                       cmocka_unit_test(wide_records),     cmocka_unit_test(equal_keys),
                                       cmocka_unit_test(no_room_for_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
