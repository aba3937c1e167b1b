/* Bytes of inputs: gzip with all its damages, CP949, byte order marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "io/bytes.h"
#include "io/file.h"

static void gzip(struct buf *out, const void *p, size_t n) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, n) + 64;
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)buf_room(out, room);
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->n += room - z.avail_out;
    deflateEnd(&z);
}

/* All bytes of an input in memory, read `cap` at a time. */
static int all(const void *p, size_t n, enum encoding enc, size_t cap, struct buf *out, struct err *e) {
    struct bytes *b;
    int rc = bytes_open_memory(&b, "the input", p, n, enc, e);
    if (rc) return rc;
    char *chunk = mem_alloc(cap);
    size_t got = 1;
    while (rc == ERR_OK && got) {
        rc = bytes_read(b, chunk, cap, &got, e);
        if (rc) break;
        assert_true(got <= cap);
        buf_add(out, chunk, got);
    }
    if (rc == ERR_OK) assert_int_equal(bytes_in(b), n);
    free(chunk);
    bytes_close(b);
    return rc;
}

static struct buf sample(size_t n, uint64_t seed) {
    struct buf b = {0};
    struct rng r;
    rng_seed(&r, seed);
    while (b.n < n) buf_fmt(&b, "{\"id\":%u,\"x\":%u}\n", rng_below(&r, 1000000), rng_below(&r, 10));
    return b;
}

static void encodings(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int enc;
    } t[] = {{"utf-8", ENC_UTF8},   {"UTF-8", ENC_UTF8},   {"cp949", ENC_CP949}, {"CP949", ENC_CP949},
             {"euc-kr", ENC_CP949}, {"EUC-KR", ENC_CP949}, {"latin1", -1},       {"", -1}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) assert_int_equal(encoding_find(t[i].name), t[i].enc);
}

static void gzip_members(void **state) {
    (void)state;
    struct buf a = sample(300000, 1), b = sample(70000, 2), none = {0}, z = {0}, want = {0};
    gzip(&z, a.p, a.n);
    gzip(&z, "", 0);
    gzip(&z, b.p, b.n);
    gzip(&z, "", 0);
    buf_add(&want, a.p, a.n);
    buf_add(&want, b.p, b.n);
    static const size_t caps[] = {16, 100, 4096, 1 << 20};
    for (size_t i = 0; i < 4; i++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(all(z.p, z.n, ENC_UTF8, caps[i], &out, &e), ERR_OK);
        assert_int_equal(out.n, want.n);
        assert_memory_equal(out.p, want.p, want.n);
        buf_free(&out);
    }
    struct err e = {0};
    buf_free(&z);
    gzip(&z, "", 0);
    assert_int_equal(all(z.p, z.n, ENC_UTF8, 16, &none, &e), ERR_OK);
    assert_int_equal(none.n, 0);
    buf_free(&z);
    buf_free(&a);
    buf_free(&b);
    buf_free(&want);
    buf_free(&none);
}

/* The first byte alone cannot be told from text; from the second on no cut passes as whole. */
static void gzip_cut_anywhere(void **state) {
    (void)state;
    struct buf a = sample(6000, 3), z = {0};
    gzip(&z, a.p, a.n);
    size_t one = z.n;
    gzip(&z, a.p, 500);
    for (size_t n = 2; n < z.n; n++) {
        if (n == one) continue;
        struct buf out = {0};
        struct err e = {0};
        int rc = all(z.p, n, ENC_UTF8, 4096, &out, &e);
        if (rc != ERR_INCOMPLETE && rc != ERR_DATA) fail_msg("cut to %zu of %zu: %s", n, z.n, err_name(rc));
        assert_non_null(strstr(e.msg, "the input"));
        buf_free(&out);
    }
    buf_free(&a);
    buf_free(&z);
}

