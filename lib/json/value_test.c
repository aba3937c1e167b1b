/* Reading scanned values: members, numbers, texts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/scan.h"

static struct jtoks toks;
static struct jval val(const char *text) {
    struct jerr je;
    toks.n = 0;
    if (!json_scan(&toks, text, strlen(text), 0, &je)) fail_msg("%s: %s", text, je.what);
    return (struct jval){text, toks.t, 0};
}

static void members(void **state) {
    (void)state;
    struct jval v,
        o = val("{\"a\":1,\"b\":{\"a\":9,\"c\":2},\"a\":[5],\"\\u0064\\u0022\":3,\"\":4,\"e\\u0000f\":5,\"a\\\\\":6}");
    assert_true(jv_get(o, SV("a"), &v)); /* the last of doubled ones */
    assert_int_equal(jv_type(v), JT_ARR);
    assert_true(jv_get(o, SV("d\""), &v));
    assert_true(sv_is(jv_raw(v), "3"));
    assert_true(jv_get(o, SV(""), &v));
    assert_true(sv_is(jv_raw(v), "4"));
    assert_true(jv_get(o, SV("e\0f"), &v));
    assert_true(sv_is(jv_raw(v), "5"));
    assert_true(jv_get(o, SV("a\\"), &v));
    assert_true(jv_get(o, SV("b"), &v));
    assert_true(jv_get(v, SV("a"), &v));
    assert_true(sv_is(jv_raw(v), "9"));
    static const char *const none[] = {"c", "A", "e", "\\u0064\\u0022", "ab"};
    for (size_t i = 0; i < 5; i++) assert_false(jv_get(o, sv_of(none[i]), &v));
    assert_false(jv_get(val("[1]"), SV("a"), &v));
    assert_false(jv_get(val("\"a\""), SV("a"), &v));
}

static void walking(void **state) {
    (void)state;
    struct jval k, e, v = val("[1,[2,3],{\"a\":4},\"x\"]");
    uint32_t pos = 0, n = 0;
    static const enum jtype want[] = {JT_NUM, JT_ARR, JT_OBJ, JT_STR};
    while (jv_each(v, &pos, NULL, &e)) assert_int_equal(jv_type(e), want[n++]);
    assert_int_equal(n, 4);
    assert_false(jv_each(v, &pos, NULL, &e));
    v = val("{\"a\":[1,2],\"b\":{},\"a\":3}");
    for (pos = n = 0; jv_each(v, &pos, &k, &e); n++) assert_true(sv_is(jv_raw(k), n == 1 ? "b" : "a"));
    assert_int_equal(n, 3);
    static const char *const leaves[] = {"[]", "{}", "1", "\"x\"", "null"};
    for (size_t i = 0; i < 5; i++) {
        pos = 0;
        assert_false(jv_each(val(leaves[i]), &pos, &k, &e));
    }
}

static void integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t x;
    } t[] = {{"0", true, 0},
             {"-0", true, 0},
             {"1", true, 1},
             {"-1", true, -1},
             {"9223372036854775807", true, INT64_MAX},
             {"-9223372036854775808", true, INT64_MIN},
             {"9223372036854775808", false, 0},
             {"-9223372036854775809", false, 0},
             {"99999999999999999999", false, 0},
             {"123456789012345678901234567890", false, 0},
             {"1.0", true, 1},
             {"-1.0", true, -1},
             {"1e3", true, 1000},
             {"1E+3", true, 1000},
             {"1.5", false, 0},
             {"1.5e1", true, 15},
             {"100e-2", true, 1},
             {"1e-1", false, 0},
             {"0.0", true, 0},
             {"-0.0", true, 0},
             {"0e999", true, 0},
             {"1e18", true, 1000000000000000000},
             {"9007199254740993.0", true, 9007199254740993},
             {"9223372036854775807.0", true, INT64_MAX},
             {"9.223372036854775807e18", true, INT64_MAX},
             {"9.223372036854775808e18", false, 0},
             {"-9.223372036854775808e18", true, INT64_MIN},
             {"1e19", false, 0},
             {"1e999", false, 0},
             {"-1e999", false, 0},
             {"1.0000000000000000000001", false, 0},
             {"9007199254740992.5", false, 0},
             {"\"1\"", false, 0},
             {"true", false, 0},
             {"null", false, 0},
             {"[1]", false, 0}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        int64_t x = 77;
        bool ok = jv_int(val(t[i].text), &x);
        if (ok != t[i].ok || (ok && x != t[i].x)) fail_msg("%s: %d %lld", t[i].text, ok, (long long)x);
    }
}

