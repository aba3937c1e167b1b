/* Partitions: appear whole, are read only when complete, hold the same bytes for the same input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "io/file.h"
#include "io/part.h"

static char tmp[64] = "/tmp/etl-part-XXXXXX";
static struct arena a;

static char *dir_of(const char *day) {
    day_t d;
    assert_true(day_parse(sv_of(day), &d));
    return part_dir(&a, tmp, "shop", "raw", "events", NULL, d);
}

static struct part_info make(const char *dir, const char *const *lines, size_t n) {
    struct part_writer *w;
    struct part_info info;
    struct err e = {0};
    if (part_begin(&w, dir, NULL, &e)) fail_msg("%s", e.msg);
    for (size_t i = 0; i < n; i++) assert_int_equal(part_write(w, lines[i], strlen(lines[i]), 1, &e), ERR_OK);
    if (part_publish(w, "etl 0.1.0 test", "[{\"name\":\"x\",\"sha256\":\"00\"}]", &info, &e)) fail_msg("%s", e.msg);
    return info;
}

static struct buf slurp(const char *path) {
    struct buf b = {0};
    struct err e = {0};
    if (file_read(path, 1 << 24, &b, &e)) fail_msg("%s", e.msg);
    return b;
}

static size_t entries(const char *path) {
    char **names;
    size_t n;
    assert_int_equal(dir_list(path, &a, &names, &n, NULL), ERR_OK);
    return n;
}

static const char *const lines[] = {"{\"a\":1}\n", "{\"a\":2}\n", "{\"a\":3}\n"};

static void places(void **state) {
    (void)state;
    assert_string_equal(part_dir(&a, "H", "p", "valid", "d", NULL, 0), "H/lake/p/valid/d/dt=1970-01-01");
    assert_string_equal(part_dir(&a, "H", "p", "silver", "d", "clean", day_from_civil(2026, 1, 15)),
                        "H/lake/p/silver/d/clean/dt=2026-01-15");
}

static void publish(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-15"), **paths;
    struct part_writer *w;
    struct part_info info, seen;
    struct err e = {0};
    bool found = true;
    size_t n;
    assert_int_equal(part_read(dir, &seen, &found, &e), ERR_OK);
    assert_false(found);
    assert_int_equal(part_begin(&w, dir, NULL, &e), ERR_OK);
    assert_int_equal(part_write(w, "{}\n{}\n", 6, 2, &e), ERR_OK);
    assert_false(file_exists(dir));
    assert_int_equal(part_write(w, "[]\n", 3, 1, &e), ERR_OK);
    assert_int_equal(part_publish(w, "etl \"1\"", "[]", &info, &e), ERR_OK);
    assert_int_equal(info.rows, 3);
    assert_int_equal(info.bytes, 9);
    char hex[65];
    sha256_of("{}\n{}\n[]\n", 9, hex);
    assert_string_equal(info.sha256, hex);
    assert_int_equal(part_read(dir, &seen, &found, &e), ERR_OK);
    assert_true(found);
    assert_int_equal(seen.rows, 3);
    assert_int_equal(seen.bytes, 9);
    assert_string_equal(seen.sha256, hex);
    assert_int_equal(part_verify(dir, true, &e), ERR_OK);
    assert_int_equal(part_files(dir, &a, &paths, &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(paths[0], arena_fmt(&a, "%s/part-00000.jsonl", dir));
    struct buf b = slurp(arena_fmt(&a, "%s/_SUCCESS", dir));
    assert_non_null(strstr(b.p, "\"made_by\":\"etl \\\"1\\\"\""));
    assert_non_null(strstr(b.p, "\"from\":[]"));
    buf_free(&b);
    assert_int_equal(entries(path_dir(dir, &a)), 1);
}

static void twice_the_same(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-16"), *success = arena_fmt(&a, "%s/_SUCCESS", dir);
    make(dir, lines, 3);
    struct buf one = slurp(success);
    struct part_info i = make(dir, lines, 3);
    struct buf two = slurp(success);
    assert_string_equal(one.p, two.p);
    assert_int_equal(i.rows, 3);
    i = make(dir, lines, 1); /* replaced whole */
    struct buf part = slurp(arena_fmt(&a, "%s/part-00000.jsonl", dir));
    assert_string_equal(part.p, lines[0]);
    i = make(dir, lines, 0);
    assert_int_equal(i.rows, 0);
    bool found;
    assert_int_equal(part_read(dir, &i, &found, NULL), ERR_OK);
    assert_true(found); /* empty is complete too */
    assert_int_equal(part_verify(dir, true, NULL), ERR_OK);
    buf_free(&one);
    buf_free(&two);
    buf_free(&part);
}

