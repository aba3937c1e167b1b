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
    {"^[+--]+$", "+,-", true},
    {"^[a-]$", "-", true},
    {"^[\\d-x]+$", "1-x", true},
    {"^[\\d-x]+$", "w", false},
    {"^[a-z-9]+$", "m-9", true},
    {"^[\\]\\\\]$", "]", true},
    {"^(?<$1>a)(?<\xED\x95\x9C>.)\\k<\xED\x95\x9C>\\1$", "abba", true},
    {"^\\k<a>(?<a>x)$", "x", true},
    {"^(?:(?<a>x)|(y))\\2$", "x", true},
    {"^(?i:a)b$", "Ab", true},
    {"^(?i:a)b$", "AB", false},
    {"^(?-i:a)$", "A", false},
    {"^(?s:.)$", "\\n", true},
    {"^(?s:(?-s:.))$", "\\n", false},
    {"(?m:^b$)", "a\\u2028b\\rc", true},
    {"(?m:^b)$", "ab", false},
    {"^a$", "a\\nb", false},
    {"(?<=\\$)\\d", "$5", true},
    {"(?<!\\$)\\b\\d", "$5", false},
    {"^\\u{1F600}$", "\\ud83d\\ude00", true},
    {"^[\\u{1F600}-\\u{1F64F}]$", "\\ud83d\\ude0a", true},
    {"^\\\xC3\xA9$", "\xC3\xA9", true},
    {"^[^\\p{L}]$", "1", true},
    {"^\\p{Script_Extensions=Greek}$", "\xCE\xB1", true},
    {"^\\p{Emoji}", "\\ud83d\\ude00", true},
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
    static const char *const bad[] = {"\\a",
                                      "^\\S(|(.|\\n)*\\S)\\Z",
                                      "\\A",
                                      "\\z",
                                      "\\Q",
                                      "\\h",
                                      "\\K",
                                      "(?i)a",
                                      "(?>a)",
                                      "a++",
                                      "a**",
                                      "*",
                                      "(",
                                      ")",
                                      "[",
                                      "[z-a]",
                                      "a{2,1}",
                                      "\\",
                                      "\\c1",
                                      "\\u12",
                                      "\\u{110000}",
                                      "\\p{No_Such}",
                                      "\\pL",
                                      "\\xg",
                                      "\\01",
                                      "(*FAIL)",
                                      "(?P<a>b)",
                                      "^*",
                                      "^(abc]",
                                      "\\2(a)",
                                      "|*",
                                      "(?#c)",
                                      "(?P<n>a)(?P=n)",
                                      "(?ims)a",
                                      "(?i-i:a)",
                                      "(?-:a)",
                                      "(?x:a)",
                                      "(?<1a>b)",
                                      "(?<a>b)(?<a>c)",
                                      "\\k<a>",
                                      "(a)\\k<b>",
                                      "\\k",
                                      "[b-\\x41]",
                                      "a{010,9}",
                                      "\\p{Greekk}",
                                      "[\\b-\\x01]",
                                      "(?<=a",
                                      "(?",
                                      "(?<",
                                      "(?:"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char why[PATTERN_WHY] = "";
        if (pattern_new(bad[k], strlen(bad[k]), why)) fail_msg("taken: %s", bad[k]);
        assert_true(why[0]);
        assert_false(pattern_valid(bad[k], strlen(bad[k])));
    }
}

/* Right ECMA-262, though PCRE2 cannot: good as a value of format "regex", told apart as a `pattern`. */
static void patterns_beyond(void **state) {
    (void)state;
    static const char *const beyond[] = {"(?<=a+)b", "a{100000}"};
    for (size_t k = 0; k < sizeof beyond / sizeof *beyond; k++) {
        char why[PATTERN_WHY] = "";
        assert_true(pattern_valid(beyond[k], strlen(beyond[k])));
        assert_null(pattern_new(beyond[k], strlen(beyond[k]), why));
        assert_true(why[0]);
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

static enum pattern_result match_many(const char *pattern, const char *unit, size_t n, const char *tail) {
    char why[PATTERN_WHY];
    struct buf text = {0};
    struct pattern *p = pattern_new(pattern, strlen(pattern), why);
    struct pattern_room *room = pattern_room_new();
    if (!p) fail_msg("%s: %s", pattern, why);
    while (text.n < n) buf_str(&text, unit);
    buf_str(&text, tail);
    enum pattern_result r = pattern_match(p, text.p, text.n, room);
    pattern_free(p);
    pattern_room_free(room);
    buf_free(&text);
    return r;
}

/* Whatever the pattern and the text, the end comes soon; a long text alone is no reason to give up. */
static void gives_up(void **state) {
    (void)state;
    static const char *const bad[] = {"^(a+)+$",  "(a+)+$",      "^(a|aa|b?a)+$", "(?:[ab]|[ab])*[cd]",
                                      "(a|aa)+$", "(\\w+\\s?)+$"};
    static const char *const slow[] = {"a*a*[bc]", "(a)*[cd]", "[ab]+[ab]+[cd]", "^(?:a|[ab]*c)*$", "(?:a|b|ab)*[cd]"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(match_many(bad[k], "a", k % 2 ? 56 : 100000, "!"), PATTERN_GAVE_UP);
    for (size_t k = 0; k < sizeof slow / sizeof *slow; k++) {
        assert_int_equal(match_many(slow[k], "a", 1500, "!"), PATTERN_NO);
        assert_int_equal(match_many(slow[k], "a", 400000, "!"), PATTERN_GAVE_UP);
    }
    assert_int_equal(match_many("^(a+)+$", "a", 2, ""), PATTERN_YES);
    assert_int_equal(match_many("(?:[a-z]|[0-9])*a$", "a", 100000, ""), PATTERN_YES);
    assert_int_equal(match_many("^.*$", "a", 5000000, ""), PATTERN_YES);
    assert_int_equal(match_many("[0-9]{4}-[0-9]{2}", "lorem ipsum ", 5000000, "2026-01"), PATTERN_YES);
    assert_int_equal(match_many("\\bfox\\b.*\\bdog\\b", "the quick brown fox ", 8000, "dig"), PATTERN_NO);
    assert_int_equal(match_many("^\\s*\\S+(\\s+\\S+)*\\s*$", "some words ", 200000, ""), PATTERN_YES);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ecma_patterns), cmocka_unit_test(patterns_that_are_none),
                                       cmocka_unit_test(patterns_beyond), cmocka_unit_test(plain_or_not),
                                       cmocka_unit_test(gives_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