static void doubles(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double x;
    } t[] = {{"0", 0},
             {"1", 1},
             {"-1", -1},
             {"123456789012345", 123456789012345.0},
             {"-12345678901234", -12345678901234.0},
             {"9007199254740993", 9007199254740992.0},
             {"0.1", 0.1},
             {"1e22", 1e22},
             {"1.7976931348623157e308", 1.7976931348623157e308},
             {"5e-324", 5e-324},
             {"1e-999", 0},
             {"2.2250738585072012e-308", 2.2250738585072014e-308},
             {"-1.5E+2", -150},
             {"0.1000000000000000055511151231257827021181583404541015625000000000000000000000000001", 0.1}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (jv_num(val(t[i].text)) != t[i].x) fail_msg("%s: %.17g", t[i].text, jv_num(val(t[i].text)));
    assert_true(isinf(jv_num(val("1e999"))));
    assert_true(signbit(jv_num(val("-0"))) != 0);
    static const char *const none[] = {"\"1\"", "null", "true", "[1]", "{}"};
    for (size_t i = 0; i < 5; i++) assert_true(isnan(jv_num(val(none[i]))));
}

static void texts(void **state) {
    (void)state;
    static const struct {
        const char *json;
        struct sv want;
    } t[] = {{"\"\"", SV("")},
             {"\"abc\"", SV("abc")},
             {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SV("\"\\/\b\f\n\r\t")},
             {"\"\\u0041\\u00e9\\uD55C\"", SV("A\xC3\xA9\xED\x95\x9C")},
             {"\"x\\u0000y\"", SV("x\0y")},
             {"\"\\ud83d\\ude00!\"", SV("\xF0\x9F\x98\x80!")},
             {"\"\\uD834\\uDD1E\"", SV("\xF0\x9D\x84\x9E")},
             {"\"\\udbff\\udfff\"", SV("\xF4\x8F\xBF\xBF")},
             {"\"\\ud83d\"", SV("\xEF\xBF\xBD")},
             {"\"\\ude00\"", SV("\xEF\xBF\xBD")},
             {"\"\\ud83dx\"", SV("\xEF\xBF\xBDx")},
             {"\"\\ud83d\\n\"", SV("\xEF\xBF\xBD\n")},
             {"\"\\ud83d\\u0041\"", SV("\xEF\xBF\xBD"
                                       "A")},
             {"\"\\ud83d\\ud83d\\ude00\"", SV("\xEF\xBF\xBD\xF0\x9F\x98\x80")},
             {"\"\\ude00\\ud83d\"", SV("\xEF\xBF\xBD\xEF\xBF\xBD")},
             {"\"\\\\u0041\"", SV("\\u0041")},
             {"\"\xED\x95\x9C\\n\"", SV("\xED\x95\x9C\n")},
             {"12.50", SV("12.50")},
             {"true", SV("true")}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        struct jval v = val(t[i].json);
        size_t n;
        if (t[i].json[0] == '"') {
            jv_unescape(v, &b);
            if (!sv_eq((struct sv){b.p, b.n}, t[i].want)) fail_msg("%s: %s", t[i].json, buf_text(&b));
        }
        char *s = jv_str(v, &a, &n);
        assert_true(sv_eq((struct sv){s, n}, t[i].want));
        assert_int_equal(s[n], 0);
        jv_str(v, &a, NULL);
        b.n = 0;
        json_copy(&b, v);
        assert_string_equal(b.p, t[i].json); /* as written */
        buf_free(&b);
    }
    struct buf b = {0};
    json_copy(&b, val(" {\"a\" : [1, \"\\u0041\"]} "));
    assert_string_equal(b.p, "{\"a\" : [1, \"\\u0041\"]}");
    buf_free(&b);
    arena_free(&a);
}

static int last(void **state) {
    (void)state;
    jtoks_free(&toks);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(members), cmocka_unit_test(walking), cmocka_unit_test(integers),
                                       cmocka_unit_test(doubles), cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, last);
}