static void aborted(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-17");
    struct part_writer *w;
    struct err e = {0};
    make(dir, lines, 2);
    size_t before = entries(path_dir(dir, &a));
    assert_int_equal(part_begin(&w, dir, NULL, &e), ERR_OK);
    assert_int_equal(part_write(w, "x\n", 2, 1, &e), ERR_OK);
    part_abort(w);
    part_abort(NULL);
    assert_int_equal(entries(path_dir(dir, &a)), before);
    struct part_info i;
    bool found;
    assert_int_equal(part_read(dir, &i, &found, &e), ERR_OK);
    assert_true(found);
    assert_int_equal(i.rows, 2);
}

static int odd(void *ctx, uint64_t row, const char *line, size_t n, bool *keep, struct err *e) {
    uint64_t *next = ctx;
    if (row == 7) return err_set(e, ERR_DATA, "seven");
    assert_int_equal(row, (*next)++);
    assert_int_equal(n, 7);
    assert_memory_equal(line, lines[row], 7);
    *keep = row != 1;
    return ERR_OK;
}

static void rewrite(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-18");
    struct part_writer *w;
    struct part_info i;
    struct err e = {0};
    uint64_t next = 0;
    assert_int_equal(part_begin(&w, dir, NULL, &e), ERR_OK);
    for (size_t k = 0; k < 3; k++) assert_int_equal(part_write(w, lines[k], strlen(lines[k]), 1, &e), ERR_OK);
    assert_int_equal(part_rewrite(w, odd, &next, &e), ERR_OK);
    assert_int_equal(next, 3);
    assert_int_equal(part_publish(w, "t", "[]", &i, &e), ERR_OK);
    assert_int_equal(i.rows, 2);
    assert_int_equal(entries(dir), 2);
    struct buf b = slurp(arena_fmt(&a, "%s/part-00000.jsonl", dir));
    assert_string_equal(b.p, "{\"a\":1}\n{\"a\":3}\n");
    buf_free(&b);
    char hex[65];
    sha256_of("{\"a\":1}\n{\"a\":3}\n", 16, hex);
    assert_string_equal(i.sha256, hex);
    assert_int_equal(part_verify(dir, true, &e), ERR_OK);
}

static int fails(void *ctx, uint64_t row, const char *line, size_t n, bool *keep, struct err *e) {
    (void)ctx, (void)line, (void)n, (void)keep;
    return row < 1 ? ERR_OK : err_set(e, ERR_DATA, "no");
}

static void rewrite_that_fails(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-19");
    struct part_writer *w;
    struct err e = {0};
    assert_int_equal(part_begin(&w, dir, NULL, &e), ERR_OK);
    for (size_t k = 0; k < 3; k++) assert_int_equal(part_write(w, lines[k], strlen(lines[k]), 1, &e), ERR_OK);
    assert_int_equal(part_rewrite(w, fails, NULL, &e), ERR_DATA);
    part_abort(w);
    assert_false(file_exists(dir));
}

static void corrupt(const char *dir, const char *what) {
    struct part_info i;
    struct err e = {0};
    bool found = true;
    /* in a process of its own: a crash is a failure like others */
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        int rc = part_read(dir, &i, &found, &e);
        if (rc != ERR_CORRUPT) fprintf(stderr, "%s: %s %s found %d\n", what, err_name(rc), e.msg, found);
        _exit(rc == ERR_CORRUPT && !found && strstr(e.msg, dir) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status) fail_msg("%s: status %d", what, status);
}

static void damaged_success(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-20"), *success = arena_fmt(&a, "%s/_SUCCESS", dir);
    struct err e = {0};
    make(dir, lines, 3);
    struct buf good = slurp(success);
    for (size_t n = 1; n < good.n; n++) {
        assert_int_equal(file_publish(success, good.p, n, &e), ERR_OK);
        corrupt(dir, arena_strn(&a, good.p, n));
    }
    static const char *const bad[] = {
        "{}\n", "\n", "null\n",
        "{\"rows\":x,\"bytes\":24,\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\"}\n",
        "{\"rows\":3,\"bytes\":24,\"sha256\":\"zz\"}                                                                   "
        "          \n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(file_publish(success, bad[i], strlen(bad[i]), &e), ERR_OK);
        corrupt(dir, bad[i]);
    }
    buf_free(&good);
}

