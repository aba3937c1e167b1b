/* See unit.h. Rows are compared as JSON texts with their columns sorted by name, as multisets. */
#include "mart/unit.h"

#include <math.h>

#include "mart/macro.h"
#include "mart/mart_impl.h"

#define ROWS_TOLD 3

struct unit {
    struct arena a;
    struct db db;
    const struct pipeline *p;
    const struct pl_model *m;
    const struct pl_unit *u;
};

static int in_unit(const struct unit *t, struct err *e) {
    if (e->code == ERR_SQL) e->code = ERR_CONFIG;
    return err_in(e, "%s: \"%s\"", t->u->file, t->u->name);
}

/* ---- tables ---- */

static bool given_rows(const struct unit *t, const char *table, struct jval *rows) {
    struct jval given;
    return jv_get(t->u->root, SV("given"), &given) && jv_get(given, sv_of(table), rows);
}

static void create_untyped(struct unit *t, const char *table, struct jval rows, struct buf *b) {
    struct strs names = {0};
    uint32_t pos = 0, k = 0;
    names.s = arena_alloc(&t->a, 1000 * sizeof *names.s);
    for (struct jval row; jv_each(rows, &pos, NULL, &row); k = 0)
        for (struct jval key, val; jv_each(row, &k, &key, &val) && names.n < 1000;) {
            char *name = jv_str(key, &t->a, NULL);
            if (!strs_has(names, sv_of(name))) names.s[names.n++] = name;
        }
    buf_str(b, "CREATE TABLE ");
    sql_name(b, table);
    buf_str(b, names.n ? " (" : " (nothing");
    for (size_t i = 0; i < names.n; i++) {
        if (i) buf_str(b, ", ");
        sql_name(b, names.s[i]);
    }
    buf_chr(b, ')');
}

/* The columns of the definition without NOT NULL: a test gives only what it is about. */
static void create_typed(struct unit *t, const char *table, const struct column *cols, size_t n, bool dt,
                         struct buf *b) {
    struct buf name = {0};
    struct column *loose = arena_alloc(&t->a, (n + 1) * sizeof *loose);
    memcpy(loose, cols, n * sizeof *loose);
    for (size_t i = 0; i < n; i++) loose[i].not_null = false;
    struct table_spec spec = {.table = table, .cols = loose, .ncols = n};
    sql_name(&name, table);
    table_create_sql(&spec, name.p, dt, b);
    buf_free(&name);
}

static void bind_json(struct unit *t, struct stmt *s, int at, struct jval v) {
    struct buf b = {0};
    int64_t i;
    switch (jv_type(v)) {
    case JT_NULL:
        stmt_text(s, at, NULL);
        return;
    case JT_TRUE:
    case JT_FALSE:
        stmt_int(s, at, jv_type(v) == JT_TRUE);
        return;
    case JT_NUM:
        if (jv_int(v, &i))
            stmt_int(s, at, i);
        else
            stmt_real(s, at, jv_num(v));
        return;
    case JT_STR:
        stmt_text(s, at, jv_str(v, &t->a, NULL));
        return;
    default:
        json_copy(&b, v);
        stmt_text(s, at, arena_strn(&t->a, b.p, b.n));
        buf_free(&b);
    }
}

static int insert_row(struct unit *t, const char *table, struct jval row, bool dt, struct err *e) {
    struct buf b = {0}, marks = {0};
    struct stmt s;
    struct jval v;
    uint32_t pos = 0;
    int n = 0;
    dt = dt && !jv_get(row, SV("dt"), &v);
    buf_str(&b, "INSERT INTO ");
    sql_name(&b, table);
    buf_str(&b, " (");
    for (struct jval key, val; jv_each(row, &pos, &key, &val);) {
        buf_str(&b, n ? ", " : "");
        sql_name(&b, jv_str(key, &t->a, NULL));
        buf_str(&marks, n++ ? ",?" : "?");
    }
    if (dt) buf_fmt(&b, "%s\"dt\"", n ? ", " : "");
    if (dt) buf_str(&marks, n ? ",?" : "?");
    buf_fmt(&b, ") VALUES (%s)", buf_text(&marks));
    if (!n && !dt) {
        b.n = 0;
        buf_str(&b, "INSERT INTO ");
        sql_name(&b, table);
        buf_str(&b, " DEFAULT VALUES");
    }
    int rc = stmt_prepare(&s, &t->db, b.p, table, e);
    pos = 0;
    n = 1;
    for (struct jval key, val; rc == ERR_OK && jv_each(row, &pos, &key, &val);) bind_json(t, &s, n++, val);
    if (rc == ERR_OK && dt) stmt_text(&s, n, t->u->day);
    if (rc == ERR_OK) rc = stmt_run(&s, e);
    stmt_close(&s);
    buf_free(&b);
    buf_free(&marks);
    return rc;
}

