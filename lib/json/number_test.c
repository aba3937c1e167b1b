/* Decimals as they are written: order, integers, divisibility. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/number.h"

static struct number num(const char *text) {
    struct number x;
    number_parse(&x, text, strlen(text));
    return x;
}

static void order(void **state) {
    (void)state;
    /* ascending; those in one line are equal */
    static const char *const lines[][4] = {{"-1e99999999999999999999"},
                                           {"-1e401"},
                                           {"-18446744073709551616"},
                                           {"-18446744073709551615"},
                                           {"-2", "-2.0", "-20e-1", "-0.2E+1"},
                                           {"-1.5"},
                                           {"-1e-400"},
                                           {"0", "-0", "0.000", "0e99"},
                                           {"1e-401"},
                                           {"0.1", "1e-1", "0.10", "100e-3"},
                                           {"0.10000000000000000001"},
                                           {"0.2"},
                                           {"1", "1.0", "10e-1", "0.001e3"},
                                           {"1.05"},
                                           {"9.99"},
                                           {"10"},
                                           {"99999999999999999999"},
                                           {"1e20", "100000000000000000000"},
                                           {"100000000000000000001"},
                                           {"1e400"}};
    size_t n = sizeof lines / sizeof *lines;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++)
            for (size_t i = 0; i < 4 && lines[a][i]; i++)
                for (size_t j = 0; j < 4 && lines[b][j]; j++) {
                    struct number x = num(lines[a][i]), y = num(lines[b][j]);
                    if (number_compare(&x, &y) != (a > b) - (a < b)) fail_msg("%s and %s", lines[a][i], lines[b][j]);
                    if (a == b) assert_true(number_hash(&x) == number_hash(&y));
                }
}

static void integers(void **state) {
    (void)state;
    static const char *const yes[] = {"0", "-0.0", "1.0", "1.5e1", "10.50e1", "1e400", "100e-2", "0e-5"},
                             *const no[] = {"0.5", "1.05e1", "1e-400", "100e-3"};
    for (size_t k = 0; k < sizeof yes / sizeof *yes; k++) {
        struct number x = num(yes[k]);
        assert_true(number_is_int(&x));
    }
    for (size_t k = 0; k < sizeof no / sizeof *no; k++) {
        struct number x = num(no[k]);
        assert_false(number_is_int(&x));
    }
}

/* Against the machine's own arithmetic, small divisors and long ones alike. */
static void multiples(void **state) {
    (void)state;
    struct arena a = {0};
    for (uint64_t m = 1; m <= 200; m++)
        for (uint64_t x = 0; x <= 1000; x++) {
            char text[64], div[64], wide[64], wide_div[64];
            struct number n, w, d, wd;
            struct divisor small, big;
            snprintf(text, sizeof text, "%llu", (unsigned long long)x);
            snprintf(div, sizeof div, "%llu", (unsigned long long)m);
            /* both times 10^21 + 1, so that the divisor has more than 18 digits */
            snprintf(wide, sizeof wide, "%llu00000000000000000%04llu", (unsigned long long)x, (unsigned long long)x);
            snprintf(wide_div, sizeof wide_div, "%llu00000000000000000%04llu", (unsigned long long)m,
                     (unsigned long long)m);
            n = num(text), d = num(div), w = num(wide), wd = num(wide_div);
            assert_true(number_divisor_init(&small, &d, &a));
            assert_true(number_divisor_init(&big, &wd, &a));
            if (number_multiple(&n, &small) != (x % m == 0)) fail_msg("%s by %s", text, div);
            if (number_multiple(&w, &big) != (x % m == 0)) fail_msg("%s by %s", wide, wide_div);
            if (m % 50 == 0) arena_reset(&a);
        }
    struct number zero = num("0.0"), minus = num("-1");
    struct divisor d;
    assert_false(number_divisor_init(&d, &zero, &a));
    assert_false(number_divisor_init(&d, &minus, &a));
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(order), cmocka_unit_test(integers),
                                       cmocka_unit_test(multiples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
