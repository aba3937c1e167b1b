/*
 * What the official suite (suite_test.c) does not ask: mistakes in schemas, numbers beyond double, references, and
 * schemas made to hurt.
 */
#include "json/schema_testing.h"

/* ---- recursion ---- */

static void recursion(void **state) {
    (void)state;
    static const char *const bombs[] = {
        "{\"$ref\":\"#\"}",
        "{\"allOf\":[{\"$ref\":\"#\"}]}",
        "{\"not\":{\"$ref\":\"#\"}}",
        "{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
        "{\"oneOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
        "{\"if\":{\"$ref\":\"#\"},\"then\":{\"$ref\":\"#\"},\"else\":{\"$ref\":\"#\"}}",
        "{\"definitions\":{\"a\":{\"$ref\":\"#/definitions/b\"},\"b\":{\"$ref\":\"#/definitions/a\"}},\"$ref\":\"#/"
        "definitions/a\"}",
        "{\"definitions\":{\"a\":{\"not\":{\"$ref\":\"#/definitions/b\"}},\"b\":{\"not\":{\"$ref\":\"#/definitions/"
        "a\"}}},\"allOf\":[{\"$ref\":\"#/definitions/a\"}]}",
    };
    for (size_t k = 0; k < sizeof bombs / sizeof *bombs; k++) {
        const struct schema_fault *f = faults(bombs[k], "{\"a\":[1]}", 9);
        assert_int_equal(first_faults.nfaults, 1);
        assert_string_equal(f->keyword, "$ref");
        assert_string_equal(f->expected, "schema recursion too deep");
    }
    /* 2^40 ways through a schema without a loop */
    struct buf b = {0};
    buf_str(&b, "{\"definitions\":{\"d0\":{\"type\":\"integer\"}");
    for (int k = 1; k <= 40; k++)
        buf_fmt(&b, ",\"d%d\":{\"allOf\":[{\"$ref\":\"#/definitions/d%d\"},{\"$ref\":\"#/definitions/d%d\"}]}", k,
                k - 1, k - 1);
    buf_str(&b, "},\"$ref\":\"#/definitions/d40\"}");
    const struct schema_fault *f = faults(b.p, "1", 9);
    assert_string_equal(f->keyword, "$ref");
    buf_free(&b);
    /* a tree as deep as a text may be */
    for (int k = 0; k < 255; k++) buf_str(&b, "{\"c\":[");
    buf_str(&b, "{}");
    for (int k = 0; k < 255; k++) buf_str(&b, "]}");
    const struct item deep[] = {
        {"{\"type\":\"object\",\"allOf\":[{\"properties\":{\"c\":{\"items\":{\"allOf\":[{\"$ref\":\"#\"}]}}}}]}", b.p,
         true},
        {"{\"properties\":{\"c\":{\"minItems\":1,\"items\":{\"$ref\":\"#\"}}},\"required\":[\"c\"]}", b.p, false},
    };
    CHECK(deep, 0);
    buf_free(&b);
    /* a chain of 2,000 $refs */
    buf_str(&b, "{\"definitions\":{\"d0\":{\"type\":\"integer\"}");
    for (int k = 1; k <= 2000; k++) buf_fmt(&b, ",\"d%d\":{\"$ref\":\"#/definitions/d%d\"}", k, k - 1);
    buf_str(&b, "},\"$ref\":\"#/definitions/d2000\"}");
    const struct item chain[] = {{b.p, "1", true}, {b.p, "1.5", false}};
    CHECK(chain, 0);
    buf_free(&b);
}

/* ---- numbers ---- */

