/* Columns of a terminal, and values that cannot do anything to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profile/width.h"

static void widths(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t width;
    } t[] = {{"", 0},  {"abc", 3},  {"한글", 4}, {"ｶﾅ", 2}, {"ＡＢ", 4}, {"e\u0301", 1}, {"\u1112\u1161\u11ab", 2},
             {"é", 1}, {"日本", 4}, {"🙂", 2}, {"…", 1},  {"₩", 1},    {"\u200b", 0}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (text_width(sv_of(t[i].text)) != t[i].width)
            fail_msg("%s: %zu columns, not %zu", t[i].text, text_width(sv_of(t[i].text)), t[i].width);
}

static void shows(struct sv s, size_t columns, const char *want) {
    struct buf b = {0};
    text_show(&b, s, columns);
    assert_string_equal(buf_text(&b), want);
    assert_true(text_width((struct sv){buf_text(&b), b.n}) <= columns);
    buf_free(&b);
}

static void shown_safely(void **state) {
    (void)state;
    shows(SV("abc"), 3, "abc");
    shows(SV("abcd"), 3, "ab…");
    shows(SV("한글"), 4, "한글");
    shows(SV("한글말"), 4, "한…");
    shows(SV("한글말"), 5, "한글…");
    shows(SV("\033[31mred"), 20, "\\x1b[31mred");
    shows(SV("\033]0;title\007"), 30, "\\x1b]0;title\\x07");
    shows(SV("a\nb\tc\r"), 20, "a\\nb\\tc\\x0d");
    shows(SV("\302\233m"), 20, "\\xc2\\x9bm");
    shows(SV("a\0b"), 20, "a\\x00b");
    shows(SV("\u202eevil\u2066x"), 40, "\\u202eevil\\u2066x");
    shows(SV(""), 5, "");
}

static void padded(void **state) {
    (void)state;
    struct buf b = {0};
    buf_str(&b, "x|");
    text_show(&b, SV("한글"), 10);
    text_pad(&b, 2, 6, false);
    assert_string_equal(b.p, "x|한글  ");
    b.n = 2;
    buf_str(&b, "12");
    text_pad(&b, 2, 5, true);
    assert_string_equal(b.p, "x|   12");
    text_pad(&b, 2, 3, true);
    assert_string_equal(b.p, "x|   12");
    text_pad(&b, b.n, 2, false);
    assert_string_equal(b.p, "x|   12  ");
    buf_free(&b);
}

static void whole(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n, want;
    } t[] = {{"abc", 3, 3},  {"한", 3, 3},   {"한", 2, 0}, {"한", 1, 0},        {"a한", 3, 1},
             {"🙂", 4, 4}, {"🙂", 3, 0}, {"é", 1, 0},  {"x\xc3\xa9", 3, 3}, {"", 0, 0}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        assert_int_equal(text_whole((struct sv){t[i].text, t[i].n}).n, t[i].want);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths), cmocka_unit_test(shown_safely),
                                       cmocka_unit_test(padded), cmocka_unit_test(whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
