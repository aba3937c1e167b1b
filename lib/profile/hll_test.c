/* Estimates of distinct values stay near the truth, from none to many, whatever the values look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "profile/hll.h"

static uint64_t hash_of(int shape, uint64_t i) {
    char text[80];
    int n = shape == 0   ? snprintf(text, sizeof text, "%llu", (unsigned long long)i)
            : shape == 1 ? snprintf(text, sizeof text, "user-%08llu@example.com", (unsigned long long)i * 37)
            : shape == 2 ? snprintf(text, sizeof text, "2026-01-15T%02llu:%02llu:%02llu.%06llu",
                                    (unsigned long long)i / 3600 % 24, (unsigned long long)i / 60 % 60,
                                    (unsigned long long)i % 60, (unsigned long long)i)
                         : snprintf(text, sizeof text, "%016llx-a-long-tail-that-is-always-the-same-0123456789",
                                    (unsigned long long)i << 40);
    return value_hash(text, (size_t)n, 1);
}

/* Within four standard errors; 96 cases, so by chance one of them is off in 165 such tests. The hash is fixed, so it is
 * not by chance. */
static void near_the_truth(void **state) {
    (void)state;
    static const int ps[] = {10, 12, 14};
    static const uint64_t counts[] = {0, 1, 10, 100, 1000, 10000, 100000, 1000000};
    for (int shape = 0; shape < 4; shape++)
        for (int p = 0; p < 3; p++) {
            struct hll h;
            hll_start(&h, ps[p]);
            uint64_t added = 0;
            for (int c = 0; c < 8; c++) {
                for (; added < counts[c]; added++) hll_add(&h, hash_of(shape, added));
                double off = fabs((double)hll_count(&h) - (double)added);
                if (off > 4 * hll_error(&h) * (double)added + 0.5)
                    fail_msg("shape %d, p %d: %llu of %llu", shape, ps[p], (unsigned long long)hll_count(&h),
                             (unsigned long long)added);
            }
            hll_free(&h);
        }
}

static void twice_is_once(void **state) {
    (void)state;
    struct hll a, b;
    hll_start(&a, 12);
    hll_start(&b, 12);
    for (uint64_t i = 0; i < 30000; i++) hll_add(&a, hash_of(1, i));
    for (uint64_t i = 60000; i-- > 0;) hll_add(&b, hash_of(1, i % 30000));
    assert_memory_equal(a.m, b.m, 1 << 12);
    hll_free(&a);
    hll_free(&b);
}

/* Extreme hashes are no trap. */
static void ends(void **state) {
    (void)state;
    struct hll h;
    hll_start(&h, 14);
    hll_add(&h, 0);
    hll_add(&h, UINT64_MAX);
    assert_int_equal(hll_count(&h), 2);
    for (uint64_t i = 0; i < 1 << 14; i++) hll_add(&h, i << 50); /* every register at its end */
    assert_true(hll_count(&h) > 1000000000000u);
    hll_free(&h);
}

static void errors(void **state) {
    (void)state;
    struct hll h;
    hll_start(&h, 14);
    assert_true(fabs(hll_error(&h) - 0.008125) < 1e-9);
    hll_free(&h);
}

/* Every length goes through every branch of the hash, and each byte and the seed count. */
static void hashes_differ(void **state) {
    (void)state;
    char text[100];
    for (size_t n = 0; n < sizeof text; n++) {
        memset(text, 'a', sizeof text);
        uint64_t base = value_hash(text, n, 1);
        assert_true(base != value_hash(text, n, 2));
        if (n) assert_true(base != value_hash(text, n - 1, 1));
        for (size_t i = 0; i < n; i++) {
            text[i] = 'b';
            uint64_t other = value_hash(text, n, 1);
            int bits = __builtin_popcountll(base ^ other);
            assert_in_range(bits, 10, 54);
            text[i] = 'a';
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(near_the_truth), cmocka_unit_test(twice_is_once),
                                       cmocka_unit_test(ends), cmocka_unit_test(errors),
                                       cmocka_unit_test(hashes_differ)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
