/* Secrets stay hidden and terminals unharmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"

static void hiding(void **state) {
    (void)state;
    assert_false(secret_add("abc"));
    assert_false(secret_add(""));
    assert_true(secret_add("s3cr3t"));
    assert_true(secret_add("s3cr3t-longer"));
    static const char *const t[][2] = {{"nothing", "nothing"},
                                       {"s3cr3t", "***"},
                                       {"a s3cr3t b s3cr3t", "a *** b ***"},
                                       {"s3cr3ts3cr3t", "******"},
                                       {"x s3cr3t-longer y", "x *** y"},
                                       {"s3cr3", "s3cr3"},
                                       {"abc", "abc"}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        buf_str(&b, t[i][0]);
        secret_hide(&b, 0);
        assert_string_equal(buf_text(&b), t[i][1]);
        assert_int_equal(b.n, strlen(t[i][1]));
        buf_free(&b);
    }
    struct buf b = {0};
    buf_str(&b, "s3cr3t s3cr3t");
    secret_hide(&b, 7); /* from there on only */
    assert_string_equal(b.p, "s3cr3t ***");
    buf_free(&b);
    secret_free();
    buf_str(&b, "s3cr3t");
    secret_hide(&b, 0);
    assert_string_equal(b.p, "s3cr3t");
    buf_free(&b);
}

static void cleaning(void **state) {
    (void)state;
    static const char *const bad[] = {"\033[31mred",
                                      "\033]0;title\007",
                                      "a\rb",
                                      "\x9B"
                                      "31m",
                                      "\xC2\x9B"
                                      "31m",
                                      "a\bb",
                                      "\x7F",
                                      "\033P\033\\",
                                      "a\0b"};
    assert_true(secret_add("hunter2"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b = {0};
        log_clean(&b, (struct sv){bad[i], i == 8 ? 3 : strlen(bad[i])});
        for (size_t k = 0; k < b.n; k++)
            if ((unsigned char)b.p[k] < 0x20 || b.p[k] == 0x7F ||
                ((unsigned char)b.p[k] == 0x9B && (!k || (unsigned char)b.p[k - 1] <= 0xC2)))
                fail_msg("case %zu lets byte %02x through", i, (unsigned char)b.p[k]);
        buf_free(&b);
    }
    struct buf b = {0};
    log_clean(&b, SV("\xED\x95\x9C text, hunter2 \xF0\x9F\x98\x80"));
    assert_string_equal(b.p, "\xED\x95\x9C text, *** \xF0\x9F\x98\x80");
    buf_free(&b);
    secret_free();
}

static void expanding(void **state) {
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    char *out;
    setenv("ETL_TEST_KEY", "k3y-value", 1);
    unsetenv("ETL_TEST_NONE");
    static const char *const t[][2] = {{"plain", "plain"},
                                       {"${ETL_TEST_KEY}", "k3y-value"},
                                       {"a${ETL_TEST_KEY}b${ETL_TEST_KEY}", "ak3y-valuebk3y-value"},
                                       {"$${ETL_TEST_KEY}", "${ETL_TEST_KEY}"},
                                       {"$5 $", "$5 $"},
                                       {"", ""}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        if (secret_expand(t[i][0], &a, &out, &e)) fail_msg("%s: %s", t[i][0], e.msg);
        assert_string_equal(out, t[i][1]);
    }
    struct buf b = {0};
    buf_str(&b, "it is k3y-value");
    secret_hide(&b, 0);
    assert_string_equal(b.p, "it is ***");
    buf_free(&b);
    assert_int_equal(secret_expand("x${ETL_TEST_NONE}", &a, &out, &e), ERR_CONFIG);
    assert_non_null(strstr(e.msg, "ETL_TEST_NONE"));
    assert_null(strstr(e.msg, "k3y"));
    secret_free();
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hiding), cmocka_unit_test(cleaning),
                                       cmocka_unit_test(expanding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
