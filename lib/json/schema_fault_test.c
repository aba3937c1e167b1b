/* Words, places and order of faults, and which branch of anyOf and oneOf they are taken from. */
#include "json/schema_testing.h"

static void is_fault(const struct schema_fault *f, const char *pointer, const char *keyword, const char *schema,
                     const char *expected, const char *found) {
    assert_string_equal(f->pointer, pointer);
    assert_string_equal(f->keyword, keyword);
    assert_string_equal(f->schema, schema);
    assert_string_equal(f->expected, expected);
    assert_string_equal(f->found, found);
}

static void fault_words(void **state) {
    (void)state;
    static const struct {
        const char *schema, *data, *pointer, *keyword, *place, *expected, *found;
    } t[] = {
        {"{\"maximum\":99}", "100", "", "maximum", "#/maximum", "at most 99", "100"},
        {"{\"exclusiveMinimum\":0}", "0", "", "exclusiveMinimum", "#/exclusiveMinimum", "more than 0", "0"},
        {"{\"type\":\"string\"}", "1", "", "type", "#/type", "a string", "1"},
        {"{\"type\":[\"integer\",\"null\"]}", "1.5", "", "type", "#/type", "an integer or null", "1.5"},
        {"{\"type\":[\"number\",\"boolean\"]}", "{}", "", "type", "#/type", "a number or true or false", "{}"},
        {"{\"enum\":[\"web\",\"ios\",\"android\"]}", "\"x\"", "", "enum", "#/enum",
         "one of \"web\", \"ios\", \"android\"", "\"x\""},
        {"{\"const\":{\"a\":1}}", "2", "", "const", "#/const", "{\"a\":1}", "2"},
        {"{\"multipleOf\":0.01}", "0.015", "", "multipleOf", "#/multipleOf", "a multiple of 0.01", "0.015"},
        {"{\"minLength\":1}", "\"\"", "", "minLength", "#/minLength", "at least 1 character", "\"\""},
        {"{\"maxLength\":2}", "\"abc\"", "", "maxLength", "#/maxLength", "at most 2 characters", "\"abc\""},
        {"{\"pattern\":\"^U\\\\d{6}$\"}", "\"U1\"", "", "pattern", "#/pattern", "a match of ^U\\d{6}$", "\"U1\""},
        {"{\"format\":\"date\"}", "\"x\"", "", "format", "#/format", "a valid date", "\"x\""},
        {"{\"items\":{\"items\":[{\"type\":\"null\"}]}}", "[[null],[1]]", "/1/0", "type", "#/items/items/0/type",
         "null", "1"},
        {"{\"items\":[true],\"additionalItems\":{\"minimum\":3}}", "[1,2]", "/1", "minimum",
         "#/additionalItems/minimum", "at least 3", "2"},
        {"{\"minItems\":2}", "[1]", "", "minItems", "#/minItems", "at least 2 elements", "[1]"},
        {"{\"uniqueItems\":true}", "[1,2,1.0]", "", "uniqueItems", "#/uniqueItems",
         "elements that all differ, but numbers 0 and 2 are equal", "[1,2,1.0]"},
        {"{\"contains\":{\"const\":1}}", "[2]", "", "contains", "#/contains", "at least one element that is 1", "[2]"},
        {"{\"maxProperties\":1}", "{\"a\":1,\"b\":2}", "", "maxProperties", "#/maxProperties", "at most 1 property",
         "{\"a\":1,\"b\":2}"},
        {"{\"required\":[\"a/b\"]}", "{}", "", "required", "#/required", "the property \"a/b\"", "{}"},
        {"{\"properties\":{\"a~/b\":false}}", "{\"a~/b\":[]}", "/a~0~1b", "false", "#/properties/a~0~1b",
         "no value at all", "[]"},
        {"{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1,\"b\":2}", "", "additionalProperties",
         "#/additionalProperties", "no property but \"a\"", "\"b\""},
        {"{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}", "", "propertyNames", "#/propertyNames",
         "as a key at most 1 character", "\"ab\""},
        {"{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1}", "", "dependencies", "#/dependencies",
         "the property \"b\" beside \"a\"", "\"a\""},
        {"{\"not\":{\"type\":\"null\"}}", "null", "", "not", "#/not", "anything but null", "null"},
        {"{\"not\":{\"required\":[\"a\"]}}", "{\"a\":1}", "", "not", "#/not", "anything but a match of \"not\"",
         "{\"a\":1}"},
        {"{\"format\":\"date-time\"}", "\"2026-01-15T08:30:00\"", "", "format", "#/format",
         "a valid date-time such as 2026-01-15T08:30:00+09:00", "\"2026-01-15T08:30:00\""},
        {"{\"enum\":[\"page_view\",\"click\"]}", "\"clik\"", "", "enum", "#/enum",
         "one of \"page_view\", \"click\" (did you mean 'click'?)", "\"clik\""},
        {"{\"properties\":{\"quantity\":{},\"price\":{}},\"additionalProperties\":false}", "{\"quantty\":1}", "",
         "additionalProperties", "#/additionalProperties",
         "no property but \"quantity\", \"price\" (did you mean 'quantity'?)", "\"quantty\""},
        {"{\"properties\":{\"color\":{}},\"additionalProperties\":false}", "{\"color\":1,\"colour\":2}", "",
         "additionalProperties", "#/additionalProperties", "no property but \"color\"", "\"colour\""},
        {"{\"required\":[\"id\"]}",
         "{\"a_rather_long_name\":\"with a value\",\n  \"b\":\"another value that makes it long\", \"c\": [1,2,3]}", "",
         "required", "#/required", "the property \"id\"", "an object with \"a_rather_long_name\", \"b\", \"c\""},
        {"{\"type\":\"array\"}", "{\n  \"a\" : [\n    1,\r\n\t2 ] }", "", "type", "#/type", "an array",
         "{ \"a\" : [ 1, 2 ] }"},
        {"{\"if\":{\"type\":\"integer\"},\"then\":{\"maximum\":1}}", "2", "", "maximum", "#/then/maximum", "at most 1",
         "2"},
        {"{\"patternProperties\":{\"^x\":{\"type\":\"null\"}}}", "{\"xa\":1}", "/xa", "type",
         "#/patternProperties/^x/type", "null", "1"},
        {"{\"oneOf\":[true,{},false]}", "1", "", "oneOf", "#/oneOf",
         "a match of exactly one of 3 alternatives, not of number 1 and number 2", "1"},
        {"{\"$ref\":\"#/definitions/a\",\"definitions\":{\"a\":{\"allOf\":[{\"maximum\":1}]}}}", "2", "", "maximum",
         "#/definitions/a/allOf/0/maximum", "at most 1", "2"},
        {"{\"contentMediaType\":\"application/json\"}", "\"{\"", "", "contentMediaType", "#/contentMediaType",
         "a JSON text", "\"{\""},
    };
    for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
        const struct schema_fault *f = faults(t[k].schema, t[k].data, 1);
        assert_int_equal(first_faults.nfaults, 1);
        is_fault(f, t[k].pointer, t[k].keyword, t[k].place, t[k].expected, t[k].found);
    }
}

