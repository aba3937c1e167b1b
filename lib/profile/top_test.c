/* Values and their counts: exact while they fit, within `lost` after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "profile/hll.h"
#include "profile/top.h"

static void add(struct top *t, const char *text, uint64_t count) {
    struct value v = {.len = (uint32_t)strlen(text), .quoted = true};
    v.hash = value_hash(text, v.len, 1);
    uint32_t i = top_find(t, &v, text);
    while (i == TOP_NONE && !top_fits(t, 1, value_kept(v.len))) top_shrink(t);
    if (i == TOP_NONE) i = top_add(t, &v, text);
    t->v[i].count += count;
}

static void add_number(struct top *t, uint64_t x) {
    char text[24];
    snprintf(text, sizeof text, "v%llu", (unsigned long long)x);
    add(t, text, 1);
}

static void is(const struct top *t, const struct value *v, const char *text, uint64_t count) {
    struct sv s = top_text(t, v);
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
    assert_int_equal(v->count, count);
}

static void most_frequent_first(void **state) {
    (void)state;
    struct top t;
    const struct value *out[4];
    top_start(&t, 100, 1000, 7);
    assert_int_equal(top_list(&t, out, 4), 0);
    add(&t, "b", 2);
    add(&t, "a", 2);
    add(&t, "", 5);
    add(&t, "c", 1);
    add(&t, "가나다", 3);
    add(&t, "b", 1);
    add(&t, "aa", 2);
    assert_int_equal(top_list(&t, out, 4), 4);
    is(&t, out[0], "", 5);
    is(&t, out[1], "b", 3);
    is(&t, out[2], "가나다", 3);
    is(&t, out[3], "a", 2);
    assert_int_equal(t.n, 6);
    assert_int_equal(t.lost, 0);
    top_free(&t);
}

/* 20,000 numbers, small ones far more frequent (about 1/x), into 200 places. */
static void stream(struct top *t, uint64_t *truth, uint64_t *n) {
    struct rng r;
    rng_seed(&r, 3);
    *n = 200000;
    for (uint64_t i = 0; i < *n; i++) {
        double u = (double)(rng_next(&r) >> 11) / 9007199254740992.0;
        uint64_t x = (uint64_t)(1 / (u + 0.00005)) % 20000;
        truth[x]++;
        add_number(t, x);
    }
}

static void within_what_was_lost(void **state) {
    (void)state;
    struct top t;
    static uint64_t truth[20000];
    uint64_t n;
    memset(truth, 0, sizeof truth);
    top_start(&t, 200, 100000, 12345);
    stream(&t, truth, &n);
    assert_true(t.lost > 0);
    assert_true(t.lost <= 2 * n / 200);
    for (uint64_t x = 0; x < 20000; x++) {
        char text[24];
        snprintf(text, sizeof text, "v%llu", (unsigned long long)x);
        struct value v = {.len = (uint32_t)strlen(text), .quoted = true};
        v.hash = value_hash(text, v.len, 1);
        uint32_t i = top_find(&t, &v, text);
        uint64_t kept = i == TOP_NONE ? 0 : t.v[i].count;
        assert_true(kept <= truth[x]);
        assert_true(truth[x] <= kept + t.lost);
    }
    const struct value *out[5];
    assert_int_equal(top_list(&t, out, 5), 5);
    for (size_t i = 0; i < 5;
         i++) { /* they stand so far apart that the order is certain: 1 is half of all, 2 a sixth ... */
        struct sv s = top_text(&t, out[i]);
        assert_int_equal(s.n, 2);
        assert_int_equal(s.p[1], (int)('1' + i));
    }
    top_free(&t);
}

/* The layout's salt has no say. */
static void salt_does_not_matter(void **state) {
    (void)state;
    static uint64_t truth[20000];
    const struct value *a[200], *b[200];
    struct top t, u;
    uint64_t n;
    top_start(&t, 200, 1500, 1);
    top_start(&u, 200, 1500, 0x123456789abcdef1u);
    stream(&t, truth, &n);
    stream(&u, truth, &n);
    size_t k = top_list(&t, a, 200);
    assert_int_equal(k, top_list(&u, b, 200));
    assert_int_equal(t.lost, u.lost);
    for (size_t i = 0; i < k; i++) {
        assert_int_equal(a[i]->count, b[i]->count);
        assert_true(sv_eq(top_text(&t, a[i]), top_text(&u, b[i])));
    }
    top_free(&t);
    top_free(&u);
}

/* Texts have a limit of their own, and long ones are kept by their beginning but told apart by their whole. */
static void long_texts(void **state) {
    (void)state;
    struct top t;
    char text[2001];
    top_start(&t, 1000, 4096, 1);
    memset(text, 'x', 2000);
    text[2000] = 0;
    for (int i = 0; i < 100; i++) {
        text[1999] = (char)('!' + i % 90);
        add(&t, text, 1);
        assert_true(t.pool.n <= 4096);
    }
    assert_true(t.n <= 16);
    assert_true(t.lost > 0);
    text[1000] = 0;
    add(&t, text, 50);
    text[999] = 0;
    add(&t, text, 60);
    const struct value *out[2];
    assert_int_equal(top_list(&t, out, 2), 2);
    assert_int_equal(out[0]->len, 999);
    assert_int_equal(out[1]->len, 1000);
    assert_int_equal(top_text(&t, out[1]).n, VALUE_KEEP);
    top_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(most_frequent_first), cmocka_unit_test(within_what_was_lost),
                                       cmocka_unit_test(salt_does_not_matter), cmocka_unit_test(long_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
