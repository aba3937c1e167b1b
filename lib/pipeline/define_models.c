/*
 * The SQL models: their text, what they refer to, and an order in which each comes after what it refers to.
 * References are the names in {{ ref('x') }}; they lead to other models or to tables that datasets load.
 */
#include "base/hash.h"
#include "base/near.h"
#include "pipeline/pipeline_impl.h"

/* Next {{ ref('name') }} from *at on; name in the arena. */
static bool next_ref(struct arena *a, const char **at, const char **name) {
    for (const char *p = *at; (p = strstr(p, "{{"));) {
        p += 2;
        p += strspn(p, " \t\n");
        if (strncmp(p, "ref(", 4) != 0) continue;
        p += 4;
        p += strspn(p, " \t\n");
        if (*p != '\'' && *p != '"') continue;
        const char *end = strchr(p + 1, *p);
        if (!end) return false;
        *name = arena_strn(a, p + 1, (size_t)(end - p - 1));
        *at = end;
        return true;
    }
    return false;
}

static void add_refs(struct pipeline *p, struct pl_model *m, const char *sql) {
    const char *name;
    for (const char *at = sql; next_ref(&p->a, &at, &name);) {
        if (strs_has(m->refs, sv_of(name))) continue;
        const char **grown = arena_alloc(&p->a, (m->refs.n + 1) * sizeof *grown);
        if (m->refs.n) memcpy(grown, m->refs.s, m->refs.n * sizeof *grown);
        grown[m->refs.n++] = name;
        m->refs.s = grown;
    }
}

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

static const char *read_sql(struct pipeline *p, const char *file, struct jval at, struct mistakes *m) {
    struct err e = {0};
    const char *text;
    size_t n;
    if (pipeline_file(p, &p->a, file, &text, &n, &e)) {
        mistake_at(m, offset_of(at), "%s", e.msg);
        return "";
    }
    return text;
}

