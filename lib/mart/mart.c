/*
 * See mart.h. The rows aside lie in SQLite's temporary database, so neither the file nor its log grows by a mart that
 * fails its tests.
 *
 * Most marts are made the short way (mart_quick.c) and come here only when that fails for whatever reason: what is
 * wrong is then found and told in one place.
 */
#include "mart/mart_impl.h"

#include "base/log.h"
#include "mart/eval.h"
#include "mart/fresh.h"
#include "mart/macro.h"

void mart_columns(const struct pl_model *m, struct buf *b) {
    for (size_t i = 0; i < m->ncols; i++) {
        if (i) buf_str(b, ", ");
        sql_name(b, m->cols[i].name);
    }
}

int mart_bind(struct stmt *s, const struct pl_model *m, const struct mart_params *p, struct err *e) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(s->h); i++) {
        const char *name = sqlite3_bind_parameter_name(s->h, i), *value;
        if (!param_value(p, name, &value))
            return err_set(
                e, ERR_CONFIG,
                "%s: unknown parameter %s: there are :ds, :run_id, :quality_status, :started_at, :finished_at", m->file,
                name ? name : "?");
        stmt_text(s, i, value);
    }
    return ERR_OK;
}

/* A failure of the model's own SQL is the definition's mistake; busy, full and the like are not. */
int mart_in_model(const struct pl_model *m, struct err *e) {
    if (e->code == ERR_SQL) e->code = ERR_CONFIG;
    return err_in(e, "model %s (%s)", m->name, m->file);
}

int mart_sql(struct db *wh, const struct pl_model *m, const struct mart_params *p, const char *sql, int64_t *changes,
             struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, wh, sql, m->name, e);
    if (rc == ERR_OK) rc = mart_bind(&s, m, p, e);
    if (rc == ERR_OK) rc = stmt_run(&s, e);
    if (changes) *changes = sqlite3_changes64(wh->h);
    stmt_close(&s);
    return rc;
}

int mart_aside(struct db *wh, const struct pl_model *m, const struct mart_params *params, const char *select,
               int64_t *rows, struct err *e) {
    struct buf b = {0};
    struct table_spec t = {.table = m->name, .cols = m->cols, .ncols = m->ncols};
    int rc = db_exec(wh, e, "DROP TABLE IF EXISTS " MART_ASIDE);
    table_create_sql(&t, MART_ASIDE, false, &b); /* no key: the unique test shall name the duplicates */
    if (rc == ERR_OK) rc = db_exec(wh, e, b.p);
    b.n = 0;
    buf_str(&b, "INSERT INTO " MART_ASIDE " (");
    mart_columns(m, &b);
    buf_str(&b, ") SELECT ");
    mart_columns(m, &b);
    buf_fmt(&b, " FROM (\n%s\n)", select);
    if (rc == ERR_OK) {
        rc = mart_sql(wh, m, params, buf_text(&b), rows, e);
        if (rc) rc = mart_in_model(m, e);
    }
    buf_free(&b);
    return rc;
}

void mart_test_sql(const struct pl_test *t, const char *from, struct buf *b, struct buf *what) {
    const char *sep = "";
    switch (t->kind) {
    case TEST_NOT_NULL:
        buf_str(what, "not_null");
        buf_fmt(b, "SELECT * FROM %s WHERE ", from);
        for (size_t i = 0; i < t->columns.n; i++, sep = " OR ") {
            buf_str(b, sep);
            sql_name(b, t->columns.s[i]);
            buf_str(b, " IS NULL");
        }
        break;
    case TEST_UNIQUE:
        buf_str(what, "unique");
        buf_str(b, "SELECT ");
        for (size_t i = 0; i < t->columns.n; i++) {
            sql_name(b, t->columns.s[i]);
            buf_str(b, ", ");
        }
        buf_fmt(b, "COUNT(*) AS times FROM %s GROUP BY ", from);
        for (size_t i = 0; i < t->columns.n; i++, sep = ", ") {
            buf_str(b, sep);
            sql_name(b, t->columns.s[i]);
        }
        buf_str(b, " HAVING COUNT(*) > 1");
        break;
    case TEST_NOT_EMPTY:
        buf_str(what, "not_empty");
        buf_fmt(b, "SELECT 'no rows' WHERE NOT EXISTS (SELECT 1 FROM %s)", from);
        break;
    default:
        buf_fmt(what, "accepted_values %s", t->columns.s[0]);
        buf_str(b, "SELECT DISTINCT ");
        sql_name(b, t->columns.s[0]);
        buf_fmt(b, " FROM %s WHERE ", from);
        sql_name(b, t->columns.s[0]);
        buf_str(b, " NOT IN (");
        for (size_t i = 0; i < t->values.n; i++) buf_fmt(b, "%s%s", i ? "," : "", t->values.s[i]);
        buf_str(b, ")");
        return;
    }
    for (size_t i = 0; i < t->columns.n; i++) buf_fmt(what, "%s%s", i ? ", " : " ", t->columns.s[i]);
}

