/* See eval.h. The column's values stand in a table "etl values" of that one column and type; where a relation has fewer
 * rows than the dictionary has values, only the values that occur. */
#include "mart/eval.h"

#include "mart/mart.h"
#include "mart/scan_vtab.h"

#define VALUES "etl values"

bool param_value(const struct mart_params *p, const char *name, const char **value) {
    const struct {
        const char *name, *value;
    } known[] = {{":ds", p->ds},
                 {":run_id", p->run_id},
                 {":quality_status", p->quality_status},
                 {":started_at", p->started_at},
                 {":finished_at", p->finished_at}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        if (!name || strcmp(known[k].name, name) != 0) continue;
        *value = known[k].value;
        return true;
    }
    return false;
}

static bool bind(struct stmt *s, const struct mart_params *p) {
    for (int i = 1; i <= sqlite3_bind_parameter_count(s->h); i++) {
        const char *value;
        if (!param_value(p, sqlite3_bind_parameter_name(s->h, i), &value)) return false;
        stmt_text(s, i, value);
    }
    return true;
}

/* Codes of the column that occur, when that is not all of them; else NULL. */
static uint32_t *used_codes(const struct relation *rel, const struct relcol *c, size_t *n) {
    uint32_t values = c->dict->n, block[1024];
    *n = values;
    if (rel->nrows >= values && c->codes) return NULL;
    uint8_t *seen = mem_alloc(values);
    for (size_t from = 0; from < rel->nrows; from += 1024) {
        size_t k = rel->nrows - from < 1024 ? rel->nrows - from : 1024;
        relcol_codes(c, from, k, block);
        for (size_t i = 0; i < k; i++) seen[block[i]] = 1;
    }
    uint32_t *used = mem_alloc(((size_t)values + 1) * sizeof *used);
    *n = 0;
    for (uint32_t i = 0; i < values; i++)
        if (seen[i]) used[(*n)++] = i;
    free(seen);
    return used;
}

/* Rows of the statement, one per value. */
typedef bool (*take_fn)(void *ctx, uint32_t code, sqlite3_stmt *row);

static bool run(struct eval *x, const char *sql, const uint32_t *codes, size_t n, take_fn take, void *ctx) {
    struct stmt s;
    struct err e = {0};
    bool row = true, ok = stmt_prepare(&s, x->db, sql, "an expression", &e) == ERR_OK && bind(&s, x->params);
    ok = ok && sqlite3_column_count(s.h) == 1;
    for (size_t i = 0; i < n && ok; i++) {
        ok = stmt_step(&s, &row, &e) == ERR_OK && row;
        ok = ok && take(ctx, codes ? codes[i] : (uint32_t)i, s.h);
    }
    stmt_close(&s);
    return ok;
}

static bool each_value(struct eval *x, const struct relation *rel, int col, struct sv alias, const char *expr,
                       const char *suffix, take_fn take, void *ctx) {
    const struct relcol *c = &rel->cols[col];
    struct buf sql = {0};
    struct err e = {0};
    size_t n;
    uint32_t *used = used_codes(rel, c, &n);
    struct relcol values = {.name = c->name, .decl = c->decl, .dict = c->dict, .width = 4};
    uint32_t *all = used;
    if (!used) {
        all = mem_grow(NULL, (n + 1) * sizeof *all);
        for (uint32_t i = 0; i < n; i++) all[i] = i;
    }
    values.codes = all;
    struct relation one = {n, 1, &values};
    struct scan_view v = {.rel = &one, .nrows = n};
    buf_fmt(&sql, "SELECT (%s)%s FROM ", expr, suffix);
    if (c->bare) buf_str(&sql, "(SELECT +");
    if (c->bare) sql_name(&sql, c->name);
    if (c->bare) buf_str(&sql, " AS ");
    if (c->bare) sql_name(&sql, c->name);
    buf_str(&sql, c->bare ? " FROM \"" VALUES "\")" : "\"" VALUES "\"");
    if (alias.n) {
        buf_str(&sql, " AS \"");
        buf_sv(&sql, alias);
        buf_chr(&sql, '"');
    }
    bool ok = scan_vtab_put(x->db, VALUES, &v, &e) == ERR_OK && run(x, buf_text(&sql), all, n, take, ctx);
    scan_vtab_drop(x->db, VALUES);
    buf_free(&sql);
    free(all);
    return ok;
}

static bool take_truth(void *ctx, uint32_t code, sqlite3_stmt *row) {
    ((uint8_t *)ctx)[code] = sqlite3_column_int(row, 0) != 0;
    return true;
}

bool eval_truth(struct eval *x, const struct relation *rel, int col, struct sv alias, const char *expr,
                struct group_pred *out) {
    uint8_t *truth = keep_block(x->keep, mem_alloc(rel->cols[col].dict->n), rel->cols[col].dict->n);
    *out = (struct group_pred){col, truth};
    return each_value(x, rel, col, alias, expr, " IS TRUE", take_truth, truth);
}

static uint32_t read_code(struct dict *d, sqlite3_stmt *row) {
    switch (sqlite3_column_type(row, 0)) {
    case SQLITE_NULL:
        return 0;
    case SQLITE_INTEGER:
        return dict_int(d, sqlite3_column_int64(row, 0));
    case SQLITE_FLOAT:
        return dict_real(d, sqlite3_column_double(row, 0));
    case SQLITE_TEXT: {
        const char *p = (const char *)sqlite3_column_text(row, 0);
        return p ? dict_text(d, p, (size_t)sqlite3_column_bytes(row, 0)) : NO_CODE;
    }
    default:
        return NO_CODE;
    }
}

struct values {
    struct dict *dict;
    uint32_t *map;
};

static bool take_value(void *ctx, uint32_t code, sqlite3_stmt *row) {
    struct values *v = ctx;
    v->map[code] = read_code(v->dict, row);
    return v->map[code] != NO_CODE;
}

bool eval_values(struct eval *x, const struct relation *rel, int col, struct sv alias, const char *expr,
                 struct group_value *out) {
    size_t n = rel->cols[col].dict->n;
    struct values v = {keep_dict(x->keep), keep_block(x->keep, mem_alloc(n * sizeof(uint32_t)), n * sizeof(uint32_t))};
    *out = (struct group_value){.col = col, .dict = v.dict, .map = v.map};
    return each_value(x, rel, col, alias, expr, "", take_value, &v);
}

struct constant {
    struct dict *dict;
    uint32_t code;
};

static bool take_constant(void *ctx, uint32_t code, sqlite3_stmt *row) {
    struct constant *c = ctx;
    (void)code;
    c->code = read_code(c->dict, row);
    return c->code != NO_CODE;
}

bool eval_constant(struct eval *x, const char *expr, struct dict *into, uint32_t *code) {
    struct buf sql = {0};
    struct constant c = {into, 0};
    buf_fmt(&sql, "SELECT (%s)", expr);
    bool ok = run(x, buf_text(&sql), NULL, 1, take_constant, &c);
    buf_free(&sql);
    *code = c.code;
    return ok;
}
