/* What quality log and ledger say of a day; see report.h. */
#include "report/gather.h"

static void gather_samples(struct report *r, struct report_check *c, const char *json) {
    struct jtoks toks = {0};
    struct jerr je;
    if (!json || !json_scan(&toks, json, strlen(json), 0, &je)) return;
    struct jval list = {json, toks.t, 0};
    c->samples = arena_alloc(&r->a, (jv_tok(list)->n + 1) * sizeof *c->samples);
    uint32_t pos = 0;
    for (struct jval s; jv_each(list, &pos, NULL, &s);) {
        struct report_sample *o = &c->samples[c->nsamples++];
        const struct {
            const char *key;
            const char **to;
        } parts[] = {{"line", &o->line}, {"field", &o->field}, {"expected", &o->expected}, {"found", &o->found}};
        for (size_t i = 0; i < 4; i++) {
            struct jval v;
            *parts[i].to = jv_get(s, sv_of(parts[i].key), &v) ? jv_str(v, &r->a, NULL) : "";
        }
    }
    jtoks_free(&toks);
}

int gather_checks(struct report *r, struct db *wh, struct err *e) {
    struct stmt s;
    bool row;
    size_t cap = 0;
    int rc =
        stmt_prepare(&s, wh,
                     "SELECT check_name, check_type, dataset, total_records, failed_records, pass_rate, status, samples"
                     " FROM quality_check_log WHERE pipeline=?1 AND check_date=?2 ORDER BY dataset, check_no",
                     "quality_check_log", e);
    if (rc) return ERR_OK; /* a warehouse that has no such table yet has no checks */
    stmt_text(&s, 1, r->p->name);
    stmt_text(&s, 2, r->day);
    struct report_check *list = NULL;
    r->nchecks = 0;
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (r->nchecks == cap) {
            cap = cap ? cap * 2 : 16;
            list = mem_grow(list, cap * sizeof *list);
        }
        struct report_check *c = &list[r->nchecks++];
        *c = (struct report_check){.name = arena_str(&r->a, stmt_col(&s, 0)),
                                   .type = arena_str(&r->a, stmt_col(&s, 1)),
                                   .dataset = arena_str(&r->a, stmt_col(&s, 2)),
                                   .total = stmt_col_int(&s, 3),
                                   .failed = stmt_col_int(&s, 4),
                                   .rate = sqlite3_column_double(s.h, 5),
                                   .pass = strcmp(stmt_col(&s, 6), "PASS") == 0};
        gather_samples(r, c, stmt_col(&s, 7));
    }
    r->checks = arena_alloc(&r->a, (r->nchecks + 1) * sizeof *list);
    if (list) memcpy(r->checks, list, r->nchecks * sizeof *list);
    free(list);
    stmt_close(&s);
    return rc;
}

static int stage_rank(const char *stage) {
    static const char *const order[] = {"collect", "validate", "transform", "load"};
    int i = 0;
    while (i < 4 && strcmp(stage, order[i]) != 0) i++;
    return i;
}

/* Where the definition has a dataset, "dataset/step" or model; what it no longer has stands last. */
static size_t defined_at(const struct pipeline *p, const char *name) {
    size_t at = 0, n = strcspn(name, "/");
    for (size_t i = 0; i < p->ndatasets; at += p->datasets[i++].nsteps + 1) {
        const struct pl_dataset *d = &p->datasets[i];
        if (strlen(d->name) != n || strncmp(d->name, name, n) != 0) continue;
        for (size_t j = 0; name[n] && j < d->nsteps; j++)
            if (strcmp(d->steps[j].name, name + n + 1) == 0) return at + j + 1;
        return at;
    }
    for (size_t i = 0; i < p->nmodels; i++)
        if (strcmp(p->models[i].name, name) == 0) return at + i;
    return SIZE_MAX;
}

/* By the definition, whatever was done first: a shop that failed and came back stands where it always stands. */
static int by_definition(const void *a, const void *b, void *pipeline) {
    const struct report_stage *x = a, *y = b;
    int ranks = stage_rank(x->stage) - stage_rank(y->stage);
    size_t i = defined_at(pipeline, x->dataset), j = defined_at(pipeline, y->dataset);
    if (ranks) return ranks;
    return i != j ? (i < j ? -1 : 1) : strcmp(x->dataset, y->dataset);
}

int gather_stages(struct report *r, struct ledger *l, struct err *e) {
    struct stmt s;
    bool row;
    size_t cap = 0;
    int rc = stmt_prepare(
        &s, &l->db,
        "SELECT stage, dataset, state, error, rows_in, rows_out, rows_rejected, seconds, finished_at FROM tasks AS t"
        " WHERE pipeline=?1 AND day=?2 AND mode='run' AND stage<>'report' AND state<>'skipped'"
        " AND task_id=(SELECT MAX(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND stage=t.stage"
        " AND dataset=t.dataset AND mode='run' AND state<>'skipped')",
        "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->p->name);
    stmt_text(&s, 2, r->day);
    struct report_stage *list = NULL;
    r->nstages = 0;
    const char *made = "";
    bool validated = false, failed = false;
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (r->nstages == cap) {
            cap = cap ? cap * 2 : 16;
            list = mem_grow(list, cap * sizeof *list);
        }
        struct report_stage *g = &list[r->nstages++];
        *g = (struct report_stage){.stage = arena_str(&r->a, stmt_col(&s, 0)),
                                   .dataset = arena_str(&r->a, stmt_col(&s, 1)),
                                   .state = arena_str(&r->a, stmt_col(&s, 2)),
                                   .error = arena_str(&r->a, stmt_col(&s, 3)),
                                   .finished_at = arena_str(&r->a, stmt_col(&s, 8)),
                                   .seconds = sqlite3_column_double(s.h, 7)};
        int64_t *n[] = {&g->in, &g->out, &g->rejected};
        for (int i = 0; i < 3; i++)
            *n[i] = sqlite3_column_type(s.h, 4 + i) == SQLITE_NULL ? -1 : stmt_col_int(&s, 4 + i);
        const char *at = stmt_col(&s, 8);
        if (at && strcmp(at, made) > 0) made = arena_str(&r->a, at);
        if (strcmp(g->stage, "validate") == 0) {
            validated = true;
            failed = failed || strcmp(g->state, "done") != 0;
        }
    }
    if (list) qsort_r(list, r->nstages, sizeof *list, by_definition, (void *)(uintptr_t)r->p);
    r->made_at = made;
    r->gate = validated ? (failed ? "FAIL" : "PASS") : NULL;
    r->stages = arena_alloc(&r->a, (r->nstages + 1) * sizeof *list);
    if (list) memcpy(r->stages, list, r->nstages * sizeof *list);
    free(list);
    stmt_close(&s);
    return rc;
}

/* How the day's last run ended; a day that was only done by hand has none. */
int gather_run(struct report *r, struct ledger *l, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, &l->db,
                          "SELECT state, error FROM runs WHERE pipeline=?1 AND day=?2 ORDER BY rowid DESC LIMIT 1",
                          "reading the ledger", e);
    if (rc) return rc;
    stmt_text(&s, 1, r->p->name);
    stmt_text(&s, 2, r->day);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row) {
        r->run_state = arena_str(&r->a, stmt_col(&s, 0));
        r->run_error = arena_str(&r->a, stmt_col(&s, 1));
    }
    stmt_close(&s);
    return rc;
}
