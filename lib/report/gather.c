/* Gathering a day's report; see report.h. A query that fails costs its own block only: the page says so there. */
#include "report/gather.h"

#include <math.h>

#include "io/file.h"
#include "mart/macro.h"
#include "mart/scan.h"

static struct report_cell read_cell(struct report *r, struct stmt *s, int col) {
    struct report_cell c = {.num = NAN};
    int type = sqlite3_column_type(s->h, col);
    if (type == SQLITE_NULL) return c;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) c.num = sqlite3_column_double(s->h, col);
    c.text = arena_str(&r->a, stmt_col(s, col));
    return c;
}

int query_find_columns(const struct pl_query *q, struct stmt *s, int *cols, struct err *e) {
    for (size_t i = 0; i < q->ncols; i++) {
        cols[i] = -1;
        for (int k = 0; k < sqlite3_column_count(s->h); k++)
            if (strcmp(sqlite3_column_name(s->h, k), q->cols[i].name) == 0) cols[i] = k;
        if (cols[i] < 0) return err_set(e, ERR_CONFIG, "%s gives no column '%s'", q->file, q->cols[i].name);
    }
    return ERR_OK;
}

static void note_extent(struct report_table *t, size_t i, double x) {
    if (isnan(x)) return;
    if (fabs(x) > t->max[i]) t->max[i] = fabs(x);
    if (isnan(t->least[i]) || x < t->least[i]) t->least[i] = x;
    if (isnan(t->most[i]) || x > t->most[i]) t->most[i] = x;
}

/* The first REPORT_ROWS rows are kept, the others counted. */
static int read_rows(struct report *r, struct report_table *t, struct stmt *s, struct err *e) {
    const struct pl_query *q = t->q;
    int *cols = arena_alloc(&r->a, (q->ncols + 1) * sizeof *cols);
    struct report_cell *cells = NULL;
    t->nrows = t->total = 0;
    for (size_t i = 0; i < q->ncols; i++) t->max[i] = 0, t->least[i] = t->most[i] = NAN;
    size_t cap = 0;
    bool row;
    int rc = query_find_columns(q, s, cols, e);
    while (rc == ERR_OK && (rc = stmt_step(s, &row, e)) == ERR_OK && row) {
        if (++t->total > REPORT_ROWS) continue;
        if ((t->nrows + 1) * q->ncols > cap) {
            cap = cap ? cap * 2 : 64 * q->ncols;
            cells = mem_grow(cells, cap * sizeof *cells);
        }
        for (size_t i = 0; i < q->ncols; i++) {
            cells[t->nrows * q->ncols + i] = read_cell(r, s, cols[i]);
            note_extent(t, i, cells[t->nrows * q->ncols + i].num);
        }
        t->nrows++;
    }
    t->cells = arena_alloc(&r->a, (t->nrows * q->ncols + 1) * sizeof *cells);
    if (cells) memcpy(t->cells, cells, t->nrows * q->ncols * sizeof *cells);
    free(cells);
    return rc;
}

int query_expand(const struct report *r, const struct pl_query *q, struct buf *sql, struct err *e) {
    return macro_expand(r->p, q->file, q->sql, DIALECT_SQLITE, NULL, sql, e);
}

void query_bind(const struct report *r, const struct pl_query *q, day_t day, struct stmt *s) {
    /* SQLite copies none of them: they live as long as the report */
    struct arena *a = (struct arena *)&r->a;
    const char *ds = arena_str(a, day_text(day).s);
    stmt_name(s, ":ds", ds);
    stmt_name(s, ":day", ds);
    stmt_name(s, ":from", arena_str(a, day_text(day - (q->days ? q->days - 1 : 0)).s));
    stmt_name(s, ":pipeline", r->p->name);
    stmt_name(s, ":now", r->now);
}

/* Columns in memory are of the day itself, and know its name only. */
static bool fits_scan(const char *sql) {
    static const char *const others[] = {":day", ":from", ":pipeline", ":now", "ledger."};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(sql, others[i])) return false;
    return true;
}

