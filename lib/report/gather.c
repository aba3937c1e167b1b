/* Gathering a day's report; see report.h. A query that fails costs its own table only: the page says so there. */
#include <math.h>

#include "mart/macro.h"
#include "mart/scan.h"
#include "report/report.h"

static struct report_cell read_cell(struct report *r, struct stmt *s, int col) {
    struct report_cell c = {.num = NAN};
    int type = sqlite3_column_type(s->h, col);
    if (type == SQLITE_NULL) return c;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) c.num = sqlite3_column_double(s->h, col);
    c.text = arena_str(&r->a, stmt_col(s, col));
    return c;
}

static int find_columns(const struct pl_query *q, struct stmt *s, int *cols, struct err *e) {
    for (size_t i = 0; i < q->ncols; i++) {
        cols[i] = -1;
        for (int k = 0; k < sqlite3_column_count(s->h); k++)
            if (strcmp(sqlite3_column_name(s->h, k), q->cols[i].name) == 0) cols[i] = k;
        if (cols[i] < 0) return err_set(e, ERR_CONFIG, "%s gives no column '%s'", q->file, q->cols[i].name);
    }
    return ERR_OK;
}

static int read_rows(struct report *r, struct report_table *t, struct stmt *s, struct err *e) {
    const struct pl_query *q = t->q;
    int *cols = arena_alloc(&r->a, (q->ncols + 1) * sizeof *cols);
    struct report_cell *cells = NULL;
    t->nrows = 0;
    memset(t->max, 0, q->ncols * sizeof *t->max);
    size_t cap = 0;
    bool row;
    int rc = find_columns(q, s, cols, e);
    while (rc == ERR_OK && t->nrows < 10000 && (rc = stmt_step(s, &row, e)) == ERR_OK && row) {
        if ((t->nrows + 1) * q->ncols > cap) {
            cap = cap ? cap * 2 : 64 * q->ncols;
            cells = mem_grow(cells, cap * sizeof *cells);
        }
        for (size_t i = 0; i < q->ncols; i++) {
            struct report_cell c = read_cell(r, s, cols[i]);
            cells[t->nrows * q->ncols + i] = c;
            if (!isnan(c.num) && fabs(c.num) > t->max[i]) t->max[i] = fabs(c.num);
        }
        t->nrows++;
    }
    t->cells = arena_alloc(&r->a, (t->nrows * q->ncols + 1) * sizeof *cells);
    if (cells) memcpy(t->cells, cells, t->nrows * q->ncols * sizeof *cells);
    free(cells);
    return rc;
}

/* The query as it is, or on columns in memory. One transaction: all of it sees the same rows. */
static int run_query(struct report *r, struct report_table *t, const char *sql, struct db *wh, struct mart_scan *scan,
                     struct err *e) {
    struct stmt s = {0};
    struct buf on_columns = {0};
    struct mart_params params = {.ds = r->day};
    int rc = db_exec(wh, e, "BEGIN");
    if (rc == ERR_OK && scan) rc = scan_begin(scan, wh, false, &params, sql, &on_columns, e);
    if (rc == ERR_OK) rc = stmt_prepare(&s, wh, scan ? buf_text(&on_columns) : sql, t->q->file, e);
    if (rc == ERR_OK) {
        stmt_name(&s, ":ds", r->day);
        rc = read_rows(r, t, &s, e);
    }
    stmt_close(&s);
    if (scan) scan_end(scan, wh);
    if (!sqlite3_get_autocommit(wh->h)) sqlite3_exec(wh->h, "ROLLBACK", NULL, NULL, NULL);
    buf_free(&on_columns);
    return rc;
}

static void gather_table(struct report *r, struct report_table *t, const struct pl_query *q, struct db *wh,
                         struct mart_scan *scan) {
    struct buf sql = {0};
    struct err e = {0};
    *t = (struct report_table){.q = q, .max = arena_alloc(&r->a, (q->ncols + 1) * sizeof(double))};
    int rc = wh ? macro_expand(r->p, q->file, q->sql, DIALECT_SQLITE, NULL, &sql, &e)
                : err_set(&e, ERR_NOINPUT, "there is no warehouse yet");
    if (rc == ERR_OK && wh && (!scan || run_query(r, t, buf_text(&sql), wh, scan, &e)))
        rc = run_query(r, t, buf_text(&sql), wh, NULL, &e); /* what is wrong is told of the query as it is */
    if (rc) t->problem = arena_str(&r->a, e.msg);
    buf_free(&sql);
}

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

static int gather_checks(struct report *r, struct db *wh, struct err *e) {
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

static int gather_stages(struct report *r, struct ledger *l, struct err *e) {
    struct stmt s;
    bool row;
    size_t cap = 0;
    int rc = stmt_prepare(
        &s, &l->db,
        "SELECT stage, dataset, state, error, rows_in, rows_out, rows_rejected, seconds, finished_at FROM tasks AS t"
        " WHERE pipeline=?1 AND day=?2 AND mode='run' AND stage<>'report' AND state<>'skipped'"
        " AND task_id=(SELECT MAX(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND stage=t.stage"
        " AND dataset=t.dataset AND mode='run' AND state<>'skipped')"
        " ORDER BY CASE stage WHEN 'collect' THEN 1 WHEN 'validate' THEN 2 WHEN 'transform' THEN 3 WHEN 'load' THEN 4 "
        "ELSE 5 END, (SELECT MIN(task_id) FROM tasks WHERE pipeline=t.pipeline AND day=t.day AND stage=t.stage AND "
        "dataset=t.dataset AND mode='run')", /* a step that was done again stands where it stood */
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
    r->made_at = made;
    r->gate = validated ? (failed ? "FAIL" : "PASS") : NULL;
    r->stages = arena_alloc(&r->a, (r->nstages + 1) * sizeof *list);
    if (list) memcpy(r->stages, list, r->nstages * sizeof *list);
    free(list);
    stmt_close(&s);
    return rc;
}

int report_gather(struct report **out, const struct pipeline *p, day_t day, struct db *wh, struct ledger *l,
                  struct mart_scan *scan, struct err *e) {
    struct report *r = mem_alloc(sizeof *r);
    const struct pl_report *d = p->report;
    r->p = p;
    r->made_at = "";
    snprintf(r->day, sizeof r->day, "%s", day_text(day).s);
    int rc = wh ? gather_checks(r, wh, e) : ERR_OK;
    if (rc == ERR_OK && l) rc = gather_stages(r, l, e);
    if (rc == ERR_OK && !r->gate && r->nchecks) { /* validated by hand: the ledger of runs knows nothing of it */
        r->gate = "PASS";
        for (size_t i = 0; i < r->nchecks; i++)
            if (!r->checks[i].pass) r->gate = "FAIL";
    }
    if (rc == ERR_OK && d && d->figures) gather_table(r, &r->figures, d->figures, wh, scan);
    if (rc == ERR_OK && d) {
        r->tables = arena_alloc(&r->a, (d->ntables + 1) * sizeof *r->tables);
        for (size_t i = 0; i < d->ntables; i++) gather_table(r, &r->tables[r->ntables++], &d->tables[i], wh, scan);
    }
    if (rc)
        report_free(r);
    else
        *out = r;
    return rc;
}

void report_free(struct report *r) {
    if (!r) return;
    arena_free(&r->a);
    free(r);
}