static void fault_word_and_at(void **state) {
    (void)state;
    const struct schema_fault *f =
        faults("{\"additionalProperties\":false,\"required\":[\"m\"]}", "{\"k\\u0031\":1,\"z\":2}", 9);
    assert_int_equal(first_faults.nfaults, 3);
    assert_string_equal(f[0].word, "k1");
    assert_string_equal(f[1].word, "z");
    assert_string_equal(f[2].word, "m");
    assert_string_equal(f[2].keyword, "required");
    f = faults("{\"enum\":[1]}", "\"\\u00e9\"", 9);
    assert_string_equal(f->word, "\xC3\xA9");
    f = faults("{\"enum\":[1]}", "2", 9);
    assert_null(f->word);
    f = faults("{\"type\":\"null\"}",
               "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9\xC3\xA9\xC3\xA9"
               "\xC3\xA9\"",
               1);
    assert_true(strlen(f->found) <= 80);
    assert_string_equal(f->found + strlen(f->found) - 4, "a...");
}

/* In the order of the schema; at most max_faults; a double key counts as its last. */
static void fault_order(void **state) {
    (void)state;
    const char *s =
        "{\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"maximum\":1}},\"required\":[\"c\"],\"maxProperties\":1}";
    const struct schema_fault *f = faults(s, "{\"b\":5,\"a\":true}", 9);
    static const char *const keywords[] = {"type", "maximum", "required", "maxProperties"};
    assert_int_equal(first_faults.nfaults, 4);
    for (size_t k = 0; k < 4; k++) assert_string_equal(f[k].keyword, keywords[k]);
    faults(s, "{\"b\":5,\"a\":true}", 2);
    assert_int_equal(first_faults.nfaults, 2);
    static const struct item doubled[] = {
        {"{\"properties\":{\"a\":{\"maximum\":1}}}", "{\"a\":9,\"a\":1}", true},
        {"{\"properties\":{\"a\":{\"maximum\":1}}}", "{\"a\":1,\"a\":9}", false},
        {"{\"properties\":{\"a\":{\"maximum\":1},\"a\":{\"maximum\":5}}}", "{\"a\":4}", true},
    };
    CHECK(doubled, 0);
}

