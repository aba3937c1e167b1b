/* The pipeline itself and its datasets, from values that the schema has checked; then what a schema cannot say. */
#include <math.h>

#include "base/hash.h"
#include "base/near.h"
#include "pipeline/pipeline_impl.h"

static struct pl_stage get_stage(struct jval stages, const char *name, struct pl_stage d) {
    struct jval v;
    if (!get_val(stages, name, &v)) return d;
    d.retries = (int)get_int(v, "retries", d.retries);
    d.backoff = get_duration(v, "backoff", d.backoff);
    d.backoff_max = get_duration(v, "backoff_max", d.backoff_max);
    d.time_limit = get_duration(v, "time_limit", d.time_limit);
    return d;
}

static void define_stages(struct pipeline *p, struct jval root) {
    struct pl_stage d = {.retries = 0, .backoff = 60, .backoff_max = 1800};
    struct jval stages;
    bool has = get_val(root, "stages", &stages);
    if (has) d = get_stage(stages, "default", d);
    for (int i = 0; i < STAGE_COUNT; i++) p->stages[i] = has ? get_stage(stages, stage_name((enum stage)i), d) : d;
    p->alert_stage = has ? get_stage(stages, "alert", (struct pl_stage){.retries = 1, .backoff = 5, .backoff_max = 60})
                         : (struct pl_stage){.retries = 1, .backoff = 5, .backoff_max = 60};
}

void define_pipeline(struct pipeline *p, struct jval root, struct mistakes *m) {
    struct jval v;
    struct err e = {0};
    struct sha256 h;
    sha256_start(&h);
    digest_value(&h, root);
    sha256_hex(&h, p->digest);
    p->name = get_str(&p->a, root, "name", "");
    p->title = get_str(&p->a, root, "title", p->name);
    p->language = get_str(&p->a, root, "language", "en");
    p->zone_name = get_str(&p->a, root, "zone", "UTC");
    if (get_val(root, "zone", &v) && zone_find(p->zone_name, &p->zone, &e)) mistake_at(m, offset_of(v), "%s", e.msg);
    p->schedule_at = -1;
    if (get_val(root, "schedule", &v)) {
        const char *at = get_str(&p->a, v, "at", "");
        if (strlen(at) != 5) at = "00:00"; /* a mistake of shape that has been told */
        p->schedule_at = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
        p->sla = get_duration(v, "sla", 0);
    }
    p->time_limit = get_duration(root, "time_limit", 0);
    p->retention = get_duration(root, "retention", 0) / 86400;
    p->after = get_strs(&p->a, root, "after");
    if (strs_has(p->after, sv_of(p->name)) && get_val(root, "after", &v))
        mistake_at(m, offset_of(v), "a pipeline cannot come after itself");
    if (get_val(root, "hooks", &v)) {
        p->setup = get_str(&p->a, v, "setup", NULL);
        p->teardown = get_str(&p->a, v, "teardown", NULL);
        p->hook_limit = get_duration(v, "time_limit", 600);
    }
    define_stages(p, root);
    define_alerts(p, root);
    define_watch(p, root);
    if (get_val(root, "datasets", &v)) {
        p->datasets = arena_alloc(&p->a, jv_tok(v)->n * sizeof *p->datasets);
        uint32_t pos = 0;
        for (struct jval d; jv_each(v, &pos, NULL, &d);) {
            const char *name = get_str(&p->a, d, "name", "");
            if (pipeline_dataset(p, name)) mistake_at(m, offset_of(d), "dataset '%s' is defined twice", name);
            define_dataset(p, &p->datasets[p->ndatasets++], d, m);
        }
    }
    define_models(p, root, m);
    if (get_val(root, "report", &v)) define_report(p, v, m);
}

/* Only datasets that come before it: the order of a day's steps is that of the definition. */
static void define_from(struct pipeline *p, struct pl_source *s, struct jval v, struct mistakes *m) {
    struct near near;
    struct arena a = {0};
    s->from = get_strs(&p->a, v, "from");
    for (size_t i = 0; i < s->from.n; i++) {
        const char *slash = strchr(s->from.s[i], '/');
        size_t n = slash ? (size_t)(slash - s->from.s[i]) : strlen(s->from.s[i]), k = 0, at = 0;
        const char *name = arena_strn(&a, s->from.s[i], n);
        near = near_start(name);
        while (k + 1 < p->ndatasets && strcmp(p->datasets[k].name, name) != 0) near_offer(&near, p->datasets[k++].name);
        if (k + 1 >= p->ndatasets) {
            mistake_at(m, offset_of(v), "no dataset '%s' stands before this one%s", name, near_hint(&near, &a));
            continue;
        }
        const struct pl_dataset *d = &p->datasets[k];
        while (slash && at < d->nsteps && strcmp(d->steps[at].name, slash + 1) != 0) at++;
        if (slash && at == d->nsteps) mistake_at(m, offset_of(v), "dataset %s has no step '%s'", name, slash + 1);
    }
    arena_free(&a);
}

