/* The checks one by one on small hand-made inputs, and all together whatever the threads and the memory. */
#include <math.h>

#include "base/rng.h"
#include "quality/quality_testing.h"

static const char not_null[] =
    "{\"kind\":\"not_null\",\"name\":\"c\",\"rules\":[{\"fields\":[\"id\",\"user\"],\"missing\":\"empty\"},"
    "{\"when\":{\"t\":[\"buy\",\"pay\"]},\"fields\":[\"sum\"],\"missing\":\"null\"}]}";
static const char uniq[] = "{\"kind\":\"unique\",\"name\":\"c\",\"field\":\"id\"}";
static const char range[] = "{\"kind\":\"range\",\"name\":\"c\",\"rules\":[{\"when\":{\"t\":\"cart\"},\"field\":\"q\","
                            "\"min\":1,\"max\":99,\"absent\":0},"
                            "{\"when\":{\"t\":\"cart\"},\"field\":\"p\",\"above\":0,\"max\":100},{\"field\":\"r\","
                            "\"min\":0,\"below\":5},{\"field\":\"k\",\"in\":[\"a\",\"b\"]}]}";
static const char sequence[] =
    "{\"kind\":\"sequence\",\"name\":\"c\",\"group\":\"s\",\"order\":\"at\",\"event\":\"t\",\"rules\":["
    "{\"if\":\"buy\",\"needs\":[\"cart\"]},{\"first\":\"cart\",\"after\":[\"view\",\"click\"]}]}";
static const char stamps[] =
    "{\"kind\":\"timestamp\",\"name\":\"c\",\"field\":\"at\",\"min_year\":2020,\"max_year\":2030}";
static const char balance[] = "{\"kind\":\"balance\",\"name\":\"c\",\"when\":{\"t\":\"buy\"},\"total\":\"sum\","
                              "\"document\":\"doc\",\"items\":\"products\","
                              "\"product\":[\"p\",\"q\"],\"minus\":[\"off\"],\"plus\":[\"ship\"],\"tolerance\":1}";
static const char allowed[] = "{\"kind\":\"consistency\",\"name\":\"c\",\"allowed\":[{\"when\":{\"os\":[\"ios\","
                              "\"android\"]},\"field\":\"dev\",\"in\":[\"mobile\"]}]}";
static const char constant[] =
    "{\"kind\":\"consistency\",\"name\":\"c\",\"constant\":{\"group\":\"s\",\"field\":\"os\"}}";
static const char rows[] = "{\"kind\":\"row_count\",\"name\":\"c\",\"min\":2,\"max\":3}";

