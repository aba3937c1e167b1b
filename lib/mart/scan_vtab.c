/* See scan_vtab.h. Columns that were not read come from the table itself, row by rowid, for the rows that are asked
 * for them: a purchase's document, say, of the one event in two hundred that is a purchase. */
#include "mart/scan_vtab.h"

struct view_vtab {
    sqlite3_vtab base;
    struct scan_view *v;
};
struct view_cursor {
    sqlite3_vtab_cursor base;
    size_t at;
    sqlite3_stmt *lazy; /* the row's columns that are not in memory; NULL until one is asked for */
    int64_t lazy_row;   /* where it stands, or -1 */
};

static int view_connect(sqlite3 *h, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **msg) {
    struct scan_view *v = aux;
    struct buf b = {0};
    (void)argc;
    (void)argv;
    (void)msg;
    buf_str(&b, "CREATE TABLE x(");
    for (size_t i = 0; i < v->rel->ncols; i++) {
        if (i) buf_str(&b, ", ");
        sql_name(&b, v->rel->cols[i].name);
        buf_fmt(&b, " %s", v->rel->cols[i].decl);
    }
    buf_chr(&b, ')');
    int rc = sqlite3_declare_vtab(h, buf_text(&b));
    buf_free(&b);
    if (rc) return rc;
    struct view_vtab *t = sqlite3_malloc(sizeof *t);
    if (!t) return SQLITE_NOMEM;
    *t = (struct view_vtab){.v = v};
    *out = &t->base;
    return SQLITE_OK;
}

static int view_disconnect(sqlite3_vtab *t) {
    sqlite3_free(t);
    return SQLITE_OK;
}

/* The whole of it, always; in order when the order asked for is one that it has. */
static int view_best(sqlite3_vtab *t, sqlite3_index_info *info) {
    struct scan_view *v = ((struct view_vtab *)t)->v;
    bool ordered = info->nOrderBy > 0;
    for (int i = 0; i < info->nOrderBy; i++)
        ordered = ordered && (size_t)i < v->nsorted && info->aOrderBy[i].iColumn == i && !info->aOrderBy[i].desc;
    info->orderByConsumed = ordered;
    info->estimatedCost = (double)v->nrows + 1;
    info->estimatedRows = (sqlite3_int64)v->nrows + 1;
    return SQLITE_OK;
}

static int view_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out) {
    struct view_cursor *c = sqlite3_malloc(sizeof *c);
    (void)t;
    if (!c) return SQLITE_NOMEM;
    *c = (struct view_cursor){.lazy_row = -1};
    *out = &c->base;
    return SQLITE_OK;
}

static int view_close(sqlite3_vtab_cursor *cursor) {
    struct view_cursor *c = (struct view_cursor *)cursor;
    sqlite3_finalize(c->lazy);
    sqlite3_free(c);
    return SQLITE_OK;
}

static struct scan_view *view_of(sqlite3_vtab_cursor *c) {
    return ((struct view_vtab *)c->pVtab)->v;
}

static int view_filter(sqlite3_vtab_cursor *cursor, int num, const char *str, int argc, sqlite3_value **argv) {
    (void)num;
    (void)str;
    (void)argc;
    (void)argv;
    ((struct view_cursor *)cursor)->at = 0;
    return SQLITE_OK;
}

static int view_next(sqlite3_vtab_cursor *cursor) {
    ((struct view_cursor *)cursor)->at++;
    return SQLITE_OK;
}

static int view_eof(sqlite3_vtab_cursor *cursor) {
    return ((struct view_cursor *)cursor)->at >= view_of(cursor)->nrows;
}

static size_t row_of(const struct view_cursor *c, const struct scan_view *v) {
    return v->rows ? v->rows[c->at] : c->at;
}

static int open_lazy(struct view_cursor *c, const struct scan_view *v) {
    struct buf b = {0};
    const char *sep = "SELECT ";
    for (size_t i = 0; i < v->rel->ncols; i++, sep = ", ") {
        buf_str(&b, sep);
        if (v->rel->cols[i].dict)
            buf_str(&b, "NULL");
        else
            sql_name(&b, v->rel->cols[i].name);
    }
    buf_str(&b, " FROM main.");
    sql_name(&b, v->table->table);
    buf_str(&b, " WHERE rowid = ?1");
    int rc = sqlite3_prepare_v2(v->h, b.p, -1, &c->lazy, NULL);
    buf_free(&b);
    return rc;
}

static int lazy_column(struct view_cursor *c, const struct scan_view *v, sqlite3_context *to, int col) {
    int64_t rowid = day_table_rowid(v->table, row_of(c, v));
    if (!c->lazy) {
        int rc = open_lazy(c, v);
        if (rc) return rc;
    }
    if (c->lazy_row != (int64_t)c->at) {
        sqlite3_reset(c->lazy);
        sqlite3_bind_int64(c->lazy, 1, rowid);
        int rc = sqlite3_step(c->lazy);
        if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
        c->lazy_row = (int64_t)c->at;
    }
    sqlite3_result_value(to, sqlite3_column_value(c->lazy, col));
    return SQLITE_OK;
}

static void give_value(sqlite3_context *to, const struct dict *d, uint32_t code) {
    char b[36];
    struct sv t;
    switch (dict_type(d, code)) {
    case VALUE_NULL:
        sqlite3_result_null(to);
        break;
    case VALUE_INTEGER:
        sqlite3_result_int64(to, dict_get_int(d, code));
        break;
    case VALUE_REAL:
        sqlite3_result_double(to, dict_get_real(d, code));
        break;
    default:
        t = dict_get_text(d, code, b);
        sqlite3_result_text(to, t.p, (int)t.n, t.p == b ? SQLITE_TRANSIENT : SQLITE_STATIC);
    }
}

static int view_column(sqlite3_vtab_cursor *cursor, sqlite3_context *to, int col) {
    struct view_cursor *c = (struct view_cursor *)cursor;
    const struct scan_view *v = view_of(cursor);
    const struct relcol *rc = &v->rel->cols[col];
    if (!rc->dict) return lazy_column(c, v, to, col);
    give_value(to, rc->dict, relcol_code(rc, row_of(c, v)));
    return SQLITE_OK;
}

static int view_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id) {
    struct view_cursor *c = (struct view_cursor *)cursor;
    const struct scan_view *v = view_of(cursor);
    *id = v->table ? day_table_rowid(v->table, row_of(c, v)) : (sqlite3_int64)c->at + 1;
    return SQLITE_OK;
}

static const sqlite3_module module = {.iVersion = 1,
                                      .xConnect = view_connect,
                                      .xBestIndex = view_best,
                                      .xDisconnect = view_disconnect,
                                      .xOpen = view_open,
                                      .xClose = view_close,
                                      .xFilter = view_filter,
                                      .xNext = view_next,
                                      .xEof = view_eof,
                                      .xColumn = view_column,
                                      .xRowid = view_rowid};

int scan_vtab_put(struct db *db, const char *name, struct scan_view *v, struct err *e) {
    v->h = db->h;
    int rc = sqlite3_create_module_v2(db->h, name, &module, v, NULL);
    return rc == SQLITE_OK ? ERR_OK : db_err(db, rc, e, name);
}

void scan_vtab_drop(struct db *db, const char *name) {
    sqlite3_create_module_v2(db->h, name, NULL, NULL, NULL);
}
