/* Definitions: the built-in ones load, mistakes are told all at once and with their places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/file.h"
#include "pipeline/pipeline.h"

static char tmp[64] = "/tmp/etl-pipeline-XXXXXX";
static struct arena a;

static int define(const char *text, const char *schema, const char *m1, const char *m2, struct pipeline **p,
                  struct err *e) {
    const char *dir = arena_fmt(&a, "%s/schemas/tp", tmp);
    assert_int_equal(dir_make(dir, e), ERR_OK);
    const struct {
        const char *name, *text;
    } f[] = {{"pipeline.json", text}, {"s.json", schema}, {"m1.sql", m1}, {"m2.sql", m2}};
    for (size_t i = 0; i < 4; i++)
        if (f[i].text)
            assert_int_equal(file_publish(arena_fmt(&a, "%s/%s", dir, f[i].name), f[i].text, strlen(f[i].text), e),
                             ERR_OK);
    return pipeline_load(p, "tp", tmp, e);
}

static void refuses(const char *text, const char *schema, const char *m1, const char *m2, const char *const *words) {
    struct pipeline *p;
    struct err e = {0};
    int rc = define(text, schema, m1, m2, &p, &e);
    if (rc != ERR_CONFIG) fail_msg("%s\n%s: %s", text, err_name(rc), e.msg);
    for (; *words; words++)
        if (!strstr(e.msg, *words)) fail_msg("no '%s' in\n%s", *words, e.msg);
}
#define REFUSES(text, schema, m1, m2, ...) refuses(text, schema, m1, m2, (const char *const[]){__VA_ARGS__, NULL})

static void built_in(void **state) {
    (void)state;
    char **names;
    size_t n;
    struct err e = {0};
    assert_int_equal(pipeline_list(tmp, &a, &names, &n, &e), ERR_OK);
    assert_true(n >= 1);
    bool commerce = false;
    for (size_t i = 0; i < n; i++) {
        struct pipeline *p;
        if (!strcmp(names[i], "template")) continue; /* to be copied, with NAME in place of names */
        if (i) assert_true(strcmp(names[i - 1], names[i]) < 0);
        if (pipeline_load(&p, names[i], tmp, &e)) fail_msg("%s: %s", names[i], e.msg);
        assert_string_equal(p->name, names[i]);
        commerce |= !strcmp(names[i], "commerce");
        for (size_t k = 0; k < p->nmodels; k++) /* what a model refers to comes before it */
            for (size_t r = 0; r < p->models[k].refs.n; r++) {
                const struct pl_model *m = pipeline_model(p, p->models[k].refs.s[r]);
                assert_true(!m || m < &p->models[k]);
            }
        pipeline_free(p);
    }
    assert_true(commerce);
    pipeline_free(NULL);
}

static void unknown(void **state) {
    (void)state;
    struct pipeline *p;
    struct err e = {0};
    assert_int_equal(pipeline_load(&p, "comerce", tmp, &e), ERR_USAGE);
    assert_non_null(strstr(e.msg, "commerce"));
    assert_int_equal(pipeline_load(&p, "../x", tmp, &e), ERR_USAGE);
}

#define HEAD "{\"name\":\"tp\",\"zone\":\"Asia/Seoul\","
#define SRC "\"source\":{\"kind\":\"files\",\"path\":\"x\"}"

static void a_good_one(void **state) {
    (void)state;
    struct pipeline *p;
    struct err e = {0};
    int rc = define(
        "// a comment\n" HEAD
        "\"schedule\":{\"at\":\"02:30\",\"sla\":\"2h\"},\"stages\":{\"load\":{\"retries\":5,\"backoff\":\"2m\"}},"
        "\"datasets\":[{\"name\":\"d\"," SRC ",\"schema\":\"s.json\",\"load\":{\"table\":\"t\",\"mode\":\"full\","
        "\"columns\":[{\"name\":\"a\",\"type\":\"text\"},]}}],"
        "\"models\":[{\"name\":\"m2\",\"sql\":\"m2.sql\",\"kind\":\"cte\"},{\"name\":\"m1\",\"sql\":\"m1.sql\","
        "\"kind\":\"cte\"}]}",
        "{\"properties\":{\"a\":{}}}", "SELECT a FROM {{ ref('t') }}", "SELECT a FROM {{ ref('m1') }}", &p, &e);
    if (rc) fail_msg("%s", e.msg);
    assert_int_equal(p->schedule_at, 150);
    assert_int_equal(p->sla, 7200);
    assert_int_equal(p->stages[STAGE_LOAD].retries, 5);
    assert_int_equal(p->stages[STAGE_LOAD].backoff, 120);
    assert_int_equal(p->zone.std, 32400);
    assert_string_equal(p->models[0].name, "m1"); /* in the order of their references */
    assert_string_equal(p->models[1].name, "m2");
    assert_non_null(pipeline_dataset(p, "d"));
    assert_null(pipeline_dataset(p, "x"));
    assert_ptr_equal(pipeline_loader_of(p, "t"), pipeline_dataset(p, "d"));
    assert_int_equal(strlen(p->digest), 64);
    pipeline_free(p);
    for (int s = 0; s < STAGE_COUNT; s++) assert_int_equal(stage_find(stage_name((enum stage)s)), s);
    assert_int_equal(stage_find("nope"), -1);
}

