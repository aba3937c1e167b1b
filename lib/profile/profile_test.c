/* Profiles as a whole: what is told of small inputs, and that neither cuts nor threads have a say in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "base/rng.h"
#include "profile/profile.h"
#include "json/schema.h"

struct how {
    enum format format;
    size_t block, memory;
    int threads;
};

static struct profile *run(const char *text, size_t n, struct how how) {
    static const char *const name = "in";
    struct reader *r;
    struct profile *p;
    struct err e = {0};
    struct reader_opt ro = {
        .format = how.format ? how.format : FMT_JSONL, .block = how.block, .text = text, .text_n = n};
    struct profile_opt o = {.threads = how.threads ? how.threads : 1, .memory = how.memory ? how.memory : 256 << 20};
    assert_int_equal(reader_open(&r, &name, 1, &ro, &e), ERR_OK);
    if (profile_run(&p, r, &o, &e)) fail_msg("%s", e.msg);
    reader_close(r);
    return p;
}

/* A document to look things up in: at("fields", "/a", "numbers", "mean", NULL). */
struct doc {
    struct buf text;
    struct jtoks toks;
};
static void doc_make(struct doc *d, const char *text, struct how how) {
    struct profile *p = run(text, strlen(text), how);
    struct jerr je;
    *d = (struct doc){0};
    profile_json(p, &d->text);
    if (!json_scan(&d->toks, d->text.p, d->text.n, 0, &je)) fail_msg("%s at %zu: %s", je.what, je.at, d->text.p);
    profile_free(p);
}
static void doc_free(struct doc *d) {
    buf_free(&d->text);
    jtoks_free(&d->toks);
}

static bool step(struct jval *v, const char *name) {
    struct jval e, field;
    uint32_t pos = 0;
    long at = name[0] >= '0' && name[0] <= '9' ? name[0] - '0' : -1;
    if (jv_type(*v) == JT_OBJ) return jv_get(*v, sv_of(name), v);
    while (jv_each(*v, &pos, NULL, &e)) { /* an array: by number, or by "field" */
        if (jv_type(e) == JT_OBJ && jv_get(e, SV("field"), &field) && sv_is(jv_raw(field), name)) {
            *v = e;
            return true;
        }
        if (at-- == 0) {
            *v = e;
            return true;
        }
    }
    return false;
}

/* path: members and elements by number (one digit), separated by blanks; "-" in want: absent. */
static void says(const struct doc *d, const char *path, const char *want) {
    struct jval v = {d->text.p, d->toks.t, 0};
    char word[200];
    bool found = true;
    for (const char *s = path; *s && found; s += strcspn(s, " "), s += *s == ' ') {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(s, " "), s);
        found = step(&v, word);
    }
    struct buf b = {0};
    if (found) json_copy(&b, v);
    if (strcmp(found ? buf_text(&b) : "-", want) != 0)
        fail_msg("%s: %s, not %s", path, found ? buf_text(&b) : "-", want);
    buf_free(&b);
}

static double number_at(const struct doc *d, const char *field, const char *what) {
    struct jval v = {d->text.p, d->toks.t, 0};
    assert_true(step(&v, "fields") && step(&v, field) && step(&v, "numbers") && step(&v, what));
    return jv_num(v);
}

static void kinds_and_counts(void **state) {
    (void)state;
    struct doc d;
    doc_make(&d,
             "{\"a\":1,\"b\":\"x\",\"t\":\"12\"}\n"
             "{\"a\":1.0,\"b\":\"\",\"t\":\"2026-01-15\"}\n"
             "{\"a\":null,\"b\":\"x\",\"c\":{\"d\":[true,false,[],\"1.5\"]}}\n"
             "{\"a\":\"1\"}\n"
             "broken\n",
             (struct how){0});
    says(&d, "records", "4");
    says(&d, "invalid", "1");
    says(&d, "first_invalid 0 line", "5");
    says(&d, "first_invalid 0 input", "\"in\"");
    says(&d, "fields /a present", "4");
    says(&d, "fields /a absent", "0");
    says(&d, "fields /a types integer", "2");
    says(&d, "fields /a types number", "1");
    says(&d, "fields /a types null", "1");
    says(&d, "fields /a types string", "-");
    says(&d, "fields /a as_text integer", "1");
    says(&d, "fields /a as_text number", "-");
    says(&d, "fields /a distinct", "2"); /* 1 = 1.0, and "1" */
    says(&d, "fields /a distinct_exact", "true");
    says(&d, "fields /a top 0 value", "1");
    says(&d, "fields /a top 0 count", "2");
    says(&d, "fields /a top 1 value", "\"1\"");
    says(&d, "fields /b types empty", "1");
    says(&d, "fields /b types string", "2");
    says(&d, "fields /b absent", "1");
    says(&d, "fields /b lengths min", "0");
    says(&d, "fields /b texts min", "\"x\"");
    says(&d, "fields /t types integer", "1");
    says(&d, "fields /t types date", "1");
    says(&d, "fields /t times min", "\"2026-01-15\"");
    says(&d, "fields /c types object", "1");
    says(&d, "fields /c/d items max", "4");
    says(&d, "fields /c/d/* types boolean", "2");
    says(&d, "fields /c/d/* types array", "1");
    says(&d, "fields /c/d/* types number", "1");
    says(&d, "fields /c/d/* present", "4");
    says(&d, "fields /c/d/* distinct", "3");
    says(&d, "fields  present", "-"); /* all records are objects */
    says(&d, "schema properties a type 0", "\"null\"");
    says(&d, "schema required 0", "\"a\"");
    says(&d, "schema required 1", "-");
    doc_free(&d);
}

