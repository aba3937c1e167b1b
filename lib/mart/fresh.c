/* See fresh.h. */
#include "mart/fresh.h"

const char *const fresh_states[] = {"-", "fresh", "late", "stale", "empty"};

const struct pl_freshness *freshness_limits(const struct pipeline *p, const struct pl_dataset *d) {
    for (size_t i = 0; i < p->nmodels; i++) {
        const struct pl_model *m = &p->models[i];
        if (m->kind == MODEL_CHECK && m->fresh.column && strs_has(m->refs, sv_of(d->load->table))) return &m->fresh;
    }
    return NULL;
}

static int read_newest(struct db *wh, const char *table, const char *column, const char *day, struct freshness *f,
                       struct arena *a, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    bool row;
    buf_str(&b, "SELECT COUNT(*), substr(MAX(");
    sql_name(&b, column);
    buf_str(&b, "), 1, 10), CAST(julianday(?1) - julianday(substr(MAX(");
    sql_name(&b, column);
    buf_str(&b, "), 1, 10)) AS INTEGER) FROM ");
    sql_name(&b, table);
    int rc = stmt_prepare(&s, wh, b.p, table, e);
    if (rc == ERR_OK) stmt_text(&s, 1, day);
    if (rc == ERR_OK) rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) {
        f->rows = stmt_col_int(&s, 0);
        f->newest = stmt_col(&s, 1) ? arena_str(a, stmt_col(&s, 1)) : NULL;
        f->age_days = stmt_col_int(&s, 2);
    }
    stmt_close(&s);
    buf_free(&b);
    return rc;
}

static int table_there(struct db *wh, const char *table, bool *there, struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, wh, "SELECT 1 FROM sqlite_schema WHERE name = ?1", table, e);
    if (rc == ERR_OK) stmt_text(&s, 1, table);
    if (rc == ERR_OK) rc = stmt_step(&s, there, e);
    stmt_close(&s);
    return rc;
}

int freshness_of(struct db *wh, const struct pl_dataset *d, const struct pl_freshness *limits, const char *day,
                 struct freshness *out, struct arena *a, struct err *e) {
    bool there;
    *out = (struct freshness){.table = d->load->table, .column = limits ? limits->column : "dt"};
    int rc = table_there(wh, out->table, &there, e);
    if (rc == ERR_OK && there) rc = read_newest(wh, out->table, out->column, day, out, a, e);
    if (rc) return rc;
    if (!limits)
        out->state = FRESH_NONE;
    else if (!out->newest)
        out->state = FRESH_EMPTY;
    else if (limits->error_days >= 0 && out->age_days > limits->error_days)
        out->state = FRESH_STALE;
    else
        out->state = limits->warn_days >= 0 && out->age_days > limits->warn_days ? FRESH_WARN : FRESH_OK;
    return ERR_OK;
}