#define EVENTS                                                                                                         \
    "{\"definitions\":{\"common\":{\"properties\":{\"kind\":{\"enum\":[\"a\",\"b\",\"c\"]}},\"required\":[\"id\"]},"   \
    "\"a\":{\"allOf\":[{\"$ref\":\"#/definitions/"                                                                     \
    "common\"},{\"properties\":{\"kind\":{\"const\":\"a\"},\"x\":{\"type\":\"string\"},\"y\":{\"type\":\"string\"}}}]" \
    "},"                                                                                                               \
    "\"b\":{\"allOf\":[{\"$ref\":\"#/definitions/"                                                                     \
    "common\"},{\"properties\":{\"kind\":{\"const\":\"b\"},\"x\":{\"type\":\"integer\"}}}]}},"                         \
    "\"oneOf\":[{\"$ref\":\"#/definitions/a\"},{\"$ref\":\"#/definitions/b\"}]}"

static void nearest_branch(void **state) {
    (void)state;
    /* the one whose const matches, though the other breaks fewer rules */
    const struct schema_fault *f = faults(EVENTS, "{\"kind\":\"a\",\"id\":1,\"x\":1,\"y\":2}", 9);
    assert_int_equal(first_faults.nfaults, 3);
    is_fault(&f[0], "", "oneOf", "#/oneOf", "a match of exactly one of 2 alternatives (the nearest is number 1)",
             "{\"kind\":\"a\",\"id\":1,\"x\":1,\"y\":2}");
    is_fault(&f[1], "/x", "type", "#/definitions/a/allOf/1/properties/x/type", "a string", "1");
    is_fault(&f[2], "/y", "type", "#/definitions/a/allOf/1/properties/y/type", "a string", "2");
    assert_true(f[0].told_below);
    assert_false(f[1].told_below);
    /* no branch has the value: only that is told, with those there are */
    f = faults(EVENTS, "{\"kind\":\"c\",\"id\":1,\"x\":[],\"y\":[]}", 9);
    assert_int_equal(first_faults.nfaults, 1);
    is_fault(&f[0], "/kind", "const", "#/definitions/b/allOf/1/properties/kind/const", "one of \"a\", \"b\"", "\"c\"");
    /* neither does the list that all have in common */
    f = faults(EVENTS, "{\"kind\":\"d\",\"id\":1}", 9);
    assert_int_equal(first_faults.nfaults, 1);
    is_fault(&f[0], "/kind", "enum", "#/definitions/common/properties/kind/enum", "one of \"a\", \"b\", \"c\"",
             "\"d\"");
    /* a value of another type is not offered either, unless it is one of the constants */
    f = faults(EVENTS, "{\"kind\":null,\"id\":1,\"x\":[],\"y\":[]}", 9);
    assert_int_equal(first_faults.nfaults, 1);
    assert_string_equal(f[0].keyword, "enum");
    f = faults("{\"oneOf\":[{\"properties\":{\"k\":{\"const\":1},\"a\":false,\"b\":false}},{\"properties\":{\"k\":{"
               "\"const\":\"q\"}}}]}",
               "{\"k\":1,\"a\":1,\"b\":1}", 9);
    assert_int_equal(first_faults.nfaults, 2);
    assert_string_equal(f[1].keyword, "const");
    assert_string_equal(f[1].expected, "\"q\"");
    /* nothing tells the branches apart: the nearest is named */
    f = faults("{\"anyOf\":[{\"pattern\":\"^z\",\"minLength\":9},{\"title\":\"a name\",\"minLength\":3}]}", "\"x\"", 9);
    assert_int_equal(first_faults.nfaults, 2);
    assert_false(f[0].told_below);
    assert_string_equal(f[0].expected,
                        "a match of at least one of 2 alternatives (the nearest is number 2, \"a name\")");
    /* the value's type tells them apart, though the other breaks no more */
    f = faults("{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":[\"a\",\"b\"]}]}", "{}", 9);
    assert_int_equal(first_faults.nfaults, 3);
    assert_true(f[0].told_below);
    assert_string_equal(f[2].expected, "the property \"b\"");
    /* or none is of its type */
    f = faults("{\"anyOf\":[{\"type\":\"number\",\"minimum\":1},{\"type\":\"null\"}]}", "\"5\"", 9);
    assert_int_equal(first_faults.nfaults, 1);
    is_fault(&f[0], "", "anyOf", "#/anyOf", "a number or null", "\"5\"");
    /* the same of the same value once */
    f = faults("{\"type\":\"object\",\"allOf\":[{\"type\":\"object\"},{\"type\":\"array\"}]}", "1", 9);
    assert_int_equal(first_faults.nfaults, 2);
    /* without it both could match */
    f = faults(EVENTS, "{\"id\":1}", 9);
    assert_non_null(strstr(f->expected, "number 1 and number 2"));
    /* as many, but deeper */
    f = faults("{\"anyOf\":[{\"type\":\"null\"},{\"items\":{\"type\":\"null\"}}]}", "[1]", 9);
    is_fault(&f[1], "/0", "type", "#/anyOf/1/items/type", "null", "1");
    static const struct item t[] = {
        {EVENTS, "{\"kind\":\"a\",\"id\":1,\"x\":\"s\"}", true},
        {EVENTS, "{\"kind\":\"b\",\"id\":1,\"x\":\"s\"}", false},
        {EVENTS, "{\"kind\":\"\\u0062\",\"id\":1,\"x\":1}", true},
        {EVENTS, "{\"kind\":\"a\",\"kind\":\"b\",\"id\":1,\"x\":1}", true},
        {EVENTS, "{\"kind\":5,\"id\":1}", false},
        {EVENTS, "{\"kind\":\"a\"}", false},
        {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"enum\":[\"a\",\"b\"]}}}]}",
         "{\"k\":\"a\"}", false},
        {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"enum\":[\"a\",\"b\"]}}}]}",
         "{\"k\":\"b\"}", true},
        {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"const\":\"b\"}}},{"
         "\"required\":[\"z\"]}]}",
         "{\"k\":\"q\",\"z\":1}", true},
        {"{\"oneOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"const\":\"b\"}}}]}", "7",
         false},
        {"{\"anyOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"const\":\"b\"}}}]}",
         "{\"k\":\"c\"}", false},
        {"{\"anyOf\":[{\"properties\":{\"k\":{\"const\":\"a\"}}},{\"properties\":{\"k\":{\"const\":\"b\"}}}]}", "{}",
         true},
    };
    CHECK(t, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fault_words), cmocka_unit_test(fault_word_and_at),
                                       cmocka_unit_test(fault_order), cmocka_unit_test(nearest_branch)};
    return cmocka_run_group_tests(tests, NULL, last);
}
