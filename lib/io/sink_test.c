/* Sinks: whole or not at all, the same bytes for the same input, errors told. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/rng.h"
#include "io/file.h"
#include "io/sink.h"

static char tmp[64] = "/tmp/etl-sink-XXXXXX";
static struct arena a;

static struct buf noise(size_t n, bool random) {
    struct buf b = {0};
    struct rng r;
    rng_seed(&r, n);
    for (size_t i = 0; i < n; i++) buf_chr(&b, random ? (char)rng_next(&r) : "abc\n"[i % 4]);
    return b;
}

static void write_in_pieces(struct sink *s, const struct buf *b, size_t piece) {
    struct err e = {0};
    for (size_t i = 0; i < b->n; i += piece)
        assert_int_equal(sink_write(s, b->p + i, b->n - i < piece ? b->n - i : piece, &e), ERR_OK);
}

static size_t entries(void) {
    char **names;
    size_t n;
    assert_int_equal(dir_list(tmp, &a, &names, &n, NULL), ERR_OK);
    return n;
}

static void appears_at_commit(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 262143, 262144, 262145, 1000000}, pieces[] = {1 << 20, 777, 262144};
    const char *path = arena_fmt(&a, "%s/out.jsonl", tmp);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 3; k++) {
            struct buf b = noise(sizes[i], true), got = {0};
            struct sink *s;
            struct err e = {0};
            uint64_t bytes;
            struct sink_result res;
            char digest[65], want[65];
            assert_int_equal(sink_open(&s, path, SINK_SHA256, &e), ERR_OK);
            assert_false(file_exists(path));
            write_in_pieces(s, &b, pieces[k]);
            assert_false(file_exists(path));
            assert_int_equal(sink_commit(s, &res, &e), ERR_OK);
            bytes = res.bytes;
            memcpy(digest, res.sha256, sizeof digest);
            assert_int_equal(entries(), 1);
            assert_int_equal(file_read(path, 1 << 24, &got, &e), ERR_OK);
            assert_int_equal(got.n, b.n);
            assert_int_equal(bytes, b.n);
            if (b.n) assert_memory_equal(got.p, b.p, b.n);
            sha256_of(buf_text(&b), b.n, want);
            assert_string_equal(digest, want);
            unlink(path);
            buf_free(&b);
            buf_free(&got);
        }
}

static void abort_keeps_the_old(void **state) {
    (void)state;
    const char *path = arena_fmt(&a, "%s/old", tmp);
    struct err e = {0};
    struct buf b = noise(600000, true), got = {0};
    struct sink *s;
    assert_int_equal(file_publish(path, "old", 3, &e), ERR_OK);
    assert_int_equal(sink_open(&s, path, 0, &e), ERR_OK);
    write_in_pieces(s, &b, 100000);
    sink_abort(s);
    sink_abort(NULL);
    assert_int_equal(entries(), 1);
    assert_int_equal(file_read(path, 100, &got, &e), ERR_OK);
    assert_string_equal(got.p, "old");
    assert_int_equal(sink_open(&s, path, 0, &e), ERR_OK);
    assert_int_equal(sink_write(s, "new!", 4, &e), ERR_OK);
    assert_int_equal(sink_commit(s, NULL, &e), ERR_OK);
    got.n = 0;
    assert_int_equal(file_read(path, 100, &got, &e), ERR_OK);
    assert_string_equal(got.p, "new!");
    unlink(path);
    buf_free(&b);
    buf_free(&got);
}

static void gzip_is_deterministic(void **state) {
    (void)state;
    const char *path = arena_fmt(&a, "%s/x.jsonl.gz", tmp), *plain = arena_fmt(&a, "%s/x.bin", tmp);
    char digest[4][65];
    struct buf b = noise(900000, false), file = {0}, back = {0};
    for (int i = 0; i < 4; i++) {
        struct sink *s;
        struct err e = {0};
        struct sink_result res;
        const char *p = i < 2 ? path : plain;
        assert_int_equal(sink_open(&s, p, SINK_SHA256 | (i < 2 ? 0 : SINK_GZIP), &e), ERR_OK);
        write_in_pieces(s, &b, i % 2 ? 1000 : 1 << 20);
        assert_int_equal(sink_commit(s, &res, &e), ERR_OK);
        memcpy(digest[i], res.sha256, sizeof digest[i]);
        assert_string_equal(digest[i], digest[0]);
    }
    struct err e = {0};
    assert_int_equal(file_read(path, 1 << 24, &file, &e), ERR_OK);
    assert_true(file.n < b.n / 10);
    assert_int_equal(file.p[3], 0);                 /* no name */
    assert_memory_equal(file.p + 4, "\0\0\0\0", 4); /* no time */
    char hex[65];
    sha256_of(file.p, file.n, hex);
    assert_string_equal(hex, digest[0]); /* of the bytes as they lie on disk */
    gzFile g = gzopen(path, "rb");
    int n;
    while ((n = gzread(g, buf_room(&back, 65536), 65536)) > 0) back.n += (size_t)n;
    assert_int_equal(gzclose(g), Z_OK);
    assert_int_equal(back.n, b.n);
    assert_memory_equal(back.p, b.p, b.n);
    buf_free(&b);
    buf_free(&file);
    buf_free(&back);
    unlink(path);
    unlink(plain);
    /* nothing written is still a gzip file */
    struct sink *s;
    assert_int_equal(sink_open(&s, path, 0, &e), ERR_OK);
    assert_int_equal(sink_commit(s, NULL, &e), ERR_OK);
    assert_true(file_size(path) >= 20);
    unlink(path);
}

