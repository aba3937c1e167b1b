/* The scanner: what RFC 8259 takes and what it does not, tokens, depth, comments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/scan.h"

/* Exactly n bytes on the heap, so that a read beyond them is seen. */
static bool scans(const char *text, size_t n, int flags, struct jtoks *t, struct jerr *je) {
    char *p = mem_grow(NULL, n ? n : 1);
    if (n) memcpy(p, text, n);
    bool ok = json_scan(t, p, n, flags, je);
    free(p);
    return ok;
}

static void takes(void **state) {
    (void)state;
    static const struct sv yes[] = {
        SV("[]"),
        SV("{}"),
        SV(" [] "),
        SV("\t\r\n{}\n"),
        SV("null"),
        SV("true"),
        SV("false"),
        SV("\"\""),
        SV("0"),
        SV("-0"),
        SV("-1"),
        SV("1"),
        SV("10"),
        SV("123456789012345678901234567890"),
        SV("0.0"),
        SV("-0.0"),
        SV("0.10"),
        SV("1.5"),
        SV("0e1"),
        SV("0E1"),
        SV("0e+1"),
        SV("0e-1"),
        SV("1E22"),
        SV("1e-2"),
        SV("1E+2"),
        SV("123.456e78"),
        SV("1e999"),
        SV("1e-999"),
        SV("1.0e0000001"),
        SV("-1e-0"),
        SV("[1]"),
        SV("[1,2]"),
        SV("[ 1 , 2 ]"),
        SV("[[]]"),
        SV("[[],[]]"),
        SV("[{}]"),
        SV("[null,1,\"1\",{}]"),
        SV("[\n1\n,\n2\n]"),
        SV("[1\n]"),
        SV(" 1"),
        SV("1 "),
        SV("[1,null,null,null,2]"),
        SV("{\"a\":1}"),
        SV("{\"a\":1,\"b\":2}"),
        SV("{\"a\":1,\"a\":1}"),
        SV("{\"\":0}"),
        SV("{ \"a\" : [ ] , \"b\" : { } }"),
        SV("{\"a\":{\"b\":{\"c\":[]}}}"),
        SV("{\"\\u0000\":1}"),
        SV("{\n\"a\":\n1\n}"),
        SV("\"a\""),
        SV("\"/\""),
        SV("\"'\""),
        SV("\"\\\"\""),
        SV("\"\\\\\""),
        SV("\"\\/\""),
        SV("\"\\b\\f\\n\\r\\t\""),
        SV("\"\\u0041\""),
        SV("\"\\uABCD\""),
        SV("\"\\uabcd\""),
        SV("\"\\uaBcD\""),
        SV("\"\\u0000\""),
        SV("\"\\ud834\\udd1e\""),
        SV("\"\\uD800\""),
        SV("\"\\uDC00\""),
        SV("\"\\uD800\\u0041\""),
        SV("\"\\uDC00\\uD800\""),
        SV("\"\\\\u0041\""),
        SV("\"\\\\\\\"\""),
        SV("\"\x7F\""),
        SV("\" \""),
        SV("\"[]{},:\""),
        SV("\"\xC2\x80\""),
        SV("\"\xDF\xBF\""),
        SV("\"\xE0\xA0\x80\""),
        SV("\"\xED\x9F\xBF\""),
        SV("\"\xEE\x80\x80\""),
        SV("\"\xEF\xBF\xBF\""),
        SV("\"\xF0\x90\x80\x80\""),
        SV("\"\xF4\x8F\xBF\xBF\""),
        SV("\"\xED\x95\x9C\xEA\xB8\x80\""),
        SV("\"\xE2\x80\xA8\xE2\x80\xA9\""),
        SV("\"\xEF\xBB\xBF\""),
        SV("\"\xF0\x9F\x98\x80\""),
        SV("\"// no comment\""),
        SV("\"/* nor this */\""),
        SV("\"0123456789abcdef0123456789abcdef\\n0123456789abcdef\""),
        SV("\"0123456789abcde\xED\x95\x9C"
           "0123456789abcdef\""),
        SV("[\"\",\"a\",\"ab\"]"),
        SV("[true,false,null]"),
        SV("[-0]"),
        SV("[0]"),
        SV("[1e1]"),
        SV("{\"a\":\"b\\u0020c\"}"),
        SV("[\"\\u0060\\u012a\\u12AB\"]"),
        SV("[\"\\uD801\\udc37\"]"),
        SV("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
        SV("[\"\xCF\x80\"]"),
        SV("{\"asd\":\"sdf\",\"dfg\":\"fgh\"}"),
    };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        for (int flags = 0; flags < 2; flags++) {
            struct jtoks t = {0};
            struct jerr je = {0};
            if (!scans(yes[i].p, yes[i].n, flags, &t, &je))
                fail_msg("refuses <%s>: %s at %zu", yes[i].p, je.what, je.at);
            assert_int_equal(t.t[0].next, t.n);
            jtoks_free(&t);
        }
}

static void refuses(void **state) {
    (void)state;
    static const struct sv no[] = {
        SV(""),
        SV(" "),
        SV("\n"),
        SV("["),
        SV("]"),
        SV("{"),
        SV("}"),
        SV("[}"),
        SV("{]"),
        SV("[]]"),
        SV("{}}"),
        SV("[1"),
        SV("[1,"),
        SV("[1,]"),
        SV("[,1]"),
        SV("[,]"),
        SV("[1,,2]"),
        SV("[1 2]"),
        SV("[1:2]"),
        SV("[1;2]"),
        SV("[\"a\",\n4\n,1,"),
        SV("{\"a\"}"),
        SV("{\"a\":}"),
        SV("{\"a\" 1}"),
        SV("{\"a\":1,}"),
        SV("{,\"a\":1}"),
        SV("{\"a\":1,,\"b\":2}"),
        SV("{\"a\":1 \"b\":2}"),
        SV("{a:1}"),
        SV("{'a':1}"),
        SV("{1:1}"),
        SV("{null:1}"),
        SV("{[]:1}"),
        SV("{\"a\":1:2}"),
        SV("{\"a\",1}"),
        SV("{:1}"),
        SV("{\"a\":\"a"),
        SV("{\"a\""),
        SV("{\"a\":"),
        SV("{\"a\":1"),
        SV("{\"a\":1,"),
        SV("{\"a\"::1}"),
        SV("{\"a\":1}#"),
        SV("{\"a\":1}}"),
        SV("{\"a\":1}{\"b\":2}"),
        SV("[][]"),
        SV("1 2"),
        SV("1,2"),
        SV("\"a\"\"b\""),
        SV("{\"a\":true} \"x\""),
        SV("tru"),
        SV("True"),
        SV("TRUE"),
        SV("truee"),
        SV("nul"),
        SV("nulll"),
        SV("fals"),
        SV("falsee"),
        SV("n"),
        SV("t"),
        SV("f"),
        SV("NaN"),
        SV("nan"),
        SV("Infinity"),
        SV("-Infinity"),
        SV("undefined"),
        SV("true1"),
        SV("[nul]"),
        SV("[tru"),
        SV("abc"),
        SV("<.>"),
        SV("*"),
        SV("\xE2\x82\xAC"),
        SV("-"),
        SV("+1"),
        SV("+"),
        SV("--1"),
        SV("01"),
        SV("-01"),
        SV("00"),
        SV("0x1"),
        SV("1."),
        SV("-1."),
        SV(".1"),
        SV("-.1"),
        SV("1.e1"),
        SV("1e"),
        SV("1e+"),
        SV("1e-"),
        SV("1E"),
        SV("1e1.5"),
        SV("1e1e1"),
        SV("0.1.2"),
        SV("1_000"),
        SV("1,000"),
        SV("1a"),
        SV("0e"),
        SV("0e+"),
        SV("0.e1"),
        SV("2.e3"),
        SV("-a"),
        SV("- 1"),
        SV("1 000"),
        SV("1.\n2"),
        SV("\xEF\xBC\x91"),
        SV("-NaN"),
        SV("1+2"),
        SV("[-]"),
        SV("[1.]"),
        SV("[0e]"),
        SV("012"),
        SV("-012"),
        SV("1e1\xE5"),
        SV("9.e+"),
        SV("\""),
        SV("\"a"),
        SV("'a'"),
        SV("\"\\\""),
        SV("\"\\"),
        SV("\"\\a\""),
        SV("\"\\x00\""),
        SV("\"\\'\""),
        SV("\"\\0\""),
        SV("\"\\u\""),
        SV("\"\\u1\""),
        SV("\"\\u12\""),
        SV("\"\\u123\""),
        SV("\"\\u123g\""),
        SV("\"\\uD800\\u\""),
        SV("\"\\uD800\\u1\""),
        SV("\"\\u00A"),
        SV("\"\\U0041\""),
        SV("\"\\ \""),
        SV("\"\\\t\""),
        SV("\"\\\xF0\x9F\x98\x80\""),
        SV("\"\n\""),
        SV("\"\t\""),
        SV("\"\r\""),
        SV("\"\x01\""),
        SV("\"\x1F\""),
        SV("\"0123456789abcdef\n\""),
        SV("\\n"),
        SV("\"a\" b"),
        SV("\"\\u-123\""),
        SV("\"\x80\""),
        SV("\"\xBF\""),
        SV("\"\xC0\x80\""),
        SV("\"\xC1\xBF\""),
        SV("\"\xC2\""),
        SV("\"\xC2 \""),
        SV("\"\xE0\x80\x80\""),
        SV("\"\xE0\x9F\xBF\""),
        SV("\"\xE1\x80\""),
        SV("\"\xED\xA0\x80\""),
        SV("\"\xED\xBF\xBF\""),
        SV("\"\xEF\xBF\""),
        SV("\"\xF0\x80\x80\x80\""),
        SV("\"\xF0\x8F\xBF\xBF\""),
        SV("\"\xF4\x90\x80\x80\""),
        SV("\"\xF5\x80\x80\x80\""),
        SV("\"\xF8\x88\x80\x80\x80\""),
        SV("\"\xFC\x84\x80\x80\x80\x80\""),
        SV("\"\xFE\""),
        SV("\"\xFF\""),
        SV("\"\xE9\""),
        SV("\"\xF0\x9F\x98\""),
        SV("\"\xED\x95"),
        SV("\xFF"),
        SV("[\xE5]"),
        SV("{\"\xB9\":\"0\",}"),
        SV("\xEF\xBB\xBF{}"),
        SV("\xEF\xBB\xBF"),
        SV("{}\xEF\xBB\xBF"),
        SV("\xFE\xFF\0["),
        SV("[\0]"),
        SV("[]\0"),
        SV("\0"),
        SV("\"\0\""),
        SV("1\0"),
        SV("\x0B[]"),
        SV("[\x0C]"),
        SV("\xC2\xA0[]"),
        SV("[\xC2\xA0]"),
        SV("\xE2\x81\xA0[]"),
        SV("\x1A"),
        SV("[1]x"),
        SV("[\"x\"]]"),
        SV("[(1)]"),
    };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        struct jtoks t = {0};
        struct jerr je = {0};
        if (scans(no[i].p, no[i].n, 0, &t, &je)) fail_msg("takes number %zu <%s>", i, no[i].p);
        if (!je.what || je.at > no[i].n) fail_msg("<%s>: %s at %zu", no[i].p, je.what, je.at);
        assert_int_equal(t.n, 0);
        jtoks_free(&t);
    }
    /* comments and trailing commas are for definitions only */
    static const struct sv comments[] = {SV("//x\n1"),
                                         SV("1//x"),
                                         SV("/**/1"),
                                         SV("[1,]"),
                                         SV("{\"a\":1,}"),
                                         SV("{/*x*/\"a\"/**/:/***/1//\n,\n//y\n}"),
                                         SV("[//\n]"),
                                         SV("[1/* , */,2,]"),
                                         SV("/*\n*\n/ **/[]"),
                                         SV("1 //"),
                                         SV("/* \xED\x95\x9C */1")},
                           broken[] = {SV("/*1"),        SV("/*/1"),        SV("/1"),     SV("1/"),
                                       SV("//"),         SV("/**/"),        SV("[,]"),    SV("{,}"),
                                       SV("[1,,]"),      SV("{\"a\":1,,}"), SV("[1,/*]"), SV("#x\n1"),
                                       SV("\"/*\n*/\""), SV("1,"),          SV("[//]"),   SV("{\"a\",}"),
                                       SV("{\"a\":,}"),  SV("1 */")};
    for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
        struct jtoks t = {0};
        struct jerr je = {0};
        if (!scans(comments[i].p, comments[i].n, JSON_COMMENTS, &t, &je))
            fail_msg("refuses <%s>: %s at %zu", comments[i].p, je.what, je.at);
        t.n = 0;
        if (scans(comments[i].p, comments[i].n, 0, &t, &je)) fail_msg("takes <%s>", comments[i].p);
        jtoks_free(&t);
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct jtoks t = {0};
        struct jerr je = {0};
        if (scans(broken[i].p, broken[i].n, JSON_COMMENTS, &t, &je)) fail_msg("takes <%s>", broken[i].p);
        jtoks_free(&t);
    }
}