static void five_mistakes(void **state) {
    (void)state;
    static const char text[] = "{\n\"name\": \"tp\",\n\"zone\": 5,\n\"titel\": \"x\",\n\"time_limit\": "
                               "\"soon\",\n\"datasets\": [\n{\"name\": \"D\",\n\"source\": {\"kind\": \"files\"}}]}";
    struct pipeline *p;
    struct err e = {0};
    assert_int_equal(define(text, NULL, NULL, NULL, &p, &e), ERR_CONFIG);
    size_t lines = 0;
    for (const char *s = e.msg; (s = strstr(s, "pipeline.json:")); s++) lines++;
    if (lines != 5) fail_msg("%zu lines:\n%s", lines, e.msg);
    static const char *const places[] = {"pipeline.json:3:9: ",  "pipeline.json:4:1: ",  "pipeline.json:5:15: ",
                                         "pipeline.json:7:10: ", "pipeline.json:8:11: ", "title"};
    for (size_t i = 0; i < 6; i++)
        if (!strstr(e.msg, places[i])) fail_msg("no %s in\n%s", places[i], e.msg);
}

static void single_mistakes(void **state) {
    (void)state;
    REFUSES("{\n \"name\": tp}", NULL, NULL, NULL, "pipeline.json:2:10");
    REFUSES("{\"name\":\"tp\",\n\"zone\":\"Asia/Soul\",\"datasets\":[{\"name\":\"d\"," SRC "}]}", NULL, NULL, NULL,
            "pipeline.json:2:8", "Asia/Seoul");
    REFUSES("{\"name\":\"other\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\"," SRC "}]}", NULL, NULL, NULL, "other",
            "tp");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC ",\"schema\":\"none.json\"}]}", NULL, NULL, NULL, "none.json");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC ",\"schema\":\"s.json\"}]}", "{\"type\":\n\"objekt\"}", NULL,
            NULL, "s.json:2:");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC
                 ",\"schema\":\"s.json\",\n\"checks\":[{\"kind\":\"unique\",\"name\":\"c\",\"field\":\"evnt_id\"}]}]}",
            "{\"properties\":{\"event_id\":{},\"b\":{}}}", NULL, NULL, "pipeline.json:2:", "event_id");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC "},{\"name\":\"d\"," SRC "}]}", NULL, NULL, NULL,
            "pipeline.json:1:", "'d'");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC
                 ",\"load\":{\"table\":\"t\",\"mode\":\"upsert\",\"columns\":[{\"name\":\"a\",\"type\":\"text\"}]}}]}",
            NULL, NULL, NULL, "key");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC ",\"load\":{\"table\":\"t\",\"mode\":\"upsert\",\"key\":[\"ab\"],"
                 "\"columns\":[{\"name\":\"abc\",\"type\":\"text\"}]}}]}",
            NULL, NULL, NULL, "ab");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC
                 "}],\"models\":[{\"name\":\"m1\",\"sql\":\"m1.sql\",\"kind\":\"cte\"},{\"name\":\"m2\",\"sql\":\"m2."
                 "sql\",\"kind\":\"cte\"}]}",
            NULL, "SELECT 1 FROM {{ ref('m2') }}", "SELECT 1 FROM {{ ref('m1') }}", "m1", "m2");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC
                 "}],\"models\":[{\"name\":\"m1\",\"sql\":\"m1.sql\",\"kind\":\"cte\"}]}",
            NULL, "SELECT 1 FROM {{ ref('m1') }}", NULL, "m1");
    REFUSES(HEAD "\"datasets\":[{\"name\":\"d\"," SRC
                 ",\"load\":{\"table\":\"raw_events\",\"mode\":\"full\",\"columns\":[{\"name\":\"a\",\"type\":\"text\"}"
                 "]}}],\"models\":[{\"name\":\"m1\",\"sql\":\"m1.sql\",\"kind\":\"cte\"}]}",
            NULL, "SELECT 1\nFROM {{ ref('raw_event') }}", NULL, "pipeline.json:1:", "raw_events");
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(built_in), cmocka_unit_test(unknown),
                                       cmocka_unit_test(a_good_one), cmocka_unit_test(five_mistakes),
                                       cmocka_unit_test(single_mistakes)};
    return cmocka_run_group_tests(tests, first, last);
}