/* The query as it is, or on columns in memory. One transaction: all of it sees the same rows. */
static int run_query(struct report *r, struct report_table *t, const char *sql, day_t day, struct db *wh,
                     struct mart_scan *scan, struct err *e) {
    struct stmt s = {0};
    struct buf on_columns = {0};
    struct mart_params params = {.ds = r->day};
    int rc = db_exec(wh, e, "BEGIN");
    if (rc == ERR_OK && scan) rc = scan_begin(scan, wh, false, &params, sql, &on_columns, e);
    if (rc == ERR_OK) rc = stmt_prepare(&s, wh, scan ? buf_text(&on_columns) : sql, t->q->file, e);
    if (rc == ERR_OK && !sqlite3_stmt_readonly(s.h))
        rc = err_set(e, ERR_CONFIG, "%s is no SELECT: a report only reads", t->q->file);
    if (rc == ERR_OK) {
        query_bind(r, t->q, day, &s);
        rc = read_rows(r, t, &s, e);
    }
    stmt_close(&s);
    if (scan) scan_end(scan, wh);
    if (!sqlite3_get_autocommit(wh->h)) sqlite3_exec(wh->h, "ROLLBACK", NULL, NULL, NULL);
    buf_free(&on_columns);
    return rc;
}

/* ---- where figures come from ---- */

struct tables_read {
    struct report *r;
    struct report_table *t;
};

static bool is_known(const struct report_table *t, const char *name) {
    for (size_t i = 0; i < t->nsources; i++)
        if (strcmp(t->sources[i].name, name) == 0) return true;
    return false;
}

/* Asked by SQLite for every column that a statement is going to read. */
static int note_table(void *ctx, int what, const char *table, const char *column, const char *db, const char *view) {
    struct tables_read *o = ctx;
    (void)column;
    (void)view;
    if (what != SQLITE_READ || !table || !*table || !db || strcmp(db, "temp") == 0) return SQLITE_OK;
    if (strncmp(table, "json_", 5) == 0 || strncmp(table, "sqlite_", 7) == 0) return SQLITE_OK;
    const char *name = strcmp(db, "main") == 0 ? table : arena_fmt(&o->r->a, "%s.%s", db, table);
    if (o->t->nsources < REPORT_SOURCES && !is_known(o->t, name))
        o->t->sources[o->t->nsources++] = (struct report_source){arena_str(&o->r->a, name), NULL};
    return SQLITE_OK;
}

/* When the day's rows of a table were made: the stage that fills it. */
static const char *made_when(const struct report *r, const char *table) {
    const char *at = NULL;
    for (size_t i = 0; i < r->nstages; i++) {
        const struct report_stage *g = &r->stages[i];
        const struct pl_dataset *d = strcmp(g->stage, "load") == 0 ? pipeline_dataset(r->p, g->dataset) : NULL;
        if ((strcmp(g->stage, "mart") == 0 && strcmp(g->dataset, table) == 0) ||
            (d && d->load && strcmp(d->load->table, table) == 0) ||
            (strcmp(g->stage, "validate") == 0 && strcmp(table, "quality_check_log") == 0))
            at = g->finished_at;
    }
    return at;
}

static void gather_sources(struct report *r, struct report_table *t, const char *sql, struct db *wh) {
    struct stmt s = {0};
    struct err e;
    struct tables_read o = {r, t};
    t->sources = arena_alloc(&r->a, REPORT_SOURCES * sizeof *t->sources);
    sqlite3_set_authorizer(wh->h, note_table, &o);
    if (stmt_prepare(&s, wh, sql, t->q->file, &e) == ERR_OK) stmt_close(&s);
    sqlite3_set_authorizer(wh->h, NULL, NULL);
    for (size_t i = 0; i < t->nsources; i++) t->sources[i].at = made_when(r, t->sources[i].name);
}

/* The same query of earlier days. */
static void gather_before(struct report *r, struct report_table *t, const char *sql, struct db *wh) {
    day_t day;
    if (!t->q->ncompare || !t->nrows || !day_parse(sv_of(r->day), &day)) return;
    t->before = arena_alloc(&r->a, t->q->ncompare * sizeof *t->before);
    for (size_t k = 0; k < t->q->ncompare; k++) {
        struct report_table then = {.q = t->q};
        struct err e;
        then.max = arena_alloc(&r->a, (t->q->ncols + 1) * 3 * sizeof(double));
        then.least = then.max + t->q->ncols;
        then.most = then.least + t->q->ncols;
        if (run_query(r, &then, sql, day - t->q->compare[k].days, wh, NULL, &e) == ERR_OK && then.nrows)
            t->before[k] = then.cells;
    }
}

