/* Leaves and flat programs: a schema that has them and its twin that cannot have them say the same. */
#include "base/rng.h"
#include "json/schema_testing.h"

/* What is put in makes a node too much for a leaf or a program, and asks nothing. */
#define SCHEMA(LEAF, OBJECT)                                                                                           \
    "{\"allOf\":[{\"type\":\"object\"," OBJECT "\"required\":[\"id\",\"kind\"],\"properties\":{"                       \
    "\"id\":{" LEAF "\"type\":\"string\",\"pattern\":\"^U\\\\d{2}$\"},"                                                \
    "\"kind\":{" LEAF "\"enum\":[\"a\",\"\",\"page_view\",\"sixteen_letters_\",\"seventeen_letters\",\"\\u00e9\",3]}," \
    "\"a_name_that_is_longer_than_sixteen\":{" LEAF "\"type\":[\"integer\",\"null\"],\"minimum\":-3,"                  \
    "\"exclusiveMaximum\":100},\"number\":{" LEAF "\"type\":\"number\",\"exclusiveMinimum\":1,\"maximum\":99},"        \
    "\"any\":{}}},{" OBJECT "\"properties\":{\"kind\":{" LEAF "\"type\":\"string\"},"                                  \
    "\"inner\":{" OBJECT "\"required\":[\"x\"],\"properties\":{\"x\":{" LEAF "\"const\":\"y\"}}}}}]}"

static const char fast[] = SCHEMA("", ""), slow[] = SCHEMA("\"not\":false,", "\"minProperties\":0,");

static void table(void **state) {
    (void)state;
    static const struct {
        const char *data;
        bool valid;
    } t[] = {
        {"{\"id\":\"U12\",\"kind\":\"a\"}", true},
        {"{\"id\":\"U1\\u0032\",\"kind\":\"\\u0061\"}", true},
        {"{\"i\\u0064\":\"U12\",\"kind\":\"seventeen_letters\"}", true},
        {"{\"id\":\"U12\",\"kind\":\"seventeen_letterz\"}", false},
        {"{\"id\":\"U12\",\"kind\":\"sixteen_letters_\"}", true},
        {"{\"id\":\"U12\",\"kind\":\"sixteen_letters\"}", false},
        {"{\"id\":\"U12\",\"kind\":\"\"}", true},
        {"{\"id\":\"U12\",\"kind\":3}", false}, /* the second one wants a string */
        {"{\"id\":\"U12\",\"kind\":\"\\u00e9\"}", true},
        {"{\"id\":\"U12\"}", false},
        {"{\"kind\":\"a\"}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"id\":\"nope\"}", false}, /* the last one counts */
        {"{\"id\":\"nope\",\"kind\":\"a\",\"id\":\"U12\"}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":99}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":100}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":9.9e1}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":-3.0}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":-4}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":1234567890123456789012}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixteen\":null}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"a_name_that_is_longer_than_sixtees\":\"x\"}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"number\":1}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"number\":1.01}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"number\":true}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"inner\":{\"x\":\"y\"}}", true},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"inner\":{\"x\":\"z\"}}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"inner\":{}}", false},
        {"{\"id\":\"U12\",\"kind\":\"a\",\"inner\":[]}", true},
        {"[]", false},
        {"3", false},
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        const struct item both[] = {{fast, t[k].data, t[k].valid}, {slow, t[k].data, t[k].valid}};
        CHECK(both, 0);
    }
}

static void twins(void **state) {
    (void)state;
    static const char *const keys[] = {"id", "kind", "a_name_that_is_longer_than_sixteen", "number", "any", "inner",
                                       "x",  ""};
    static const char *const values[] = {
        "\"U12\"", "\"U1x\"",       "\"a\"",     "\"\"", "\"page_view\"", "\"page_vie\\u0077\"", "3",    "99",
        "99.0",    "100",           "-3",        "-4",   "1e1",           "1234567890123456789", "null", "true",
        "[]",      "{\"x\":\"y\"}", "{\"x\":3}", "{}"};
    struct schema *a = compile_in(fast, NULL, 0), *b = compile_in(slow, NULL, 0);
    struct schema_run ra = {.max_faults = 3}, rb = {.max_faults = 3};
    struct rng r;
    struct buf text = {0};
    size_t valid = 0;
    rng_seed(&r, 3);
    for (int k = 0; k < 20000; k++) {
        text.n = 0;
        buf_str(&text, rng_below(&r, 3) ? "{\"id\":\"U12\",\"kind\":\"a\"" : "{\"any\":1");
        for (uint32_t n = rng_below(&r, 4); n > 0; n--)
            buf_fmt(&text, ",\"%s\":%s", keys[rng_below(&r, 8)], values[rng_below(&r, sizeof values / sizeof *values)]);
        buf_chr(&text, '}');
        bool yes = validate(a, text.p, &ra); /* which compares with and without faults, too */
        if (validate(b, text.p, &rb) != yes) fail_msg("differ on %s", text.p);
        assert_int_equal(ra.nfaults, rb.nfaults);
        for (size_t j = 0; j < ra.nfaults; j++) assert_string_equal(ra.faults[j].expected, rb.faults[j].expected);
        valid += yes;
    }
    assert_in_range(valid, 2000, 18000);
    schema_run_free(&ra);
    schema_run_free(&rb);
    schema_free(a);
    schema_free(b);
    buf_free(&text);
}

/* What the schema found is there for others, after a yes and after a no. */
static void members(void **state) {
    (void)state;
    struct schema *s = compile_in(fast, NULL, 0);
    uint32_t id = schema_name(s, SV("id")), x = schema_name(s, SV("x"));
    assert_int_equal(schema_name(s, SV("nowhere")), SCHEMA_NO_NAME);
    assert_true(id != SCHEMA_NO_NAME && x != SCHEMA_NO_NAME);
    for (size_t max = 0; max < 6; max += 5) {
        struct schema_run r = {.max_faults = max};
        assert_null(schema_members(&r));
        for (int k = 0; k < 2; k++) {
            struct jtoks t = {0};
            struct jerr je;
            const char *text = k ? "[{\"inner\":{\"x\":\"y\"},\"id\":\"U1\",\"kind\":\"a\",\"id\":\"U12\"}]"
                                 : "[{\"inner\":{\"x\":\"no\"},\"id\":\"U1\",\"kind\":\"a\",\"id\":\"U12\"}]";
            assert_true(json_scan(&t, text, strlen(text), 0, &je));
            assert_int_equal(schema_validate(s, (struct jval){text, t.t, 1}, &r), k == 1);
            const uint32_t *at = schema_members(&r);
            assert_non_null(at);
            assert_int_equal(at[x], 0); /* it is a member of another one */
            struct sv value = jv_raw((struct jval){text, t.t, at[id] + 1});
            assert_true(sv_is(value, "U12"));
            assert_false(schema_validate(s, (struct jval){text, t.t, 0}, &r)); /* an array */
            assert_null(schema_members(&r));
            jtoks_free(&t);
        }
        schema_run_free(&r);
    }
    schema_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(twins), cmocka_unit_test(members)};
    return cmocka_run_group_tests(tests, NULL, last);
}