static int make_table(struct unit *t, const char *table, struct err *e) {
    const struct pl_dataset *d = pipeline_loader_of(t->p, table);
    const struct pl_model *m = pipeline_model(t->p, table);
    struct jval rows = {0};
    struct buf b = {0};
    int64_t n;
    bool given = given_rows(t, table, &rows);
    uint32_t pos = 0;
    if (m && m->kind == MODEL_SEED && !given) {
        sql_name(&b, table);
        int rc = seed_fill(&t->db, m, b.p, &n, e);
        buf_free(&b);
        return rc;
    }
    if (d)
        create_typed(t, table, d->load->cols, d->load->ncols, true, &b);
    else if (m && m->ncols)
        create_typed(t, table, m->cols, m->ncols, false, &b);
    else if (given)
        create_untyped(t, table, rows, &b);
    else
        return err_set(e, ERR_CONFIG, "%s is a view without \"columns\": \"given\" must have rows for it", table);
    int rc = db_exec(&t->db, e, b.p);
    for (struct jval row; rc == ERR_OK && given && jv_each(rows, &pos, NULL, &row);)
        rc = insert_row(t, table, row, d != NULL, e);
    buf_free(&b);
    return rc;
}

static int make_tables(struct unit *t, struct err *e) {
    struct jval given;
    uint32_t pos = 0;
    int rc = ERR_OK;
    jv_get(t->u->root, SV("given"), &given);
    for (struct jval key, val; rc == ERR_OK && jv_each(given, &pos, &key, &val);) {
        char *name = jv_str(key, &t->a, NULL);
        if (!strs_has(t->m->inputs, sv_of(name)))
            rc = err_set(e, ERR_CONFIG, "model %s does not read '%s'%s", t->m->name, name,
                         strs_has(t->m->refs, sv_of(name)) ? ": it is put in place; give the rows of what it reads"
                                                           : "");
    }
    for (size_t i = 0; i < t->m->inputs.n && rc == ERR_OK; i++) rc = make_table(t, t->m->inputs.s[i], e);
    return rc;
}

/* ---- rows as texts ---- */

static void put_number(struct buf *b, double d) {
    if (d == floor(d) && fabs(d) < 1e15)
        buf_fmt(b, "%.0f", d);
    else
        buf_fmt(b, "%.12g", d);
}