static void exact_numbers(void **state) {
    (void)state;
    static const struct item t[] = {
        {"{\"type\":\"integer\"}", "1.0", true},
        {"{\"type\":\"integer\"}", "1e400", true},
        {"{\"type\":\"integer\"}", "10.50e1", true},
        {"{\"type\":\"integer\"}", "1.05e1", false},
        {"{\"type\":\"integer\"}", "-0.0", true},
        {"{\"type\":\"integer\"}", "1e-400", false},
        {"{\"type\":\"integer\"}", "0e-400", true},
        {"{\"type\":\"integer\"}", "12345678910111213141516171819202122232425262728293031", true},
        {"{\"type\":\"number\"}", "98249283749234923498293171823948729348710298301928331", true},
        {"{\"type\":\"string\"}", "98249283749234923498293171823948729348710298301928331", false},
        {"{\"const\":10000000000000000001}", "10000000000000000002", false},
        {"{\"const\":10000000000000000001}", "10000000000000000001.000", true},
        {"{\"const\":1}", "1.0", true},
        {"{\"const\":1}", "10e-1", true},
        {"{\"const\":0}", "-0e9", true},
        {"{\"const\":1e999999999999}", "1e999999999998", false},
        {"{\"enum\":[0.1]}", "0.10", true},
        {"{\"enum\":[0.1]}", "0.1000000000000000055511151231257827", false},
        {"{\"maximum\":18446744073709551615}", "18446744073709551600", true},
        {"{\"maximum\":18446744073709551615}", "18446744073709551616", false},
        {"{\"maximum\":9223372036854775807}", "9223372036854775808", false},
        {"{\"minimum\":-18446744073709551615}", "-18446744073709551600", true},
        {"{\"minimum\":-18446744073709551615}", "-18446744073709551616", false},
        {"{\"exclusiveMaximum\":972783798187987123879878123.18878137}", "972783798187987123879878123.188781371", false},
        {"{\"exclusiveMinimum\":-972783798187987123879878123.18878137}", "-972783798187987123879878123.188781371",
         false},
        {"{\"exclusiveMaximum\":1e400}", "1e399", true},
        {"{\"maximum\":1e400}", "1e401", false},
        {"{\"minimum\":0.5}", "0.4999999999999999999999", false},
        {"{\"minimum\":5}", "5.0", true},
        {"{\"minimum\":5}", "4.99e0", false},
        {"{\"maximum\":-5}", "-5.01", true},
        {"{\"exclusiveMinimum\":0}", "1e-400", true},
        {"{\"multipleOf\":0.01}", "0.1", true},
        {"{\"multipleOf\":0.01}", "1.005", false},
        {"{\"multipleOf\":0.1}", "0.3", true},
        {"{\"multipleOf\":0.5}", "1e308", true},
        {"{\"multipleOf\":0.123456789}", "1e308", false},
        {"{\"multipleOf\":3}", "1e999999999999999999999", false},
        {"{\"multipleOf\":7e-3}", "7e999999999", true},
        {"{\"multipleOf\":3}", "111111111111111111111111111111", true},
        {"{\"multipleOf\":3}", "111111111111111111111111111112", false},
        {"{\"multipleOf\":1e3}", "5000", true},
        {"{\"multipleOf\":1e3}", "5500", false},
        {"{\"multipleOf\":1e400}", "1", false},
        {"{\"multipleOf\":1e400}", "0", true},
        {"{\"multipleOf\":12345678901234567890123}", "24691357802469135780246", true},
        {"{\"multipleOf\":12345678901234567890123}", "24691357802469135780247", false},
        {"{\"multipleOf\":12345678901234567890.123}", "-24691357802469135780.246", true},
        {"{\"multipleOf\":1267650600228229401496703205376}", "1e30", false}, /* 2^100 */
        {"{\"multipleOf\":1267650600228229401496703205376}", "1e100", true},
        {"{\"multipleOf\":1267650600228229401496703205376}", "1e999999999", true},
        {"{\"maxLength\":2.0}", "\"abc\"", false},
        {"{\"maxItems\":1e1}", "[1]", true},
        {"{\"maxLength\":1e30}", "\"abc\"", true},
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,100e-1]", false},
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1}]",
         false},
        {"{\"uniqueItems\":true}", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,true,\"1\",[1],{\"1\":1},null,false]", true},
        {"{\"uniqueItems\":true}", "[[{\"a\":[1,{\"b\":2}]}],[{\"a\":[1,{\"b\":3}]}]]", true},
    };
    CHECK(t, 0);
}

/* Two deep values that differ at the bottom must not take 2^depth steps. */
static void deep_equality(void **state) {
    (void)state;
    struct buf b = {0};
    buf_chr(&b, '[');
    for (int side = 0; side < 2; side++) {
        if (side) buf_chr(&b, ',');
        for (int k = 0; k < 400; k++) buf_str(&b, k % 2 == side ? "{\"x\":0,\"a\":" : "{\"x\":0,\"x\":0,\"a\":");
        buf_fmt(&b, "%d", side);
        for (int k = 0; k < 400; k++) buf_chr(&b, '}');
    }
    buf_chr(&b, ']');
    const struct item t[] = {{"{\"uniqueItems\":true}", b.p, true}};
    CHECK(t, 0);
    buf_free(&b);
}

/* ---- strings; patterns have pattern_test.c ---- */

