/* The ECMA-262 dialect as translated for PCRE2, and the plain patterns that go without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/pattern.h"
#include "json/scan.h"

/* text: the inside of a JSON string */
static void match(const char *pattern, const char *text, bool want) {
    char why[PATTERN_WHY];
    struct pattern *p = pattern_new(pattern, strlen(pattern), why);
    struct pattern_room *room = pattern_room_new();
    struct jtoks t = {0};
    struct jerr je;
    struct buf quoted = {0}, s = {0};
    if (!p) fail_msg("%s: %s", pattern, why);
    buf_fmt(&quoted, "\"%s\"", text);
    assert_true(json_scan(&t, quoted.p, quoted.n, 0, &je));
    jv_unescape((struct jval){quoted.p, t.t, 0}, &s);
    if (pattern_match(p, s.p, s.n, room) != (want ? PATTERN_YES : PATTERN_NO))
        fail_msg("%s on %s should be %d", pattern, text, want);
    pattern_free(p);
    pattern_room_free(room);
    jtoks_free(&t);
    buf_free(&quoted);
    buf_free(&s);
}

static const struct {
    const char *pattern, *text;
    bool want;
} matches[] = {
    {"^abc$", "abc\\n", false},
    {"^abc$", "abc", true},
    {"^\\t$", "\\t", true},
    {"^\\t$", "\\\\t", false},
    {"^\\cC$", "\\u0003", true},
    {"^\\cc$", "\\u0003", true},
    {"^\\cC$", "\\\\cC", false},
    {"^\\d$", "0", true},
    {"^\\d$", "\\u07c0", false},
    {"^\\D$", "\\u07c0", true},
    {"^\\D$", "0", false},
    {"^\\w$", "a", true},
    {"^\\w$", "\\u00e9", false},
    {"^\\W$", "\\u00e9", true},
    {"^\\W$", "a", false},
    {"^\\s$", " ", true},
    {"^\\s$", "\\t", true},
    {"^\\s$", "\\u000b", true},
    {"^\\s$", "\\u000c", true},
    {"^\\s$", "\\u00a0", true},
    {"^\\s$", "\\ufeff", true},
    {"^\\s$", "\\u2029", true},
    {"^\\s$", "\\u2003", true},
    {"^\\s$", "\\u0001", false},
    {"^\\s$", "\\u2013", false},
    {"^\\S$", "\\u00a0", false},
    {"^\\S$", "\\u0001", true},
    {"^[\\S]$", "\\ufeff", false},
    {"^[\\S]$", "x", true},
    {"^[^\\s]$", "\\u2028", false},
    {"^[\\s\\S]$", "\\n", true},
    {"^\\p{Letter}+$",
     "\xC3\xA9"
     "cole",
     true},
    {"\\p{Letter}cole",
     "L'\xC3\xA9"
     "cole",
     true},
    {"\\wcole",
     "L'\xC3\xA9"
     "cole",
     false},
    {"^\\p{digit}+$", "42", true},
    {"^\\p{digit}+$", "-%#", false},
    {"^\\p{digit}+$", "\\u09ea\\u09e8", true},
    {"^\\p{Script=Greek}$", "\xCE\xB1", true},
    {"^\\p{sc=Latin}$", "\xCE\xB1", false},
    {"^\\P{Lu}$", "A", false},
    {"^\\p{gc=Uppercase_Letter}$", "A", true},
    {"^\\p{Alphabetic}$", "a", true},
    {"^[\\p{Lu}\\d]$", "7", true},
    {"^\xF0\x9F\x90\xB2*$", "", true},
    {"^\xF0\x9F\x90\xB2*$", "\xF0\x9F\x90\xB2\xF0\x9F\x90\xB2", true},
    {"^\xF0\x9F\x90\xB2*$", "\xF0\x9F\x90\xB9", false},
    {"^\\ud83d\\udc32$", "\xF0\x9F\x90\xB2", true},
    {"^\\u{1f432}$", "\xF0\x9F\x90\xB2", true},
    {"^[\\ud83d\\udc30-\\ud83d\\udc35]$", "\xF0\x9F\x90\xB2", true},
    {"^.$", "\xF0\x9F\x90\xB2", true},
    {"^.$", "\\n", false},
    {"^.$", "\\r", false},
    {"^.$", "\\u2028", false},
    {"^[]$", "", false},
    {"^[^]$", "\\n", true},
    {"^\\x41$", "A", true},
    {"^\\u0041$", "A", true},
    {"^\\0$", "\\u0000", true},
    {"^[\\b]$", "\\b", true},
    {"\\bfoo\\b", "a foo b", true},
    {"^\\/$", "/", true},
    {"^a\\-b$", "a-b", true},
    {"^(a)?b\\1$", "b", true},
    {"^(?<y>a)\\k<y>$", "aa", true},
    {"(?<=a)b", "ab", true},
    {"^(?!a)", "b", true},
    {"a{,3}", "a{,3}", true},
    {"^a{2}$", "aa", true},
    {"^a{2,}?$", "aaa", true},
    {"^[[a]$", "[", true},
    {"^[a-z\\d]+@[^@]*$", "x1@y", true},
    {"^\\$ref$", "$ref", true},
    {"^[$]$", "$", true},
    {"f.*o", "foo", true},
    /* the plain ones */
    {"^U\\d{6}$", "U000441", true},
    {"^U\\d{6}$", "U00044", false},
    {"^U\\d{6}$", "U0004411", false},
    {"^U\\d{6}$", "xU000441", false},
    {"^U\\d{6}$", "U000441\\n", false},
    {"^U\\d{6}", "U000441x", true},
    {"^ORD\\d{13,}$", "ORD1234567890123", true},
    {"^ORD\\d{13,}$", "ORD123456789012", false},
    {"^ORD\\d{13,}$", "ORD12345678901234567890", true},
    {"^[A-Za-z_]\\w*$", "a", true},
    {"^[A-Z]+\\d$", "AB1", true},
    {"^[A-Z]+\\d$", "AB", false},
    {"^[\\d-]+$", "1-2", true},
    {"^a*ab$", "aaab", true},
    {"^\\d{1,3}\\.\\d{2}$", "12.34", true},
    {"^\\d{1,3}\\.\\d{2}$", "1234.34", false},
    {"^a?b?c$", "c", true},
    {"^[a-c]{2,3}[d-f]$", "abcd", true},
    {"^\\d+$", "", false},
    {"^$", "", true},
    {"^$", "a", false},
    {"^", "a", true},
    {"^a$|b", "xb", true},
    {"^a+?$", "aa", true},
};

