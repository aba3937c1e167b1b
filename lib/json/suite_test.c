/*
 * The official JSON-Schema-Test-Suite, draft-07, required part, all of it.
 *
 * Read from $ETL_SHARED/data/suites (default ../shared); where the file is
 * absent the test says so and is skipped. The remote documents of the suite are
 * written to a temporary directory as DIR/localhost:1234/... and found there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json/schema.h"

#define SUITE "data/suites/json-schema-draft7-required.json"

static char dir[] = "/tmp/etl-suite-XXXXXX";

static char *read_all(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    struct buf b = {0};
    char part[65536];
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;) buf_add(&b, part, got);
    fclose(f);
    *n = b.n;
    return b.p;
}

static void write_remote(const char *name, struct jval v) {
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

struct tally {
    int groups, tests, failed;
};

static struct jval member(struct jval obj, const char *key) {
    struct jval v = obj;
    if (!jv_get(obj, sv_of(key), &v)) fail_msg("the suite has no \"%s\" where it should", key);
    return v;
}

static void run_group(struct jval g, struct tally *t) {
    struct jval schema = member(g, "schema"), tests = member(g, "tests"), test;
    struct sv what = jv_raw(member(g, "description"));
    struct schema *s = NULL;
    struct schema_run quick = {0}, full = {.max_faults = 10};
    struct err e = {0};
    struct buf text = {0};
    uint32_t pos = 0;
    json_copy(&text, schema);
    t->groups++;
    if (schema_compile(&s, "schema", text.p, text.n, dir, 0, &e)) {
        print_error("%.*s: does not compile: %s\n", (int)what.n, what.p, e.msg);
        t->failed += (int)jv_tok(tests)->n;
    }
    while (s && jv_each(tests, &pos, NULL, &test)) {
        struct jval data = member(test, "data");
        struct sv name = jv_raw(member(test, "description"));
        bool want = jv_type(member(test, "valid")) == JT_TRUE;
        bool ok = schema_validate(s, data, &quick) == want && schema_validate(s, data, &full) == want &&
                  (full.nfaults > 0) == !want;
        t->tests++;
        t->failed += !ok;
        if (!ok) print_error("%.*s / %.*s: wanted %d\n", (int)what.n, what.p, (int)name.n, name.p, want);
    }
    schema_run_free(&quick);
    schema_run_free(&full);
    schema_free(s);
    buf_free(&text);
}

static void official_suite(void **state) {
    (void)state;
    const char *shared = getenv("ETL_SHARED");
    char path[512];
    size_t n;
    snprintf(path, sizeof path, "%s/%s", shared ? shared : "../shared", SUITE);
    char *text = read_all(path, &n);
    if (!text) {
        print_error("SKIPPED: the official JSON Schema suite is not at %s (set ETL_SHARED)\n", path);
        skip();
    }
    struct jtoks toks = {0};
    struct jerr je;
    struct tally t = {0};
    assert_true(json_scan(&toks, text, n, 0, &je));
    struct jval root = {text, toks.t, 0}, remotes = member(root, "remotes"), groups = member(root, "groups"), key, v;
    assert_non_null(mkdtemp(dir));
    struct arena a = {0};
    uint32_t pos = 0;
    while (jv_each(remotes, &pos, &key, &v)) write_remote(jv_str(key, &a, NULL), v);
    pos = 0;
    while (jv_each(groups, &pos, NULL, &v)) run_group(v, &t);
    print_message("suite: %d groups, %d tests, %d failed\n", t.groups, t.tests, t.failed);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&a);
    jtoks_free(&toks);
    free(text);
    assert_int_equal(t.failed, 0);
    assert_int_equal(t.groups, 257);
    assert_int_equal(t.tests, 927);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(official_suite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
