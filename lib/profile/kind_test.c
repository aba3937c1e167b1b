/* What texts hold, and numbers read to the last bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "profile/kind.h"

static void texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum kind kind;
        double num;
        bool zoned;
    } t[] = {
        {"", KIND_EMPTY, 0, false},
        {"0", KIND_INTEGER, 0, false},
        {"-0", KIND_INTEGER, 0, false},
        {"42", KIND_INTEGER, 42, false},
        {"-7", KIND_INTEGER, -7, false},
        {"007", KIND_STRING, 0, false},
        {"+1", KIND_STRING, 0, false},
        {"1,000", KIND_STRING, 0, false},
        {".5", KIND_STRING, 0, false},
        {"5.", KIND_STRING, 0, false},
        {"-", KIND_STRING, 0, false},
        {"1e", KIND_STRING, 0, false},
        {"1e+", KIND_STRING, 0, false},
        {"0x10", KIND_STRING, 0, false},
        {"NaN", KIND_STRING, 0, false},
        {" 1", KIND_STRING, 0, false},
        {"3.50", KIND_NUMBER, 3.5, false},
        {"1e3", KIND_NUMBER, 1000, false},
        {"1E-2", KIND_NUMBER, 0.01, false},
        {"1e400", KIND_NUMBER, INFINITY, false},
        {"true", KIND_BOOLEAN, 0, false},
        {"false", KIND_BOOLEAN, 0, false},
        {"True", KIND_STRING, 0, false},
        {"truely", KIND_STRING, 0, false},
        {"null", KIND_STRING, 0, false},
        {"1970-01-02", KIND_DATE, 86400e6, false},
        {"2026-02-30", KIND_STRING, 0, false},
        {"2026-1-5", KIND_STRING, 0, false},
        {"1970-01-01T00:00:01", KIND_TIMESTAMP, 1e6, false},
        {"1970-01-01 00:00:01.25", KIND_TIMESTAMP, 1250000, false},
        {"1970-01-01T09:00:00+09:00", KIND_TIMESTAMP, 0, true},
        {"1969-12-31T23:59:59Z", KIND_TIMESTAMP, -1e6, true},
        {"1970-01-01T25:00:00", KIND_STRING, 0, false},
        {"123e4567-e89b-12d3-a456-426614174000", KIND_UUID, 0, false},
        {"123E4567-E89B-12D3-A456-426614174000", KIND_UUID, 0, false},
        {"123e4567-e89b-12d3-a456-42661417400g", KIND_STRING, 0, false},
        {"가나다", KIND_STRING, 0, false},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        double num;
        bool zoned;
        enum kind k = kind_of_text(t[i].text, strlen(t[i].text), &num, &zoned);
        if (k != t[i].kind || num != t[i].num || zoned != t[i].zoned)
            fail_msg("%s: %s %g, not %s %g", t[i].text, kind_names[k], num, kind_names[t[i].kind], t[i].num);
    }
}

static size_t number_of(struct rng *r, char *to, size_t cap) {
    int whole = (int)rng_below(r, rng_chance(r, 0.2) ? 30 : 12),
        places = (int)rng_below(r, rng_chance(r, 0.2) ? 35 : 18);
    size_t n = 0;
    if (rng_chance(r, 0.3)) to[n++] = '-';
    if (!whole) to[n++] = '0';
    for (int i = 0; i < whole && n + 2 < cap; i++) to[n++] = (char)('0' + (i ? rng_below(r, 10) : rng_range(r, 1, 9)));
    if (places) to[n++] = '.';
    for (int i = 0; i < places && n + 2 < cap; i++)
        to[n++] = (char)(rng_chance(r, 0.3) ? '0' : '0' + (int)rng_below(r, 10));
    if (rng_chance(r, 0.1)) n += (size_t)snprintf(to + n, cap - n, "e%d", (int)rng_below(r, 60) - 30);
    to[n] = 0;
    return n;
}

/* All the quick ways give what strtod gives; so do texts of 17 digits of a double and those in the middle of two. */
static void numbers_to_the_bit(void **state) {
    (void)state;
    struct rng r;
    char text[128];
    rng_seed(&r, 11);
    for (int i = 0; i < 2000000; i++) {
        size_t n;
        if (i % 3) {
            n = number_of(&r, text, sizeof text);
        } else { /* decimal texts of a double, or of the middle between it and the next */
            uint64_t bits = (rng_next(&r) & 0xFFFFFFFFFFFFF) | (uint64_t)(1023 + rng_below(&r, 40)) << 52;
            double x;
            memcpy(&x, &bits, sizeof x);
            n = i % 2 ? (size_t)snprintf(text, sizeof text, "%.17g", x)
                      : (size_t)snprintf(text, sizeof text, "%.*Lf", (int)rng_below(&r, 20),
                                         ((long double)x + (long double)nextafter(x, INFINITY)) / 2);
        }
        double got = kind_number(text, n), want = strtod(text, NULL);
        if (got != want) fail_msg("%s: %a, not %a", text, got, want);
    }
    assert_false(signbit(kind_number("-0", 2)));
    assert_false(signbit(kind_number("-0.0e5", 6)));
    assert_true(isinf(kind_number("-1e999", 6)));
}