static int to_stdout(const char *device, const void *p, size_t n, struct err *e) {
    struct sink *s;
    fflush(stdout);
    int keep = dup(1), fd = open(device, O_WRONLY), rc;
    assert_true(fd >= 0);
    dup2(fd, 1);
    close(fd);
    rc = sink_open(&s, "-", 0, e);
    if (rc == ERR_OK) rc = sink_write(s, p, n, e);
    if (rc == ERR_OK)
        rc = sink_commit(s, NULL, e);
    else
        sink_abort(s);
    dup2(keep, 1);
    close(keep);
    return rc;
}

static void full_disk(void **state) {
    (void)state;
    struct err e = {0};
    struct buf b = noise(1000000, true);
    assert_int_equal(to_stdout("/dev/null", b.p, b.n, &e), ERR_OK);
    assert_int_equal(to_stdout("/dev/full", b.p, b.n, &e), ERR_NOSPACE);
    assert_int_equal(to_stdout("/dev/full", b.p, 10, &e), ERR_NOSPACE); /* told at the end at the latest */
    assert_non_null(strstr(e.msg, "standard output"));
    /* a file whose bytes do not fit: through a link, so that nobody removes the device */
    const char *path = arena_fmt(&a, "%s/full", tmp);
    struct sink *s;
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(sink_open(&s, path, SINK_INSIDE, &e), ERR_OK);
    assert_int_equal(sink_write(s, "x", 1, &e), ERR_OK);
    assert_int_equal(sink_commit(s, NULL, &e), ERR_NOSPACE);
    assert_false(file_exists(path));
    unlink(path);
    assert_int_equal(entries(), 0);
    buf_free(&b);
}

/* After a write that failed, a commit must not make a file with a hole appear. */
static void failed_write_is_not_committed(void **state) {
    (void)state;
    struct err e = {0};
    struct buf b = noise(1000000, true);
    const char *path = arena_fmt(&a, "%s/full", tmp);
    struct sink *s;
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(sink_open(&s, path, SINK_INSIDE, &e), ERR_OK);
    int rc = ERR_OK;
    for (int i = 0; i < 4 && rc == ERR_OK; i++) rc = sink_write(s, b.p, b.n, &e); /* no more than is under way fits */
    assert_int_equal(rc, ERR_NOSPACE);
    sink_abort(s);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(sink_open(&s, path, SINK_INSIDE, &e), ERR_OK);
    rc = sink_write(s, b.p, b.n, &e);
    if (rc == ERR_OK)
        rc = sink_commit(s, NULL, &e); /* told at the end at the latest */
    else
        sink_abort(s);
    assert_int_equal(rc, ERR_NOSPACE);
    assert_non_null(strstr(e.msg, "full"));
    assert_false(file_exists(path));
    assert_int_equal(sink_open(&s, arena_fmt(&a, "%s/none/x", tmp), 0, &e), ERR_IO);
    assert_non_null(strstr(e.msg, "none/x"));
    assert_int_equal(entries(), 0);
    buf_free(&b);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(appears_at_commit), cmocka_unit_test(abort_keeps_the_old),
                                       cmocka_unit_test(gzip_is_deterministic), cmocka_unit_test(full_disk),
                                       cmocka_unit_test(failed_write_is_not_committed)};
    return cmocka_run_group_tests(tests, first, last);
}