/* Figures of 24 numbers by Python's statistics: fmean, stdev, quantiles(n=100, method='inclusive'). */
static void figures(void **state) {
    (void)state;
    static const char *const numbers[] = {"12", "7.5", "3", "88", "41", "-6", "19", "23.25", "5", "1000", "17", "17",
                                          "64", "2",   "9", "31", "28", "0",  "55", "13",    "8", "-250", "36", "4e1"};
    struct buf text = {0};
    struct doc d;
    for (size_t i = 0; i < 24; i++) buf_fmt(&text, "{\"x\":%s}\n", numbers[i]);
    doc_make(&d, buf_text(&text), (struct how){0});
    assert_true(fabs(number_at(&d, "/x", "mean") - 52.614583333333336) < 1e-12);
    assert_true(fabs(number_at(&d, "/x", "stddev") - 210.51858819052507) < 1e-10);
    says(&d, "fields /x numbers count", "24");
    says(&d, "fields /x numbers min", "-250");
    says(&d, "fields /x numbers max", "1000");
    says(&d, "fields /x numbers quantiles 0.25", "6.875");
    says(&d, "fields /x numbers quantiles 0.5", "17");
    says(&d, "fields /x numbers quantiles 0.75", "37");
    says(&d, "fields /x numbers exact", "true");
    says(&d, "fields /x numbers outliers low", "-38.3125");
    says(&d, "fields /x numbers outliers high", "82.1875");
    says(&d, "fields /x numbers outliers below", "1");
    says(&d, "fields /x numbers outliers above", "2");
    doc_free(&d);
    buf_free(&text);
}

static void names(void **state) {
    (void)state;
    struct doc d;
    doc_make(&d,
             "{\"a/b\":1,\"~\":2,\"*\":3,\"\":4,\"a\":{\"b\":5},\"\\u0061\\u0062\":6,\"l\":[7]}\n"
             "{\"ab\":6,\"x\":1,\"x\":2,\"\\u0078\":3}\n",
             (struct how){0});
    says(&d, "fields /a~1b numbers min", "1");
    says(&d, "fields /~0 numbers min", "2");
    says(&d, "fields /~2 numbers min", "3");
    says(&d, "fields / numbers min", "4");
    says(&d, "fields /a/b numbers min", "5");
    says(&d, "fields /ab present", "2"); /* however the key is written */
    says(&d, "fields /l/* numbers min", "7");
    says(&d, "fields /x present", "1"); /* the last counts */
    says(&d, "fields /x numbers min", "3");
    says(&d, "repeated_keys", "2");
    doc_free(&d);
}

static void large_numbers(void **state) {
    (void)state;
    struct doc d;
    doc_make(
        &d,
        "{\"a\":1e400}\n{\"a\":-1e400}\n{\"a\":1e-400}\n{\"a\":12345678901234567890}\n{\"a\":12345678901234567891}\n"
        "{\"a\":1e308}\n{\"a\":-1e308}\n",
        (struct how){0});
    says(&d, "fields /a numbers count", "7");
    says(&d, "fields /a numbers beyond_double", "2");
    says(&d, "fields /a numbers min", "-1e+400");
    says(&d, "fields /a numbers max", "1e+400");
    says(&d, "fields /a distinct", "7"); /* also those that one double stands for */
    says(&d, "schema properties a maximum", "1e+400");
    doc_free(&d);
}

static void nothing(void **state) {
    (void)state;
    static const char *const texts[] = {"", "\n\n", "broken\n"};
    for (size_t i = 0; i < 3; i++) {
        struct doc d;
        struct profile *p = run(texts[i], strlen(texts[i]), (struct how){0});
        struct buf b = {0};
        profile_text(p, &b);
        assert_non_null(strstr(buf_text(&b), "0 records"));
        buf_free(&b);
        profile_free(p);
        doc_make(&d, texts[i], (struct how){0});
        says(&d, "records", "0");
        says(&d, "invalid", i == 2 ? "1" : "0");
        says(&d, "fields 0", "-");
        says(&d, "schema type", "-");
        doc_free(&d);
    }
}

