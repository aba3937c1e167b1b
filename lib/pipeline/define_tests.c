/*
 * Tests of models and of loaded tables, the freshness of tables, and unit tests of models.
 *
 * A unit test is a file of its own, one JSON object or an array of them:
 *   {"name": "the dearest first", "day": "2026-01-15",
 *    "given": {"raw_shop": [{"item": "tea", "amount": 2}]}, "expect": [{"item": "tea", "rank": 1}]}
 */
#include "base/hash.h"
#include "pipeline/pipeline_impl.h"

static const char *sql_literal(struct arena *a, struct jval v) {
    if (jv_type(v) == JT_NUM) return jv_str(v, a, NULL);
    struct buf b = {0};
    buf_chr(&b, '\'');
    for (const char *s = jv_str(v, a, NULL); *s; s++) buf_str(&b, *s == '\'' ? "''" : (char[]){*s, 0});
    buf_chr(&b, '\'');
    char *out = arena_strn(a, b.p, b.n);
    buf_free(&b);
    return out;
}

static void define_test(struct pipeline *p, struct pl_test *t, struct jval v, struct mistakes *m) {
    static const char *const kinds[] = {"not_null", "unique", "not_empty", "accepted_values", "no_rows"};
    struct jval x, values;
    t->warn = strcmp(get_str(&p->a, v, "severity", "error"), "warn") == 0;
    for (int k = 0; k < 5; k++) {
        if (!get_val(v, kinds[k], &x)) continue;
        t->kind = (enum test_kind)k;
        if (t->kind == TEST_NOT_NULL || t->kind == TEST_UNIQUE) t->columns = strs_of(&p->a, x);
        if (t->kind == TEST_NO_ROWS) {
            t->file = jv_str(x, &p->a, NULL);
            t->sql = read_sql(p, t->file, x, m);
        }
        if (t->kind == TEST_ACCEPTED && get_val(x, "values", &values)) {
            t->columns.s = arena_alloc(&p->a, sizeof(char *));
            t->columns.s[t->columns.n++] = get_str(&p->a, x, "column", "");
            t->values.s = arena_alloc(&p->a, jv_tok(values)->n * sizeof(char *));
            uint32_t pos = 0;
            for (struct jval e; jv_each(values, &pos, NULL, &e);) t->values.s[t->values.n++] = sql_literal(&p->a, e);
        }
    }
}

void define_tests(struct pipeline *p, struct pl_model *md, struct jval v, struct sha256 *h, struct mistakes *m) {
    struct jval x;
    uint32_t pos = 0;
    if (!get_val(v, "tests", &x)) return;
    md->tests = arena_alloc(&p->a, (jv_tok(x)->n + 1) * sizeof *md->tests);
    for (struct jval t; jv_each(x, &pos, NULL, &t);) {
        struct pl_test *test = &md->tests[md->ntests++];
        define_test(p, test, t, m);
        if (!test->sql) continue;
        sha256_str(h, test->sql);
        add_refs(p, md, test->sql);
    }
}

void check_tests(const struct pl_model *md, struct jval v, struct mistakes *m) {
    for (size_t i = 0; i < md->ntests; i++)
        for (size_t k = 0; k < md->tests[i].columns.n; k++)
            if (!model_has_column(md, md->tests[i].columns.s[k]))
                mistake_at(m, offset_of(v), "model %s: the test's column '%s' is not among the columns", md->name,
                           md->tests[i].columns.s[k]);
}

void define_freshness(struct pipeline *p, struct pl_model *md, struct jval v) {
    md->fresh.column = get_str(&p->a, v, "column", "dt");
    md->fresh.warn_days = get_duration(v, "warn_after", -86400) / 86400;
    md->fresh.error_days = get_duration(v, "error_after", -86400) / 86400;
}

/* ---- unit tests ---- */

static bool all_objects(struct jval list) {
    uint32_t pos = 0;
    if (jv_type(list) != JT_ARR) return false;
    for (struct jval e; jv_each(list, &pos, NULL, &e);)
        if (jv_type(e) != JT_OBJ) return false;
    return true;
}