/* The first rows that a test found, as "a=1 b=x; a=2 b=y". */
int mart_run_test(struct db *wh, const struct pl_model *m, const struct mart_params *p, const char *sql,
                  const char *what, struct err *e) {
    struct stmt s;
    struct buf found = {.max = 600};
    bool row = true;
    int n = 0, rc = stmt_prepare(&s, wh, sql, what, e);
    if (rc == ERR_OK) rc = mart_bind(&s, m, p, e);
    while (rc == ERR_OK && n < 4 && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        buf_str(&found, n++ ? "; " : "");
        for (int i = 0; i < sqlite3_column_count(s.h) && i < 6; i++) {
            const char *v = stmt_col(&s, i);
            buf_fmt(&found, "%s%s=%.60s", i ? " " : "", sqlite3_column_name(s.h, i), v ? v : "NULL");
        }
    }
    stmt_close(&s);
    if (rc)
        rc = mart_in_model(m, e);
    else if (n)
        rc = err_set(e, ERR_TEST, "model %s: test %s failed; the mart stays as it was. Rows found: %s%s", m->name, what,
                     buf_text(&found), n == 4 ? " ..." : "");
    buf_free(&found);
    return rc;
}

int mart_only_warn(struct err *e) {
    static const char kept[] = "; the mart stays as it was";
    char *at = strstr(e->msg, kept);
    if (at) memmove(at, at + sizeof kept - 1, strlen(at + sizeof kept - 1) + 1);
    log_warn("%s", e->msg);
    *e = (struct err){0};
    return ERR_OK;
}

static int run_tests(struct db *wh, const struct pipeline *p, const struct pl_model *m,
                     const struct mart_params *params, const char *from, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < m->ntests && rc == ERR_OK; i++) {
        struct buf sql = {0}, what = {0};
        if (m->tests[i].kind == TEST_NO_ROWS) {
            buf_fmt(&what, "no_rows %s", m->tests[i].file);
            rc = macro_expand(p, m->tests[i].file, m->tests[i].sql, DIALECT_SQLITE, from, &sql, e);
        } else {
            mart_test_sql(&m->tests[i], from, &sql, &what);
        }
        if (rc == ERR_OK) rc = mart_run_test(wh, m, params, buf_text(&sql), buf_text(&what), e);
        if (rc == ERR_TEST && m->tests[i].warn) rc = mart_only_warn(e);
        buf_free(&sql);
        buf_free(&what);
    }
    return rc;
}

static void conflict_sql(const struct pl_model *m, struct buf *b) {
    if (m->kind != MODEL_DAILY || !m->key.n || strs_has(m->key, sv_of(m->day))) return;
    buf_str(b, " WHERE true ON CONFLICT (");
    for (size_t i = 0; i < m->key.n; i++) {
        if (i) buf_str(b, ", ");
        sql_name(b, m->key.s[i]);
    }
    buf_str(b, ") DO UPDATE SET ");
    bool first = true;
    for (size_t i = 0; i < m->ncols; i++) {
        if (strs_has(m->key, sv_of(m->cols[i].name))) continue;
        if (!first) buf_str(b, ", ");
        first = false;
        sql_name(b, m->cols[i].name);
        buf_str(b, " = excluded.");
        sql_name(b, m->cols[i].name);
    }
    buf_str(b, " WHERE excluded.");
    sql_name(b, m->day);
    buf_str(b, " < ");
    sql_name(b, m->name);
    buf_chr(b, '.');
    sql_name(b, m->day);
}

struct table_spec mart_table(const struct pl_model *m) {
    return (struct table_spec){.table = m->name,
                               .key = m->key,
                               .cols = m->cols,
                               .ncols = m->ncols,
                               .indexes = m->indexes,
                               .nindexes = m->nindexes,
                               .add_columns = true};
}