/* What a power cut leaves on many file systems. */
static void empty_success(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-21");
    struct err e = {0};
    make(dir, lines, 3);
    assert_int_equal(file_publish(arena_fmt(&a, "%s/_SUCCESS", dir), "", 0, &e), ERR_OK);
    corrupt(dir, "empty _SUCCESS");
}

static void damaged_files(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-22"), *file = arena_fmt(&a, "%s/part-00000.jsonl", dir);
    struct err e = {0};
    struct part_info i;
    bool found;
    make(dir, lines, 3);
    assert_int_equal(truncate(file, 5), 0);
    corrupt(dir, "cut");
    unlink(file);
    corrupt(dir, "gone");
    assert_int_equal(file_publish(file, "{\"a\":1}\n{\"a\":2}\n{\"a\":4}\n", 24, &e), ERR_OK);
    assert_int_equal(part_read(dir, &i, &found, &e), ERR_OK); /* the same size: only the digest tells */
    assert_int_equal(part_verify(dir, true, &e), ERR_CORRUPT);
    assert_non_null(strstr(e.msg, dir));
    unlink(arena_fmt(&a, "%s/_SUCCESS", dir));
    assert_int_equal(part_read(dir, &i, &found, &e), ERR_OK);
    assert_false(found);
}

static void sweep(void **state) {
    (void)state;
    char *dir = dir_of("2026-01-23"), *parent = path_dir(dir, &a);
    struct err e = {0};
    make(dir, lines, 3);
    assert_int_equal(dir_make(arena_fmt(&a, "%s/.dt=2026-01-23.tmp-1", parent), &e), ERR_OK);
    assert_int_equal(dir_make(arena_fmt(&a, "%s/.dt=2026-01-22.tmp-99.old", parent), &e), ERR_OK);
    assert_int_equal(file_publish(arena_fmt(&a, "%s/.dt=2026-01-23.tmp-1/part-00000.jsonl", parent), "x", 1, &e),
                     ERR_OK);
    assert_int_equal(dir_make(arena_fmt(&a, "%s/clean/dt=2026-01-23", parent), &e), ERR_OK);
    size_t before = entries(parent);
    assert_int_equal(part_sweep(parent, &e), ERR_OK);
    assert_int_equal(entries(parent), before - 2);
    assert_int_equal(part_verify(dir, true, &e), ERR_OK);
    assert_true(file_exists(arena_fmt(&a, "%s/clean/dt=2026-01-23", parent)));
    assert_int_equal(part_sweep("/tmp/etl-no-such-dir", &e), ERR_OK);
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

/* What is like another partition is a second name of its file; the first byte that differs makes it a file of its own.
 */
static void like_another(void **state) {
    (void)state;
    static const struct {
        const char *text[4];
        bool linked;
    } cases[] = {{{"{\"a\":1}\n", "{\"a\":2}\n{\"a\"", ":3}\n"}, true},
                 {{"{\"a\":1}\n", "{\"a\":2}\n"}, false},               /* less */
                 {{"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", "x\n"}, false}, /* more */
                 {{"{\"a\":1}\n", "{\"a\":3}\n"}, false},
                 {{"x\n"}, false},
                 {{NULL}, false}};
    struct err e = {0};
    char *raw = dir_of("2026-03-01");
    struct part_info of = make(raw, lines, 3), info;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int rewrites = 0; rewrites < 2; rewrites++) {
            struct part_writer *w;
            struct stat one, two;
            char *dir = dir_of("2026-03-02"), sha[65];
            struct buf want = {0};
            struct part_like like = {raw, &of, rewrites};
            assert_int_equal(part_begin(&w, dir, &like, &e), ERR_OK);
            for (int i = 0; i < 4 && cases[k].text[i]; i++) {
                assert_int_equal(part_write(w, cases[k].text[i], strlen(cases[k].text[i]), 1, &e), ERR_OK);
                buf_str(&want, cases[k].text[i]);
            }
            if (part_publish(w, "etl 0.1.0 test", "[]", &info, &e)) fail_msg("%s", e.msg);
            struct buf is = slurp(arena_fmt(&a, "%s/part-00000.jsonl", dir));
            assert_int_equal(is.n, want.n);
            assert_true(!is.n || memcmp(is.p, want.p, is.n) == 0);
            sha256_of(buf_text(&want), want.n, sha);
            assert_string_equal(sha, info.sha256);
            assert_int_equal(part_verify(dir, true, &e), ERR_OK);
            stat(arena_fmt(&a, "%s/part-00000.jsonl", raw), &one);
            stat(arena_fmt(&a, "%s/part-00000.jsonl", dir), &two);
            assert_int_equal(one.st_ino == two.st_ino, cases[k].linked);
            buf_free(&is);
            buf_free(&want);
        }
    /* one name goes, the other stays */
    assert_int_equal(part_prune(raw, &e), ERR_OK);
    assert_int_equal(part_verify(dir_of("2026-03-02"), true, &e), ERR_OK);
}

