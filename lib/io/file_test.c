/* Files and directories: published whole, replaced at once, removed without following links. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"

static char tmp[64] = "/tmp/etl-file-XXXXXX";
static struct arena a;

static const char *at(const char *name) {
    return arena_fmt(&a, "%s/%s", tmp, name);
}
static void put(const char *name, const char *text) {
    struct err e = {0};
    if (file_publish(at(name), text, strlen(text), &e)) fail_msg("%s", e.msg);
}
static void holds(const char *name, const char *want) {
    struct buf b = {0};
    struct err e = {0};
    if (file_read(at(name), 1 << 20, &b, &e)) fail_msg("%s", e.msg);
    assert_string_equal(buf_text(&b), want);
    buf_free(&b);
}
static size_t entries(const char *name) {
    char **names;
    size_t n;
    assert_int_equal(dir_list(at(name), &a, &names, &n, NULL), ERR_OK);
    return n;
}

static void publish(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("p"), &e), ERR_OK);
    put("p/x", "one");
    holds("p/x", "one");
    put("p/x", "");
    holds("p/x", "");
    assert_int_equal(file_size(at("p/x")), 0);
    put("p/x", "three");
    assert_int_equal(entries("p"), 1);
    assert_int_equal(file_publish(at("p/none/x"), "", 0, &e), ERR_IO);
    assert_non_null(strstr(e.msg, "p/none/x"));
    /* a directory in its place stays; nothing is left beside it */
    assert_int_equal(dir_make(at("p/d/full"), &e), ERR_OK);
    assert_int_not_equal(file_publish(at("p/d"), "", 0, &e), ERR_OK);
    assert_int_equal(entries("p"), 2);
    assert_int_equal(file_size(at("p/none")), -1);
    assert_true(file_exists(at("p/x")));
    assert_false(file_exists(at("p/none")));
    assert_int_equal(file_sync(at("p/x"), &e), ERR_OK);
    assert_int_equal(dir_sync(at("p"), &e), ERR_OK);
}

static void reading(void **state) {
    (void)state;
    struct err e = {0};
    struct buf b = {0};
    put("r", "12345");
    assert_int_equal(file_read(at("r"), 5, &b, &e), ERR_OK);
    b.n = 0;
    assert_int_equal(file_read(at("r"), 4, &b, &e), ERR_LIMIT);
    b.n = 0;
    assert_int_equal(file_read(at("none"), 4, &b, &e), ERR_NOINPUT);
    assert_non_null(strstr(e.msg, "none"));
    assert_int_equal(file_read(tmp, 4, &b, &e), ERR_NOINPUT);
    buf_free(&b);
}

static void directories(void **state) {
    (void)state;
    struct err e = {0};
    char **names;
    size_t n;
    assert_int_equal(dir_make(at("d/e/f"), &e), ERR_OK);
    assert_int_equal(dir_make(at("d/e/f"), &e), ERR_OK);
    put("d/file", "");
    assert_int_not_equal(dir_make(at("d/file"), &e), ERR_OK);
    assert_int_not_equal(dir_make(at("d/file/x"), &e), ERR_OK);
    put("d/a", "");
    put("d/.hidden", "");
    put("d/Z", "");
    assert_int_equal(dir_list(at("d"), &a, &names, &n, &e), ERR_OK);
    static const char *const want[] = {".hidden", "Z", "a", "e", "file"};
    assert_int_equal(n, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(names[i], want[i]);
    assert_int_equal(dir_list(at("none"), &a, &names, &n, &e), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(dir_list(at("d/a"), &a, &names, &n, &e), ERR_NOINPUT);
    static const struct {
        const char *path, *dir;
    } t[] = {{"a/b", "a"}, {"a", "."}, {"/a", "/"}, {"/a/b/c", "/a/b"}, {"./a", "."}};
    for (size_t i = 0; i < 5; i++) assert_string_equal(path_dir(t[i].path, &a), t[i].dir);
}

static void removing(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("keep"), &e), ERR_OK);
    put("keep/precious", "here");
    assert_int_equal(dir_make(at("gone/x/y"), &e), ERR_OK);
    put("gone/x/y/f", "");
    assert_int_equal(symlink(at("keep"), at("gone/x/link")), 0);
    assert_int_equal(symlink("nowhere", at("gone/dangling")), 0);
    assert_int_equal(dir_remove(at("gone"), &e), ERR_OK);
    assert_false(file_exists(at("gone")));
    holds("keep/precious", "here");
    assert_int_equal(dir_remove(at("gone"), &e), ERR_OK); /* absent is fine */
    assert_int_equal(symlink(at("keep"), at("link")), 0);
    assert_int_equal(dir_remove(at("link"), &e), ERR_OK);
    holds("keep/precious", "here");
}

