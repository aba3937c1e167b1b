/* Steps on records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "transform/transform.h"

static char tmp[64] = "/tmp/etl-transform-XXXXXX";
static struct arena a;

static int on_write(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    (void)rows, (void)e;
    buf_add(ctx, p, n);
    return ERR_OK;
}

static int run(const char *ops, const char *text, int threads, struct buf *out, struct transform_stats *st,
               struct err *e) {
    static const char *const path = "in.jsonl";
    struct pipeline *p = NULL;
    struct reader *r;
    const char *dir = arena_fmt(&a, "%s/schemas/tt", tmp),
               *def = arena_fmt(&a,
                                "{\"name\":\"tt\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":"
                                "\"files\",\"path\":\"x\"},\"transform\":[{\"name\":\"s\",\"do\":[%s]}]}]}",
                                ops ? ops : "{\"op\":\"trim\",\"fields\":[\"x\"]}");
    assert_int_equal(dir_make(dir, e), ERR_OK);
    assert_int_equal(file_publish(arena_fmt(&a, "%s/pipeline.json", dir), def, strlen(def), e), ERR_OK);
    if (pipeline_load(&p, "tt", tmp, e)) fail_msg("%s", e->msg);
    assert_int_equal(
        reader_open(&r, &path, 1,
                    &(struct reader_opt){.text = text, .text_n = strlen(text), .block = threads > 1 ? 1000 : 0}, e),
        ERR_OK);
    struct transform_cfg cfg = {.steps = p->datasets[0].steps,
                                .n = ops ? p->datasets[0].nsteps : 0,
                                .threads = threads,
                                .tmpdir = tmp,
                                .write = on_write,
                                .ctx = out};
    int rc = transform_run(&cfg, r, st, e);
    reader_close(r);
    pipeline_free(p);
    return rc;
}

static void operations(void **state) {
    (void)state;
    static const struct {
        const char *ops, *in, *want;
    } t[] = {
        {NULL, "{\"a\" : 1}\n", "{\"a\" : 1}\n"},
        {"{\"op\":\"select\",\"fields\":[\"a\",\"z\"]}", "{\"a\":1,\"b\":2}\n{\"b\":1}\n", "{\"a\":1}\n{}\n"},
        {"{\"op\":\"remove\",\"fields\":[\"a\"]}", "{\"\\u0061\":1,\"b\":[1, 2]}\n", "{\"b\":[1, 2]}\n"},
        {"{\"op\":\"rename\",\"fields\":{\"a\":\"x\"}}", "{\"a\":1.50,\"b\":2}\n{\"b\":3}\n",
         "{\"x\":1.50,\"b\":2}\n{\"b\":3}\n"},
        {"{\"op\":\"set\",\"fields\":{\"n\":{\"k\":1},\"a\":\"v\"}}", "{\"a\":1}\n", "{\"a\":\"v\",\"n\":{\"k\":1}}\n"},
        {"{\"op\":\"trim\",\"fields\":[\"a\"]}", "{\"a\":\"  x y\\t\"}\n{\"a\":5}\n{\"a\":\"\"}\n{\"a\":\" \"}\n{}\n",
         NULL},
        {"{\"op\":\"number\",\"fields\":[\"a\"]}",
         "{\"a\":\"1,234\"}\n{\"a\":\"-\"}\n{\"a\":\"\"}\n{\"a\":\"-12.50\"}\n{\"a\":7}\n{\"a\":\" 1,234,567 \"}\n",
         "{\"a\":1234}\n{\"a\":null}\n{\"a\":null}\n{\"a\":-12.50}\n{\"a\":7}\n{\"a\":1234567}\n"},
        {"{\"op\":\"keep\",\"when\":{\"a\":[\"x\",\"y\"]}}", "{\"a\":\"x\"}\n{\"a\":\"z\"}\n{}\n{\"a\":\"\\u0079\"}\n",
         "{\"a\":\"x\"}\n{\"a\":\"\\u0079\"}\n"},
        {"{\"op\":\"drop\",\"when\":{\"a\":\"x\",\"b\":\"1\"}}",
         "{\"a\":\"x\",\"b\":1}\n{\"a\":\"x\",\"b\":2}\n{\"a\":\"x\"}\n", "{\"a\":\"x\",\"b\":2}\n{\"a\":\"x\"}\n"},
        /* a new name that is there already: one member, not two */
        {"{\"op\":\"rename\",\"fields\":{\"a\":\"b\"}}", "{\"a\":1,\"b\":2}\n", "{\"b\":1}\n"},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (int threads = 1; threads < 4; threads++) {
            struct buf out = {0};
            struct err e = {0};
            struct transform_stats st;
            if (run(t[i].ops, t[i].in, threads, &out, &st, &e)) fail_msg("%s: %s", t[i].ops, e.msg);
            if (t[i].want && strcmp(buf_text(&out), t[i].want)) fail_msg("%s\n%s%s", t[i].ops, t[i].in, buf_text(&out));
            assert_int_equal(st.rows_in, st.rows_out + st.dropped);
            buf_free(&out);
        }
}

static void no_object(void **state) {
    (void)state;
    static const char *const bad[] = {"{}\n[1]\n", "{}\n{\n", "{}\n5\n"};
    for (size_t i = 0; i < 3; i++) {
        struct buf out = {0};
        struct err e = {0};
        struct transform_stats st;
        assert_int_equal(run("{\"op\":\"remove\",\"fields\":[\"a\"]}", bad[i], 1, &out, &st, &e), ERR_DATA);
        assert_non_null(strstr(e.msg, "in.jsonl:2"));
        buf_free(&out);
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(operations), cmocka_unit_test(no_object)};
    return cmocka_run_group_tests(tests, first, last);
}