static void each_check(void **state) {
    (void)state;
    static const struct {
        const char *checks, *text;
        unsigned total, failed, kept;
    } t[] = {
        /* one for each missing field; empty where that is asked */
        {not_null, "{\"id\":1,\"user\":2}\n", 1, 0, 1},
        {not_null, "{\"id\":\"\",\"user\":null}\n{}\n", 2, 4, 0},
        {not_null,
         "{\"id\":0,\"user\":false}\n{\"id\":[],\"user\":{}}\n{\"id\":0.0,\"user\":\" \"}\n{\"id\":true,\"user\":-1}\n",
         4, 5, 1},
        {not_null,
         "{\"id\":1,\"user\":2,\"t\":\"buy\"}\n{\"id\":1,\"user\":2,\"t\":\"pay\",\"sum\":null}\n{\"id\":1,\"user\":2,"
         "\"t\":\"buy\",\"sum\":0}\n",
         3, 2, 1},
        {not_null, "{\"id\":1,\"user\":2,\"t\":\"b\\u0075y\"}\n{\"id\":1,\"id\":\"\",\"user\":2}\n", 2, 2, 0},
        /* events minus distinct ids; absent counts as one value */
        {uniq, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"a\"}\n{\"id\":\"a\"}\n", 4, 2, 2},
        {uniq, "{}\n{\"id\":null}\n{\"id\":\"null\"}\n", 3, 1, 2},
        {uniq, "{\"id\":\"\\u0061\"}\n{\"id\":\"a\"}\n{\"id\":1}\n{\"id\":\"1\"}\n", 4, 1, 3},
        {uniq,
         "{\"id\":\"7b0c2f0e-3d52-4a36-9d2e-0c5d4b9f6a01\"}\n{\"id\":\"7b0c2f0e-3d52-4a36-9d2e-0c5d4b9f6a02\"}\n"
         "{\"id\":\"7B0C2F0E-3D52-4A36-9D2E-0C5D4B9F6A01\"}\n{\"id\":\"7b0c2f0e-3d52-4a36-9d2e-0c5d4b9f6a01\"}\n",
         4, 1, 3},
        {uniq,
         "{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1\"}\n{\"id\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2\"}\n",
         2, 0, 2},
        /* an absent value without "absent" is not looked at; a wrong type is a breach */
        {range,
         "{\"t\":\"cart\",\"q\":1,\"p\":100}\n{\"t\":\"cart\",\"q\":99,\"p\":0.5}\n{\"t\":\"other\",\"q\":1000}\n", 3,
         0, 3},
        {range, "{\"t\":\"cart\"}\n{\"t\":\"cart\",\"q\":0,\"p\":0}\n{\"t\":\"cart\",\"q\":100,\"p\":100.01}\n", 3, 5,
         0},
        {range, "{\"t\":\"cart\",\"q\":\"5\",\"p\":true}\n{\"t\":\"cart\",\"q\":null,\"p\":[1]}\n", 2, 4, 0},
        {range,
         "{\"r\":0,\"k\":\"a\"}\n{\"r\":4.99,\"k\":\"b\"}\n{\"r\":5}\n{\"r\":-0.01}\n{\"k\":\"c\"}\n{\"k\":1}\n{\"r\":-"
         "0}\n",
         7, 4, 3},
        /* per session */
        {sequence,
         "{\"s\":1,\"at\":\"2026-01-15T01:00:00\",\"t\":\"view\"}\n{\"s\":1,\"at\":\"2026-01-15T02:00:00\",\"t\":"
         "\"cart\"}\n{\"s\":1,\"at\":\"2026-01-15T03:00:00\",\"t\":\"buy\"}\n",
         1, 0, 3},
        {sequence,
         "{\"s\":1,\"at\":\"2026-01-15T03:00:00\",\"t\":\"view\"}\n{\"s\":1,\"at\":\"2026-01-15T02:00:00\",\"t\":"
         "\"cart\"}\n",
         1, 1, 2},
        {sequence,
         "{\"s\":1,\"at\":\"2026-01-15T03:00:00\",\"t\":\"buy\"}\n{\"s\":2,\"at\":\"2026-01-15T02:00:00\",\"t\":"
         "\"cart\"}\n{\"s\":2,\"at\":\"2026-01-15T02:00:00\",\"t\":\"view\"}\n",
         2, 2, 3},
        {sequence,
         "{\"s\":2,\"at\":\"2026-01-15T02:00:00\",\"t\":\"click\"}\n{\"s\":2,\"at\":\"2026-01-15T02:00:00\",\"t\":"
         "\"cart\"}\n",
         1, 0, 2}, /* stable */
        {sequence, "{\"t\":\"buy\"}\n{\"s\":null,\"t\":\"cart\"}\n", 1, 1,
         2}, /* absent groups are one; cart not after a view */
        {stamps,
         "{\"at\":\"2026-01-15T00:00:00\"}\n{\"at\":\"2020-01-01\"}\n{\"at\":\"2030-12-31 "
         "23:59:59.5+09:00\"}\n{\"at\":\"2019-12-31\"}\n{\"at\":\"2031-01-01\"}\n{\"at\":\"x\"}\n{}\n{\"at\":5}\n{"
         "\"at\":null}\n{\"at\":\"2026-02-30\"}\n",
         10, 7, 3},
        {balance,
         "{\"t\":\"buy\",\"sum\":30,\"doc\":{\"products\":[{\"p\":10,\"q\":2}],\"off\":1,\"ship\":11}}\n{\"t\":\"buy\","
         "\"sum\":31,\"doc\":{\"products\":[{\"p\":10,\"q\":2}],\"off\":1,\"ship\":11}}\n"
         "{\"t\":\"buy\",\"sum\":31.01,\"doc\":{\"products\":[{\"p\":10,\"q\":2}],\"off\":1,\"ship\":11}}\n{\"t\":"
         "\"other\",\"sum\":1,\"doc\":5}\n",
         3, 1, 3},
        {balance,
         "{\"t\":\"buy\",\"sum\":20,\"doc\":\"{\\\"products\\\":[{\\\"p\\\":10,\\\"q\\\":2}]}\"}\n{\"t\":\"buy\","
         "\"sum\":20,\"doc\":\"{no\"}\n{\"t\":\"buy\",\"sum\":20}\n",
         3, 1, 2},
        {balance,
         "{\"t\":\"buy\",\"sum\":\"x\",\"doc\":{\"products\":[]}}\n{\"t\":\"buy\",\"sum\":0,\"doc\":{\"products\":[{"
         "\"p\":\"1\",\"q\":1}]}}\n{\"t\":\"buy\",\"sum\":0,\"doc\":{\"products\":{}}}\n",
         3, 3, 0},
        {allowed,
         "{\"os\":\"ios\",\"dev\":\"mobile\"}\n{\"os\":\"ios\",\"dev\":\"desktop\"}\n{\"os\":\"android\"}\n{\"os\":"
         "\"web\",\"dev\":\"desktop\"}\n{\"dev\":\"x\"}\n",
         5, 2, 3},
        /* every event that differs from the first of its group, in the order of the file; rejects none */
        {constant,
         "{\"s\":1,\"os\":\"a\"}\n{\"s\":2,\"os\":\"b\"}\n{\"s\":1,\"os\":\"b\"}\n{\"s\":1,\"os\":\"a\"}\n{\"s\":2}\n{"
         "\"s\":1,\"os\":\"b\"}\n",
         6, 3, 6},
        {rows, "{}\n{}\n", 1, 0, 2},
        {rows, "{}\n{}\n{}\n", 1, 0, 3},
        {uniq, "", 0, 0, 0},
        {sequence, "", 0, 0, 0},
        /* what is no object is no event for a check, and rejected */
        {uniq, "{\"id\":1}\n[1]\nno json\n5\n{\"id\":1}\n", 2, 1, 1},
        {not_null, "[]\n", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct judged j;
        judge(&j, define(t[i].checks, NULL), t[i].text, 1, 1 << 20, 0);
        const struct quality_check *c = the_check(&j, "c");
        if (c->total != t[i].total || c->failed != t[i].failed || j.kept != t[i].kept)
            fail_msg("%s\n%stotal %llu (%u), failed %llu (%u), kept %llu (%u)\n%s", t[i].checks, t[i].text,
                     (unsigned long long)c->total, t[i].total, (unsigned long long)c->failed, t[i].failed,
                     (unsigned long long)j.kept, t[i].kept, buf_text(&j.got.rejected));
        double most = t[i].total ? t[i].total : 1, rate = round((1 - t[i].failed / most) * 10000) / 100;
        if (c->c->kind != CHECK_ROW_COUNT) {
            assert_true(fabs(c->pass_rate - rate) < 0.006);
            assert_int_equal(c->pass, c->pass_rate >= 99);
            assert_true(c->nsamples <= 10 && c->nsamples <= t[i].failed && !c->nsamples == !t[i].failed);
        } else {
            assert_true(c->pass);
        }
        done(&j);
    }
}

static void row_counts(void **state) {
    (void)state;
    static const char *const texts[] = {"", "{}\n", "{}\n{}\n{}\n{}\n"};
    for (size_t i = 0; i < 3; i++) {
        struct judged j;
        judge(&j, define(rows, NULL), texts[i], 1, 1 << 20, 0);
        assert_false(the_check(&j, "c")->pass);
        assert_false(j.res.pass);
        done(&j);
    }
}

/* Without a schema check a parse check is added; with one, malformed lines count there. */
static void malformed_lines(void **state) {
    (void)state;
    struct judged j;
    judge(&j, define(uniq, NULL), "{\"id\":1}\n{\n\"x\"\n", 1, 1 << 20, 0);
    assert_int_equal(j.res.nchecks, 2);
    const struct quality_check *parse = j.res.checks[0].c->kind == CHECK_PARSE ? &j.res.checks[0] : &j.res.checks[1];
    assert_int_equal(parse->c->kind, CHECK_PARSE);
    assert_int_equal(parse->total, 3);
    assert_int_equal(parse->failed, 2);
    assert_int_equal(parse->nsamples, 2);
    assert_int_equal(parse->samples[0].line, 2);
    assert_false(j.res.pass);
    assert_false(j.res.last_bad); /* "x" is JSON, though no object */
    done(&j);
    judge(&j, define(uniq, NULL), "{\"id\":1}\n{\"id\":", 1, 1 << 20, 0);
    assert_true(j.res.last_bad);
    done(&j);
    judge(&j,
          define("{\"kind\":\"schema\",\"name\":\"c\"}",
                 "{\"required\":[\"id\"],\"properties\":{\"id\":{\"maximum\":5}}}"),
          "{\"id\":1}\n{}\n{\"id\":9}\nbroken\n[1]\n", 1, 1 << 20, 0);
    assert_int_equal(j.res.nchecks, 1);
    assert_int_equal(j.res.checks[0].total, 5);
    assert_int_equal(j.res.checks[0].failed, 4);
    assert_int_equal(j.kept, 1);
    assert_string_equal(buf_text(&j.got.accepted), "{\"id\":1}\n");
    done(&j);
}

static void samples_and_rejects(void **state) {
    (void)state;
    struct judged j;
    judge(&j, define(range, NULL), "\n{\"t\":\"cart\",\"q\":150,\"p\":-1,\"r\":9}\n{\"r\":1}\n", 1, 1 << 20, 0);
    const struct quality_check *c = the_check(&j, "c");
    assert_in_range(c->nsamples, 1, 3);
    assert_int_equal(c->samples[0].line, 2);
    assert_string_equal(c->samples[0].field, "q");
    assert_string_equal(c->samples[0].found, "150");
    assert_int_equal(j.got.rejected_rows, 1);
    const char *reject = buf_text(&j.got.rejected); /* one line, every reason, the line number */
    assert_null(strchr(reject, '\n') && strchr(reject, '\n')[1] ? reject : NULL);
    static const char *const words[] = {"\"q\"", "\"p\"", "\"r\"", "150", "in.jsonl", "2"};
    for (size_t i = 0; i < 6; i++)
        if (!strstr(reject, words[i])) fail_msg("no %s in %s", words[i], reject);
    struct jtoks toks = {0};
    struct jerr je;
    assert_true(json_scan(&toks, reject, j.got.rejected.n, 0, &je));
    jtoks_free(&toks);
    done(&j);
}

/* The first ACCEPTED of equal keys is kept: a rejected one before it does not count. */
static void duplicates(void **state) {
    (void)state;
    struct judged j;
    const char *both =
        arena_fmt(&a, "%s,{\"kind\":\"range\",\"name\":\"r\",\"rules\":[{\"field\":\"n\",\"min\":1,\"max\":9}]}", uniq);
    judge(&j, define(both, NULL),
          "{\"id\":1,\"n\":0}\n{\"id\":1,\"n\":1}\n{\"id\":1,\"n\":2}\n{\"id\":2,\"n\":3}\n{\"id\":1,\"n\":10}\n{"
          "\"id\":1,\"n\":4}\n",
          1, 1 << 20, 0);
    assert_string_equal(buf_text(&j.got.accepted), "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":3}\n");
    assert_int_equal(j.res.duplicates, 0); /* rejected at once */
    assert_int_equal(j.res.rows_accepted, 2);
    assert_int_equal(j.res.rows_rejected, 4);
    assert_int_equal(the_check(&j, "c")->failed, 4);
    assert_int_equal(j.got.rejected_rows, 4);
    char *lines = (char *)(uintptr_t)buf_text(&j.got.rejected); /* in the order of the input */
    for (size_t i = 0; i < 4; i++, lines = strchr(lines, '\n') + 1) {
        static const char *const want[] = {"\"line\":1,", "\"line\":3,", "\"line\":5,", "\"line\":6,"};
        assert_true(strstr(lines, want[i]) && strstr(lines, want[i]) < strchr(lines, '\n'));
    }
    assert_non_null(strstr(j.got.rejected.p, "\"expected\":\"unique (line 1)\"}],\"record\":{\"id\":1,\"n\":2}"));
    done(&j);
    /* the same without any table: the caller takes them out */
    judge(&j, define(both, NULL),
          "{\"id\":1,\"n\":0}\n{\"id\":1,\"n\":1}\n{\"id\":1,\"n\":2}\n{\"id\":2,\"n\":3}\n{\"id\":1,\"n\":10}\n{"
          "\"id\":1,\"n\":4}\n",
          1, 1, 0);
    assert_string_equal(buf_text(&j.got.accepted), "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":3}\n");
    assert_int_equal(j.res.duplicates, 2);
    assert_int_equal(j.res.rows_accepted, 2);
    assert_int_equal(j.res.rows_rejected, 4);
    assert_int_equal(the_check(&j, "c")->failed, 4);
    assert_int_equal(j.got.rejected_rows, 4);
    done(&j);
    /* reject: false measures only */
    judge(&j, define("{\"kind\":\"unique\",\"name\":\"c\",\"field\":\"id\",\"reject\":false}", NULL),
          "{\"id\":1}\n{\"id\":1}\n", 1, 1 << 20, 0);
    assert_int_equal(j.kept, 2);
    assert_int_equal(the_check(&j, "c")->failed, 1);
    done(&j);
    judge(&j,
          define("{\"kind\":\"range\",\"name\":\"c\",\"reject\":false,\"rules\":[{\"field\":\"n\",\"max\":1}]}", NULL),
          "{\"n\":1}\n{\"n\":2}\n", 1, 1 << 20, 0);
    assert_int_equal(j.kept, 2);
    assert_int_equal(the_check(&j, "c")->failed, 1);
    done(&j);
}

static void thresholds(void **state) {
    (void)state;
    static const struct {
        const char *option;
        unsigned n, bad;
        bool check, gate;
    } t[] = {{"", 100, 1, true, true},
             {"", 100, 2, false, false},
             {"", 20000, 201, true, true}, /* 98.995 is 99.0 rounded as Python does it, see rounding */
             {"", 20000, 202, false, false},
             {",\"min_pass_rate\":50", 10, 5, true, true},
             {",\"min_pass_rate\":50", 10, 6, false, false},
             {",\"min_pass_rate\":100", 10000, 1, false, false},
             {",\"min_pass_rate\":0", 3, 3, true, true},
             {",\"gate\":false", 3, 3, false, true}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct judged j;
        struct buf b = {0};
        for (unsigned k = 0; k < t[i].n; k++) buf_fmt(&b, "{\"n\":%d}\n", k < t[i].bad ? 9 : 1);
        judge(&j,
              define(arena_fmt(&a, "{\"kind\":\"range\",\"name\":\"c\"%s,\"rules\":[{\"field\":\"n\",\"max\":1}]}",
                               t[i].option),
                     NULL),
              b.p, 1, 1 << 20, 0);
        const struct quality_check *c = the_check(&j, "c");
        double rate = quality_round2((1 - (double)t[i].bad / t[i].n) * 100);
        assert_true(c->pass_rate == rate);
        bool want = t[i].n == 20000 ? rate >= 99 : t[i].check;
        if (c->pass != want) fail_msg("case %zu: %.4f", i, c->pass_rate);
        assert_int_equal(j.res.pass, t[i].n == 20000 ? want : t[i].gate);
        assert_int_equal(c->nsamples, t[i].bad > 10 ? 10 : t[i].bad);
        done(&j);
        buf_free(&b);
    }
}

/* Of Python 3: round(x, 2). The decimal nearest to the binary value, so 2.675 goes down and 0.125 to even. */
static void rounding(void **state) {
    (void)state;
    static const struct {
        double x, want;
    } t[] = {{99.005, 99.0},     {98.995, 99.0}, {99.995, 100.0},  {2.0 / 3, 0.67},
             {200.0 / 3, 66.67}, {2.675, 2.67},  {1.005, 1.0},     {0.125, 0.12},
             {0.375, 0.38},      {0.625, 0.62},  {100, 100},       {0, 0},
             {-0.125, -0.12},    {-50, -50},     {98.9949, 98.99}, {1e6 + 0.125, 1000000.12}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (quality_round2(t[i].x) != t[i].want) fail_msg("%.17g: %.17g", t[i].x, quality_round2(t[i].x));
}

static void same_whatever_the_means(void **state) {
    (void)state;
    struct rng r;
    struct buf text = {0}, want = {0};
    rng_seed(&r, 42);
    static const char *const events[] = {"view", "click", "cart", "buy", "other"},
                             *const os[] = {"ios", "web", "android"}, *const dev[] = {"mobile", "desktop"};
    for (int i = 0; i < 12000; i++) {
        if (rng_below(&r, 200) == 0) buf_str(&text, "{broken\n");
        buf_fmt(&text,
                "{\"id\":\"id-%u\",\"s\":\"session-number-%u\",\"t\":\"%s\",\"at\":\"2026-01-15T%02u:%02u:%02u\","
                "\"os\":\"%s\",\"dev\":\"%s\",\"q\":%u,\"n\":%u}\n",
                rng_below(&r, 10000), rng_below(&r, 2500), events[rng_below(&r, 5)], rng_below(&r, 25),
                rng_below(&r, 60), rng_below(&r, 60), os[rng_below(&r, 3)], dev[rng_below(&r, 2)], rng_below(&r, 104),
                (unsigned)i);
    }
    const char *checks =
        arena_fmt(&a,
                  "%s,{\"kind\":\"sequence\",\"name\":\"s\",\"group\":\"s\",\"order\":\"at\",\"event\":\"t\",\"rules\":"
                  "[{\"if\":\"buy\",\"needs\":[\"cart\"]},"
                  "{\"first\":\"cart\",\"after\":[\"view\",\"click\"]}]},{\"kind\":\"timestamp\",\"name\":\"t\","
                  "\"field\":\"at\",\"min_year\":2020,\"max_year\":2030},"
                  "{\"kind\":\"range\",\"name\":\"r\",\"rules\":[{\"field\":\"q\",\"min\":1,\"max\":99}]},"
                  "{\"kind\":\"consistency\",\"name\":\"k\",\"allowed\":[{\"when\":{\"os\":[\"ios\",\"android\"]},"
                  "\"field\":\"dev\",\"in\":[\"mobile\"]}],"
                  "\"constant\":{\"group\":\"s\",\"field\":\"os\"}}",
                  uniq);
    static const struct {
        int threads;
        size_t memory, block;
    } t[] = {{1, 64 << 20, 0},     {2, 64 << 20, 0},     {8, 64 << 20, 20000}, {1, 1, 5000},         {2, 1, 5000},
             {8, 1, 30000},        {1, 64 << 10, 9000},  {2, 64 << 10, 5000},  {8, 64 << 10, 60000}, {1, 256 << 10, 0},
             {8, 256 << 10, 9000}, {1, 512 << 10, 9000}, {2, 1 << 20, 9000}};
    bool late = false, early = false;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct judged j;
        struct buf got = {0};
        judge(&j, define(checks, NULL), text.p, t[i].threads, t[i].memory, t[i].block);
        tell(&j, &got);
        late |= j.res.duplicates > 100;
        early |= j.res.rows_rejected > j.res.duplicates + 1500;
        if (!i) {
            assert_true(j.res.duplicates == 0 && the_check(&j, "s")->failed > 100 && the_check(&j, "c")->failed > 100 &&
                        the_check(&j, "k")->failed > 1000);
            want = got;
        } else {
            assert_int_equal(got.n, want.n);
            assert_memory_equal(got.p, want.p, want.n);
            buf_free(&got);
        }
        done(&j);
    }
    assert_true(late && early);
    buf_free(&text);
    buf_free(&want);
}

static int stops_here(void *ctx, const char *p, size_t n, uint64_t rows_, struct err *e) {
    (void)ctx, (void)p, (void)n, (void)rows_;
    return err_set(e, ERR_NOSPACE, "full");
}

static void output_that_fails(void **state) {
    (void)state;
    struct pipeline *p = define(uniq, NULL);
    const char *path = "in.jsonl", *text = "{\"id\":1}\n";
    struct reader *r;
    struct err e = {0};
    struct quality_result res;
    struct got g = {0};
    struct quality_out out = {&g, stops_here, on_reject};
    for (int threads = 1; threads < 4; threads++) {
        assert_int_equal(reader_open(&r, &path, 1, &(struct reader_opt){.text = text, .text_n = strlen(text)}, &e),
                         ERR_OK);
        struct quality *q = quality_new(
            &(struct quality_cfg){.p = p, .d = &p->datasets[0], .memory = 1 << 20, .threads = threads, .tmpdir = tmp});
        assert_int_equal(quality_run(q, r, &out, &res, &e), ERR_NOSPACE);
        quality_free(q);
        reader_close(r);
    }
    pipeline_free(p);
}

static void log_rows(void **state) {
    (void)state;
    struct judged j;
    judge(&j, define(uniq, NULL), "{\"id\":1}\n{\"id\":1}\n", 1, 1 << 20, 0);
    const struct quality_row *row = quality_rows(j.q, &j.res, &a);
    bool seen = false;
    for (size_t i = 0; i < j.res.nchecks; i++) {
        if (strcmp(row[i].check_name, "c")) continue;
        seen = true;
        assert_string_equal(row[i].check_type, "unique");
        assert_string_equal(row[i].status, "FAIL");
        assert_int_equal(row[i].total, 2);
        assert_int_equal(row[i].failed, 1);
        assert_true(row[i].pass_rate == 50);
        assert_non_null(strstr(row[i].samples, "\"line\":2"));
    }
    assert_true(seen);
    done(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check),        cmocka_unit_test(row_counts),
        cmocka_unit_test(malformed_lines),   cmocka_unit_test(samples_and_rejects),
        cmocka_unit_test(duplicates),        cmocka_unit_test(thresholds),
        cmocka_unit_test(rounding),          cmocka_unit_test(same_whatever_the_means),
        cmocka_unit_test(output_that_fails), cmocka_unit_test(log_rows),
    };
    return cmocka_run_group_tests(tests, first, last);
}
