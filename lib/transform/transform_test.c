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
                                .day = day_from_civil(2026, 1, 15),
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
        {"{\"op\":\"set\",\"when\":{\"a\":\"1\"},\"fields\":{\"b\":2}}", "{\"a\":1}\n{\"a\":2}\n",
         "{\"a\":1,\"b\":2}\n{\"a\":2}\n"},
        {"{\"op\":\"drop\",\"missing\":[\"a\",\"b\"]}",
         "{\"a\":1,\"b\":\"x\"}\n{\"a\":1}\n{\"a\":null,\"b\":\"x\"}\n{\"a\":\" "
         "\\t\",\"b\":\"x\"}\n{\"a\":0,\"b\":\"x\"}\n",
         "{\"a\":1,\"b\":\"x\"}\n{\"a\":0,\"b\":\"x\"}\n"},
        {"{\"op\":\"keep\",\"if\":\"a > 0 and b != 3\"}",
         "{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":3}\n{\"a\":-1,\"b\":2}\n{\"b\":2}\n{\"a\":\"5\",\"b\":2}\n",
         "{\"a\":1,\"b\":2}\n{\"a\":\"5\",\"b\":2}\n"},
        {"{\"op\":\"drop\",\"matches\":{\"a\":\"^x+$\"}}", "{\"a\":\"xx\"}\n{\"a\":\"xy\"}\n{}\n",
         "{\"a\":\"xy\"}\n{}\n"},
        {"{\"op\":\"extract\",\"field\":\"p\",\"patterns\":[\"^(?<base>[A-Z0-9]+?)x(?<q>[0-9]+)$\",\"\\\\((?<base>[A-"
         "Z0-9]+)\\\\)\"]}",
         "{\"p\":\"ABC123x4\"}\n{\"p\":\"old (X1) (Y2)\"}\n{\"p\":\"none\"}\n{}\n",
         "{\"p\":\"ABC123x4\",\"base\":\"ABC123\",\"q\":\"4\"}\n{\"p\":\"old (X1) "
         "(Y2)\",\"base\":\"X1\",\"q\":null}\n{\"p\":\"none\",\"base\":null,\"q\":null}\n{\"base\":null,\"q\":null}\n"},
        {"{\"op\":\"extract\",\"field\":\"p\",\"patterns\":\"(?<p>[0-9]+)\",\"else\":\"keep\"}",
         "{\"p\":\"ab12\"}\n{\"p\":\"ab\"}\n{\"p\":34}\n", "{\"p\":\"12\"}\n{\"p\":\"ab\"}\n{\"p\":\"34\"}\n"},
        {"{\"op\":\"extract\",\"field\":\"p\",\"patterns\":\"(?<p>[0-9]+)\",\"else\":\"drop\"}",
         "{\"p\":\"ab12\"}\n{\"p\":\"ab\"}\n{}\n", "{\"p\":\"12\"}\n"},
        {"{\"op\":\"replace\",\"fields\":[\"a\"],\"pattern\":\"([0-9]+)원\",\"with\":\"KRW $1 ${1}$$\"}",
         "{\"a\":\"1원, 2원\"}\n{\"a\":5}\n{\"a\":\"x\"}\n",
         "{\"a\":\"KRW 1 1$, KRW 2 2$\"}\n{\"a\":5}\n{\"a\":\"x\"}\n"},
        {"{\"op\":\"replace\",\"fields\":[\"a\"],\"patterns\":{\"\\\\([^()]*\\\\)\":\"\",\"x\":\"y\"},\"repeat\":true}",
         "{\"a\":\"a(b(c)d)x\"}\n", "{\"a\":\"ay\"}\n"},
        {"{\"op\":\"replace\",\"fields\":[\"a\"],\"pattern\":\"x*\",\"with\":\"-\"}", "{\"a\":\"가b\"}\n{\"a\":\"\"}\n",
         "{\"a\":\"-가-b-\"}\n{\"a\":\"-\"}\n"},
        {"{\"op\":\"replace\",\"fields\":[\"a\"],\"pattern\":\"\\\\t\",\"with\":\"\\\\\"}", "{\"a\":\"\\t\\\"\"}\n",
         "{\"a\":\"\\\\\\\"\"}\n"},
        {"{\"op\":\"split\",\"field\":\"a\",\"by\":\",\"}",
         "{\"a\":\" x , y,,x \"}\n{\"a\":null}\n{}\n{\"a\":[\"z\"]}\n{\"a\":7}\n",
         "{\"a\":[\"x\",\"y\",\"x\"]}\n{\"a\":[]}\n{\"a\":[]}\n{\"a\":[\"z\"]}\n{\"a\":[\"7\"]}\n"},
        {"{\"op\":\"split\",\"field\":\"a\",\"to\":\"b\",\"pattern\":\"[,;]\",\"unique\":true,\"without\":[\"^[0-9]+$"
         "\",\"_\"],\"empty\":\"All\"}",
         "{\"a\":\"x;12,x;y_z\"}\n{\"a\":\"1,2\"}\n{\"a\":\"\"}\n",
         "{\"a\":\"x;12,x;y_z\",\"b\":[\"x\"]}\n{\"a\":\"1,2\",\"b\":[\"All\"]}\n{\"a\":\"\",\"b\":[\"All\"]}\n"},
        {"{\"op\":\"split\",\"field\":\"a\",\"by\":\",\",\"trim\":false}", "{\"a\":\" x,\"}\n",
         "{\"a\":[\" x\",\"\"]}\n"},
        {"{\"op\":\"explode\",\"field\":\"a\"}",
         "{\"i\":1,\"a\":[\"x\",{\"k\":2}],\"z\":0}\n{\"i\":2,\"a\":[]}\n{\"i\":3,\"a\":\"one\"}\n",
         "{\"i\":1,\"a\":\"x\",\"z\":0}\n{\"i\":1,\"a\":{\"k\":2},\"z\":0}\n{\"i\":3,\"a\":\"one\"}\n"},
        {"{\"op\":\"explode\",\"field\":\"a\",\"to\":\"b\",\"keep_empty\":true}",
         "{\"a\":[\"x\",\"y\"]}\n{\"a\":[]}\n{}\n", "{\"b\":\"x\"}\n{\"b\":\"y\"}\n{\"b\":null}\n{\"b\":null}\n"},
        {"{\"op\":\"explode\",\"field\":\"a\"},{\"op\":\"explode\",\"field\":\"b\"},{\"op\":\"drop\",\"when\":{\"b\":"
         "\"2\"}}",
         "{\"a\":[1,2],\"b\":[1,2]}\n", "{\"a\":1,\"b\":1}\n{\"a\":2,\"b\":1}\n"},
        {"{\"op\":\"compute\",\"fields\":{\"c\":\"round(a / b)\",\"d\":\"a % 4 * -(2 - 1)\",\"e\":\"round(a/3, "
         "2)\",\"f\":\"coalesce(x, max(a, b), 1)\",\"g\":\"if(a > b, 1, 0)\"}}",
         "{\"a\":7,\"b\":2}\n{\"a\":\"9\",\"b\":0}\n{\"a\":5,\"b\":2}\n",
         "{\"a\":7,\"b\":2,\"c\":4,\"d\":-3,\"e\":2.33,\"f\":7,\"g\":1}\n{\"a\":\"9\",\"b\":0,\"c\":null,\"d\":-1,"
         "\"e\":3,\"f\":9,\"g\":1}\n{\"a\":5,\"b\":2,\"c\":2,\"d\":-1,\"e\":1.67,\"f\":5,\"g\":1}\n"},
        {"{\"op\":\"compute\",\"fields\":{\"x\":\"[a b] + 가격\",\"y\":\"1/0\",\"z\":\"ln(0)\",\"n\":\"not (1 = 2)\"}}",
         "{\"a b\":0.1,\"가격\":0.2}\n",
         "{\"a b\":0.1,\"가격\":0.2,\"x\":0.30000000000000004,\"y\":null,\"z\":null,\"n\":1}\n"},
        {"{\"op\":\"recode\",\"field\":\"a\",\"to\":\"b\",\"values\":{\"01\":\"소매\",\"02\":{\"k\":1}},\"default\":"
         "\"미분류\",\"absent\":\"전국\"}",
         "{\"a\":\"01\"}\n{\"a\":\"02\"}\n{\"a\":\"9\"}\n{\"a\":null}\n{}\n",
         "{\"a\":\"01\",\"b\":\"소매\"}\n{\"a\":\"02\",\"b\":{\"k\":1}}\n{\"a\":\"9\",\"b\":\"미분류\"}\n{\"a\":null,"
         "\"b\":\"전국\"}\n{\"b\":\"전국\"}\n"},
        {"{\"op\":\"recode\",\"field\":\"a\",\"values\":{\"1\":2}}", "{\"a\":1}\n{\"a\":\"x\"}\n",
         "{\"a\":2}\n{\"a\":\"x\"}\n"},
        {"{\"op\":\"template\",\"fields\":{\"t\":\"{a}/{b} {{x} {:day}\"}}", "{\"a\":\"q\\\"\",\"b\":2}\n",
         "{\"a\":\"q\\\"\",\"b\":2,\"t\":\"q\\\"/2 {x} 2026-01-15\"}\n"},
        {"{\"op\":\"case\",\"fields\":[\"a\"],\"to\":\"upper\"},{\"op\":\"case\",\"fields\":[\"b\"],\"to\":\"lower\"}",
         "{\"a\":\"aZ가\",\"b\":\"ABc\"}\n", "{\"a\":\"AZ가\",\"b\":\"abc\"}\n"},
        {"{\"op\":\"date\",\"field\":\"d\",\"weekdays\":[\"월\",\"화\",\"수\",\"목\",\"금\",\"토\",\"일\"],\"fields\":{"
         "\"y\":\"year\",\"m\":\"month\",\"w\":\"week\",\"wy\":\"week_year\",\"n\":\"weekday\",\"nm\":\"weekday_name\","
         "\"we\":\"weekend\",\"q\":\"quarter\",\"doy\":\"day_of_year\"}}",
         "{\"d\":\"2027-01-03\"}\n{\"d\":\"2026-02-30\"}\n",
         "{\"d\":\"2027-01-03\",\"y\":2027,\"m\":1,\"w\":53,\"wy\":2026,\"n\":6,\"nm\":\"일\",\"we\":true,\"q\":1,"
         "\"doy\":3}\n{\"d\":\"2026-02-30\",\"y\":null,\"m\":null,\"w\":null,\"wy\":null,\"n\":null,\"nm\":null,\"we\":"
         "null,\"q\":null,\"doy\":null}\n"},
        {"{\"op\":\"sort\",\"by\":[\"a\",\"-b\"]}",
         "{\"a\":10,\"b\":\"x\"}\n{\"a\":\"10\"}\n{\"a\":9.5,\"b\":\"x\"}\n{\"b\":1}\n{\"a\":-3}\n{\"a\":10,\"b\":"
         "\"xy\"}\n{\"a\":1e1,\"b\":\"xy\",\"n\":2}\n",
         "{\"b\":1}\n{\"a\":-3}\n{\"a\":9.5,\"b\":\"x\"}\n{\"a\":10,\"b\":\"xy\"}\n{\"a\":1e1,\"b\":\"xy\",\"n\":2}\n{"
         "\"a\":10,\"b\":\"x\"}\n{\"a\":\"10\"}\n"},
        {"{\"op\":\"dedupe\",\"by\":[\"a\"]},{\"op\":\"remove\",\"fields\":[\"b\"]}",
         "{\"a\":2,\"b\":1,\"c\":1}\n{\"a\":1,\"c\":2}\n{\"a\":2.0,\"c\":3}\n",
         "{\"a\":1,\"c\":2}\n{\"a\":2.0,\"c\":3}\n"},
        {"{\"op\":\"dedupe\",\"by\":[\"a\"],\"keep\":\"first\",\"order\":\"b\"}",
         "{\"a\":2,\"b\":3}\n{\"a\":2,\"b\":1}\n{\"a\":2,\"b\":1,\"c\":2}\n", "{\"a\":2,\"b\":1}\n"},
        {"{\"op\":\"group\",\"by\":[\"k\"],\"fields\":{\"lo\":{\"min\":\"p\"},\"hi\":{\"max\":\"p\"},\"sum\":{\"sum\":"
         "\"p\"},\"avg\":{\"mean\":\"p\"},\"n\":{\"count\":\"*\"},\"np\":{\"count\":\"p\"},\"name\":{\"frequent\":"
         "\"name\"}},\"prefer\":{\"field\":\"src\",\"order\":[\"x\",\"y\"]}}",
         "{\"k\":\"b\",\"p\":3,\"name\":\"Q\",\"src\":\"y\"}\n{\"k\":\"a\",\"p\":10,\"name\":\"N2\",\"src\":\"x\"}\n{"
         "\"k\":\"a\",\"p\":9.5,\"name\":\"N1\",\"src\":\"x\"}\n{\"k\":\"a\",\"p\":null,\"name\":\"M\",\"src\":\"y\"}"
         "\n{\"k\":\"a\",\"name\":\"M\",\"src\":\"y\"}\n{\"k\":\"b\",\"p\":0.1,\"name\":\"Q\",\"src\":\"z\"}\n{\"k\":"
         "\"b\",\"p\":0.2,\"name\":\"Z\",\"src\":\"y\"}\n{\"p\":1}\n{\"k\":\"b\",\"name\":\"A\",\"src\":\"z\"}\n{\"k\":"
         "\"b\",\"name\":\"Z\",\"src\":\"y\"}\n",
         "{\"k\":null,\"lo\":1,\"hi\":1,\"sum\":1,\"avg\":1,\"n\":1,\"np\":1,\"name\":null}\n{\"k\":\"a\",\"lo\":9.5,"
         "\"hi\":10,\"sum\":19.5,\"avg\":9.75,\"n\":4,\"np\":2,\"name\":\"N1\"}\n{\"k\":\"b\",\"lo\":0.1,\"hi\":3,"
         "\"sum\":3.3,\"avg\":1.1,\"n\":5,\"np\":3,\"name\":\"Z\"}\n"},
        {"{\"op\":\"group\",\"by\":[\"k\"],\"fields\":{\"p\":{\"max\":\"p\"}}},{\"op\":\"drop\",\"if\":\"p < "
         "2\"},{\"op\":\"group\",\"by\":[\"p\"],\"fields\":{\"n\":{\"count\":\"*\"}}}",
         "{\"k\":1,\"p\":1}\n{\"k\":2,\"p\":2}\n{\"k\":3,\"p\":2}\n{\"k\":2,\"p\":1}\n", "{\"p\":2,\"n\":2}\n"},
        {"{\"op\":\"group\",\"by\":[\"a\",\"b\"],\"fields\":{}}",
         "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"x\\u0000\",\"b\":\"y\"}\n{\"a\":\"x\",\"b\":\"\\u0000y\"}\n{\"a\":\"x\","
         "\"b\":\"y\"}\n",
         "{\"a\":\"x\",\"b\":\"\\u0000y\"}\n{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"x\\u0000\",\"b\":\"y\"}\n"},
        {"{\"op\":\"clean\",\"values\":[\"\",\"-\",\"[]\"]}",
         "{\"a\":\" \xC2\xA0-\",\"b\":[],\"c\":[ ],\"d\":{},\"e\":\"\",\"f\":\" [] "
         "\",\"g\":\"--\",\"h\":[0],\"i\":0,\"j\":"
         "\"\\u002d\",\"k\":null}\n",
         "{\"a\":null,\"b\":null,\"c\":null,\"d\":null,\"e\":null,\"f\":null,\"g\":\"--\",\"h\":[0],\"i\":0,\"j\":null,"
         "\"k\":null}\n"},
        {"{\"op\":\"clean\",\"fields\":[\"b\",\"x\"]}", "{\"a\":[],\"b\":[]}\n", "{\"a\":[],\"b\":null}\n"},
        {"{\"op\":\"month_day\",\"field\":\"l\",\"to\":\"d\",\"against\":\"at\",\"else\":\"1m\"}",
         "{\"l\":\"1일전 "
         "(12/31)\",\"at\":\"2026-01-01\"}\n{\"l\":\"01/01\",\"at\":\"2026-01-01\"}\n{\"l\":\"02/29\",\"at\":"
         "\"2026-02-28\"}\n{\"l\":\"1개월전\",\"at\":\"2024-03-31\"}\n{\"l\":\"13/"
         "40\",\"at\":\"2026-01-01\"}\n{\"l\":null,"
         "\"at\":\"2026-01-01\"}\n{\"l\":\"01/02\",\"at\":\"x\"}\n{\"l\":\"2011/01/02\",\"at\":\"2026-01-03\"}\n",
         "{\"l\":\"1일전 "
         "(12/31)\",\"at\":\"2026-01-01\",\"d\":\"2025-12-31\"}\n{\"l\":\"01/01\",\"at\":\"2026-01-01\",\"d\":"
         "\"2026-01-01\"}\n{\"l\":\"02/"
         "29\",\"at\":\"2026-02-28\",\"d\":\"2024-02-29\"}\n{\"l\":\"1개월전\",\"at\":\"2024-03-"
         "31\",\"d\":\"2024-02-29\"}\n{\"l\":\"13/"
         "40\",\"at\":\"2026-01-01\",\"d\":null}\n{\"l\":null,\"at\":\"2026-01-01\","
         "\"d\":null}\n{\"l\":\"01/02\",\"at\":\"x\",\"d\":null}\n{\"l\":\"2011/01/"
         "02\",\"at\":\"2026-01-03\",\"d\":\"2026-01-"
         "02\"}\n"},
        {"{\"op\":\"month_day\",\"field\":\"l\",\"against\":\"at\",\"nearest\":true}",
         "{\"l\":\"01/01\",\"at\":\"2025-12-31\"}\n{\"l\":\"12/"
         "31\",\"at\":\"2026-01-01\"}\n{\"l\":\"none\",\"at\":\"2026-01-"
         "01\"}\n",
         "{\"l\":\"2026-01-01\",\"at\":\"2025-12-31\"}\n{\"l\":\"2025-12-31\",\"at\":\"2026-01-01\"}\n{\"l\":null,"
         "\"at\":"
         "\"2026-01-01\"}\n"},
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
            assert_int_equal(st.rows_in + st.made, st.rows_out + st.dropped + st.merged);
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
