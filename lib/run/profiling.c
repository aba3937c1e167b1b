/* See profiling.h. */
#include "run/profiling.h"

#include "base/progress.h"
#include "io/part.h"

struct titles {
    struct strs names, titles;
};

static const char *find_title(void *ctx, const char *name) {
    const struct titles *t = ctx;
    for (size_t i = 0; i < t->names.n; i++)
        if (strcmp(t->names.s[i], name) == 0) return t->titles.s[i];
    return NULL;
}

static bool is_string(struct jval obj, const char *key, struct jval *out) {
    return jv_get(obj, sv_of(key), out) && jv_type(*out) == JT_STR;
}

/* Every "properties" of the document, wherever it stands: what a name is called first. */
static void gather_titles(const char *text, const struct jtoks *toks, struct titles *t, struct arena *a) {
    t->names.s = arena_alloc(a, toks->n * sizeof(char *));
    t->titles.s = arena_alloc(a, toks->n * sizeof(char *));
    for (uint32_t i = 0; i + 1 < toks->n; i++) {
        struct jval v = {text, toks->t, i}, key, prop, title;
        uint32_t pos = 0;
        if (jv_type(v) != JT_STR || !sv_is(jv_raw(v), "properties") || toks->t[i + 1].type != JT_OBJ) continue;
        v.i = i + 1;
        while (jv_each(v, &pos, &key, &prop)) {
            if (!is_string(prop, "title", &title) && !is_string(prop, "description", &title)) continue;
            const char *name = jv_str(key, a, NULL);
            if (find_title(t, name)) continue;
            t->names.s[t->names.n++] = name;
            t->titles.s[t->titles.n++] = jv_str(title, a, NULL);
        }
    }
}

int profiling_titles(const struct pipeline *p, const struct pl_dataset *d, struct arena *a, struct profile_opt *o,
                     struct err *e) {
    struct titles *t = arena_alloc(a, sizeof *t);
    struct jtoks toks = {0};
    struct jerr je;
    const char *text;
    size_t n;
    o->title = d->title;
    o->field_title = find_title;
    o->ctx = t;
    if (!d->schema_file) return ERR_OK;
    int rc = pipeline_file(p, a, d->schema_file, &text, &n, e);
    if (rc == ERR_OK && json_scan(&toks, text, n, 0, &je)) gather_titles(text, &toks, t, a);
    jtoks_free(&toks);
    return rc;
}

static int log_profile(struct plan *pl, const struct pl_dataset *d, const struct profile *pr, struct err *e) {
    struct arena a = {0};
    struct db wh;
    size_t n;
    int rc = warehouse_open(&wh, pl->env->home, pl->env->memory / 16, e);
    if (rc) return rc;
    struct profile_row *rows = profile_rows(pr, &a, &n);
    rc = warehouse_log_profile(&wh, pl->p->name, d->name, day_text(pl->day).s, rows, n, e);
    db_close(&wh);
    arena_free(&a);
    return rc;
}

int profiling_day(struct plan *pl, const struct pl_dataset *d, struct err *e) {
    struct reader *r = NULL;
    struct profile *pr = NULL;
    struct part_info info;
    char **files, *dir = plan_dir(pl, "raw", d, NULL);
    size_t n;
    bool found;
    struct profile_opt o = {.threads = pl->env->threads, .memory = pl->env->memory, .home = pl->env->home};
    struct reader_opt ro = {
        .format = FMT_JSONL, .block = profile_block(pl->env->memory), .max_line = pl->env->max_line};
    int rc = part_read(dir, &info, &found, e);
    if (rc == ERR_OK && found) progress_expect(info.bytes);
    if (rc == ERR_OK) rc = part_files(dir, &pl->a, &files, &n, e);
    if (rc == ERR_OK) rc = profiling_titles(pl->p, d, &pl->a, &o, e);
    if (rc == ERR_OK) rc = reader_open(&r, (const char *const *)files, n, &ro, e);
    if (rc == ERR_OK) rc = profile_run(&pr, r, &o, e);
    if (rc == ERR_OK) rc = log_profile(pl, d, pr, e);
    profile_free(pr);
    reader_close(r);
    return rc;
}