/* All of another one, unread: a second name; only of what lies there as it is said, and before any write. */
static void taken_unread(void **state) {
    (void)state;
    struct err e = {0};
    char *raw = dir_of("2026-03-05"), *dir = dir_of("2026-03-06");
    struct part_writer *w;
    struct part_info of, info, seen;
    struct stat one, two;
    bool found;
    assert_int_equal(part_begin(&w, raw, NULL, &e), ERR_OK);
    assert_false(part_same(w)); /* like nothing */
    for (size_t i = 0; i < 3; i++) assert_int_equal(part_write(w, lines[i], strlen(lines[i]), 1, &e), ERR_OK);
    part_sound(w);
    assert_int_equal(part_publish(w, "etl \",\"sound\":true,\"made_by\":\"", "[]", &of, &e), ERR_OK);
    assert_int_equal(part_read(raw, &seen, &found, &e), ERR_OK);
    assert_true(found && seen.sound);

    struct part_like like = {raw, &seen, false};
    assert_int_equal(part_begin(&w, dir, &like, &e), ERR_OK);
    assert_true(part_same(w));
    assert_int_equal(part_publish(w, "etl \",\"sound\":true,\"made_by\":\"", "[]", &info, &e), ERR_OK);
    assert_int_equal(info.rows, 3);
    assert_string_equal(info.sha256, of.sha256);
    stat(arena_fmt(&a, "%s/part-00000.jsonl", raw), &one);
    stat(arena_fmt(&a, "%s/part-00000.jsonl", dir), &two);
    assert_true(one.st_ino == two.st_ino);
    assert_int_equal(part_read(dir, &seen, &found, &e), ERR_OK);
    assert_true(found && !seen.sound); /* nobody looked, whatever the maker is called */

    seen.bytes++; /* not what it says: it is read as ever */
    assert_int_equal(part_begin(&w, dir, &like, &e), ERR_OK);
    assert_false(part_same(w));
    part_abort(w);
}

static int keep_not_second(void *ctx, uint64_t row, const char *line, size_t n, bool *keep, struct err *e) {
    (void)ctx, (void)line, (void)n, (void)e;
    *keep = row != 1;
    return ERR_OK;
}

static void like_and_rewritten(void **state) {
    (void)state;
    struct err e = {0};
    char *raw = dir_of("2026-03-03"), *dir = dir_of("2026-03-04");
    struct part_info of = make(raw, lines, 3), info;
    for (size_t n = 1; n <= 3; n++) { /* a part of it, or all */
        struct part_writer *w;
        struct part_like like = {raw, &of, true};
        assert_int_equal(part_begin(&w, dir, &like, &e), ERR_OK);
        for (size_t i = 0; i < n; i++) assert_int_equal(part_write(w, lines[i], strlen(lines[i]), 1, &e), ERR_OK);
        if (part_rewrite(w, keep_not_second, NULL, &e)) fail_msg("%s", e.msg);
        if (part_publish(w, "etl 0.1.0 test", "[]", &info, &e)) fail_msg("%s", e.msg);
        assert_int_equal(info.rows, n == 1 ? 1 : n - 1);
        assert_int_equal(part_verify(dir, true, &e), ERR_OK);
        assert_int_equal(part_verify(raw, true, &e), ERR_OK);
        struct buf is = slurp(arena_fmt(&a, "%s/part-00000.jsonl", dir));
        assert_string_equal(buf_text(&is), n < 3 ? lines[0] : "{\"a\":1}\n{\"a\":3}\n");
        buf_free(&is);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(places),
                                       cmocka_unit_test(publish),
                                       cmocka_unit_test(like_another),
                                       cmocka_unit_test(taken_unread),
                                       cmocka_unit_test(like_and_rewritten),
                                       cmocka_unit_test(twice_the_same),
                                       cmocka_unit_test(aborted),
                                       cmocka_unit_test(rewrite),
                                       cmocka_unit_test(rewrite_that_fails),
                                       cmocka_unit_test(damaged_success),
                                       cmocka_unit_test(empty_success),
                                       cmocka_unit_test(damaged_files),
                                       cmocka_unit_test(sweep)};
    return cmocka_run_group_tests(tests, first, last);
}