static void lengths(void **state) {
    (void)state;
    static const struct item t[] = {
        {"{\"maxLength\":2}", "\"\xF0\x9F\x92\xA9\xF0\x9F\x92\xA9\"", true},
        {"{\"minLength\":2}", "\"\xF0\x9F\x92\xA9\"", false},
        {"{\"maxLength\":1}", "\"\\ud83d\\udca9\"", true},
        {"{\"minLength\":2}", "\"\\ud83d\\udca9\"", false},
        {"{\"minLength\":3}", "\"\\n\\u0041b\"", true},
        {"{\"minLength\":4}", "\"\\n\\u0041b\"", false},
        {"{\"minLength\":1}", "\"\xC3\xA9\"", true},
    };
    CHECK(t, 0);
}

static void catastrophic_pattern(void **state) {
    (void)state;
    const struct schema_fault *f = faults("{\"pattern\":\"^(a|aa|b?a)+$\"}",
                                          "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", 3);
    assert_string_equal(f->keyword, "pattern");
    assert_int_equal(first_faults.nfaults, 1);
    /* undecided is not the same as "does not match" */
    f = faults("{\"not\":{\"pattern\":\"^(a|aa|b?a)+$\"}}",
               "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", 3);
    assert_string_equal(f->keyword, "pattern");
}

/* ---- mistakes ---- */

static void mistake(const char *text, const char *want) {
    struct schema *s = NULL;
    struct err e = {0};
    assert_int_equal(schema_compile(&s, "s.json", text, strlen(text), NULL, 0, &e), ERR_CONFIG);
    assert_null(s);
    assert_string_equal(e.msg, want);
}

static void mistakes(void **state) {
    (void)state;
    mistake("{", "s.json:1:2: object is not closed");
    mistake("7", "s.json:1:1: expected a schema (an object, true or false)");
    mistake("{\n  \"type\": \"strnig\",\n  \"minimum\": \"1\", \"required\": \"x\"\n}",
            "s.json:2:11: \"type\" must be \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", "
            "\"string\" or an "
            "array of these, found \"strnig\" (#/type)\n"
            "s.json:3:14: \"minimum\" must be a number, found \"1\" (#/minimum)\n"
            "s.json:3:31: \"required\" must be an array of strings, found \"x\" (#/required)");
    mistake("{\"definitions\":{\"a\":{\"maxLength\":-1}},\"properties\":{\"b\":5}}",
            "s.json:1:34: \"maxLength\" must be an integer of at least 0, found -1 "
            "(#/definitions/a/maxLength)\n"
            "s.json:1:57: expected a schema (an object, true or false) (#/properties/b)");
    mistake("{\"allOf\":[]}", "s.json:1:10: \"allOf\" must be an array with at least one schema, found [] (#/allOf)");
    mistake("{\"multipleOf\":0}",
            "s.json:1:15: \"multipleOf\" must be a number greater than 0, found 0 (#/multipleOf)");
    mistake("{\"$ref\":\"#/definitions/x\"}",
            "s.json:1:9: $ref \"#/definitions/x\" leads nowhere: the document has no \"/definitions/x\" (#/$ref)");
    mistake("{\"$ref\":\"http://x.org/y\"}",
            "s.json:1:9: $ref \"http://x.org/y\" leads nowhere: no document \"http://x.org/y\" (no schema "
            "directory was given, and nothing is fetched) (#/$ref)");
    mistake("{\"dependencies\":{\"a\":[1]}}",
            "s.json:1:22: a dependency must be a schema or an array of property names (#/dependencies/a)");
    struct buf b = {0};
    struct schema *s;
    struct err e = {0};
    buf_str(&b, "{\"properties\":{");
    for (int k = 0; k < 60; k++) buf_fmt(&b, "%s\"p%d\":{\"minimum\":[]}", k ? "," : "", k);
    buf_str(&b, "}}");
    assert_int_equal(schema_compile(&s, "s.json", b.p, b.n, NULL, 0, &e), ERR_CONFIG);
    const char *more = strstr(e.msg, "\n... and ");
    assert_non_null(more);
    size_t lines = 1;
    for (const char *q = e.msg; (q = strchr(q, '\n')) && q < more; q++) lines++;
    assert_int_equal(lines + strtoul(more + 9, NULL, 10), 60); /* told and not told */
    buf_free(&b);
    /* what is no schema is not looked at */
    static const struct item fine[] = {
        {"{\"enum\":[{\"type\":\"strnig\"}],\"default\":{\"$ref\":5},\"examples\":[{\"type\":1}]}",
         "{\"type\":\"strnig\"}", true},
        {"{\"const\":{\"$ref\":\"#/nowhere\"}}", "{\"$ref\":\"#/nowhere\"}", true},
        {"{\"x-rules\":{\"type\":\"strnig\",\"minimum\":\"1\"},\"$defs\":7}", "1", true},
        {"{\"$ref\":\"#/definitions/a\",\"minimum\":\"x\",\"definitions\":{\"a\":true}}", "1", true},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", true},
    };
    CHECK(fine, 0);
}

