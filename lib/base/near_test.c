/* Nearest words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/near.h"

static void distances(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        int d;
    } t[] = {{"", "", 0},
             {"a", "", 1},
             {"", "abc", 3},
             {"abc", "abc", 0},
             {"abc", "abd", 1},
             {"abc", "acb", 1},
             {"abc", "ab", 1},
             {"abc", "xabc", 1},
             {"kitten", "sitting", 3},
             {"ca", "abc", 3},
             {"vaildate", "validate", 1}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_int_equal(near_distance(sv_of(t[i].a), sv_of(t[i].b), 9), t[i].d);
        assert_int_equal(near_distance(sv_of(t[i].b), sv_of(t[i].a), 9), t[i].d);
    }
    assert_int_equal(near_distance(SV("abcdef"), SV("uvwxyz"), 2), 3);
}

static void offers(void **state) {
    (void)state;
    static const char *const words[] = {"collect", "validate", "transform", "load", "mart", "report", "run", "status"};
    static const struct {
        const char *word, *best;
    } t[] = {{"colect", "collect"}, {"vaildate", "validate"}, {"tranform", "transform"}, {"laod", "load"},
             {"reprot", "report"},  {"stat", "status"},       {"valid", "validate"},     {"rum", "run"},
             {"xyzzy", NULL},       {"bananas", NULL},        {"load", "load"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct arena a = {0};
        struct near n = near_start(t[i].word);
        for (size_t k = 0; k < 8; k++) near_offer(&n, words[k]);
        if (!n.best != !t[i].best || (n.best && strcmp(n.best, t[i].best)))
            fail_msg("%s: %s", t[i].word, n.best ? n.best : "nothing");
        if (t[i].best)
            assert_string_equal(near_hint(&n, &a), arena_fmt(&a, " (did you mean '%s'?)", t[i].best));
        else
            assert_string_equal(near_hint(&n, &a), "");
        arena_free(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(distances), cmocka_unit_test(offers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
