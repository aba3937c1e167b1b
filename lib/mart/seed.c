/* Seeds: the rows of a CSV file of the definition into a table, by the types of its columns. See mart.h. */
#include "io/reader.h"
#include "mart/mart_impl.h"
#include "store/cells.h"
#include "json/scan.h"

struct seeding {
    struct db *wh;
    const struct pl_model *m;
    struct stmt insert;
    struct shape *shape;
    struct shaper shaper;
    struct cell *cells;
    struct arena a;
    struct jtoks toks;
    int64_t rows;
};

static char seed_column(void *model, struct sv name) {
    const struct pl_model *m = model;
    for (size_t i = 0; i < m->ncols; i++) {
        const struct column *c = &m->cols[i];
        if (!sv_is(name, c->from)) continue;
        if (c->type == COL_INTEGER || c->type == COL_REAL || c->type == COL_NUMBER) return 'n';
        return c->type == COL_BOOLEAN ? 'b' : 't';
    }
    return 't';
}

static int bind_row(struct seeding *s, struct err *e) {
    for (size_t i = 0; i < s->m->ncols; i++) {
        const struct cell *c = &s->cells[i];
        int at = (int)i + 1;
        if (c->type == CELL_TEXT)
            stmt_textn(&s->insert, at, c->s.p, c->s.n);
        else if (c->type == CELL_INT)
            stmt_int(&s->insert, at, c->i);
        else if (c->type == CELL_REAL)
            stmt_real(&s->insert, at, c->d);
        else
            stmt_text(&s->insert, at, NULL);
    }
    return stmt_run(&s->insert, e);
}

/* A header that lacks a column would give NULLs without a word. */
static int header_has_columns(const struct seeding *s, struct jval rec, struct err *e) {
    struct jval v;
    for (size_t i = 0; i < s->m->ncols; i++)
        if (!jv_get(rec, sv_of(s->m->cols[i].from), &v))
            return err_set(e, ERR_CONFIG, "%s has no column '%s'", s->m->file, s->m->cols[i].from);
    return ERR_OK;
}

static int seed_row(struct seeding *s, const struct rblock *b, const struct rline *l, struct err *e) {
    struct jerr je;
    const char *text = b->data.p + l->off, *why = l->bad;
    int rc = ERR_OK;
    s->toks.n = 0;
    if (!why && !json_scan(&s->toks, text, l->len, 0, &je)) why = je.what;
    struct jval rec = {text, s->toks.t, 0};
    if (!why && !s->rows) rc = header_has_columns(s, rec, e);
    if (rc) return rc;
    if (!why) why = shape_cells(s->shape, &s->shaper, rec, s->cells, &s->a);
    if (why) return err_set(e, ERR_CONFIG, "%s:%llu: %s", s->m->file, (unsigned long long)l->line, why);
    rc = bind_row(s, e);
    s->rows++;
    arena_reset(&s->a);
    return rc;
}

static int read_rows(struct seeding *s, struct err *e) {
    struct reader *r = NULL;
    struct rblock b = {0};
    bool more = true;
    struct reader_opt opt = {.format = FMT_CSV,
                             .text = s->m->sql,
                             .text_n = s->m->csv_n,
                             .column = seed_column,
                             .ctx = (void *)(uintptr_t)s->m};
    int rc = reader_open(&r, &s->m->file, 1, &opt, e);
    while (rc == ERR_OK && more) {
        rc = reader_next(r, &b, &more, e);
        for (size_t i = 0; i < b.n && rc == ERR_OK; i++) rc = seed_row(s, &b, &b.l[i], e);
    }
    reader_close(r);
    rblock_free(&b);
    return rc;
}

int seed_fill(struct db *wh, const struct pl_model *m, const char *table, int64_t *rows, struct err *e) {
    static const struct zone utc;
    struct table_spec t = {.table = m->name, .cols = m->cols, .ncols = m->ncols};
    struct seeding s = {.wh = wh, .m = m, .shape = shape_new(&t, &utc)};
    struct buf b = {0};
    s.cells = mem_alloc((m->ncols + 1) * sizeof *s.cells);
    table_create_sql(&t, table, false, &b); /* no key: the unique test shall name the duplicates */
    int rc = db_exec(wh, e, b.p);
    b.n = 0;
    buf_fmt(&b, "INSERT INTO %s (", table);
    mart_columns(m, &b);
    buf_str(&b, ") VALUES (");
    for (size_t i = 0; i < m->ncols; i++) buf_fmt(&b, "%s?%zu", i ? "," : "", i + 1);
    buf_chr(&b, ')');
    if (rc == ERR_OK) rc = stmt_prepare(&s.insert, wh, b.p, m->name, e);
    if (rc == ERR_OK) rc = read_rows(&s, e);
    stmt_close(&s.insert);
    *rows = s.rows;
    shape_free(s.shape);
    shaper_free(&s.shaper);
    free(s.cells);
    arena_free(&s.a);
    jtoks_free(&s.toks);
    buf_free(&b);
    return rc ? err_in(e, "model %s", m->name) : ERR_OK;
}
