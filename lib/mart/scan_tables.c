/* See scan_impl.h. Which columns are read is settled before the first is read: those that any of the models needs, so
 * that the table is gone through once. */
#include "mart/macro.h"
#include "mart/scan_impl.h"

/* ---- names ---- */

/* Does "name AS (" or "name (a, b) AS (" begin at token i? Gives the token of its last parenthesis. */
static bool is_cte(const struct tokens *t, uint32_t i, uint32_t *body) {
    if (!i || !token_is_name(&t->t[i])) return false;
    if (!token_is(&t->t[i - 1], "with") && !token_is(&t->t[i - 1], "recursive") && t->t[i - 1].kind != TOK_COMMA)
        return false;
    uint32_t k = i + 1;
    if (t->t[k].kind == TOK_LP) k = t->t[k].match + 1;
    if (!token_is(&t->t[k], "as")) return false;
    k++;
    if (token_is(&t->t[k], "not")) k++;
    if (token_is(&t->t[k], "materialized")) k++;
    *body = k;
    return t->t[k].kind == TOK_LP;
}

/* How many CTEs of that name there are anywhere; the body of the last. */
static int count_ctes(const struct tokens *t, struct sv name, uint32_t *body, uint32_t *def) {
    int n = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t k;
        if (!token_is_name(&t->t[i]) || !name_eq(token_name(&t->t[i]), name) || !is_cte(t, i, &k)) continue;
        *body = k;
        *def = i;
        n++;
    }
    return n;
}

bool scan_has_word(const struct tokens *t, const char *word) {
    for (uint32_t i = 0; i < t->n; i++)
        if (token_is(&t->t[i], word)) return true;
    return false;
}

/* The SELECT in the CTE of that name, if the statement's own WITH defines it, once and before token `at`. 0: none. */
uint32_t scan_cte(const struct tokens *t, struct sv name, uint32_t at) {
    uint32_t body = 0, def = 0;
    if (!token_is(&t->t[0], "with") || count_ctes(t, name, &body, &def) != 1) return 0;
    bool plain = t->t[def].depth == 0 && t->t[def + 1].kind != TOK_LP;
    return plain && t->t[body].match < at ? body + 1 : 0;
}

struct loaded *scan_table(struct mart_scan *s, const struct tokens *t, struct sv name) {
    char *text = arena_strn(&s->sql, name.p, name.n);
    uint32_t body, def;
    if (!pipeline_loader_of(s->p, text) || count_ctes(t, name, &body, &def)) return NULL;
    for (size_t i = 0; i < s->ntables; i++)
        if (strcmp(s->tables[i].name, text) == 0) return s->tables[i].fits ? &s->tables[i] : NULL;
    return NULL;
}

int scan_day_column(const struct loaded *l) {
    for (size_t i = 0; i < l->names.ncols; i++)
        if (name_eq(l->names.col[i], SV("dt"))) return (int)i;
    return -1;
}

/* ---- what the models ask ---- */

void scan_want(struct mart_scan *s, const struct tokens *t, uint32_t at) {
    struct block b;
    if (!block_outline(t, at, &b) || !b.is_name) return;
    struct loaded *l = scan_table(s, t, token_name(&t->t[b.source]));
    if (!l) return;
    block_read(t, &b, &l->names, &s->sql);
    const struct expr *day = block_day(t, &b, scan_day_column(l));
    if (b.level == BLOCK_NOT || !day) return;
    for (size_t i = 0; i < b.nconj; i++)
        if (&b.conj[i] != day) l->want[b.conj[i].col] = true;
    if (b.level != BLOCK_WHOLE) return;
    for (size_t i = 0; i < b.nkeys; i++) l->want[b.keys[i].col] = true;
    for (size_t i = 0; i < b.naggs; i++) {
        if (b.aggs[i].value.col >= 0) l->want[b.aggs[i].value.col] = true;
        for (size_t k = 0; k < b.aggs[i].nwhen; k++) l->want[b.aggs[i].when[k].col] = true;
    }
}

static void want_sql(struct mart_scan *s, const char *sql) {
    struct tokens t;
    if (tokens_read(&t, sql))
        for (uint32_t i = 0; i < t.n; i++)
            if (token_is(&t.t[i], "select")) scan_want(s, &t, i);
    tokens_free(&t);
}

static void want_template(struct mart_scan *s, const char *file, const char *sql) {
    struct buf b = {0};
    struct err e;
    if (macro_expand(s->p, file, sql, DIALECT_SQLITE, "nothing", &b, &e) == ERR_OK) want_sql(s, buf_text(&b));
    buf_free(&b);
}

static void want_models(struct mart_scan *s) {
    for (size_t i = 0; i < s->p->nmodels; i++) {
        const struct pl_model *m = &s->p->models[i];
        if (m->kind != MODEL_DAILY && m->kind != MODEL_TABLE) continue;
        if (s->only.n && !strs_has(s->only, sv_of(m->name))) continue;
        want_template(s, m->file, m->sql);
        for (size_t k = 0; k < m->ntests; k++)
            if (m->tests[k].kind == TEST_NO_ROWS) want_template(s, m->tests[k].file, m->tests[k].sql);
    }
}

static int open_tables(struct mart_scan *s, struct db *wh, const char *ds, struct err *e) {
    int rc = ERR_OK;
    s->tables = mem_alloc((s->p->ndatasets + 1) * sizeof *s->tables);
    for (size_t i = 0; i < s->p->ndatasets && rc == ERR_OK; i++) {
        if (!s->p->datasets[i].load) continue;
        struct loaded *l = &s->tables[s->ntables++];
        l->name = s->p->datasets[i].load->table;
        rc = day_table_open(&l->t, wh, l->name, ds, &l->fits, e);
        if (rc || !l->fits) continue;
        l->names = (struct names){arena_alloc(&s->a, l->t.rel.ncols * sizeof(struct sv)), l->t.rel.ncols};
        for (size_t c = 0; c < l->names.ncols; c++) l->names.col[c] = sv_of(l->t.rel.cols[c].name);
        l->want = arena_alloc(&s->a, l->names.ncols);
    }
    if (rc == ERR_OK) want_models(s);
    return rc;
}

void scan_forget(struct mart_scan *s) {
    for (size_t i = 0; i < s->ntables; i++) day_table_free(&s->tables[i].t);
    free(s->tables);
    keep_free(&s->kept);
    arena_free(&s->a);
    s->tables = NULL;
    s->ntables = 0;
}

/* What was read holds as long as the handle sees no change by others; our own transactions write marts only. */
int scan_refresh(struct mart_scan *s, struct db *wh, const char *ds, struct err *e) {
    struct stmt st;
    bool row;
    int64_t version = 0;
    int rc = stmt_prepare(&st, wh, "PRAGMA data_version", "reading the warehouse", e);
    if (rc == ERR_OK) rc = stmt_step(&st, &row, e);
    if (rc == ERR_OK) version = stmt_col_int(&st, 0);
    stmt_close(&st);
    if (rc) return rc;
    if (s->tables && s->h == wh->h && s->version == version && strcmp(s->day, ds) == 0) return ERR_OK;
    scan_forget(s);
    s->h = wh->h;
    s->version = version;
    snprintf(s->day, sizeof s->day, "%s", ds);
    return open_tables(s, wh, ds, e);
}