/* ---- formats: the functions themselves are tested in format_test.c ---- */

static void formats_are_annotations(void **state) {
    (void)state;
    static const struct item silent[] = {
        {"{\"format\":\"ipv4\"}", "\"x\"", true},
        {"{\"format\":\"uuid\"}", "\"x\"", true},
        {"{\"contentEncoding\":\"base64\"}", "\"%\"", true},
        {"{\"contentMediaType\":\"application/json\"}", "\"{\"", true},
    };
    static const struct item asserted[] = {
        {"{\"format\":\"ipv4\"}", "\"x\"", false},
        {"{\"format\":\"ipv4\"}", "7", true},
        {"{\"format\":\"uuid\"}", "\"x\"", false},
        {"{\"format\":\"no-such\"}", "\"x\"", true},
        {"{\"contentEncoding\":\"base64\"}", "\"eyJmb28iOi%iYmFyIn0K\"", false},
        {"{\"contentEncoding\":\"base64\"}", "\"eyJmb28iOiAiYmFyIn0K\"", true},
        {"{\"contentEncoding\":\"base64\"}", "100", true},
        {"{\"contentEncoding\":\"quoted-printable\"}", "\"%\"", true},
        {"{\"contentMediaType\":\"application/json\"}", "\"{\\\"foo\\\": \\\"bar\\\"}\"", true},
        {"{\"contentMediaType\":\"application/json\"}", "\"{:}\"", false},
        {"{\"contentMediaType\":\"application/json\"}", "{}", true},
        {"{\"contentMediaType\":\"text/plain\"}", "\"{:}\"", true},
        {"{\"contentMediaType\":\"application/json\",\"contentEncoding\":\"base64\"}", "\"eyJmb28iOiAiYmFyIn0K\"",
         true},
        {"{\"contentMediaType\":\"application/json\",\"contentEncoding\":\"base64\"}", "\"ezp9Cg==\"", false},
        {"{\"contentMediaType\":\"application/json\",\"contentEncoding\":\"base64\"}", "\"{}\"", false},
    };
    CHECK(silent, 0);
    CHECK(asserted, SCHEMA_ASSERT_FORMAT);
}

/* ---- property names ---- */

static bool note(void *ctx, const char *name) {
    struct buf *b = ctx;
    buf_fmt(b, "%s ", name);
    return strcmp(name, "stop") != 0;
}

static void each_property(void **state) {
    (void)state;
    struct buf b = {0};
    struct schema *s = compile_in(
        "{\"properties\":{\"a\":{\"properties\":{\"inner\":true}},\"b\":true},\"required\":[\"r\"],"
        "\"allOf\":[{\"$ref\":\"#/definitions/"
        "x\"},{\"$ref\":\"#\"}],\"anyOf\":[{\"properties\":{\"c\":true,\"a\":true}}],"
        "\"oneOf\":[{\"if\":{\"properties\":{\"d\":true}},\"then\":{\"properties\":{\"e\":true}},\"else\":{"
        "\"properties\":{\"f\":true}}}],"
        "\"definitions\":{\"x\":{\"properties\":{\"x\\u0031\":true}},\"unused\":{\"properties\":{\"u\":true}}}}",
        NULL, 0);
    schema_each_property(s, note, &b);
    assert_string_equal(b.p, "a b x1 c d e f ");
    schema_free(s);
    buf_free(&b);
    s = compile_in("{\"properties\":{\"a\":true,\"stop\":true,\"z\":true}}", NULL, 0);
    schema_each_property(s, note, &b);
    assert_string_equal(b.p, "a stop ");
    schema_free(s);
    buf_free(&b);
    s = compile_in("true", NULL, 0);
    schema_each_property(s, note, &b);
    assert_int_equal(b.n, 0);
    schema_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recursion),
        cmocka_unit_test(exact_numbers),
        cmocka_unit_test(deep_equality),
        cmocka_unit_test(lengths),

        cmocka_unit_test(catastrophic_pattern),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(formats_are_annotations),
        cmocka_unit_test(each_property),
    };
    return cmocka_run_group_tests(tests, NULL, last);
}