static void no_objects(void **state) {
    (void)state;
    struct doc d;
    doc_make(&d, "[1,\"x\",{\"a\":[2]},null,1]", (struct how){.format = FMT_JSON});
    says(&d, "fields  present", "5"); /* the record itself */
    says(&d, "fields  types integer", "2");
    says(&d, "fields  types object", "1");
    says(&d, "fields  distinct", "2");
    says(&d, "fields /a/* numbers min", "2");
    says(&d, "fields /a present", "1");
    says(&d, "fields /a absent", "0");
    doc_free(&d);
}

/* ---- any input ------------------------------------------------------------------------------------------------- */

static void any_value(struct rng *r, struct buf *b, int depth) {
    static const char *const texts[] = {"\"\"",        "\"x\"",        "\"2026-01-15\"", "\"2026-01-15T10:00:00Z\"",
                                        "\"a@b.de\"",  "\"10.0.0.1\"", "\"http://x/y\"", "\"\\ud800\"",
                                        "\"한\\n글\"", "\"1e5\"",      "\"true\"",       "\"\\u0000\"",
                                        "\"1\""};
    switch (rng_below(r, depth > 4 ? 8 : 12)) {
    case 0:
        buf_str(b, "null");
        break;
    case 1:
        buf_str(b, rng_chance(r, 0.5) ? "true" : "false");
        break;
    case 2:
        buf_fmt(b, "%d", (int)rng_below(r, 20) - 10);
        break;
    case 3:
        buf_fmt(b, "%llu", (unsigned long long)rng_next(r));
        break;
    case 4:
        buf_fmt(b, "%.*g", (int)rng_range(r, 1, 17), ldexp((double)(int64_t)rng_next(r), (int)rng_below(r, 200) - 130));
        break;
    case 5:
        buf_fmt(b, "%s1%ue%d", rng_chance(r, 0.5) ? "-" : "", rng_below(r, 1000), (int)rng_below(r, 900) - 450);
        break;
    case 6:
        buf_str(b, texts[rng_below(r, sizeof texts / sizeof *texts)]);
        break;
    case 7:
        buf_fmt(b, "\"v%u\"", rng_below(r, 3000));
        break;
    case 8:
    case 9:
        buf_chr(b, '[');
        for (uint32_t i = 0, n = rng_below(r, 5); i < n; i++) {
            if (i) buf_chr(b, ',');
            any_value(r, b, depth + 1);
        }
        buf_chr(b, ']');
        break;
    default:
        buf_chr(b, '{');
        for (uint32_t i = 0, n = rng_below(r, 6); i < n; i++) {
            buf_fmt(b, "%s\"k%u\":", i ? "," : "", rng_chance(r, 0.01) ? rng_below(r, 5000) : rng_below(r, 6));
            any_value(r, b, depth + 1);
        }
        buf_chr(b, '}');
    }
}

static void any_input(struct buf *b, uint64_t seed, int records) {
    struct rng r;
    rng_seed(&r, seed);
    for (int i = 0; i < records; i++) {
        if (rng_chance(&r, 0.01)) buf_str(b, "{\"broken\n");
        if (rng_chance(&r, 0.8)) /* numbers and instants of one kind, far beyond what is kept */
            buf_fmt(
                b,
                "{\"n\":%llu,\"f\":%.17g,\"at\":\"2026-01-%02uT%02u:%02u:%02uZ\",\"id\":\"%llx\",\"k\":\"%c\",\"v\":",
                (unsigned long long)rng_next(&r) >> 20, (double)rng_next(&r) / 3e9, rng_range(&r, 1, 28),
                rng_below(&r, 24), rng_below(&r, 60), rng_below(&r, 60), (unsigned long long)rng_next(&r),
                (int)('a' + rng_below(&r, 5)));
        else
            buf_str(b, "{\"v\":");
        any_value(&r, b, 0);
        buf_str(b, "}\n");
    }
}