static void define_test(struct pipeline *p, struct pl_test *t, struct jval v, struct mistakes *m) {
    static const char *const kinds[] = {"not_null", "unique", "not_empty", "accepted_values", "no_rows"};
    struct jval x, values;
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

static bool model_has_column(const struct pl_model *md, const char *name) {
    for (size_t i = 0; i < md->ncols; i++)
        if (strcmp(md->cols[i].name, name) == 0) return true;
    return false;
}

static void check_model(const struct pl_model *md, struct jval v, struct mistakes *m) {
    if (md->kind == MODEL_DAILY && !md->day)
        mistake_at(m, offset_of(v), "model %s: a daily model needs \"day\", the column that holds the day", md->name);
    if ((md->kind == MODEL_DAILY || md->kind == MODEL_TABLE) && !md->ncols)
        mistake_at(m, offset_of(v), "model %s: a table needs \"columns\"", md->name);
    if (!md->ncols) return;
    if (md->day && !model_has_column(md, md->day))
        mistake_at(m, offset_of(v), "model %s: the day's column '%s' is not among the columns", md->name, md->day);
    for (size_t i = 0; i < md->key.n; i++)
        if (!model_has_column(md, md->key.s[i]))
            mistake_at(m, offset_of(v), "model %s: the key's column '%s' is not among the columns", md->name,
                       md->key.s[i]);
    for (size_t i = 0; i < md->ntests; i++)
        for (size_t k = 0; k < md->tests[i].columns.n; k++)
            if (!model_has_column(md, md->tests[i].columns.s[k]))
                mistake_at(m, offset_of(v), "model %s: the test's column '%s' is not among the columns", md->name,
                           md->tests[i].columns.s[k]);
}

static void define_model(struct pipeline *p, struct pl_model *md, struct jval v, struct mistakes *m) {
    static const char *const kinds[] = {"daily", "table", "view", "cte"};
    struct arena *a = &p->a;
    struct jval x;
    struct sha256 h;
    md->name = get_str(a, v, "name", "");
    md->title = get_str(a, v, "title", md->name);
    md->file = get_str(a, v, "sql", "");
    md->kind = MODEL_DAILY;
    if (get_val(v, "kind", &x)) md->kind = (enum model_kind)word_index(x, kinds, 4);
    md->day = get_str(a, v, "day", NULL);
    md->key = get_strs(a, v, "key");
    md->cols = get_columns(a, v, &md->ncols);
    md->indexes = get_name_lists(a, v, "indexes", &md->nindexes);
    md->always = get_bool(v, "always", false);
    if (get_val(v, "sql", &x)) md->sql = read_sql(p, md->file, x, m);
    add_refs(p, md, md->sql ? md->sql : "");
    sha256_start(&h);
    digest_value(&h, v);
    sha256_str(&h, md->sql);
    if (get_val(v, "tests", &x)) {
        md->tests = arena_alloc(a, (jv_tok(x)->n + 1) * sizeof *md->tests);
        uint32_t pos = 0;
        for (struct jval t; jv_each(x, &pos, NULL, &t);) {
            struct pl_test *test = &md->tests[md->ntests++];
            define_test(p, test, t, m);
            if (test->sql) {
                sha256_str(&h, test->sql);
                add_refs(p, md, test->sql);
            }
        }
    }
    sha256_hex(&h, md->digest);
    check_model(md, v, m);
}

static void check_refs(struct pipeline *p, const struct pl_model *md, struct jval v, struct mistakes *m) {
    for (size_t i = 0; i < md->refs.n; i++) {
        const char *name = md->refs.s[i];
        if (pipeline_model(p, name) || pipeline_loader_of(p, name)) continue;
        struct near near = near_start(name);
        struct arena a = {0};
        for (size_t k = 0; k < p->nmodels; k++) near_offer(&near, p->models[k].name);
        for (size_t k = 0; k < p->ndatasets; k++)
            if (p->datasets[k].load) near_offer(&near, p->datasets[k].load->table);
        mistake_at(m, offset_of(v), "model %s refers to '%s', which is neither a model nor a loaded table%s", md->name,
                   name, near_hint(&near, &a));
        arena_free(&a);
    }
}

/* Stable topological order: again and again the first model whose references are all placed. */
static void order_models(struct pipeline *p, struct jval list, struct mistakes *m) {
    struct pl_model *sorted = arena_alloc(&p->a, p->nmodels * sizeof *sorted);
    bool *placed = arena_alloc(&p->a, p->nmodels * sizeof *placed);
    size_t n = 0;
    while (n < p->nmodels) {
        size_t before = n;
        for (size_t i = 0; i < p->nmodels; i++) {
            bool ready = !placed[i];
            for (size_t k = 0; ready && k < p->models[i].refs.n; k++) {
                const struct pl_model *ref = pipeline_model(p, p->models[i].refs.s[k]);
                if (ref && !placed[ref - p->models]) ready = false;
            }
            if (!ready) continue;
            placed[i] = true;
            sorted[n] = p->models[i];
            sorted[n].order = n;
            n++;
        }
        if (n == before) {
            struct buf names = {0};
            for (size_t i = 0; i < p->nmodels; i++)
                if (!placed[i]) buf_fmt(&names, "%s%s", names.n ? ", " : "", p->models[i].name);
            mistake_at(m, offset_of(list), "models refer to each other in a circle: %s", buf_text(&names));
            buf_free(&names);
            return;
        }
    }
    p->models = sorted;
}

void define_models(struct pipeline *p, struct jval v, struct mistakes *m) {
    p->models = arena_alloc(&p->a, (jv_tok(v)->n + 1) * sizeof *p->models);
    uint32_t pos = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e);) {
        const char *name = get_str(&p->a, e, "name", "");
        if (pipeline_model(p, name) || pipeline_loader_of(p, name))
            mistake_at(m, offset_of(e), "the name '%s' is taken twice", name);
        define_model(p, &p->models[p->nmodels++], e, m);
    }
    pos = 0;
    size_t i = 0;
    for (struct jval e; jv_each(v, &pos, NULL, &e); i++) check_refs(p, &p->models[i], e, m);
    if (!m->n) order_models(p, v, m);
}
