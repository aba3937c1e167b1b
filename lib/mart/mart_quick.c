/*
 * The short way to a mart. One transaction: the day's rows are deleted, the new ones inserted straight into the mart
 * and tested there (they are those with a rowid above all others), then it commits; readers see the old rows until
 * then. Models whose key may meet rows of other days, and `table` models, go through rows aside, but read columns in
 * memory as well.
 *
 * Whatever goes wrong is rolled back and left to the long way, which does it all again and tells what is wrong.
 */
#include "mart/mart_impl.h"

#include "mart/macro.h"
#include "mart/scan.h"

struct quick {
    struct db *wh;
    const struct pipeline *p;
    const struct pl_model *m;
    const struct mart_params *params;
    int64_t *rows;
    bool scanned;
};

/* ---- does SQL read the mart itself? Then it must see the old rows, and not be run among the new ones. ---- */

struct reads {
    const char *table;
    bool found;
};

static int on_read(void *ctx, int action, const char *table, const char *column, const char *db, const char *by) {
    struct reads *r = ctx;
    (void)column;
    (void)db;
    (void)by;
    if (action == SQLITE_READ && sqlite3_stricmp(table, r->table) == 0) r->found = true;
    return SQLITE_OK;
}

static int reads_mart(struct quick *q, const char *sql, bool *reads, struct err *e) {
    struct reads r = {q->m->name, false};
    struct stmt s;
    sqlite3_set_authorizer(q->wh->h, on_read, &r);
    int rc = stmt_prepare(&s, q->wh, sql, q->m->name, e);
    sqlite3_set_authorizer(q->wh->h, NULL, NULL);
    stmt_close(&s);
    *reads = r.found;
    return rc;
}

/* The model, or a test of it that names the mart instead of {{ this }}. */
static int reads_itself(struct quick *q, const char *select, bool *reads, struct err *e) {
    struct buf none = {0};
    const char *sep = "(SELECT ";
    for (size_t i = 0; i < q->m->ncols; i++, sep = ", ") {
        buf_fmt(&none, "%sNULL AS ", sep);
        sql_name(&none, q->m->cols[i].name);
    }
    buf_chr(&none, ')');
    int rc = reads_mart(q, select, reads, e);
    for (size_t i = 0; i < q->m->ntests && rc == ERR_OK && !*reads; i++) {
        const struct pl_test *t = &q->m->tests[i];
        struct buf sql = {0};
        if (t->kind != TEST_NO_ROWS) continue;
        rc = macro_expand(q->p, t->file, t->sql, DIALECT_SQLITE, none.p, &sql, e);
        if (rc == ERR_OK) rc = reads_mart(q, buf_text(&sql), reads, e);
        buf_free(&sql);
    }
    buf_free(&none);
    return rc;
}

/* ---- statements on columns in memory ---- */

typedef int (*run_fn)(struct quick *q, const char *sql, const char *what, struct err *e);

static int with_scan(struct quick *q, const char *sql, const char *what, run_fn run, struct err *e) {
    struct mart_scan *scan = q->params->scan;
    struct buf b = {0};
    if (!scan) return run(q, sql, what, e);
    int rc = scan_begin(scan, q->wh, true, q->params, sql, &b, e);
    q->scanned = q->scanned || scan_replaced(scan);
    if (rc == ERR_OK) rc = run(q, buf_text(&b), what, e);
    scan_end(scan, q->wh);
    buf_free(&b);
    return rc;
}

static int insert_rows(struct quick *q, const char *select, const char *what, struct err *e) {
    struct buf b = {0};
    (void)what;
    buf_str(&b, "INSERT INTO ");
    sql_name(&b, q->m->name);
    buf_str(&b, " (");
    mart_columns(q->m, &b);
    buf_str(&b, ") SELECT ");
    mart_columns(q->m, &b);
    buf_fmt(&b, " FROM (\n%s\n)", select);
    int rc = mart_sql(q->wh, q->m, q->params, b.p, q->rows, e);
    buf_free(&b);
    return rc;
}

static int rows_aside(struct quick *q, const char *select, const char *what, struct err *e) {
    (void)what;
    return mart_aside(q->wh, q->m, q->params, select, q->rows, e);
}