static void gather_table(struct report *r, struct report_table *t, const struct pl_query *q, struct db *wh,
                         struct mart_scan *scan) {
    struct buf sql = {0};
    struct err e = {0};
    day_t day = 0;
    *t = (struct report_table){.q = q, .max = arena_alloc(&r->a, (q->ncols + 1) * 3 * sizeof(double))};
    t->least = t->max + q->ncols;
    t->most = t->least + q->ncols;
    if (!kind_has_query(q->kind)) return;
    day_parse(sv_of(r->day), &day);
    int rc = wh ? query_expand(r, q, &sql, &e) : err_set(&e, ERR_NOINPUT, "there is no warehouse yet");
    if (rc == ERR_OK && wh) {
        gather_sources(r, t, buf_text(&sql), wh);
        if (!fits_scan(buf_text(&sql))) scan = NULL;
        if (!scan || run_query(r, t, buf_text(&sql), day, wh, scan, &e))
            rc = run_query(r, t, buf_text(&sql), day, wh, NULL, &e); /* what is wrong is told of the query as it is */
        if (rc == ERR_OK) gather_before(r, t, buf_text(&sql), wh);
    }
    if (rc) t->problem = arena_str(&r->a, e.msg);
    buf_free(&sql);
}

/* ---- the whole ---- */

int report_attach(struct db *wh, const struct ledger *l, struct err *e) {
    struct stmt s = {0};
    int rc = db_exec(wh, e, "PRAGMA query_only=1");
    if (rc == ERR_OK) rc = stmt_prepare(&s, wh, "ATTACH DATABASE ?1 AS ledger", "reading the ledger", e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, l->db.path);
        rc = stmt_run(&s, e);
    }
    stmt_close(&s);
    return rc;
}

void report_detach(struct db *wh) {
    sqlite3_exec(wh->h, "DETACH DATABASE ledger", NULL, NULL, NULL);
    if (!sqlite3_db_readonly(wh->h, "main")) sqlite3_exec(wh->h, "PRAGMA query_only=0", NULL, NULL, NULL);
}

static void find_gate(struct report *r) {
    if (r->gate || !r->nchecks) return;
    r->gate = "PASS"; /* validated by hand: the ledger of runs knows nothing of it */
    for (size_t i = 0; i < r->nchecks; i++)
        if (!r->checks[i].pass) r->gate = "FAIL";
}

static void gather_blocks(struct report *r, const struct pl_report *d, struct db *wh, struct mart_scan *scan) {
    r->tables = arena_alloc(&r->a, (d->nblocks + 1) * sizeof *r->tables);
    for (size_t i = 0; i < d->nblocks; i++) {
        struct report_table *t = &r->tables[r->ntables++];
        gather_table(r, t, &d->blocks[i], wh, scan);
        if (!r->figures.q && t->q->kind == BLOCK_CARDS && t->q->role[ROLE_VALUE] < 0) r->figures = *t;
    }
}

int report_gather(struct report **out, const struct pipeline *p, day_t day, struct db *wh, struct ledger *l,
                  struct mart_scan *scan, struct err *e) {
    struct report *r = mem_alloc(sizeof *r);
    bool attached = wh && l && l->db.h;
    r->p = p;
    r->made_at = "";
    r->now = arena_str(&r->a, utc_text(now_utc()).s);
    snprintf(r->day, sizeof r->day, "%s", day_text(day).s);
    int rc = wh ? gather_checks(r, wh, e) : ERR_OK;
    if (rc == ERR_OK && l) rc = gather_stages(r, l, e);
    if (rc == ERR_OK && l) rc = gather_run(r, l, e);
    if (rc == ERR_OK) find_gate(r);
    if (rc == ERR_OK && attached) rc = report_attach(wh, l, e);
    if (rc == ERR_OK && p->report) gather_blocks(r, p->report, wh, scan);
    if (attached) report_detach(wh);
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