/* A {word} that is none would be taken for a part of the name, and the file be missed every night. */
static void check_path(const char *path, struct jval v, struct mistakes *m) {
    static const char *const words[] = {"date", "yyyymmdd", "year", "month", "day", "definition"};
    struct arena a = {0};
    for (const char *at = path; (at = strchr(at, '{')); at++) {
        size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_"), k = 0;
        if (at[n + 1] != '}') continue; /* {a,b} is the shell's */
        const char *word = arena_strn(&a, at + 1, n);
        struct near near = near_start(word);
        while (k < 6 && strcmp(words[k], word) != 0) near_offer(&near, words[k++]);
        if (k == 6)
            mistake_at(
                m, offset_of(v),
                "unknown placeholder {%s}%s: {date}, {yyyymmdd}, {year}, {month}, {day} and {definition} are there",
                word, near_hint(&near, &a));
    }
    arena_free(&a);
}

static void define_source(struct pipeline *p, struct pl_source *s, struct jval v, struct mistakes *m) {
    static const char *const kinds[] = {"files", "clickstream", "dataset", "trips", "seed", "http"};
    static const char *const defects[] = {"null_check",      "duplicate_check", "range_check",      "sequence_check",
                                          "timestamp_check", "integrity_check", "consistency_check"};
    struct jval x;
    struct arena *a = &p->a;
    if (!get_val(v, "kind", &x) || !word_known(x, kinds, 6)) return;
    s->kind = (enum source_kind)word_index(x, kinds, 6);
    if (s->kind == SOURCE_DATASET) define_from(p, s, v, m);
    if (s->kind == SOURCE_HTTP) s->http = define_http(p, v, m);
    s->path = get_str(a, v, "path", NULL);
    if (s->path && get_val(v, "path", &x)) check_path(s->path, x, m);
    const char *format = get_str(a, v, "format", NULL), *enc = get_str(a, v, "encoding", NULL);
    s->format = format ? (enum format)input_format_find(format) : FMT_AUTO;
    s->enc = enc ? (enum encoding)encoding_find(enc) : ENC_UTF8;
    s->delimiter = get_str(a, v, "delimiter", ",")[0];
    s->seed = (uint64_t)get_int(v, "seed", 42);
    s->users = (uint32_t)get_int(v, "users", 500);
    s->base_url = get_str(a, v, "base_url", "https://shop.example.com");
    s->products = get_str(a, v, "products", NULL);
    s->queries = get_strs(a, v, "search_queries");
    s->numbers = get_strs(a, v, "numbers");
    s->file = get_str(a, v, s->kind == SOURCE_TRIPS ? "segments" : "file", NULL);
    s->trips = (uint32_t)get_int(v, "trips", 200);
    s->flat = strcmp(get_str(a, v, "layout", "trips"), "flat") == 0;
    if (get_val(v, "defects", &x))
        for (int i = 0; i < 7; i++) s->defects[i] = get_num(x, defects[i], 0);
    const char *of = s->products ? s->products : s->file;
    if (of && (get_val(v, "products", &x) || get_val(v, "segments", &x) || get_val(v, "file", &x))) {
        struct err e = {0};
        const char *text;
        size_t n;
        if (pipeline_file(p, a, of, &text, &n, &e)) mistake_at(m, offset_of(x), "%s", e.msg);
    }
}

static bool has_column(const struct table_spec *l, const char *name) {
    for (size_t i = 0; i < l->ncols; i++)
        if (strcmp(l->cols[i].name, name) == 0) return true;
    return strcmp(name, "dt") == 0;
}

static void check_load(const struct table_spec *l, struct jval v, struct mistakes *m) {
    for (size_t i = 0; i < l->ncols; i++) {
        if (l->cols[i].now && l->cols[i].type != COL_TEXT)
            mistake_at(m, offset_of(v), "table %s: column '%s' has \"now\": its type is text", l->table,
                       l->cols[i].name);
        if (strcmp(l->cols[i].name, "dt") == 0)
            mistake_at(m, offset_of(v), "table %s: the column dt (the day) is added by itself; give yours another name",
                       l->table);
        for (size_t k = 0; k < i; k++)
            if (strcmp(l->cols[i].name, l->cols[k].name) == 0)
                mistake_at(m, offset_of(v), "table %s: column '%s' is defined twice", l->table, l->cols[i].name);
    }
    for (size_t i = 0; i < l->key.n; i++)
        if (!has_column(l, l->key.s[i]))
            mistake_at(m, offset_of(v), "table %s: the key's column '%s' is not among the columns", l->table,
                       l->key.s[i]);
    for (size_t i = 0; i < l->nindexes; i++)
        for (size_t k = 0; k < l->indexes[i].n; k++)
            if (!has_column(l, l->indexes[i].s[k]))
                mistake_at(m, offset_of(v), "table %s: the index's column '%s' is not among the columns", l->table,
                           l->indexes[i].s[k]);
    if ((l->mode == LOAD_UPSERT || l->mode == LOAD_IGNORE) && !l->key.n)
        mistake_at(m, offset_of(v), "table %s: this mode needs a key", l->table);
}