static int one_test(struct quick *q, const char *sql, const char *what, struct err *e) {
    return mart_run_test(q->wh, q->m, q->params, sql, what, e);
}

/* ---- tests ---- */

/* Are these columns unique by the mart's own primary key? (Of a STRICT table: its columns are not null.) */
static int proved_unique(struct quick *q, const struct pl_test *t, bool *proved, struct err *e) {
    struct stmt s;
    bool row;
    int keys = 0;
    *proved = true;
    int rc = stmt_prepare(&s, q->wh, "SELECT name, \"notnull\" FROM pragma_table_info(?1) WHERE pk > 0", q->m->name, e);
    if (rc) return rc;
    stmt_text(&s, 1, q->m->name);
    for (; (rc = stmt_step(&s, &row, e)) == ERR_OK && row; keys++)
        *proved = *proved && stmt_col_int(&s, 1) && strs_has(t->columns, sv_of(stmt_col(&s, 0)));
    stmt_close(&s);
    *proved = *proved && keys;
    return rc;
}

/* not_null and accepted_values in one pass over the rows: what does not pass, if anything does not. */
static void pass_sql(const struct pl_model *m, const char *from, struct buf *b) {
    const char *sep = "";
    buf_fmt(b, "SELECT 1 FROM %s WHERE ", from);
    for (size_t i = 0; i < m->ntests; i++) {
        const struct pl_test *t = &m->tests[i];
        if (t->warn) continue;
        if (t->kind == TEST_NOT_NULL) {
            for (size_t k = 0; k < t->columns.n; k++, sep = " OR ") {
                buf_str(b, sep);
                sql_name(b, t->columns.s[k]);
                buf_str(b, " IS NULL");
            }
        } else if (t->kind == TEST_ACCEPTED) {
            buf_str(b, sep);
            sql_name(b, t->columns.s[0]);
            buf_str(b, " NOT IN (");
            for (size_t k = 0; k < t->values.n; k++) buf_fmt(b, "%s%s", k ? "," : "", t->values.s[k]);
            buf_chr(b, ')');
            sep = " OR ";
        }
    }
    buf_str(b, *sep ? " LIMIT 1" : "false");
}

static int quick_test(struct quick *q, const struct pl_test *t, const char *from, struct err *e) {
    struct buf sql = {0}, what = {0};
    bool proved = false;
    int rc = ERR_OK;
    if (t->kind == TEST_NO_ROWS) {
        buf_str(&what, t->file);
        rc = macro_expand(q->p, t->file, t->sql, DIALECT_SQLITE, from, &sql, e);
    } else {
        if (t->kind == TEST_UNIQUE) rc = proved_unique(q, t, &proved, e);
        mart_test_sql(t, from, &sql, &what);
    }
    if (rc == ERR_OK && !proved) rc = with_scan(q, buf_text(&sql), buf_text(&what), one_test, e);
    if (rc == ERR_TEST && t->warn) rc = mart_only_warn(e);
    buf_free(&sql);
    buf_free(&what);
    return rc;
}

static int quick_tests(struct quick *q, const char *from, struct err *e) {
    struct buf pass = {0};
    pass_sql(q->m, from, &pass);
    int rc = one_test(q, pass.p, "not_null", e);
    for (size_t i = 0; i < q->m->ntests && rc == ERR_OK; i++) {
        const struct pl_test *t = &q->m->tests[i];
        if (t->warn || (t->kind != TEST_NOT_NULL && t->kind != TEST_ACCEPTED)) rc = quick_test(q, t, from, e);
    }
    buf_free(&pass);
    return rc;
}

/* ---- the two ways to the mart ---- */