static void gzip_damaged(void **state) {
    (void)state;
    struct buf a = sample(3000, 4), z = {0};
    gzip(&z, a.p, a.n);
    size_t one = z.n;
    gzip(&z, a.p, a.n);
    /* every byte of checksum and length, of both members; method and flags; the second's magic */
    for (size_t i = 0; i < z.n; i++) {
        bool trailer = (i + 8 >= one && i < one) || i + 8 >= z.n,
             head = i == 2 || i == one || i == one + 1 || i == one + 2;
        if (!trailer && !head) continue;
        struct buf out = {0};
        struct err e = {0};
        z.p[i] = (char)(z.p[i] ^ 0x21);
        int rc = all(z.p, z.n, ENC_UTF8, 4096, &out, &e);
        if (rc != ERR_DATA && rc != ERR_INCOMPLETE)
            fail_msg("byte %zu of %zu (members of %zu): %s, %zu of %zu bytes", i, z.n, one, err_name(rc), out.n,
                     2 * a.n);
        z.p[i] = (char)(z.p[i] ^ 0x21);
        buf_free(&out);
    }
    buf_free(&a);
    buf_free(&z);
}

/* Tapes and some writers pad with zeros. */
static void gzip_padding(void **state) {
    (void)state;
    struct buf z = {0}, out = {0};
    struct err e = {0};
    static const char zeros[600];
    gzip(&z, "hello\n", 6);
    buf_add(&z, zeros, sizeof zeros);
    struct bytes *b;
    char chunk[64];
    size_t n;
    assert_int_equal(bytes_open_memory(&b, "x", z.p, z.n, ENC_UTF8, &e), ERR_OK);
    assert_int_equal(bytes_read(b, chunk, sizeof chunk, &n, &e), ERR_OK);
    assert_int_equal(n, 6);
    assert_int_equal(bytes_read(b, chunk, sizeof chunk, &n, &e), ERR_OK);
    assert_int_equal(n, 0);
    bytes_close(b);
    buf_free(&z);
    buf_free(&out);
}