static int by_text(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static struct strs expected_columns(struct unit *t, struct jval expect) {
    struct strs names = {arena_alloc(&t->a, 1000 * sizeof(char *)), 0};
    uint32_t pos = 0, k = 0;
    for (struct jval row; jv_each(expect, &pos, NULL, &row); k = 0)
        for (struct jval key, val; jv_each(row, &k, &key, &val) && names.n < 1000;) {
            char *name = jv_str(key, &t->a, NULL);
            if (!strs_has(names, sv_of(name))) names.s[names.n++] = name;
        }
    if (names.n) qsort(names.s, names.n, sizeof *names.s, by_text);
    return names;
}

static const char *expected_text(struct unit *t, struct jval row, struct strs cols) {
    struct buf b = {0};
    for (size_t i = 0; i < cols.n; i++) {
        struct jval v;
        buf_fmt(&b, "%s%s=", i ? " " : "", cols.s[i]);
        if (!jv_get(row, sv_of(cols.s[i]), &v) || jv_type(v) == JT_NULL)
            buf_str(&b, "null");
        else if (jv_type(v) == JT_NUM)
            put_number(&b, jv_num(v));
        else if (jv_type(v) == JT_TRUE || jv_type(v) == JT_FALSE)
            buf_str(&b, jv_type(v) == JT_TRUE ? "1" : "0");
        else
            json_text_quote(&b, jv_str(v, &t->a, NULL));
    }
    char *out = arena_strn(&t->a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

static const char *found_text(struct unit *t, struct stmt *s, struct strs cols) {
    struct buf b = {0};
    for (int i = 0; i < (int)cols.n; i++) {
        buf_fmt(&b, "%s%s=", i ? " " : "", cols.s[i]);
        switch (sqlite3_column_type(s->h, i)) {
        case SQLITE_NULL:
            buf_str(&b, "null");
            break;
        case SQLITE_TEXT:
            json_text_quote(&b, stmt_col(s, i));
            break;
        default:
            put_number(&b, sqlite3_column_double(s->h, i));
        }
    }
    char *out = arena_strn(&t->a, buf_text(&b), b.n);
    buf_free(&b);
    return out;
}

static int found_rows(struct unit *t, struct strs cols, struct strs *out, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    size_t cap = 0;
    bool row = true;
    buf_str(&b, "SELECT ");
    for (size_t i = 0; i < cols.n; i++) {
        if (i) buf_str(&b, ", ");
        sql_name(&b, cols.s[i]);
    }
    buf_str(&b, cols.n ? " FROM " MART_ASIDE : "1 FROM " MART_ASIDE);
    int rc = stmt_prepare(&s, &t->db, b.p, t->m->name, e);
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (out->n == cap) {
            const char **grown = arena_alloc(&t->a, (cap = cap ? cap * 2 : 64) * sizeof *grown);
            if (out->n) memcpy(grown, out->s, out->n * sizeof *grown);
            out->s = grown;
        }
        out->s[out->n++] = found_text(t, &s, cols);
    }
    stmt_close(&s);
    buf_free(&b);
    return rc;
}

static void tell(struct buf *b, const char *what, const struct strs *l) {
    if (!l->n) return;
    buf_fmt(b, "%s%s", b->n ? "; " : "", what);
    for (size_t i = 0; i < l->n && i < ROWS_TOLD; i++) buf_fmt(b, " {%.400s}", l->s[i]);
    if (l->n > ROWS_TOLD) buf_fmt(b, " and %zu more", l->n - ROWS_TOLD);
}

/* Two sorted lists: what only one of them has. */
static void compare(struct unit *t, struct strs want, struct strs found, struct buf *problem) {
    struct strs missing = {arena_alloc(&t->a, (want.n + 1) * sizeof(char *)), 0};
    struct strs extra = {arena_alloc(&t->a, (found.n + 1) * sizeof(char *)), 0};
    if (want.n) qsort(want.s, want.n, sizeof *want.s, by_text);
    if (found.n) qsort(found.s, found.n, sizeof *found.s, by_text);
    for (size_t i = 0, k = 0; i < want.n || k < found.n;) {
        int c = i == want.n ? 1 : k == found.n ? -1 : strcmp(want.s[i], found.s[k]);
        if (c < 0)
            missing.s[missing.n++] = want.s[i++];
        else if (c > 0)
            extra.s[extra.n++] = found.s[k++];
        else
            i++, k++;
    }
    tell(problem, "expected and not there:", &missing);
    tell(problem, "there and not expected:", &extra);
}

/* ---- the run ---- */

static int make_rows(struct unit *t, struct err *e) {
    struct mart_params params = {
        .ds = t->u->day, .run_id = "test", .quality_status = "PASS", .started_at = "", .finished_at = ""};
    struct buf sql = {0}, b = {0};
    int64_t rows;
    if (t->m->kind == MODEL_SEED) return seed_fill(&t->db, t->m, MART_ASIDE, &rows, e);
    int rc = macro_expand(t->p, t->m->file, t->m->sql, DIALECT_SQLITE, NULL, &sql, e);
    if (rc == ERR_OK && t->m->ncols) {
        rc = mart_aside(&t->db, t->m, &params, buf_text(&sql), &rows, e);
    } else if (rc == ERR_OK) {
        buf_fmt(&b, "CREATE TABLE " MART_ASIDE " AS SELECT * FROM (\n%s\n)", buf_text(&sql));
        rc = mart_sql(&t->db, t->m, &params, b.p, NULL, e);
    }
    buf_free(&sql);
    buf_free(&b);
    return rc;
}

int unit_run(const struct pipeline *p, const struct pl_model *m, const struct pl_unit *u, struct buf *problem,
             struct err *e) {
    struct unit t = {.p = p, .m = m, .u = u};
    struct jval expect;
    struct strs found = {0}, want = {0};
    uint32_t pos = 0;
    int rc = db_open_memory(&t.db, e);
    if (rc == ERR_OK) rc = make_tables(&t, e);
    if (rc == ERR_OK) rc = make_rows(&t, e);
    jv_get(u->root, SV("expect"), &expect);
    struct strs cols = expected_columns(&t, expect);
    if (rc == ERR_OK) rc = found_rows(&t, cols, &found, e);
    want.s = arena_alloc(&t.a, (jv_tok(expect)->n + 1) * sizeof(char *));
    for (struct jval row; jv_each(expect, &pos, NULL, &row);) want.s[want.n++] = expected_text(&t, row, cols);
    if (rc == ERR_OK && !cols.n && found.n != want.n)
        buf_fmt(problem, "%zu rows expected, %zu there", want.n, found.n);
    else if (rc == ERR_OK && cols.n)
        compare(&t, want, found, problem);
    if (rc) rc = in_unit(&t, e);
    if (t.db.h) db_close(&t.db);
    arena_free(&t.a);
    return rc;
}
