/* Where a $ref leads: in its own document, by $id, to documents of a directory; and what other versions of JSON Schema
 * make of it. The official suite (suite_test.c) asks more. */
#include "json/schema_testing.h"

#include <sys/stat.h>
#include <unistd.h>

static void put(const char *dir, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void references(void **state) {
    (void)state;
    static const struct item t[] = {
        {"{\"unknown\":{\"type\":\"integer\"},\"properties\":{\"b\":{\"$ref\":\"#/unknown\"}}}", "{\"b\":\"x\"}",
         false},
        {"{\"properties\":{\"a\":{\"unknown\":{\"type\":\"integer\"}},\"b\":{\"$ref\":\"#/properties/a/unknown\"}}}",
         "{\"b\":3}", true},
        {"{\"$id\":\"/base\",\"properties\":{\"f\":{\"$ref\":\"#/examples/0\"}},\"examples\":[{\"type\":\"string\"}]}",
         "{\"f\":1}", false},
        {"{\"definitions\":{\"e\":{\"enum\":[{\"$id\":\"https://h/"
         "x.json\",\"type\":\"null\"}]},\"r\":{\"$id\":\"https://h/x.json\",\"type\":\"string\"}},"
         "\"anyOf\":[{\"$ref\":\"#/definitions/e\"},{\"$ref\":\"https://h/x.json\"}]}",
         "\"a string\"", true},
        {"{\"definitions\":{\"u\":{\"not\":{\"list_of\":[{\"$id\":\"https://h/"
         "x.json\",\"type\":\"null\"}]}},\"r\":{\"$id\":\"https://h/x.json\",\"type\":\"string\"}},"
         "\"allOf\":[{\"$ref\":\"https://h/x.json\"}]}",
         "null", false},
        {"{\"definitions\":{\"c\":{\"const\":{\"$id\":\"#no\"}}},\"if\":{\"const\":\"skip\"},\"then\":true,\"else\":{"
         "\"$ref\":\"#/definitions/c\"}}",
         "{\"$id\":\"#no\"}", true},
        {"{\"$ref\":\"http://json-schema.org/draft-07/schema\"}", "{\"minLength\":-1}", false},
        {"{\"$ref\":\"http://json-schema.org/draft-07/schema#/definitions/simpleTypes\"}", "\"null\"", true},
        {"{\"$id\":\"http://a/b/c/d\",\"definitions\":{\"x\":{\"$id\":\"../"
         "e\",\"type\":\"null\"}},\"allOf\":[{\"$ref\":\"http://a/b/e\"}]}",
         "1", false},
        {"{\"items\":[{\"type\":\"null\"},{\"$ref\":\"#/items/0\"}]}", "[null,1]", false},
        {"{\"allOf\":[{\"$ref\":\"#/d%22q\"}],\"d\\\"q\":false}", "1", false},
    };
    CHECK(t, 0);
    char dir[] = "/tmp/etl-schema-XXXXXX", sub[64], path[300];
    assert_non_null(mkdtemp(dir));
    snprintf(sub, sizeof sub, "%s/host", dir);
    mkdir(sub, 0755);
    put(dir, "host/a.json", "{\"items\":{\"$ref\":\"b.json#/definitions/x y\"}}");
    put(dir, "b.json", "\xEF\xBB\xBF{\"definitions\":{\"x y\":{\"type\":\"integer\"}}}");
    put(dir, "odd-name.json", "{\"$id\":\"urn:ours:thing\",\"type\":\"null\"}");
    put(dir, "broken.json", "{\"type\":\"strnig\"");
    put(dir, "wrong.json", "{\"type\":\"strnig\"}");
    put(dir, "new.json",
        "{\"$schema\":\"https://json-schema.org/draft/2019-09/schema\",\"dependentRequired\":{\"a\":[\"b\"]}}");
    static const struct item in_dir[] = {
        {"{\"$ref\":\"http://host/a.json\"}", "[1]", true},
        {"{\"$ref\":\"http://host/a.json\"}", "[\"\"]", false},
        {"{\"$ref\":\"http://other/b.json#/definitions/x%20y\"}", "1", true},
        {"{\"$ref\":\"b.json#/definitions/x%20y\"}", "\"\"", false},
        {"{\"$ref\":\"urn:ours:thing\"}", "null", true},
        {"{\"$ref\":\"urn:ours:thing\"}", "1", false},
        {"{\"$ref\":\"new.json\"}", "{\"a\":1}", false},
        {"{\"$ref\":\"new.json\"}", "{\"a\":1,\"b\":2}", true},
    };
    for (size_t k = 0; k < sizeof in_dir / sizeof *in_dir; k++) {
        struct schema *s = compile_in(in_dir[k].schema, dir, 0);
        struct schema_run r = {.max_faults = 1};
        if (validate(s, in_dir[k].data, &r) != in_dir[k].valid) fail_msg("%s on %s", in_dir[k].schema, in_dir[k].data);
        schema_run_free(&r);
        schema_free(s);
    }
    static const char *const nowhere[] = {"broken.json",  "wrong.json", "../../etc/passwd", "%2e%2e/x.json",
                                          "http://host/", "none.json",  "b.json#nope"};
    for (size_t k = 0; k < sizeof nowhere / sizeof *nowhere; k++) {
        struct schema *s;
        struct err e = {0};
        snprintf(path, sizeof path, "{\"$ref\":\"%s\"}", nowhere[k]);
        assert_int_equal(schema_compile(&s, "s", path, strlen(path), dir, 0, &e), ERR_CONFIG);
        if (k < 2) assert_non_null(strstr(e.msg, nowhere[k])); /* told where the mistake is */
    }
    static const char *const files[] = {"host/a.json", "b.json",   "odd-name.json", "broken.json",
                                        "wrong.json",  "new.json", "host",          ""};
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[k]);
        assert_int_equal(remove(path), 0);
    }
}

