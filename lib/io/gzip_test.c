/* gzip in blocks: any reader reads it back, the bytes do not depend on the threads; and reading ahead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "io/ahead.h"
#include "io/gzip.h"

static int to_buf(void *ctx, const char *p, size_t n, struct err *e) {
    (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
}

static struct buf text(size_t n) {
    struct buf b = {0};
    struct rng g;
    rng_seed(&g, n);
    while (b.n < n) buf_fmt(&b, "{\"id\":%u,\"name\":\"%u\"}\n", (unsigned)b.n, (unsigned)rng_below(&g, 1000));
    b.n = n;
    return b;
}

static struct buf zipped(const struct buf *b, int threads, size_t piece) {
    struct buf out = {0};
    struct gzip *g;
    struct err e = {0};
    assert_int_equal(gzip_open(&g, threads, to_buf, &out, &e), ERR_OK);
    for (size_t i = 0; i < b->n; i += piece)
        assert_int_equal(gzip_write(g, b->p + i, b->n - i < piece ? b->n - i : piece, &e), ERR_OK);
    assert_int_equal(gzip_finish(g, &e), ERR_OK);
    gzip_close(g);
    return out;
}

static void read_back(const struct buf *zip, const struct buf *want) {
    char *to = mem_grow(NULL, want->n + 1);
    z_stream z = {0};
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK); /* checks the sum and the length */
    z.next_in = (unsigned char *)zip->p;
    z.avail_in = (uInt)zip->n;
    z.next_out = (unsigned char *)to;
    z.avail_out = (uInt)want->n + 1;
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_int_equal(z.total_out, want->n);
    if (want->n) assert_memory_equal(to, want->p, want->n);
    inflateEnd(&z);
    free(to);
}

static void any_size_any_threads(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 32767, 32769, 262143, 262144, 262145, 524288, 3000001};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf b = text(sizes[i]), one = zipped(&b, 1, 1 << 20);
        read_back(&one, &b);
        for (int threads = 2; threads < 9; threads += 3) {
            struct buf more = zipped(&b, threads, threads == 2 ? 777 : 1 << 18);
            assert_int_equal(more.n, one.n);
            assert_memory_equal(more.p, one.p, one.n);
            buf_free(&more);
        }
        buf_free(&b);
        buf_free(&one);
    }
}

static void given_up(void **state) { /* closed in the middle: no hang, no leak */
    (void)state;
    struct buf b = text(2000000), out = {0};
    struct gzip *g;
    struct err e = {0};
    assert_int_equal(gzip_open(&g, 3, to_buf, &out, &e), ERR_OK);
    assert_int_equal(gzip_write(g, b.p, b.n, &e), ERR_OK);
    gzip_close(g);
    buf_free(&b);
    buf_free(&out);
}

static int no_room(void *ctx, const char *p, size_t n, struct err *e) {
    int *calls = ctx;
    (void)p;
    (void)n;
    return ++*calls > 3 ? err_set(e, ERR_NOSPACE, "full") : ERR_OK;
}

static void put_fails(void **state) {
    (void)state;
    struct buf b = text(4000000);
    struct gzip *g;
    struct err e = {0};
    int calls = 0;
    assert_int_equal(gzip_open(&g, 2, no_room, &calls, &e), ERR_OK);
    int rc = gzip_write(g, b.p, b.n, &e);
    if (rc == ERR_OK) rc = gzip_finish(g, &e);
    assert_int_equal(rc, ERR_NOSPACE);
    gzip_close(g);
    buf_free(&b);
}

struct source {
    size_t left, fail_at;
    unsigned char next;
};
static int make(void *ctx, char *to, size_t cap, size_t *n, struct err *e) {
    struct source *s = ctx;
    if (s->left <= s->fail_at) return err_set(e, ERR_DATA, "broken");
    *n = s->left < cap / 3 ? s->left : cap / 3;
    for (size_t i = 0; i < *n; i++) to[i] = (char)s->next++;
    s->left -= *n;
    return ERR_OK;
}

static void ahead_in_order(void **state) {
    (void)state;
    struct source s = {.left = 5000000}; /* when nothing is left, make fails: its error comes after all bytes */
    struct err e = {0};
    struct ahead *a = ahead_start(make, &s);
    char to[1000];
    unsigned char want = 0;
    size_t n, all = 0;
    int rc;
    while ((rc = ahead_read(a, to, sizeof to, &n, &e)) == ERR_OK && n) {
        for (size_t i = 0; i < n; i++) assert_int_equal((unsigned char)to[i], want++);
        all += n;
    }
    assert_int_equal(all, 5000000);
    assert_int_equal(rc, ERR_DATA);
    assert_string_equal(e.msg, "broken");
    ahead_stop(a);
}

static void ahead_stopped_early(void **state) {
    (void)state;
    struct source s = {.left = 50000000};
    struct err e = {0};
    struct ahead *a = ahead_start(make, &s);
    char to[10];
    size_t n;
    assert_int_equal(ahead_read(a, to, sizeof to, &n, &e), ERR_OK);
    assert_int_equal(n, 10);
    ahead_stop(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_size_any_threads), cmocka_unit_test(given_up),
                                       cmocka_unit_test(put_fails), cmocka_unit_test(ahead_in_order),
                                       cmocka_unit_test(ahead_stopped_early)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
