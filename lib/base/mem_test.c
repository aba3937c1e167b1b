/* Arenas, views and buffers with a maximum; JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void arenas(void **state) {
    (void)state;
    struct arena a = {0};
    for (int round = 0; round < 3; round++) {
        char *all[500];
        for (size_t i = 0; i < 500; i++) {
            size_t n = i * i % 7001;
            all[i] = arena_alloc(&a, n);
            assert_int_equal((uintptr_t)all[i] % 16, 0);
            for (size_t k = 0; k < n; k++) assert_int_equal(all[i][k], 0);
            memset(all[i], (int)i, n);
        }
        for (size_t i = 0; i < 500; i++)
            for (size_t k = 0; k < i * i % 7001; k++)
                if (all[i][k] != (char)i) fail_msg("block %zu is overwritten", i);
        assert_true(a.used > 0);
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    char *big = arena_alloc(&a, 5 << 20);
    memset(big, 1, 5 << 20);
    assert_string_equal(arena_str(&a, "x"), "x");
    assert_null(arena_str(&a, NULL));
    assert_string_equal(arena_strn(&a, "xyz", 2), "xy");
    assert_string_equal(arena_strn(&a, NULL, 0), "");
    assert_string_equal(arena_fmt(&a, "%d-%s", 5, "five"), "5-five");
    assert_string_equal(arena_fmt(&a, "%s", ""), "");
    arena_free(&a);
    arena_free(&a);
    arena_reset(&a);
    char *s = mem_str("abc");
    assert_string_equal(s, "abc");
    free(s);
    assert_null(mem_str(NULL));
    free(mem_alloc(0));
}

static void views(void **state) {
    (void)state;
    static const char *list[] = {"a", "bc"};
    struct strs l = {list, 2};
    assert_true(sv_eq(SV("a"), sv_of("a")) && !sv_eq(SV("a"), SV("ab")) && sv_eq((struct sv){NULL, 0}, SV("")));
    assert_int_equal(sv_of(NULL).n, 0);
    assert_true(sv_is(SV("x"), "x") && !sv_is(SV("x\0y"), "x") && sv_is(SV(""), ""));
    assert_true(strs_has(l, SV("bc")) && !strs_has(l, SV("b")) && !strs_has((struct strs){0}, SV("b")));
}

static void buffers(void **state) {
    (void)state;
    struct buf b = {.max = 10};
    assert_string_equal(buf_text(&b), "");
    buf_str(&b, "12345");
    buf_sv(&b, SV("678"));
    buf_chr(&b, '9');
    buf_fmt(&b, "%d", 0);
    assert_string_equal(b.p, "1234567890");
    assert_false(b.over);
    buf_chr(&b, 'x'); /* one too many: nothing is added */
    assert_true(b.over);
    assert_string_equal(b.p, "1234567890");
    assert_null(buf_room(&b, 1));
    buf_free(&b);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.max, 10); /* ready for use again */
    assert_false(b.over);
    buf_fmt(&b, "%s", "12345678901");
    assert_true(b.over && b.n == 0);
    buf_free(&b);
    buf_add(&b, "x", SIZE_MAX);
    assert_true(b.over);
    buf_free(&b);
    b = (struct buf){0};
    for (int i = 0; i < 100000; i++) {
        buf_chr(&b, (char)('a' + i % 26));
        assert_int_equal(b.p[b.n], 0);
    }
    assert_int_equal(strlen(b.p), 100000);
    buf_str(&b, NULL);
    buf_add(&b, NULL, 0);
    char *room = buf_room(&b, 5);
    memcpy(room, "hello", 5);
    b.n += 5;
    assert_memory_equal(b.p + 100000, "hello", 5);
    buf_free(&b);
}

static void quoting(void **state) {
    (void)state;
    static const struct {
        struct sv in;
        const char *want;
    } t[] = {{SV(""), "\"\""},
             {SV("abc"), "\"abc\""},
             {SV("\"\\/"), "\"\\\"\\\\/\""},
             {SV("\b\f\n\r\t"), NULL},
             {SV("\0"), "\"\\u0000\""},
             {SV("\x1F\x7F"), NULL},
             {SV("\xED\x95\x9C"), "\"\xED\x95\x9C\""},
             {SV("\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\""},
             {SV("a\xFF"
                 "b"),
              "\"a\xEF\xBF\xBD"
              "b\""},
             {SV("\xED\xA0\x80"), NULL},
             {SV("\xC0\x80"), NULL},
             {SV("\xE2\x82"), NULL},
             {SV("\xF4\x90\x80\x80"), NULL}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        json_quote(&b, t[i].in);
        if (t[i].want) assert_string_equal(b.p, t[i].want);
        for (size_t k = 0; k < b.n; k++) assert_true((unsigned char)b.p[k] >= 0x20);
        if (!t[i].want && (unsigned char)t[i].in.p[0] >= 0x80) assert_non_null(strstr(b.p, "\xEF\xBF\xBD"));
        buf_free(&b);
    }
    struct buf b = {0};
    json_text_quote(&b, "x\"");
    assert_string_equal(b.p, "\"x\\\"\"");
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(arenas), cmocka_unit_test(views), cmocka_unit_test(buffers),
                                       cmocka_unit_test(quoting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