/* The message of a schema that does not compile. */
static const char *refused(const char *text, const char *dir, int flags) {
    static struct err e;
    struct schema *s;
    e = (struct err){0};
    assert_int_equal(schema_compile(&s, "s.json", text, strlen(text), dir, flags, &e), ERR_CONFIG);
    return e.msg;
}

static bool holds(const char *schema, const char *dir, int flags, const char *data) {
    struct schema *s = compile_in(schema, dir, flags);
    struct schema_run r = {.max_faults = 1};
    bool ok = validate(s, data, &r);
    schema_run_free(&r);
    schema_free(s);
    return ok;
}

/* DIR/host/path, then DIR/path, then by $id; and a message that names all of these. */
static void order_of_places(void **state) {
    (void)state;
    char dir[] = "/tmp/etl-schema-XXXXXX", path[300];
    static const char *const dirs[] = {"h.org", "h.org/p", "p", "deep", "deep/er"};
    static const char *const files[] = {"h.org/p/a.json", "p/a.json", "deep/er/x.json"};
    static const char ref[] = "{\"$ref\":\"http://h.org/p/a.json\"}";
    assert_non_null(mkdtemp(dir));
    for (size_t k = 0; k < sizeof dirs / sizeof *dirs; k++) {
        snprintf(path, sizeof path, "%s/%s", dir, dirs[k]);
        mkdir(path, 0755);
    }
    put(dir, files[0], "{\"type\":\"integer\"}");
    put(dir, files[1], "{\"type\":\"string\"}");
    put(dir, files[2], "{\"$id\":\"http://h.org/p/a.json#\",\"type\":\"null\"}");
    static const char *const values[] = {"1", "\"\"", "null"};
    for (size_t k = 0; k < 3; k++) {
        for (size_t j = 0; j < 3; j++) assert_int_equal(holds(ref, dir, 0, values[j]), j == k);
        snprintf(path, sizeof path, "%s/%s", dir, files[k]);
        if (k == 2) { /* only the search by $id is left */
            const char *msg = refused(ref, dir, SCHEMA_NO_SEARCH);
            assert_non_null(strstr(msg, "/h.org/p/a.json or "));
            assert_null(strstr(msg, "$id"));
        }
        assert_int_equal(remove(path), 0);
    }
    const char *msg = refused(ref, dir, 0);
    assert_non_null(strstr(msg, "no document \"http://h.org/p/a.json\"; looked for as "));
    assert_non_null(strstr(msg, "/h.org/p/a.json or "));
    assert_non_null(strstr(msg, ", and by the $id of 0 documents below "));
    for (size_t k = sizeof dirs / sizeof *dirs; k-- > 0;) {
        snprintf(path, sizeof path, "%s/%s", dir, dirs[k]);
        assert_int_equal(rmdir(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

#define D2019 "\"$schema\":\"https://json-schema.org/draft/2019-09/schema\","
#define D2020 "\"$schema\":\"https://json-schema.org/draft/2020-12/schema#\","
#define D4 "\"$schema\":\"http://json-schema.org/draft-04/schema#\","

/* What means the same or can be read so is read so; what would be passed over is refused. */
static void other_versions(void **state) {
    (void)state;
    static const struct item t[] = {
        {"{" D2019 "\"$ref\":\"#/$defs/a\",\"minLength\":2,\"$defs\":{\"a\":{\"type\":\"string\"}}}", "\"x\"", false},
        {"{" D2019 "\"$ref\":\"#/$defs/a\",\"minLength\":2,\"$defs\":{\"a\":{\"type\":\"string\"}}}", "\"xy\"", true},
        {"{" D2019 "\"$ref\":\"#/$defs/a\",\"minLength\":2,\"$defs\":{\"a\":{\"type\":\"string\"}}}", "12", false},
        {"{" D2020 "\"items\":{\"$ref\":\"#q\"},\"$defs\":{\"a\":{\"$anchor\":\"q\",\"type\":\"null\"}}}", "[1]",
         false},
        {"{" D2020 "\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"string\"}}", "[null,\"\"]", true},
        {"{" D2020 "\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"string\"}}", "[\"\",\"\"]", false},
        {"{" D2020 "\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"string\"}}", "[null,1]", false},
        {"{" D2020 "\"prefixItems\":[{\"type\":\"null\"}]}", "[null,1]", true},
        {"{" D2019 "\"prefixItems\":[{\"type\":\"null\"}]}", "[1]", true},
        {"{\"prefixItems\":[{\"type\":\"null\"}],\"unevaluatedItems\":false,\"id\":\"x\"}", "[1]", true},
        {"{" D2020 "\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", false},
        {"{" D4 "\"properties\":{\"id\":{\"type\":\"integer\"}}}", "{\"id\":1}", true},
    };
    CHECK(t, 0);
    static const char *const beyond[] = {"{" D2019 "\"unevaluatedProperties\":false}",
                                         "{" D2020 "\"allOf\":[{\"unevaluatedItems\":false}]}",
                                         "{" D2020 "\"contains\":true,\"minContains\":2}",
                                         "{" D2020 "\"$dynamicRef\":\"#x\"}",
                                         "{" D2019 "\"$recursiveRef\":\"#\"}",
                                         "{" D4 "\"id\":\"http://x/y\"}"};
    for (size_t k = 0; k < sizeof beyond / sizeof *beyond; k++)
        assert_non_null(strstr(refused(beyond[k], NULL, 0), "is a keyword of JSON Schema"));
    struct schema *s = compile_in("{" D2020 "\"type\":\"null\"}", NULL, 0);
    assert_string_equal(schema_draft(s), "2020-12");
    schema_free(s);
    s = compile_in("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", NULL, 0);
    assert_null(schema_draft(s));
    schema_free(s);
}

static void column_kinds(void **state) {
    (void)state;
    struct schema *s = compile_in(
        "{\"properties\":{\"n\":{\"type\":\"integer\"},\"nn\":{\"type\":[\"number\",\"null\"]},\"b\":{\"type\":"
        "\"boolean\"},"
        "\"t\":{\"type\":\"string\"},\"m\":{\"type\":[\"number\",\"string\"]},\"any\":{},\"e\":{\"enum\":[1,2]},"
        "\"r\":{\"$ref\":\"#/definitions/d\"},\"a\":{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"null\"}]}},"
        "\"allOf\":[{\"properties\":{\"deep\":{\"type\":\"number\"},\"o\":{\"properties\":{\"any\":{\"type\":\"null\"}}"
        "}}}],"
        "\"definitions\":{\"d\":{\"allOf\":[{\"type\":[\"number\",\"string\"]},{\"type\":[\"number\",\"null\"]}]}}}",
        NULL, 0);
    static const struct {
        const char *name;
        char kind;
    } t[] = {{"n", 'n'}, {"nn", 'n'}, {"b", 'b'}, {"t", 't'},    {"m", 't'},   {"any", 't'},
             {"e", 'n'}, {"r", 'n'},  {"a", 'n'}, {"deep", 'n'}, {"none", 't'}};
    for (size_t k = 0; k < sizeof t / sizeof *t; k++)
        if (schema_column_kind(s, sv_of(t[k].name)) != t[k].kind) fail_msg("%s", t[k].name);
    schema_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(references), cmocka_unit_test(order_of_places),
                                       cmocka_unit_test(other_versions), cmocka_unit_test(column_kinds)};
    return cmocka_run_group_tests(tests, NULL, last);
}
