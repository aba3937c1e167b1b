/* What alike_read accepts, the scanner accepts, with the same values: on rows as machines write them, and on those rows
 * with bytes changed, taken away and put in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "json/alike.h"

static const char *const rows[] = {
    "{\"timestamp\":1768487864600,\"trip_id\":\"T20260115-000001\",\"v\":-0.0131,\"lon\":127.581271,\"x\":null,\"n\":"
    "11}",
    "{\"a\":0}",
    "{\"a\":\"\",\"a\":-1,\"\":5}",
    "{\"trip\":\"a rather long text that needs more than one look of sixteen bytes\",\"b\":\"1\"}",
};

/* true when it was alike; then the scanner has said the same. */
static bool compare(const struct alike *a, const char *text, size_t n) {
    struct alike_value v[ALIKE_MOST];
    struct jtoks toks = {0};
    struct jerr je;
    char *own = malloc(n + 1); /* its end is the end of the memory */
    memcpy(own, text, n);
    bool is = alike_read(a, own, n, v);
    if (is != alike_read(a, own, n, NULL)) fail_msg("%.*s: with values and without", (int)n, text);
    if (is) {
        if (!json_scan(&toks, own, n, 0, &je)) fail_msg("%.*s is no JSON: %s", (int)n, text, je.what);
        struct jval rec = {own, toks.t, 0}, e, key;
        uint32_t pos = 0;
        size_t k = 0;
        assert_int_equal(jv_type(rec), JT_OBJ);
        for (; jv_each(rec, &pos, &key, &e); k++) {
            struct sv raw = jv_raw(e);
            bool quotes = jv_type(e) == JT_STR;
            assert_int_equal(v[k].kind, jv_type(e));
            assert_ptr_equal(v[k].p + quotes, raw.p);
            assert_int_equal(v[k].n - 2 * quotes, raw.n);
            if (jv_type(e) != JT_NUM) continue;
            double x = (double)v[k].mant;
            for (int i = 0; i < v[k].scale; i++) x /= 10;
            double d = jv_num(e), off = x - (d < 0 ? -d : d);
            assert_true((off < 0 ? -off : off) <= x * 1e-12);
            assert_int_equal(v[k].negative, raw.p[0] == '-');
        }
        assert_int_equal(k, a->n);
    }
    jtoks_free(&toks);
    free(own);
    return is;
}

static void learn(struct alike *a, const char *text) {
    struct jtoks toks = {0};
    struct jerr je;
    assert_true(json_scan(&toks, text, strlen(text), 0, &je));
    alike_learn(a, (struct jval){text, toks.t, 0});
    jtoks_free(&toks);
}

static void the_same_as_the_scanner(void **state) {
    (void)state;
    static const char odd[] = "0123456789-.,:\"\\{}[]eE+nul \t\x01\x7f\xc3\xa9\x80";
    struct rng r;
    struct alike a = {0};
    rng_seed(&r, 5);
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        size_t yes = 0;
        learn(&a, rows[k]);
        assert_true(compare(&a, rows[k], strlen(rows[k])));
        for (int i = 0; i < 200000; i++) {
            char text[256];
            size_t n = strlen(rows[k]);
            memcpy(text, rows[k], n);
            for (uint32_t m = rng_below(&r, 3) + 1; m && n; m--) {
                size_t at = rng_below(&r, (uint32_t)n);
                char c = odd[rng_below(&r, sizeof odd - 1)];
                switch (rng_below(&r, 3)) {
                case 0:
                    text[at] = c;
                    break;
                case 1:
                    memmove(text + at, text + at + 1, --n - at);
                    break;
                default:
                    memmove(text + at + 1, text + at, n++ - at);
                    text[at] = c;
                }
            }
            yes += compare(&a, text, n);
        }
        assert_true(yes > 1000);
    }
    alike_free(&a);
}

static void what_is_not_alike(void **state) {
    (void)state;
    static const char *const not_learnt[] = {
        "{}", "[1]", "3", "{\"a\":[1]}", "{\"a\":{}}", "{\"\\u0061\":1}", "{\"\xc3\xa9\":1}"};
    static const char *const not_alike[] = {"{\"a\":01}",
                                            "{\"a\":1.}",
                                            "{\"a\":.5}",
                                            "{\"a\":-}",
                                            "{\"a\":1e3}",
                                            "{\"a\": 1}",
                                            "{\"a\":1} ",
                                            "{\"a\":1}}",
                                            "{\"a\":1",
                                            "{\"a\":",
                                            "{\"a\"",
                                            "",
                                            "{\"a\":true}",
                                            "{\"a\":nul}",
                                            "{\"a\":\"\\n\"}",
                                            "{\"a\":\"x}",
                                            "{\"b\":1}",
                                            "{\"a\":1,\"b\":2}",
                                            "{\"a\":1234567890123456789}",
                                            "{\"a\":NaN}",
                                            "{\"a\":\"\x01\"}"};
    struct alike a = {0};
    for (size_t i = 0; i < sizeof not_learnt / sizeof *not_learnt; i++) {
        learn(&a, not_learnt[i]);
        assert_int_equal(a.n, 0);
        assert_false(compare(&a, not_learnt[i], strlen(not_learnt[i])));
    }
    learn(&a, "{\"a\":1}");
    for (size_t i = 0; i < sizeof not_alike / sizeof *not_alike; i++)
        if (compare(&a, not_alike[i], strlen(not_alike[i]))) fail_msg("%s", not_alike[i]);
    assert_true(compare(&a, "{\"a\":123456789012345678}", 24));
    assert_true(compare(&a, "{\"a\":-0}", 8));
    alike_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_as_the_scanner), cmocka_unit_test(what_is_not_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