static void cut_anywhere(void **state) {
    (void)state;
    static const char text[] = "{\"a\\u00e9\xED\x95\x9C\":[1.5e-3,true,null,\"x\\\\\"],\"b\":{\"c\":false,\"d\":[]}}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct jtoks t = {0};
        struct jerr je = {0};
        assert_false(scans(text, n, 0, &t, &je));
        assert_false(scans(text, n, JSON_COMMENTS, &t, &je));
        jtoks_free(&t);
    }
}

static void depth(void **state) {
    (void)state;
    for (size_t n = JSON_DEPTH - 1; n <= JSON_DEPTH + 1; n++)
        for (int kind = 0; kind < 3; kind++) {
            struct buf b = {0};
            struct jtoks t = {0};
            struct jerr je = {0};
            for (size_t i = 0; i < n; i++) buf_str(&b, kind == 1 || (kind == 2 && i % 2) ? "{\"a\":" : "[");
            buf_chr(&b, '1');
            for (size_t i = n; i--;) buf_chr(&b, kind == 1 || (kind == 2 && i % 2) ? '}' : ']');
            assert_int_equal(scans(b.p, b.n, 0, &t, &je), n <= JSON_DEPTH);
            jtoks_free(&t);
            buf_free(&b);
        }
    struct buf b = {0};
    struct jtoks t = {0};
    struct jerr je = {0};
    for (int i = 0; i < 1000000; i++) buf_chr(&b, '[');
    assert_false(scans(b.p, b.n, 0, &t, &je));
    jtoks_free(&t);
    buf_free(&b);
}

