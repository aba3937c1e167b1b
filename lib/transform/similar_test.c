/* Likeness of texts: figures worked out by hand from difflib's definition, limits, keywords. The comparison with
 * difflib itself is the end-to-end case map_difflib. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transform/similar.h"

static struct arena a;

static struct letters of(const char *s) {
    struct letters l;
    letters_of(&l, sv_of(s), &a);
    return l;
}

static double ratio(const char *x, const char *y) {
    struct similar *s = similar_new();
    struct letters l = of(x), m = of(y);
    double r = similar_ratio(s, l.c, l.n, m.c, m.n);
    similar_free(s);
    return r;
}

static void ratios(void **state) {
    (void)state;
    static const struct {
        const char *x, *y;
        double want;
    } t[] = {
        {"abcd", "bcde", 2.0 * 3 / 8},
        {"", "", 1},
        {"a", "", 0},
        {"abxcd", "abcd", 2.0 * 4 / 9},
        {"tide", "diet", 2.0 * 1 / 8}, /* the first longest is "t": nothing is left before it in the second */
        {"diet", "tide", 2.0 * 2 / 8}, /* and not the same the other way round */
        {"쏘나타", "소나타", 2.0 * 2 / 6},
        {"ABC", "abc", 1},
        {"포터Ⅱ", "포터", 1}, /* Roman numerals do not count */
        {"\xE2\x84\xAA"
         "5",
         "k5", 1}, /* the Kelvin sign is a k in lower case */
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (ratio(t[i].x, t[i].y) != t[i].want) fail_msg("%s %s: %.17g", t[i].x, t[i].y, ratio(t[i].x, t[i].y));
}

static void scores(void **state) {
    (void)state;
    struct similar *s = similar_new();
    struct letters x = of("그랜저 IG 2.4"), y = of("그랜저(IG)");
    assert_int_equal(x.ntokens, 4);
    assert_int_equal(y.ntokens, 2);
    double want = 0.7 * (2.0 * 5 / 12) + 0.2 * (2 / 4.0);
    assert_true(similar_score(s, &x, &y) == want + 0.1);
    struct letters same = of("a a A");
    assert_int_equal(same.ntokens, 1);
    assert_int_equal(same.nspaced, 5);
    char *large = arena_alloc(&a, 100001);
    memset(large, 'x', 100000);
    struct letters l = of(large);
    assert_int_equal(l.n, MAX_LETTERS);
    assert_int_equal(l.ntokens, 1);
    similar_free(s);
}

static void matches(void **state) {
    (void)state;
    static const char *const names[][3] = {
        {"그랜저(IG)", "그랜저", "IG"},       {"그랜저 하이브리드(IG HEV)", "그랜저 하이브리드", ""},
        {"G80(RG3)", "G80", "G80 RG3"},       {"Electrified G80(EV)", "Electrified G80", "G80"},
        {"더 뉴 모닝(JA)", "더 뉴 모닝", ""}, {"벨로스터N 쿠페(JS)", "벨로스터N 쿠페", ""}};
    struct vocabulary v = {.n = 6, .min_score = 0.55};
    struct sv variants[] = {SV("Electrified"), SV("*N")};
    struct similar *s = similar_new();
    v.names = arena_alloc(&a, v.n * sizeof *v.names);
    for (size_t i = 0; i < v.n; i++) {
        v.names[i].name = sv_of(names[i][0]);
        letters_of(&v.names[i].l, v.names[i].name, &a);
        vocabulary_keywords(&v.names[i], sv_of(names[i][1]), sv_of(names[i][2]), variants, 2, &a);
    }
    static const struct {
        const char *text;
        size_t at;
        bool keyword;
    } t[] = {
        {"그랜저 ig", 0, false},
        {"2021 G80 3.5 터보 AWD 스포츠 패키지", 2, true},           /* the shorter base is more like it */
        {"electrified g80 2022 롱레인지 전기차 신형", 3, true},     /* the longest keyword wins */
        {"신형 그랜저하이브리드 2.4 익스클루시브 스페셜", 1, true}, /* without its blank */
        {"더블캡 화물차 전용 부품 세트", 6, false},                 /* a first word of one letter is no keyword */
        {"벨로스터n 앞 범퍼 어셈블리 좌측 신품", 6, false},         /* nor one that names a variant */
        {"", 6, false},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct letters l = of(t[i].text);
        struct similar_match m = vocabulary_match(&v, s, &l);
        if (m.at != t[i].at || m.by_keyword != t[i].keyword) fail_msg("%s: %zu %d", t[i].text, m.at, m.by_keyword);
    }
    similar_free(s);
}

static int last(void **state) {
    (void)state;
    arena_free(&a);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ratios), cmocka_unit_test(scores), cmocka_unit_test(matches)};
    return cmocka_run_group_tests(tests, NULL, last);
}
