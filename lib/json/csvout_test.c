/* Records as CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/csvout.h"

static int run(const char *const *cols, size_t n, const char *text, struct buf *out, struct err *e) {
    struct csvout c = {0};
    for (size_t i = 0; i < n; i++) csvout_column(&c, cols[i]);
    int rc = csvout_lines(&c, text, strlen(text), out, e);
    csvout_free(&c);
    return rc;
}

static void rows(void **state) {
    (void)state;
    static const struct {
        const char *text, *want;
    } t[] = {
        {"", ""},
        {"{\"a\":1,\"b\":\"x\"}\n", "a,b\r\n1,x\r\n"},
        {"{\"a\":1,\"b\":2}\n{\"b\":3}\n{\"b\":4,\"a\":5}\n{}\n", "a,b\r\n1,2\r\n,3\r\n5,4\r\n,\r\n"},
        {"{\"a\":null,\"b\":\"\"}\n", "a,b\r\n,\"\"\r\n"},
        {"{\"a\":\"x,y\",\"b\":\"\\\"q\\\"\",\"c\":\"l1\\nl2\",\"d\":\"\\r\"}\n",
         "a,b,c,d\r\n\"x,y\",\"\"\"q\"\"\",\"l1\nl2\",\"\r\"\r\n"},
        {"{\"a\":{\"k\":[1,2]},\"b\":[1]}\n", "a,b\r\n\"{\"\"k\"\":[1,2]}\",[1]\r\n"},
        {"{\"a\":1.50,\"b\":-0,\"c\":true,\"d\":1e5}\n", "a,b,c,d\r\n1.50,-0,true,1e5\r\n"},
        {"{\"a,b\":\"\\u00e9\\ud83d\\ude00\"}\n", "\"a,b\"\r\n\xC3\xA9\xF0\x9F\x98\x80\r\n"},
        {"{\"\\u0061\":1}\n{\"a\":2}\n", "a\r\n1\r\n2\r\n"},
        {"{\"a\":1}", "a\r\n1\r\n"},
        {"{\"a\":1}\n\n{\"a\":2}\n", "a\r\n1\r\n2\r\n"},
        {"{\"a\":1,\"b\":1}\n{\"a\":2,\"a\":3}\n", "a,b\r\n1,1\r\n3,\r\n"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf out = {0};
        struct err e = {0};
        if (run(NULL, 0, t[i].text, &out, &e)) fail_msg("%s: %s", t[i].text, e.msg);
        assert_string_equal(buf_text(&out), t[i].want);
        buf_free(&out);
    }
}

/* A name that comes twice in the first record is one column. */
static void doubled_name(void **state) {
    (void)state;
    struct buf out = {0};
    struct err e = {0};
    assert_int_equal(run(NULL, 0, "{\"a\":1,\"b\":2,\"a\":3}\n", &out, &e), ERR_OK);
    assert_string_equal(buf_text(&out), "a,b\r\n3,2\r\n");
    buf_free(&out);
}

static void given_columns(void **state) {
    (void)state;
    static const char *const cols[] = {"b", "a"};
    struct buf out = {0};
    struct err e = {0};
    assert_int_equal(run(cols, 2, "{\"a\":1}\n{\"a\":1,\"b\":2}\n", &out, &e), ERR_OK);
    assert_string_equal(out.p, "b,a\r\n,1\r\n2,1\r\n");
    out.n = 0;
    assert_int_equal(run(cols, 2, "{\"a\":1,\"c\":2}\n", &out, &e), ERR_DATA);
    assert_non_null(strstr(e.msg, "'c'"));
    buf_free(&out);
}

static void refused(void **state) {
    (void)state;
    static const char *const texts[] = {"{\"a\":1}\n{\"b\":1}\n", "{\"a\":1}\n{\"a\":1,\"b\":null}\n", "[1]\n", "{\n",
                                        "5\n"};
    for (size_t i = 0; i < 5; i++) {
        struct buf out = {0};
        struct err e = {0};
        assert_int_equal(run(NULL, 0, texts[i], &out, &e), ERR_DATA);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows), cmocka_unit_test(doubled_name),
                                       cmocka_unit_test(given_columns), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