/* One result, with any number of threads, any blocks. 16 MiB: few fields, few values, so that every limit is passed. */
static void cuts_do_not_matter(void **state) {
    (void)state;
    static const struct how hows[] = {{.block = 1 << 20, .threads = 1},
                                      {.block = 100, .threads = 1},
                                      {.block = 777, .threads = 3},
                                      {.block = 5000, .threads = 8},
                                      {.block = 64000, .threads = 2}};
    for (size_t memory = 16 << 20; memory <= 256 << 20; memory *= 16)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct buf text = {0}, first = {0};
            any_input(&text, seed, seed == 1 ? 30000 : 3000);
            for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
                struct how how = hows[i];
                struct buf got = {0};
                how.memory = memory;
                struct profile *p = run(text.p, text.n, how);
                profile_json(p, &got);
                profile_text(p, &got);
                profile_free(p);
                if (!i) {
                    first = got;
                    continue;
                }
                if (strcmp(first.p, got.p) != 0) {
                    size_t at = 0;
                    while (first.p[at] == got.p[at]) at++;
                    at = at > 200 ? at - 200 : 0;
                    fail_msg("seed %d, memory %zu, way %zu:\n%.300s\n%.300s", (int)seed, memory >> 20, i, first.p + at,
                             got.p + at);
                }
                buf_free(&got);
            }
            if (memory == 16 << 20 && seed == 1) {
                assert_non_null(strstr(first.p, "\"distinct_exact\": false"));
                assert_non_null(strstr(first.p, "\"rank_error\": 0.0"));
                assert_non_null(strstr(first.p, "values_left_out"));
            }
            buf_free(&first);
            buf_free(&text);
        }
}

/* The records conform to the schema that is inferred from them, formats asserted. */
static void schema_holds(void **state) {
    (void)state;
    for (uint64_t seed = 10; seed < 40; seed++) {
        struct buf text = {0}, schema = {0};
        struct schema *s;
        struct schema_run sr = {.max_faults = 1};
        struct err e = {0};
        size_t checked = 0;
        any_input(&text, seed, seed % 3 ? 200 : 5);
        struct profile *p = run(text.p, text.n, (struct how){.memory = seed % 2 ? 16 << 20 : 256 << 20});
        profile_schema(p, &schema);
        if (schema_compile(&s, "inferred", schema.p, schema.n, NULL, SCHEMA_ASSERT_FORMAT, &e)) fail_msg("%s", e.msg);
        for (char *line = text.p, *end; (end = strchr(line, '\n')); line = end + 1) {
            struct jtoks toks = {0};
            struct jerr je;
            if (json_scan(&toks, line, (size_t)(end - line), 0, &je)) {
                if (!schema_validate(s, (struct jval){line, toks.t, 0}, &sr))
                    fail_msg("%.*s: %s %s %s, found %s", (int)(end - line), line, sr.faults[0].pointer,
                             sr.faults[0].keyword, sr.faults[0].expected, sr.faults[0].found);
                checked++;
            }
            jtoks_free(&toks);
        }
        assert_int_equal(checked, profile_records(p));
        profile_free(p);
        schema_run_free(&sr);
        schema_free(s);
        buf_free(&schema);
        buf_free(&text);
    }
}

/* Values that got no field are all counted: every record has 50 keys of its own. */
static void left_out(void **state) {
    (void)state;
    struct buf text = {0};
    struct doc d;
    for (int i = 0; i < 2000; i++) {
        buf_chr(&text, '{');
        for (int k = 0; k < 50; k++) buf_fmt(&text, "%s\"k%d\":{\"x\":1}", k ? "," : "", i * 50 + k);
        buf_str(&text, "}\n");
    }
    doc_make(&d, buf_text(&text), (struct how){.memory = 16 << 20, .threads = 2, .block = 10000});
    says(&d, "field_limit", "125");
    says(&d, "values_left_out",
         "99950"); /* the second record gets 25 fields: 25 of its keys and the members of 25 have none */
    says(&d, "fields /k74 types object", "1");
    says(&d, "fields /k0/x present", "1");
    doc_free(&d);
    buf_free(&text);
}

static void deep_and_long(void **state) {
    (void)state;
    struct buf text = {0};
    struct doc d;
    for (int i = 0; i < 40; i++) buf_str(&text, "{\"a\":");
    buf_str(&text, "1");
    for (int i = 0; i < 40; i++) buf_str(&text, "}");
    buf_str(&text, "\n{\"");
    for (int i = 0; i < 1025; i++) buf_chr(&text, 'k');
    buf_str(&text, "\":1}\n");
    doc_make(&d, buf_text(&text), (struct how){0});
    says(&d, "values_left_out", "2");
    says(&d, "fields /a/a/a/a present", "1");
    doc_free(&d);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_and_counts),   cmocka_unit_test(figures),      cmocka_unit_test(names),
        cmocka_unit_test(large_numbers),      cmocka_unit_test(nothing),      cmocka_unit_test(no_objects),
        cmocka_unit_test(cuts_do_not_matter), cmocka_unit_test(schema_holds), cmocka_unit_test(left_out),
        cmocka_unit_test(deep_and_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