static void cp949(void **state) {
    (void)state;
    static const struct {
        const char *in, *want;
    } t[] = {
        {"\xC7\xD1\xB1\xB9\xBE\xEE", "\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4"}, /* 한국어 */
        {"\xB0\xA1", "\xEA\xB0\x80"},                                         /* 가 */
        {"\xC8\xFE", "\xED\x9E\x9D"},                                         /* 힝: last of KS X 1001 */
        {"\x81\x41", "\xEA\xB0\x82"},                                         /* 갂: first of the extension */
        {"\x8C\x63", "\xEB\x98\xA0"},                                         /* 똠 */
        {"\xC6\x52", "\xED\x9E\xA3"},                                         /* 힣: last of the extension */
        {"\xA1\xAD", NULL},                                                   /* some sign */
        {"a,\xBC\xAD\xBF\xEF\xBD\xC3,1\r\n", "a,\xEC\x84\x9C\xEC\x9A\xB8\xEC\x8B\x9C,1\r\n"}, /* 서울시 */
        {"\xB9\xE8\xC3\xDF 10kg", "\xEB\xB0\xB0\xEC\xB6\x94 10kg"},                           /* 배추 */
        {"\xCA\xA1", "\xE4\xBC\xBD"},                                                         /* 伽 */
        {"", ""},
        {"ascii", "ascii"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t cap = 16; cap < 64; cap += 3) {
            struct buf out = {0};
            struct err e = {0};
            assert_int_equal(all(t[i].in, strlen(t[i].in), ENC_CP949, cap, &out, &e), ERR_OK);
            if (t[i].want)
                assert_string_equal(buf_text(&out), t[i].want);
            else
                assert_null(memchr(buf_text(&out), 0xFF, out.n));
            buf_free(&out);
        }
}

static void cp949_broken(void **state) {
    (void)state;
    static const struct {
        const char *in, *want;
    } t[] = {{"\xC7", "\xFF"},
             {"a\xC7\nb", "a\xFF\nb"},
             {"\xFF\xB0\xA1", "\xFF\xEA\xB0\x80"},
             {"\x80x", "\xFFx"},
             {"\xC7 \xB0\xA1", "\xFF \xEA\xB0\x80"},
             {"\xC9\x41", "\xFF"
                          "A"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(all(t[i].in, strlen(t[i].in), ENC_CP949, 64, &out, &e), ERR_OK);
        assert_string_equal(buf_text(&out), t[i].want);
        buf_free(&out);
    }
}

/* Pairs across every border of the buffers, also inside gzip. */
static void cp949_long(void **state) {
    (void)state;
    struct buf in = {0}, want = {0}, z = {0};
    buf_chr(&in, 'x');
    buf_chr(&want, 'x');
    for (int i = 0; i < 200001; i++) {
        buf_str(&in, "\xC7\xD1");
        buf_str(&want, "\xED\x95\x9C");
    }
    gzip(&z, in.p, in.n);
    for (int k = 0; k < 4; k++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(all(k & 1 ? z.p : in.p, k & 1 ? z.n : in.n, ENC_CP949, k & 2 ? 100003 : 17, &out, &e), ERR_OK);
        assert_int_equal(out.n, want.n);
        assert_memory_equal(out.p, want.p, want.n);
        buf_free(&out);
    }
    buf_free(&in);
    buf_free(&want);
    buf_free(&z);
}

static void byte_order_marks(void **state) {
    (void)state;
    static const struct {
        const char *in;
        size_t n;
        const char *want; /* NULL: refused, named */
        const char *name;
    } t[] = {{"\xEF\xBB\xBF{}", 5, "{}", ""},
             {"\xEF\xBB\xBF", 3, "", ""},
             {"\xEF\xBB", 2, "\xEF\xBB", ""},
             {"a\xEF\xBB\xBF", 4, "a\xEF\xBB\xBF", ""},
             {"\xFF\xFE{\0", 4, NULL, "UTF-16"},
             {"\xFE\xFF\0{", 4, NULL, "UTF-16"},
             {"\xFF\xFE\0\0{\0\0\0", 8, NULL, "UTF-32"},
             {"\0\0\xFE\xFF\0\0\0{", 8, NULL, "UTF-32"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (int zipped = 0; zipped < 2; zipped++) {
            struct buf out = {0}, z = {0};
            struct err e = {0};
            if (zipped)
                gzip(&z, t[i].in, t[i].n);
            else
                buf_add(&z, t[i].in, t[i].n);
            int rc = all(z.p, z.n, ENC_UTF8, 16, &out, &e);
            if (t[i].want) {
                assert_int_equal(rc, ERR_OK);
                assert_string_equal(buf_text(&out), t[i].want);
            } else if (rc != ERR_DATA || !strstr(e.msg, t[i].name)) {
                fail_msg("case %zu, %s expected: %s: %s", i, t[i].name, err_name(rc), e.msg);
            }
            buf_free(&out);
            buf_free(&z);
        }
}

static void files(void **state) {
    (void)state;
    struct bytes *b;
    struct err e = {0};
    assert_int_equal(bytes_open(&b, "/tmp/etl-no-such-file", ENC_UTF8, &e), ERR_NOINPUT);
    assert_non_null(strstr(e.msg, "/tmp/etl-no-such-file"));
    assert_int_equal(bytes_open(&b, "/tmp", ENC_UTF8, &e), ERR_NOINPUT);
    char path[] = "/tmp/etl-bytes-XXXXXX", chunk[64];
    int fd = mkstemp(path);
    struct buf z = {0};
    gzip(&z, "x\n", 2);
    assert_int_equal(fd_write(fd, z.p, z.n, path, &e), ERR_OK);
    close(fd);
    size_t n;
    assert_int_equal(bytes_open(&b, path, ENC_UTF8, &e), ERR_OK); /* gzip by content, whatever the name */
    assert_false(bytes_is_pipe(b));
    assert_int_equal(bytes_read(b, chunk, sizeof chunk, &n, &e), ERR_OK);
    assert_int_equal(n, 2);
    bytes_close(b);
    unlink(path);
    buf_free(&z);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),    cmocka_unit_test(gzip_members), cmocka_unit_test(gzip_cut_anywhere),
        cmocka_unit_test(gzip_damaged), cmocka_unit_test(gzip_padding), cmocka_unit_test(cp949),
        cmocka_unit_test(cp949_broken), cmocka_unit_test(cp949_long),   cmocka_unit_test(byte_order_marks),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