static void tokens(void **state) {
    (void)state;
    static const char text[] = " {\"a\":[1,\"x\\n\"], \"\xED\x95\x9C\" : {}, \"c\":-1.5 ,\"d\":null}";
    static const struct jtok want[] = {
        {1, 51, 11, 4, JT_OBJ, 0},    {3, 1, 2, 0, JT_STR, 0},       {6, 9, 5, 2, JT_ARR, 0},
        {7, 1, 4, 0, JT_NUM, JF_INT}, {10, 3, 5, 0, JT_STR, JF_ESC}, {18, 3, 6, 0, JT_STR, JF_HIGH},
        {25, 2, 7, 0, JT_OBJ, 0},     {30, 1, 8, 0, JT_STR, 0},      {33, 4, 9, 0, JT_NUM, 0},
        {40, 1, 10, 0, JT_STR, 0},    {43, 4, 11, 0, JT_NULL, 0}};
    struct jtoks t = {0};
    struct jerr je;
    for (size_t base = 0; base < 23; base += 11) { /* appended: indices count from the text's own first token */
        assert_true(json_scan(&t, text, sizeof text - 1, 0, &je));
        assert_int_equal(t.n, base + 11);
        for (size_t i = 0; i < 11; i++) {
            const struct jtok *x = &t.t[base + i], *w = &want[i];
            size_t len = i ? w->len : sizeof text - 2;
            if (x->off != w->off || x->len != len || x->next != w->next || x->n != w->n || x->type != w->type ||
                x->flags != w->flags)
                fail_msg("token %zu: off %u len %u next %u n %u type %u flags %u", i, x->off, x->len, x->next, x->n,
                         x->type, x->flags);
        }
        assert_false(json_scan(&t, "[1,2,", 5, 0, &je)); /* leaves out->n as before */
        assert_int_equal(t.n, base + 11);
    }
    jtoks_free(&t);
}