int mart_swap(void *ctx, struct err *e) {
    struct mart_swap *s = ctx;
    const struct pl_model *m = s->m;
    struct table_spec t = mart_table(m);
    struct buf b = {0};
    int rc = table_ensure(s->wh, &t, false, e);
    if (rc == ERR_OK) {
        buf_str(&b, "DELETE FROM ");
        sql_name(&b, m->name);
        if (m->kind == MODEL_DAILY) {
            buf_str(&b, " WHERE ");
            sql_name(&b, m->day);
            buf_str(&b, " = :ds");
        }
        rc = mart_sql(s->wh, m, s->params, b.p, NULL, e);
    }
    if (rc == ERR_OK) {
        b.n = 0;
        buf_str(&b, "INSERT INTO ");
        sql_name(&b, m->name);
        buf_str(&b, " (");
        mart_columns(m, &b);
        buf_str(&b, ") SELECT ");
        mart_columns(m, &b);
        buf_str(&b, " FROM " MART_ASIDE);
        conflict_sql(m, &b);
        rc = mart_sql(s->wh, m, s->params, b.p, NULL, e);
        if (rc) rc = err_in(e, "model %s", m->name);
    }
    if (rc == ERR_OK && s->params->mark.pipeline) rc = warehouse_note(s->wh, &s->params->mark, e);
    buf_free(&b);
    return rc;
}

static void view_sql(const struct pl_model *m, const char *select, struct buf *b) {
    buf_str(b, "CREATE VIEW ");
    sql_name(b, m->name);
    buf_str(b, " AS ");
    buf_str(b, select);
}

struct view_swap {
    struct db *wh;
    const char *drop, *create;
    const struct warehouse_mark *mark;
};

static int swap_view(void *ctx, struct err *e) {
    struct view_swap *v = ctx;
    int rc = db_exec(v->wh, e, v->drop);
    if (rc == ERR_OK) rc = db_exec(v->wh, e, v->create);
    if (rc == ERR_OK && v->mark->pipeline) rc = warehouse_note(v->wh, v->mark, e);
    return rc;
}

static int build_view(struct db *wh, const struct pipeline *p, const struct pl_model *m,
                      const struct mart_params *params, struct err *e) {
    struct buf select = {0}, from = {0}, create = {0}, drop = {0};
    int rc = macro_expand(p, m->file, m->sql, DIALECT_SQLITE, NULL, &select, e);
    buf_fmt(&from, "(%s\n)", buf_text(&select));
    if (rc == ERR_OK) rc = run_tests(wh, p, m, params, from.p, e);
    buf_str(&drop, "DROP VIEW IF EXISTS ");
    sql_name(&drop, m->name);
    view_sql(m, buf_text(&select), &create);
    struct view_swap v = {wh, drop.p, create.p, &params->mark};
    if (rc == ERR_OK) {
        rc = db_transaction(wh, swap_view, &v, e);
        if (rc) rc = mart_in_model(m, e);
    }
    buf_free(&select);
    buf_free(&from);
    buf_free(&create);
    buf_free(&drop);
    return rc;
}

/* A model may come before the first load (an `always` model after a failed gate): its tables are there then, empty. */
static int make_sources(struct db *wh, const struct pipeline *p, const struct pl_model *m, struct err *e) {
    int rc = ERR_OK;
    for (size_t i = 0; i < m->inputs.n && rc == ERR_OK; i++) {
        const struct pl_dataset *d = pipeline_loader_of(p, m->inputs.s[i]);
        if (d) rc = table_make(wh, d->load, true, e);
    }
    return rc;
}

/* All rows aside, tests there, then the swap: the long way, which tells what is wrong. */
static int build_aside(struct db *wh, const struct pipeline *p, const struct pl_model *m,
                       const struct mart_params *params, int64_t *rows, struct err *e) {
    struct buf sql = {0};
    struct mart_swap s = {wh, m, params};
    int rc = macro_expand(p, m->file, m->sql, DIALECT_SQLITE, NULL, &sql, e);
    if (rc == ERR_OK) rc = mart_aside(wh, m, params, buf_text(&sql), rows, e);
    if (rc == ERR_OK) rc = run_tests(wh, p, m, params, MART_ASIDE, e);
    if (rc == ERR_OK) rc = db_transaction(wh, mart_swap, &s, e);
    sqlite3_exec(wh->h, "DROP TABLE IF EXISTS " MART_ASIDE, NULL, NULL, NULL);
    buf_free(&sql);
    return rc;
}