static void ecma_patterns(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof matches / sizeof *matches; k++)
        match(matches[k].pattern, matches[k].text, matches[k].want);
}

static void patterns_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"\\a",         "^\\S(|(.|\\n)*\\S)\\Z",
                                      "\\A",         "\\z",
                                      "\\Q",         "\\h",
                                      "\\K",         "(?i)a",
                                      "(?>a)",       "a++",
                                      "a**",         "*",
                                      "(",           ")",
                                      "[",           "[z-a]",
                                      "a{2,1}",      "\\",
                                      "\\c1",        "\\u12",
                                      "\\u{110000}", "\\p{No_Such}",
                                      "\\pL",        "\\xg",
                                      "\\01",        "(*FAIL)",
                                      "(?P<a>b)",    "^*",
                                      "^(abc]",      "\\2(a)",
                                      "|*",          "(?#c)"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char why[PATTERN_WHY] = "";
        if (pattern_new(bad[k], strlen(bad[k]), why)) fail_msg("taken: %s", bad[k]);
        assert_true(why[0]);
        assert_false(pattern_valid(bad[k], strlen(bad[k])));
    }
}

/* Whether the plain way was taken: it must be for those that run on every record. */
static void plain_or_not(void **state) {
    (void)state;
    static const char *const plain[] = {"^U\\d{6}$", "^P\\d{4}$", "^CAT\\d{3}$", "^ORD\\d{13,}$",
                                        "^[a-z]+$",  "^x",        "^$"};
    static const char *const not_plain[] = {"U\\d{6}", "^(a)$",      "^.$",   "^a*a$", "^a*b*a$",   "^[^a]$",
                                            "^\\s$",   "^\xC3\xA9$", "^a|b$", "^a$b",  "^a{2}{3}$", "^\\D$"};
    struct plain p;
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
        if (!pattern_plain_parse(&p, plain[k], strlen(plain[k]))) fail_msg("not plain: %s", plain[k]);
    for (size_t k = 0; k < sizeof not_plain / sizeof *not_plain; k++)
        if (pattern_plain_parse(&p, not_plain[k], strlen(not_plain[k]))) fail_msg("plain: %s", not_plain[k]);
}

static void gives_up(void **state) {
    (void)state;
    static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    char why[PATTERN_WHY];
    struct pattern *p = pattern_new("^(a|aa|b?a)+$", 13, why);
    struct pattern_room *room = pattern_room_new();
    assert_int_equal(pattern_match(p, text, sizeof text - 1, room), PATTERN_GAVE_UP);
    assert_int_equal(pattern_match(p, "aa", 2, room), PATTERN_YES); /* and goes on */
    pattern_free(p);
    /* a long text with a simple pattern is no reason */
    size_t n = 5000000;
    char *longer = malloc(n);
    memset(longer, 'a', n);
    p = pattern_new("(?:[a-z]|[0-9])*a$", 18, why);
    assert_int_not_equal(pattern_match(p, longer, 100000, room), PATTERN_NO);
    pattern_free(p);
    p = pattern_new("^.*$", 4, why);
    assert_int_equal(pattern_match(p, longer, n, room), PATTERN_YES);
    pattern_free(p);
    free(longer);
    pattern_room_free(room);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ecma_patterns), cmocka_unit_test(patterns_that_are_none),
                                       cmocka_unit_test(plain_or_not), cmocka_unit_test(gives_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
