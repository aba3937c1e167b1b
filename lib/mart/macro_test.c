/* Templates of SQL models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mart/macro.h"

static struct pipeline *p;

static void expands(void **state) {
    (void)state;
    static const char *const t[] = {
        "SELECT 1",
        "SELECT a FROM {{ ref('raw_events') }}",
        "{{ref('raw_events')}} {{ ref( 'raw_events' ) }}",
        "SELECT {{ day_of('ts') }}, {{ seconds_between('a', 'b') }}, {{ percent('a','b') }} FROM x",
        "{{ json_text('doc', 'k') }} {{ json_number('doc', 'k') }} {{ json_length('doc', 'k') }} {{ json_items('doc', "
        "'k') }}",
        "SELECT '{ }', '{' || '}'"};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        struct err e = {0};
        if (macro_expand(p, "m.sql", t[i], DIALECT_SQLITE, NULL, &b, &e)) fail_msg("%s: %s", t[i], e.msg);
        assert_null(strstr(buf_text(&b), "{{"));
        assert_null(strstr(buf_text(&b), "}}"));
        if (strstr(t[i], "ref"))
            assert_non_null(strstr(b.p, "raw_events"));
        else if (!strstr(t[i], "{{"))
            assert_string_equal(b.p, t[i]);
        buf_free(&b);
    }
    struct buf b = {0};
    struct err e = {0};
    assert_int_equal(macro_expand(p, "t.sql", "SELECT * FROM {{ this }}", DIALECT_SQLITE, "\"aside\"", &b, &e), ERR_OK);
    assert_string_equal(b.p, "SELECT * FROM \"aside\"");
    buf_free(&b);
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *sql, *words[2];
    } t[] = {{"SELECT\n  {{ pecent('a','b') }}", {"m.sql:2:", "percent"}},
             {"{{ nothing_like_it('a') }}", {"m.sql:1:", "nothing_like_it"}},
             {"\n\n{{ percent('a') }}", {"m.sql:3:", "percent"}},
             {"{{ day_of() }}", {"m.sql:1:", "day_of"}},
             {"SELECT {{ day_of('a'", {"m.sql:1:", ""}},
             {"{{ ref('raw_events')", {"m.sql:1:", ""}},
             {"\n{{ this }}", {"m.sql:2:", "this"}},
             {"{{ }}", {"m.sql:1:", ""}},
             {"{{ day_of(ts) }}", {"m.sql:1:", ""}}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct buf b = {0};
        struct err e = {0};
        int rc = macro_expand(p, "m.sql", t[i].sql, DIALECT_SQLITE, NULL, &b, &e);
        if (rc != ERR_CONFIG || !strstr(e.msg, t[i].words[0]) || !strstr(e.msg, t[i].words[1]))
            fail_msg("<%s>: %s: %s", t[i].sql, err_name(rc), e.msg);
        buf_free(&b);
    }
}

static int first(void **state) {
    (void)state;
    struct err e = {0};
    return pipeline_load(&p, "commerce", "/tmp/etl-no-home", &e);
}
static int last(void **state) {
    (void)state;
    pipeline_free(p);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(expands), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, first, last);
}
