/* Table definitions; see table.h. Loading is in loader.c. */
#include "store/table.h"

const char *const column_type_names[COLUMN_TYPES] = {"text",    "integer", "real",      "number",
                                                     "boolean", "date",    "timestamp", "json"};
static const char *const sql_types[COLUMN_TYPES] = {"TEXT",    "INTEGER", "REAL", "ANY",
                                                    "INTEGER", "TEXT",    "TEXT", "TEXT"};

static void column_sql(const struct column *c, struct buf *b) {
    sql_name(b, c->name);
    buf_fmt(b, " %s%s", sql_types[c->type], c->not_null ? " NOT NULL" : "");
    if (c->type == COL_NUMBER) {
        /* two comparisons: an IN list of three makes SQLite build a table for it at every row */
        buf_str(b, " CHECK (typeof(");
        sql_name(b, c->name);
        buf_str(b, ") <> 'text' AND typeof(");
        sql_name(b, c->name);
        buf_str(b, ") <> 'blob')");
    } else if (c->type == COL_BOOLEAN) {
        buf_str(b, " CHECK (");
        sql_name(b, c->name);
        buf_str(b, " IN (0,1))");
    }
}

static void name_list(struct buf *b, struct strs l) {
    for (size_t i = 0; i < l.n; i++) {
        if (i) buf_str(b, ", ");
        sql_name(b, l.s[i]);
    }
}

void table_create_sql(const struct table_spec *t, const char *name, bool dt, struct buf *b) {
    buf_str(b, "CREATE TABLE ");
    buf_str(b, name);
    buf_str(b, " (");
    for (size_t i = 0; i < t->ncols; i++) {
        if (i) buf_str(b, ", ");
        column_sql(&t->cols[i], b);
    }
    if (dt) buf_str(b, ", \"dt\" TEXT NOT NULL");
    if (t->key.n) {
        buf_str(b, ", PRIMARY KEY (");
        name_list(b, t->key);
        buf_chr(b, ')');
    }
    buf_str(b, ") STRICT");
}

/* The text as SQLite keeps it in sqlite_schema, behind `how`. */
static void index_sql(const char *how, const char *table, struct strs cols, struct buf *b) {
    struct buf name = {0};
    buf_str(&name, table);
    for (size_t i = 0; i < cols.n; i++) buf_fmt(&name, "_%s", cols.s[i]);
    buf_str(b, how);
    sql_name(b, buf_text(&name));
    buf_str(b, " ON ");
    sql_name(b, table);
    buf_str(b, " (");
    name_list(b, cols);
    buf_chr(b, ')');
    buf_free(&name);
}

static int make_index(struct db *db, const char *table, struct strs cols, struct err *e) {
    struct buf b = {0};
    index_sql("CREATE INDEX IF NOT EXISTS ", table, cols, &b);
    int rc = db_exec(db, e, b.p);
    buf_free(&b);
    return rc;
}

static const char *day_column[] = {"dt"};

void table_day_index_sql(const struct table_spec *t, struct buf *out) {
    index_sql("CREATE INDEX ", t->table, (struct strs){day_column, 1}, out);
}

static int make_indexes(struct db *db, const struct table_spec *t, bool dt, struct err *e) {
    int rc = dt ? make_index(db, t->table, (struct strs){day_column, 1}, e) : ERR_OK;
    for (size_t i = 0; i < t->nindexes && rc == ERR_OK; i++) rc = make_index(db, t->table, t->indexes[i], e);
    return rc;
}

/* Names and types of the table's columns as "name\ntype\n..." pairs; n 0: no such table. */
struct found_columns {
    struct arena a;
    const char **name, **type;
    size_t n;
};

static int read_columns(struct db *db, const char *table, struct found_columns *f, struct err *e) {
    struct stmt s;
    bool row;
    size_t cap = 0;
    int rc = stmt_prepare(&s, db, "SELECT name, type FROM pragma_table_info(?1)", "reading the warehouse's tables", e);
    if (rc) return rc;
    stmt_text(&s, 1, table);
    while ((rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (f->n == cap) {
            cap = cap ? cap * 2 : 64;
            f->name = mem_grow(f->name, cap * sizeof *f->name);
            f->type = mem_grow(f->type, cap * sizeof *f->type);
        }
        f->name[f->n] = arena_str(&f->a, stmt_col(&s, 0));
        f->type[f->n++] = arena_str(&f->a, stmt_col(&s, 1));
    }
    stmt_close(&s);
    return rc;
}

static int add_column(struct db *db, const struct table_spec *t, const struct column *c, struct err *e) {
    if (!t->add_columns)
        return err_set(e, ERR_CONFIG,
                       "table %s lacks the column %s (%s) of the definition: set \"new_columns\": \"add\" in its load "
                       "to have it added, "
                       "or take the column out",
                       t->table, c->name, column_type_names[c->type]);
    if (c->not_null)
        return err_set(e, ERR_CONFIG,
                       "table %s: the new column %s cannot be not_null: the rows that are there have no value for it",
                       t->table, c->name);
    struct buf b = {0};
    buf_str(&b, "ALTER TABLE ");
    sql_name(&b, t->table);
    buf_str(&b, " ADD COLUMN ");
    column_sql(c, &b);
    int rc = db_exec(db, e, b.p);
    buf_free(&b);
    return rc;
}

static int fit_table(struct db *db, const struct table_spec *t, const struct found_columns *f, struct err *e) {
    for (size_t i = 0; i < t->ncols; i++) {
        const struct column *c = &t->cols[i];
        size_t k = 0;
        while (k < f->n && sqlite3_stricmp(f->name[k], c->name) != 0) k++;
        if (k == f->n) {
            int rc = add_column(db, t, c, e);
            if (rc) return rc;
        } else if (sqlite3_stricmp(f->type[k], sql_types[c->type]) != 0) {
            return err_set(e, ERR_CONFIG,
                           "table %s: column %s is %s in the warehouse and %s (%s) in the definition: give it another "
                           "name, or rebuild the table",
                           t->table, c->name, f->type[k], sql_types[c->type], column_type_names[c->type]);
        }
    }
    return ERR_OK;
}

static int create_table(struct db *db, const struct table_spec *t, bool dt, struct err *e) {
    struct buf name = {0}, b = {0};
    sql_name(&name, t->table);
    table_create_sql(t, name.p, dt, &b);
    int rc = db_exec(db, e, b.p);
    buf_free(&name);
    buf_free(&b);
    return rc ? rc : make_indexes(db, t, dt, e);
}

static void found_free(struct found_columns *f) {
    free(f->name);
    free(f->type);
    arena_free(&f->a);
}

int table_make(struct db *db, const struct table_spec *t, bool dt, struct err *e) {
    struct found_columns f = {0};
    int rc = read_columns(db, t->table, &f, e);
    if (rc == ERR_OK && !f.n) rc = create_table(db, t, dt, e);
    found_free(&f);
    return rc;
}

int table_ensure(struct db *db, const struct table_spec *t, bool dt, struct err *e) {
    struct found_columns f = {0};
    int rc = read_columns(db, t->table, &f, e);
    if (rc == ERR_OK && !f.n)
        rc = create_table(db, t, dt, e);
    else if (rc == ERR_OK && (rc = fit_table(db, t, &f, e)) == ERR_OK)
        rc = make_indexes(db, t, dt, e);
    found_free(&f);
    return rc;
}