static void places(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
    } t[] = {{"[1,x]", 3},    {"{\"a\" 1}", 5},  {"  tru", 2},    {"[1] 2", 4},
             {"\"a\\q\"", 2}, {"\"ab\xFF\"", 3}, {"\"a\nb\"", 2}, {"01", 1}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct jtoks k = {0};
        struct jerr je = {0};
        assert_false(json_scan(&k, t[i].text, strlen(t[i].text), 0, &je));
        if (je.at != t[i].at) fail_msg("%s: %zu", t[i].text, je.at);
        jtoks_free(&k);
    }
    size_t line, col;
    static const char text[] = "ab\n\xED\x95\x9C\xEA\xB8\x80x\n\n";
    static const size_t want[][3] = {{0, 1, 1},  {2, 1, 3},  {3, 2, 1},  {6, 2, 2}, {9, 2, 3},
                                     {10, 2, 4}, {11, 3, 1}, {12, 4, 1}, {99, 4, 1}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        json_line_col(text, sizeof text - 1, want[i][0], &line, &col);
        if (line != want[i][1] || col != want[i][2]) fail_msg("byte %zu: %zu:%zu", want[i][0], line, col);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes),        cmocka_unit_test(refuses),
                                       cmocka_unit_test(cut_anywhere), cmocka_unit_test(depth),
                                       cmocka_unit_test(tokens),       cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