static int clear_day(struct quick *q, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    bool others = true;
    buf_str(&b, "SELECT 1 FROM ");
    sql_name(&b, q->m->name);
    buf_str(&b, " WHERE ");
    sql_name(&b, q->m->day);
    buf_str(&b, " IS NOT ?1 LIMIT 1");
    int rc = stmt_prepare(&s, q->wh, b.p, q->m->name, e);
    if (rc == ERR_OK) stmt_text(&s, 1, q->params->ds);
    if (rc == ERR_OK) rc = stmt_step(&s, &others, e);
    stmt_close(&s);
    b.n = 0;
    buf_str(&b, "DELETE FROM ");
    sql_name(&b, q->m->name);
    if (others) { /* else SQLite empties the table without going through its rows */
        buf_str(&b, " WHERE ");
        sql_name(&b, q->m->day);
        buf_str(&b, " = :ds");
    }
    if (rc == ERR_OK) rc = mart_sql(q->wh, q->m, q->params, b.p, NULL, e);
    buf_free(&b);
    return rc;
}

static int last_rowid(struct quick *q, int64_t *last, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    bool row;
    buf_str(&b, "SELECT COALESCE(MAX(rowid), 0) FROM ");
    sql_name(&b, q->m->name);
    int rc = stmt_prepare(&s, q->wh, b.p, q->m->name, e);
    if (rc == ERR_OK) rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) *last = stmt_col_int(&s, 0);
    stmt_close(&s);
    buf_free(&b);
    /* beyond it SQLite looks for free rowids, and new rows are no longer above all others */
    if (rc == ERR_OK && (*last < 0 || *last > INT64_MAX / 2)) rc = err_set(e, ERR_DATA, "no rowids");
    return rc;
}

static int straight(struct quick *q, const char *select, struct err *e) {
    struct table_spec t = mart_table(q->m);
    struct buf from = {0};
    int64_t last = 0;
    int rc = table_ensure(q->wh, &t, false, e);
    if (rc == ERR_OK) rc = clear_day(q, e);
    if (rc == ERR_OK) rc = last_rowid(q, &last, e);
    if (rc == ERR_OK) rc = with_scan(q, select, NULL, insert_rows, e);
    buf_str(&from, "(SELECT ");
    mart_columns(q->m, &from);
    buf_str(&from, " FROM main.");
    sql_name(&from, q->m->name);
    buf_fmt(&from, " WHERE rowid > %lld)", (long long)last);
    if (rc == ERR_OK) rc = quick_tests(q, from.p, e);
    if (rc == ERR_OK && q->params->mark.pipeline) rc = warehouse_note(q->wh, &q->params->mark, e);
    buf_free(&from);
    return rc;
}

static int through_aside(struct quick *q, const char *select, struct err *e) {
    struct mart_swap s = {q->wh, q->m, q->params};
    int rc = with_scan(q, select, NULL, rows_aside, e);
    if (rc == ERR_OK) rc = quick_tests(q, MART_ASIDE, e);
    if (rc == ERR_OK) rc = mart_swap(&s, e);
    sqlite3_exec(q->wh->h, "DROP TABLE IF EXISTS " MART_ASIDE, NULL, NULL, NULL);
    return rc;
}

static int build(void *ctx, struct err *e) {
    struct quick *q = ctx;
    struct buf sql = {0};
    bool own = true;
    bool day_in_key = q->m->kind == MODEL_DAILY && q->m->key.n && strs_has(q->m->key, sv_of(q->m->day));
    int rc = macro_expand(q->p, q->m->file, q->m->sql, DIALECT_SQLITE, NULL, &sql, e);
    if (rc == ERR_OK && day_in_key) rc = reads_itself(q, buf_text(&sql), &own, e);
    if (rc == ERR_OK) rc = own ? through_aside(q, buf_text(&sql), e) : straight(q, buf_text(&sql), e);
    buf_free(&sql);
    return rc;
}

int mart_quick(struct db *wh, const struct pipeline *p, const struct pl_model *m, const struct mart_params *params,
               int64_t *rows, bool *done, struct err *e) {
    struct quick q = {wh, p, m, params, rows, false};
    struct err mine = {0};
    int rc = db_transaction(wh, build, &q, &mine);
    *done = rc == ERR_OK || rc == ERR_STOPPED || rc == ERR_TIMEOUT || rc == ERR_DBBUSY || rc == ERR_NOSPACE ||
            rc == ERR_CORRUPT;
    if (*done && rc) *e = mine;
    return rc;
}
