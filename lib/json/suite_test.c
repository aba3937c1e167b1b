/*
 * The official JSON-Schema-Test-Suite, draft-07, in both forms that go round:
 *
 *   SUITES/json-schema-*.json    {"remotes": {path: schema}, "groups": [{"file", "schema", "tests"}]}
 *   SUITES/[*]/tests/draft7/     the repository itself, with SUITES/[*]/remotes beside it
 *
 * The part under "optional" (formats, big numbers, ECMA-262 patterns, content) runs with formats asserted. Remote
 * documents are looked for as users have them looked for: below a directory, by host and path.
 */
#include "json/suite_testing.h"

#include <ftw.h>
#include <unistd.h>

#include "json/schema.h"

struct tally {
    int groups, tests, failed;
};
struct suite {
    const char *remotes;
    struct tally required, optional;
};

static struct jval member(struct jval obj, const char *key) {
    struct jval v = obj;
    if (!jv_get(obj, sv_of(key), &v)) fail_msg("the suite has no \"%s\" where it should", key);
    return v;
}

static bool starts_with(struct sv s, const char *start) {
    size_t n = strlen(start);
    return s.n >= n && memcmp(s.p, start, n) == 0;
}

static void run_instances(const struct schema *s, struct sv file, struct sv group, struct jval tests, struct tally *t) {
    struct schema_run quick = {0}, full = {.max_faults = 10};
    struct jval test;
    uint32_t pos = 0;
    while (jv_each(tests, &pos, NULL, &test)) {
        struct jval data = member(test, "data");
        struct sv name = jv_raw(member(test, "description"));
        bool want = jv_type(member(test, "valid")) == JT_TRUE;
        bool ok = schema_validate(s, data, &quick) == want && schema_validate(s, data, &full) == want &&
                  (full.nfaults > 0) == !want;
        t->tests++;
        t->failed += !ok;
        if (!ok)
            print_error("%.*s / %.*s / %.*s: wanted %s\n", (int)file.n, file.p, (int)group.n, group.p, (int)name.n,
                        name.p, want ? "valid" : "invalid");
    }
    schema_run_free(&quick);
    schema_run_free(&full);
}

static void run_group(struct suite *suite, struct sv file, struct jval g) {
    bool optional = starts_with(file, "optional");
    struct tally *t = optional ? &suite->optional : &suite->required;
    struct jval tests = member(g, "tests");
    struct sv group = jv_raw(member(g, "description"));
    struct schema *s = NULL;
    struct err e = {0};
    struct buf text = {0};
    json_copy(&text, member(g, "schema"));
    t->groups++;
    if (schema_compile(&s, "schema", text.p, text.n, suite->remotes, optional ? SCHEMA_ASSERT_FORMAT : 0, &e)) {
        print_error("%.*s / %.*s: does not compile: %s\n", (int)file.n, file.p, (int)group.n, group.p, e.msg);
        t->tests += (int)jv_tok(tests)->n;
        t->failed += (int)jv_tok(tests)->n;
    } else {
        run_instances(s, file, group, tests, t);
    }
    schema_free(s);
    buf_free(&text);
}

static void finish(const struct suite *s) {
    print_message("suite: required %d groups, %d tests, %d failed; optional %d groups, %d tests, %d failed\n",
                  s->required.groups, s->required.tests, s->required.failed, s->optional.groups, s->optional.tests,
                  s->optional.failed);
    assert_int_equal(s->required.failed, 0);
    assert_int_equal(s->optional.failed, 0);
    assert_true(s->required.tests + s->optional.tests > 0);
}

/* ---- one file ---- */

static void write_remote(const char *dir, const char *name, struct jval v) {
    char path[512];
    snprintf(path, sizeof path, "%s/localhost:1234/%s", dir, name);
    for (char *p = path + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
        *p = 0;
        mkdir(path, 0755);
        *p = '/';
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(jv_raw(v).p, 1, jv_raw(v).n, f);
    fclose(f);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static void run_single(const char *path) {
    size_t n;
    char *text = suite_read(path, &n);
    char dir[] = "/tmp/etl-suite-XXXXXX";
    struct suite suite = {.remotes = mkdtemp(dir)};
    struct jtoks toks = {0};
    struct jerr je;
    struct arena a = {0};
    assert_non_null(text);
    assert_non_null(suite.remotes);
    assert_true(json_scan(&toks, text, n, 0, &je));
    struct jval root = {text, toks.t, 0}, remotes = member(root, "remotes"), groups = member(root, "groups"), key, v;
    uint32_t pos = 0;
    while (jv_each(remotes, &pos, &key, &v)) write_remote(dir, jv_str(key, &a, NULL), v);
    pos = 0;
    while (jv_each(groups, &pos, NULL, &v)) run_group(&suite, jv_raw(member(v, "file")), v);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&a);
    jtoks_free(&toks);
    free(text);
    finish(&suite);
}

static void single_files(void **state) {
    (void)state;
    struct arena a = {0};
    const char *dir = suites_dir(&a);
    size_t n, found = 0;
    char **names = suite_list(&a, dir, &n);
    for (size_t k = 0; k < n; k++) {
        size_t len = strlen(names[k]);
        if (len < 5 || strcmp(names[k] + len - 5, ".json") != 0 || strncmp(names[k], "json-schema-", 12) != 0) continue;
        print_message("%s\n", names[k]);
        run_single(arena_fmt(&a, "%s/%s", dir, names[k]));
        found++;
    }
    if (!found) print_error("SKIPPED: no json-schema-*.json of the JSON Schema suite in %s (set ETL_SUITES)\n", dir);
    arena_free(&a);
    if (!found) skip();
}

/* ---- the repository ---- */

static void run_file(struct suite *suite, const char *path, const char *name) {
    size_t n;
    char *text = suite_read(path, &n);
    struct jtoks toks = {0};
    struct jerr je;
    struct jval g;
    uint32_t pos = 0;
    assert_non_null(text);
    if (!json_scan(&toks, text, n, 0, &je)) fail_msg("%s: %s", path, je.what);
    while (jv_each((struct jval){text, toks.t, 0}, &pos, NULL, &g)) run_group(suite, sv_of(name), g);
    jtoks_free(&toks);
    free(text);
}

static void run_dir(struct suite *suite, struct arena *a, const char *dir, const char *below) {
    size_t n;
    char **names = suite_list(a, dir, &n);
    for (size_t k = 0; k < n; k++) {
        const char *path = arena_fmt(a, "%s/%s", dir, names[k]), *name = arena_fmt(a, "%s%s", below, names[k]);
        if (suite_is_dir(path))
            run_dir(suite, a, path, arena_fmt(a, "%s/", name));
        else
            run_file(suite, path, name);
    }
}

static void repository(void **state) {
    (void)state;
    struct arena a = {0};
    const char *dir = suites_dir(&a), *tests = suite_find(&a, dir, "tests/draft7");
    struct suite suite = {.remotes = suite_find(&a, dir, "remotes")};
    if (tests) {
        run_dir(&suite, &a, tests, "");
    } else {
        print_error("SKIPPED: the JSON Schema suite's optional part: no tests/draft7 in %s (set ETL_SUITES)\n", dir);
    }
    arena_free(&a);
    if (!tests) skip();
    finish(&suite);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(single_files), cmocka_unit_test(repository)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