/* "keep": how far back rows may lie; the rest goes in the same transaction. */
static void define_keep(struct pipeline *p, struct table_spec *l, struct jval v, struct mistakes *m) {
    struct jval keep;
    size_t i = 0;
    if (!get_val(v, "keep", &keep)) return;
    l->keep_column = get_str(&p->a, keep, "column", "dt");
    l->keep_months = (int)get_int(keep, "months", 0);
    l->keep_days = (int)get_int(keep, "days", 0);
    while (i < l->ncols && strcmp(l->cols[i].name, l->keep_column) != 0) i++;
    if (strcmp(l->keep_column, "dt") != 0 && (i == l->ncols || l->cols[i].type != COL_DATE))
        mistake_at(m, offset_of(keep), "table %s: \"keep\" needs a column of type date, or dt; '%s' is none", l->table,
                   l->keep_column);
}

static void define_load(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m) {
    static const char *const modes[] = {"replace_day", "upsert", "ignore_duplicates", "full"};
    struct jval x;
    struct table_spec *l = d->load = arena_alloc(&p->a, sizeof *l);
    l->table = get_str(&p->a, v, "table", "");
    if (get_val(v, "mode", &x)) l->mode = (enum load_mode)word_index(x, modes, 4);
    l->key = get_strs(&p->a, v, "key");
    l->cols = get_columns(&p->a, v, &l->ncols);
    l->indexes = get_name_lists(&p->a, v, "indexes", &l->nindexes);
    l->add_columns = strcmp(get_str(&p->a, v, "new_columns", "refuse"), "add") == 0;
    l->max_dropped = get_num(v, "max_dropped", 1);
    define_keep(p, l, v, m);
    check_load(l, v, m);
}

static void define_schema(struct pipeline *p, struct pl_dataset *d, struct jval v, struct sha256 *h,
                          struct mistakes *m) {
    struct jval x;
    if (!get_val(v, "schema", &x)) return;
    struct err e = {0};
    const char *text;
    size_t n;
    d->schema_file = jv_str(x, &p->a, NULL);
    if (pipeline_file(p, &p->a, d->schema_file, &text, &n, &e)) {
        mistake_at(m, offset_of(x), "%s", e.msg);
        return;
    }
    sha256_add(h, text, n);
    const char *name = p->dir ? arena_fmt(&p->a, "%s/%s", p->dir, d->schema_file) : d->schema_file;
    if (schema_compile(&d->schema, name, text, n, p->dir, 0, &e)) mistake(m, "%s", e.msg);
}

void define_dataset(struct pipeline *p, struct pl_dataset *d, struct jval v, struct mistakes *m) {
    struct jval x;
    struct sha256 h;
    d->name = get_str(&p->a, v, "name", "");
    d->title = get_str(&p->a, v, "title", d->name);
    d->description = get_str(&p->a, v, "description", NULL);
    d->empty_ok = get_bool(v, "empty_ok", false);
    d->needs = get_strs(&p->a, v, "needs");
    d->min_pass_rate = get_num(v, "min_pass_rate", 99);
    d->profile = get_bool(v, "profile", false);
    d->isolated = get_bool(v, "isolated", false);
    if (get_val(v, "source", &x)) {
        define_source(p, &d->source, x, m);
        sha256_start(&h);
        digest_value(&h, x);
        sha256_hex(&h, d->source_digest);
    }
    sha256_start(&h);
    define_schema(p, d, v, &h, m);
    if (get_val(v, "checks", &x)) {
        digest_value(&h, x);
        define_checks(p, d, x, m);
    }
    sha256_add(&h, &d->min_pass_rate, sizeof d->min_pass_rate);
    if (d->profile) sha256_str(&h, "profile");
    sha256_hex(&h, d->checks_digest);
    if (get_val(v, "transform", &x)) define_steps(p, d, x, m);
    if (get_val(v, "load", &x)) {
        define_load(p, d, x, m);
        d->notes = get_column_notes(&p->a, x);
        sha256_start(&h);
        digest_meaning(&h, x);
        sha256_hex(&h, d->load_digest);
    }
}