/* A seed: rows aside from the CSV, tests, swap. */
static int build_seed(struct db *wh, const struct pipeline *p, const struct pl_model *m,
                      const struct mart_params *params, int64_t *rows, struct err *e) {
    struct mart_swap s = {wh, m, params};
    int rc = db_exec(wh, e, "DROP TABLE IF EXISTS " MART_ASIDE);
    if (rc == ERR_OK) rc = seed_fill(wh, m, MART_ASIDE, rows, e);
    if (rc == ERR_OK) rc = run_tests(wh, p, m, params, MART_ASIDE, e);
    if (rc == ERR_OK) rc = db_transaction(wh, mart_swap, &s, e);
    sqlite3_exec(wh->h, "DROP TABLE IF EXISTS " MART_ASIDE, NULL, NULL, NULL);
    return rc;
}

static int note_only(void *ctx, struct err *e) {
    struct mart_swap *s = ctx;
    return s->params->mark.pipeline ? warehouse_note(s->wh, &s->params->mark, e) : ERR_OK;
}

static int check_fresh(struct db *wh, const struct pl_model *m, const struct pl_dataset *d, const char *day,
                       struct err *e) {
    struct arena a = {0};
    struct freshness f;
    int rc = m->fresh.column ? freshness_of(wh, d, &m->fresh, day, &f, &a, e) : ERR_OK;
    if (rc == ERR_OK && m->fresh.column &&
        (f.state == FRESH_STALE || (f.state == FRESH_EMPTY && m->fresh.error_days >= 0)))
        rc = err_set(e, ERR_TEST, "table %s is stale: its newest %s is %s, more than %lld days before %s", f.table,
                     f.column, f.newest ? f.newest : "none", (long long)m->fresh.error_days, day);
    else if (rc == ERR_OK && m->fresh.column && f.state != FRESH_OK)
        log_warn("table %s is late: its newest %s is %s", f.table, f.column, f.newest ? f.newest : "none");
    arena_free(&a);
    return rc;
}

/* The tests of a loaded table, on its rows of the day. */
static int build_check(struct db *wh, const struct pipeline *p, const struct pl_model *m,
                       const struct mart_params *params, struct err *e) {
    const struct pl_dataset *d = pipeline_loader_of(p, m->refs.s[0]);
    struct mart_swap s = {wh, m, params};
    struct buf from = {0};
    buf_str(&from, "(SELECT * FROM ");
    sql_name(&from, d->load->table);
    buf_str(&from, " WHERE dt = :ds)");
    int rc = check_fresh(wh, m, d, params->ds, e);
    if (rc == ERR_OK) rc = run_tests(wh, p, m, params, from.p, e);
    if (rc == ERR_OK) rc = db_transaction(wh, note_only, &s, e);
    buf_free(&from);
    return rc;
}

int mart_build(struct db *wh, const struct pipeline *p, const struct pl_model *m, const struct mart_params *params,
               int64_t *rows, struct err *e) {
    bool done = false;
    *rows = 0;
    if (m->kind == MODEL_CTE) return ERR_OK;
    int rc = make_sources(wh, p, m, e);
    if (rc) return rc;
    if (m->kind == MODEL_VIEW) return build_view(wh, p, m, params, e);
    if (m->kind == MODEL_SEED) return build_seed(wh, p, m, params, rows, e);
    if (m->kind == MODEL_CHECK) return build_check(wh, p, m, params, e);
    rc = mart_quick(wh, p, m, params, rows, &done, e);
    return done ? rc : build_aside(wh, p, m, params, rows, e);
}

int mart_check(struct db *wh, const struct pipeline *p, const struct pl_model *m, struct err *e) {
    struct buf b = {0};
    struct stmt s = {0};
    struct mart_params none = {0};
    if (m->kind == MODEL_SEED || m->kind == MODEL_CHECK) return ERR_OK;
    int rc = macro_expand(p, m->file, m->sql, DIALECT_SQLITE, NULL, &b, e);
    if (rc == ERR_OK && (rc = stmt_prepare(&s, wh, buf_text(&b), m->name, e))) rc = mart_in_model(m, e);
    if (rc == ERR_OK) rc = mart_bind(&s, m, &none, e);
    stmt_close(&s);
    buf_free(&b);
    return rc;
}