static void replacing(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("r1/made"), &e), ERR_OK);
    put("r1/made/new", "new");
    assert_int_equal(dir_replace(at("r1/made"), at("r1/dt=1"), &e), ERR_OK);
    holds("r1/dt=1/new", "new");
    assert_int_equal(entries("r1"), 1);
    assert_int_equal(dir_make(at("r1/made"), &e), ERR_OK);
    put("r1/made/newer", "newer");
    assert_int_equal(dir_replace(at("r1/made"), at("r1/dt=1"), &e), ERR_OK);
    holds("r1/dt=1/newer", "newer");
    assert_false(file_exists(at("r1/dt=1/new")));
    assert_int_equal(entries("r1"), 1);
    assert_int_not_equal(dir_replace(at("r1/none"), at("r1/dt=1"), &e), ERR_OK);
    holds("r1/dt=1/newer", "newer");
}

/* What dead writers left goes; what lives, and what only looks like it, stays. */
static void sweeping(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("sweep"), &e), ERR_OK);
    put("sweep/page.html.tmp-999999999", "of no process: pids end at 2^22");
    put(arena_fmt(&a, "sweep/page.html.tmp-%d", (int)getpid()), "of a process that lives");
    put("sweep/.tmp-999999999", "no name before it");
    put("sweep/a.tmp-12x", "no pid");
    put("sweep/a.tmp-", "no pid");
    put("sweep/a.tmp-9.tmp-999999999", "the last one counts");
    assert_int_equal(dir_sweep(at("sweep"), &e), ERR_OK);
    assert_int_equal(entries("sweep"), 4);
    assert_false(file_exists(at("sweep/page.html.tmp-999999999")));
    assert_int_equal(dir_sweep(at("not-there"), &e), ERR_OK);
}

static void temporary(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("t"), &e), ERR_OK);
    int fd = file_temp(at("t"), &e);
    assert_true(fd >= 0);
    assert_int_equal(entries("t"), 0);
    assert_int_equal(fd_write(fd, "abc", 3, "it", &e), ERR_OK);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
    close(fd);
    assert_int_equal(file_temp(at("none"), &e), -1);
    assert_int_equal(e.code, ERR_IO);
    fd = open("/dev/full", O_WRONLY);
    assert_int_equal(fd_write(fd, "abc", 3, "the full one", &e), ERR_NOSPACE);
    assert_non_null(strstr(e.msg, "the full one"));
    close(fd);
}

static void glob_patterns(void **state) {
    (void)state;
    struct err e = {0};
    assert_int_equal(dir_make(at("g/a1"), &e), ERR_OK);
    assert_int_equal(dir_make(at("g/b2"), &e), ERR_OK);
    static const char *const files[] = {"g/x_10.csv", "g/x_9.csv", "g/X.csv", "g/a1/x.csv",
                                        "g/b2/x.csv", "g/.x.csv",  "g/y.json"};
    for (size_t i = 0; i < 7; i++) put(files[i], "");
    static const struct {
        const char *pattern, *want[4];
    } t[] = {{"g/*.csv", {"g/X.csv", "g/x_10.csv", "g/x_9.csv"}},
             {"g/x_?.csv", {"g/x_9.csv"}},
             {"g/*/x.csv", {"g/a1/x.csv", "g/b2/x.csv"}},
             {"g/[ab]?/x.*", {"g/a1/x.csv", "g/b2/x.csv"}},
             {"g/y.json", {"g/y.json"}},
             {"g/none*", {0}},
             {"none/*", {0}},
             {"g/none.csv", {0}}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char **paths;
        size_t n, want = 0;
        while (want < 4 && t[i].want[want]) want++;
        assert_int_equal(path_glob(at(t[i].pattern), &a, &paths, &n, &e), ERR_OK);
        if (n != want) fail_msg("%s: %zu", t[i].pattern, n);
        for (size_t k = 0; k < n; k++) assert_string_equal(paths[k], at(t[i].want[k]));
    }
}

static int first(void **state) {
    (void)state;
    return mkdtemp(tmp) ? 0 : 1;
}
static int last(void **state) {
    (void)state;
    arena_free(&a);
    return dir_remove(tmp, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(publish),       cmocka_unit_test(reading),
                                       cmocka_unit_test(directories),   cmocka_unit_test(removing),
                                       cmocka_unit_test(replacing),     cmocka_unit_test(temporary),
                                       cmocka_unit_test(glob_patterns), cmocka_unit_test(sweeping)};
    return cmocka_run_group_tests(tests, first, last);
}
