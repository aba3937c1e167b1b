/*
 * The SQL models: their text, what they refer to, and an order in which each comes after what it refers to.
 * References are the names in {{ ref('x') }}; they lead to other models or to tables that datasets load. The tests of
 * those tables stand before all models, as models that make nothing.
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

static void add_name(struct arena *a, struct strs *l, const char *name) {
    if (strs_has(*l, sv_of(name))) return;
    const char **grown = arena_alloc(a, (l->n + 1) * sizeof *grown);
    if (l->n) memcpy(grown, l->s, l->n * sizeof *grown);
    grown[l->n++] = name;
    l->s = grown;
}

struct strs sql_refs(struct arena *a, const char *sql) {
    struct strs l = {0};
    const char *name;
    for (const char *at = sql; next_ref(a, &at, &name);) add_name(a, &l, name);
    return l;
}

void add_refs(struct pipeline *p, struct pl_model *md, const char *sql) {
    struct strs l = sql_refs(&p->a, sql);
    for (size_t i = 0; i < l.n; i++) add_name(&p->a, &md->refs, l.s[i]);
}

const char *read_sql(struct pipeline *p, const char *file, struct jval at, struct mistakes *m) {
    struct err e = {0};
    const char *text;
    size_t n;
    if (pipeline_file(p, &p->a, file, &text, &n, &e)) {
        mistake_at(m, offset_of(at), "%s", e.msg);
        return "";
    }
    return text;
}

bool model_has_column(const struct pl_model *md, const char *name) {
    for (size_t i = 0; i < md->ncols; i++)
        if (strcmp(md->cols[i].name, name) == 0) return true;
    return false;
}

static void check_model(const struct pl_model *md, struct jval v, struct mistakes *m) {
    struct jval x;
    if (md->kind == MODEL_SEED ? !get_val(v, "csv", &x) : get_val(v, "csv", &x))
        mistake_at(m, offset_of(v),
                   md->kind == MODEL_SEED ? "model %s: a seed needs \"csv\", its file"
                                          : "model %s: \"csv\" is for seeds; this kind is made by \"sql\"",
                   md->name);
    if (md->kind == MODEL_SEED ? get_val(v, "sql", &x) : !get_val(v, "sql", &x))
        mistake_at(m, offset_of(v),
                   md->kind == MODEL_SEED ? "model %s: a seed has no \"sql\"" : "model %s: \"sql\" is missing",
                   md->name);
    if (md->kind == MODEL_DAILY && !md->day)
        mistake_at(m, offset_of(v), "model %s: a daily model needs \"day\", the column that holds the day", md->name);
    if ((md->kind == MODEL_DAILY || md->kind == MODEL_TABLE || md->kind == MODEL_SEED) && !md->ncols)
        mistake_at(m, offset_of(v), "model %s: a table needs \"columns\"", md->name);
    if (!md->ncols) return;
    if (md->day && !model_has_column(md, md->day))
        mistake_at(m, offset_of(v), "model %s: the day's column '%s' is not among the columns", md->name, md->day);
    for (size_t i = 0; i < md->key.n; i++)
        if (!model_has_column(md, md->key.s[i]))
            mistake_at(m, offset_of(v), "model %s: the key's column '%s' is not among the columns", md->name,
                       md->key.s[i]);
    check_tests(md, v, m);
}

static void read_seed(struct pipeline *p, struct pl_model *md, struct jval v, struct mistakes *m) {
    struct err e = {0};
    struct jval x;
    md->sql = "";
    if (!get_val(v, "csv", &x)) return;
    md->file = jv_str(x, &p->a, NULL);
    if (pipeline_file(p, &p->a, md->file, &md->sql, &md->csv_n, &e)) mistake_at(m, offset_of(x), "%s", e.msg);
}

static void define_model(struct pipeline *p, struct pl_model *md, struct jval v, struct mistakes *m) {
    static const char *const kinds[] = {"daily", "table", "view", "cte", "seed"};
    struct arena *a = &p->a;
    struct jval x;
    struct sha256 h;
    md->name = get_str(a, v, "name", "");
    md->title = get_str(a, v, "title", md->name);
    md->description = get_str(a, v, "description", NULL);
    md->file = get_str(a, v, "sql", "");
    md->kind = MODEL_DAILY;
    if (get_val(v, "kind", &x)) md->kind = (enum model_kind)word_index(x, kinds, 5);
    md->day = get_str(a, v, "day", NULL);
    md->key = get_strs(a, v, "key");
    md->cols = get_columns(a, v, &md->ncols);
    md->notes = get_column_notes(a, v);
    for (size_t i = 0; i < md->ncols; i++)
        if (md->cols[i].now) mistake_at(m, offset_of(v), "\"now\" is for the columns of a load");
    md->indexes = get_name_lists(a, v, "indexes", &md->nindexes);
    md->always = get_bool(v, "always", false);
    if (md->kind == MODEL_SEED)
        read_seed(p, md, v, m);
    else if (get_val(v, "sql", &x))
        md->sql = read_sql(p, md->file, x, m);
    if (md->kind != MODEL_SEED) add_refs(p, md, md->sql ? md->sql : "");
    sha256_start(&h);
    digest_meaning(&h, v);
    if (md->kind == MODEL_SEED)
        sha256_add(&h, md->sql, md->csv_n);
    else
        sha256_str(&h, md->sql);
    define_tests(p, md, v, &h, m);
    sha256_hex(&h, md->digest);
    define_units(p, md, v, m);
    check_model(md, v, m);
}

/* The tests and the freshness of a dataset's table as a model that makes nothing. */
static void define_check(struct pipeline *p, const struct pl_dataset *d, struct jval v, struct mistakes *m) {
    struct jval x;
    struct sha256 h;
    bool tests = get_val(v, "tests", &x), fresh = get_val(v, "freshness", &x);
    if (!tests && !fresh) return;
    if (!d->load) {
        mistake_at(m, offset_of(v), "dataset %s: \"%s\" is of the table that it loads, and it loads none", d->name,
                   tests ? "tests" : "freshness");
        return;
    }
    struct pl_model *md = &p->models[p->nmodels++];
    *md = (struct pl_model){.name = arena_fmt(&p->a, "%s.tests", d->load->table),
                            .title = d->title,
                            .file = p->file,
                            .sql = "",
                            .kind = MODEL_CHECK,
                            .cols = d->load->cols,
                            .ncols = d->load->ncols};
    add_refs(p, md, arena_fmt(&p->a, "{{ ref('%s') }}", d->load->table));
    sha256_start(&h);
    if (tests) {
        get_val(v, "tests", &x);
        digest_meaning(&h, x);
    }
    define_tests(p, md, v, &h, m);
    if (fresh) {
        get_val(v, "freshness", &x);
        digest_meaning(&h, x);
        define_freshness(p, md, x);
        if (strcmp(md->fresh.column, "dt") != 0 && !model_has_column(md, md->fresh.column))
            mistake_at(m, offset_of(x), "table %s has no column '%s'", d->load->table, md->fresh.column);
    }
    sha256_hex(&h, md->digest);
    check_tests(md, v, m);
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

/* What is put in place by a reference is part of the model: its SQL, and what it reads. In dependency order. */
static void look_through_ctes(struct pipeline *p, struct pl_model *md) {
    struct sha256 h;
    char unused[65];
    bool ctes = false;
    sha256_start(&h);
    sha256_str(&h, md->digest);
    for (size_t i = 0; i < md->refs.n; i++) {
        const struct pl_model *ref = pipeline_model(p, md->refs.s[i]);
        if (!ref || ref->kind != MODEL_CTE) {
            add_name(&p->a, &md->inputs, md->refs.s[i]);
            continue;
        }
        ctes = true;
        sha256_str(&h, ref->digest);
        for (size_t k = 0; k < ref->inputs.n; k++) add_name(&p->a, &md->inputs, ref->inputs.s[k]);
    }
    sha256_hex(&h, ctes ? md->digest : unused);
}

static void define_checks_of_tables(struct pipeline *p, struct jval root, struct mistakes *m) {
    struct jval list;
    uint32_t pos = 0;
    size_t i = 0;
    if (!get_val(root, "datasets", &list)) return;
    for (struct jval d; i < p->ndatasets && jv_each(list, &pos, NULL, &d); i++) {
        size_t before = p->nmodels;
        define_check(p, &p->datasets[i], d, m);
        if (p->nmodels > before) check_refs(p, &p->models[before], d, m);
    }
}

void define_models(struct pipeline *p, struct jval root, struct mistakes *m) {
    struct jval v = root;
    bool any = get_val(root, "models", &v);
    p->models = arena_alloc(&p->a, ((any ? jv_tok(v)->n : 0) + p->ndatasets + 1) * sizeof *p->models);
    define_checks_of_tables(p, root, m);
    size_t first = p->nmodels, i = first;
    uint32_t pos = 0;
    for (struct jval e; any && jv_each(v, &pos, NULL, &e);) {
        const char *name = get_str(&p->a, e, "name", "");
        if (pipeline_model(p, name) || pipeline_loader_of(p, name))
            mistake_at(m, offset_of(e), "the name '%s' is taken twice", name);
        define_model(p, &p->models[p->nmodels++], e, m);
    }
    pos = 0;
    for (struct jval e; any && jv_each(v, &pos, NULL, &e); i++) check_refs(p, &p->models[i], e, m);
    if (m->n) return;
    order_models(p, v, m);
    for (i = 0; i < p->nmodels && !m->n; i++) look_through_ctes(p, &p->models[i]);
}