static const char *unit_problem(struct jval v) {
    struct jval x;
    uint32_t pos = 0;
    if (jv_type(v) != JT_OBJ) return "a unit test is an object with \"name\", \"day\", \"given\" and \"expect\"";
    for (struct jval key, val; jv_each(v, &pos, &key, &val);)
        if (!word_known(key, (const char *const[]){"name", "day", "given", "expect", "description"}, 5))
            return "a unit test has \"name\", \"day\", \"given\" and \"expect\", nothing else";
    if (!get_val(v, "given", &x) || jv_type(x) != JT_OBJ) return "\"given\" is an object: table to rows";
    pos = 0;
    for (struct jval key, val; jv_each(x, &pos, &key, &val);)
        if (!all_objects(val)) return "the rows of a table in \"given\" are an array of objects";
    if (!get_val(v, "expect", &x) || !all_objects(x)) return "\"expect\" is an array of objects";
    if (get_val(v, "day", &x)) {
        day_t day;
        if (jv_type(x) != JT_STR || !day_parse(jv_raw(x), &day)) return "\"day\" is a day, YYYY-MM-DD";
    }
    return NULL;
}

static void add_unit(struct pipeline *p, struct pl_model *md, const char *file, struct jval v, struct mistakes *m) {
    const char *problem = unit_problem(v);
    if (problem) {
        size_t line, col;
        json_line_col(v.text, strlen(v.text), offset_of(v), &line, &col);
        mistake(m, "%s:%zu:%zu: %s", file, line, col, problem);
        return;
    }
    struct pl_unit *u = &md->units[md->nunits++];
    *u = (struct pl_unit){.name = get_str(&p->a, v, "name", file),
                          .file = file,
                          .day = get_str(&p->a, v, "day", "2026-01-15"),
                          .root = v};
}

static struct pl_unit *more_units(struct pipeline *p, struct pl_model *md, size_t n) {
    struct pl_unit *grown = arena_alloc(&p->a, (md->nunits + n + 1) * sizeof *grown);
    if (md->nunits) memcpy(grown, md->units, md->nunits * sizeof *grown);
    return grown;
}

static void read_units(struct pipeline *p, struct pl_model *md, const char *file, struct jval at, struct mistakes *m) {
    struct jtoks toks = {0};
    struct jerr je;
    const char *text = read_sql(p, file, at, m);
    if (!*text) return;
    if (!json_scan(&toks, text, strlen(text), JSON_COMMENTS, &je)) {
        size_t line, col;
        json_line_col(text, strlen(text), je.at, &line, &col);
        mistake(m, "%s:%zu:%zu: %s", file, line, col, je.what);
        jtoks_free(&toks);
        return;
    }
    struct jtok *kept = arena_alloc(&p->a, toks.n * sizeof *kept);
    memcpy(kept, toks.t, toks.n * sizeof *kept);
    jtoks_free(&toks);
    struct jval root = {text, kept, 0};
    uint32_t pos = 0;
    md->units = more_units(p, md, jv_type(root) == JT_ARR ? jv_tok(root)->n : 1);
    if (jv_type(root) != JT_ARR) add_unit(p, md, file, root, m);
    for (struct jval v; jv_type(root) == JT_ARR && jv_each(root, &pos, NULL, &v);) add_unit(p, md, file, v, m);
}

void define_units(struct pipeline *p, struct pl_model *md, struct jval v, struct mistakes *m) {
    struct jval x;
    uint32_t pos = 0;
    if (!get_val(v, "unit_tests", &x)) return;
    if (jv_type(x) != JT_ARR) {
        read_units(p, md, jv_str(x, &p->a, NULL), x, m);
        return;
    }
    for (struct jval file; jv_each(x, &pos, NULL, &file);) read_units(p, md, jv_str(file, &p->a, NULL), file, m);
}