static void canonical_forms(void **state) {
    (void)state;
    static const char *const t[][2] = {{"0", "0"},
                                       {"-0", "0"},
                                       {"0.0", "0"},
                                       {"-0e5", "0"},
                                       {"1.0", "1"},
                                       {"1e2", "100"},
                                       {"100", "100"},
                                       {"-2.50", "-2.5"},
                                       {"0.10", "0.1"},
                                       {"0.000001", "0.000001"},
                                       {"0.0000001", "1e-7"},
                                       {"12e-9", "1.2e-8"},
                                       {"1.5e300", "1.5e+300"},
                                       {"1e20", "100000000000000000000"},
                                       {"1e21", "1e+21"},
                                       {"1E+21", "1e+21"},
                                       {"123456789012345678901234567890", "1.2345678901234567890123456789e+29"},
                                       {"0.1", "0.1"},
                                       {"-0.25", "-0.25"},
                                       {"1.25e1", "12.5"},
                                       {"1e400", "1e+400"},
                                       {"-12e5678901234567890123", "-12e5678901234567890123"},
                                       {"1e-999999999999999999", "1e-999999999999999999"},
                                       {"0.00000012", "1.2e-7"}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        size_t n;
        const char *s = kind_canonical(&a, t[i][0], strlen(t[i][0]), &n);
        if (n != strlen(t[i][1]) || memcmp(s, t[i][1], n) != 0)
            fail_msg("%s: %.*s, not %s", t[i][0], (int)n, s, t[i][1]);
        /* what it gives stays as it is */
        size_t again;
        const char *s2 = kind_canonical(&a, s, n, &again);
        assert_int_equal(n, again);
        assert_memory_equal(s, s2, n);
    }
    arena_free(&a);
}

/* Equal numbers, however written, have one form; different ones have two. */
static void one_form_each(void **state) {
    (void)state;
    struct rng r;
    struct arena a = {0};
    char text[128], other[160];
    rng_seed(&r, 12);
    for (int i = 0; i < 100000; i++) {
        size_t n = number_of(&r, text, sizeof text), k, m;
        if (strchr(text, 'e')) continue;
        const char *one = kind_canonical(&a, text, n, &k);
        snprintf(other, sizeof other, "%s%se0", text, strchr(text, '.') ? "00" : ".000");
        const char *two = kind_canonical(&a, other, strlen(other), &m);
        if (k != m || memcmp(one, two, k) != 0) fail_msg("%s: %.*s and %.*s", text, (int)k, one, (int)m, two);
        snprintf(other, sizeof other, "%s%s1", text, strchr(text, '.') ? "" : ".");
        two = kind_canonical(&a, other, strlen(other), &m);
        if (k == m && memcmp(one, two, k) == 0) fail_msg("%s and %s: %.*s", text, other, (int)k, one);
        if (i % 1000 == 0) arena_reset(&a);
    }
    arena_free(&a);
}

static void forms(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned forms;
    } t[] = {{"2026-01-15", 1u << FORM_DATE},
             {"2026-01-15T00:00:00Z", 1u << FORM_DATE_TIME},
             {"2026-01-15T00:00:00", 0},
             {"2026-01-15 00:00:00Z", 0},
             {"2026-01-15T00:00:00.5+09:00", 1u << FORM_DATE_TIME},
             {"123e4567-e89b-12d3-a456-426614174000", 1u << FORM_UUID},
             {"a@example.com", 1u << FORM_EMAIL},
             {"mailto:a@example.com", 1u << FORM_URI},
             {"https://example.com/가", 0},
             {"https://example.com/x", 1u << FORM_URI},
             {"10.0.0.1", 1u << FORM_IPV4},
             {"10.0.0.256", 0},
             {"::1", 1u << FORM_IPV6},
             {"plain", 0},
             {"", 0}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        double num;
        bool zoned;
        size_t n = strlen(t[i].text);
        enum kind k = kind_of_text(t[i].text, n, &num, &zoned);
        assert_int_equal(kind_forms(k, t[i].text, n, FORM_ALL), t[i].forms);
        assert_int_equal(kind_forms(k, t[i].text, n, FORM_ALL & ~t[i].forms), 0);
        for (int f = 0; f < FORM_COUNT; f++) /* and the formats agree with those that a schema knows */
            if (t[i].forms & 1u << f) assert_true(format_find(sv_of(form_names[f]))(t[i].text, n));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(numbers_to_the_bit),
                                       cmocka_unit_test(canonical_forms), cmocka_unit_test(one_form_each),
                                       cmocka_unit_test(forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
