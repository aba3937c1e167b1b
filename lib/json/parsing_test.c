/*
 * JSONTestSuite (Seriot): what is JSON (y_), what is not (n_), and what may be either (i_), which only must not crash.
 * Looked for as SUITES/[*]/test_parsing, or as some packages keep it, SUITES/[*]/data/parsing.
 */
#include "json/suite_testing.h"

#include "json/scan.h"

static void parsing(void **state) {
    (void)state;
    struct arena a = {0};
    const char *suites = suites_dir(&a), *dir = suite_find(&a, suites, "test_parsing");
    size_t n = 0, counts[3] = {0}, wrong = 0;
    if (!dir) dir = suite_find(&a, suites, "data/parsing");
    if (!dir) print_error("SKIPPED: JSONTestSuite: no test_parsing in %s (set ETL_SUITES)\n", suites);
    char **names = dir ? suite_list(&a, dir, &n) : NULL;
    for (size_t k = 0; k < n; k++) {
        static const char kinds[] = "yni";
        const char *kind = names[k][1] == '_' ? strchr(kinds, names[k][0]) : NULL;
        size_t len;
        char *text = kind ? suite_read(arena_fmt(&a, "%s/%s", dir, names[k]), &len) : NULL;
        if (!text) continue;
        char *exact = mem_alloc(len + !len); /* so that the sanitizer sees a step beyond the end */
        memcpy(exact, text, len);
        struct jtoks toks = {0};
        struct jerr je;
        bool ok = json_scan(&toks, exact, len, 0, &je);
        counts[kind - kinds]++;
        if (*kind != 'i' && ok != (*kind == 'y')) {
            print_error("%s: %s\n", names[k], ok ? "taken" : je.what);
            wrong++;
        }
        jtoks_free(&toks);
        free(exact);
        free(text);
    }
    arena_free(&a);
    if (!dir) skip();
    print_message("JSONTestSuite: %zu y_, %zu n_, %zu i_, %zu wrong\n", counts[0], counts[1], counts[2], wrong);
    assert_int_equal(wrong, 0);
    assert_true(counts[0] && counts[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(parsing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
