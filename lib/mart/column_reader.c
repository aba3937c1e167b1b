/*
 * See column_reader.h. Rows come from the pages of the file (pages.h), or from SQLite through an aggregate function,
 * "etl take"(rowid, a, b, ...): a call per row, which is about half of what stepping through result rows costs.
 */
#include "mart/column_reader.h"

#include "base/stop.h"

/* ---- codes ---- */

void column_part_widen(struct column_part *p, size_t n) {
    uint8_t to = p->width == 1 ? 2 : 4;
    char *wide = mem_grow(NULL, p->cap * to);
    for (size_t i = 0; i < n; i++) {
        uint32_t code = p->width == 1 ? ((uint8_t *)p->codes)[i] : ((uint16_t *)p->codes)[i];
        if (to == 2)
            ((uint16_t *)(void *)wide)[i] = (uint16_t)code;
        else
            ((uint32_t *)(void *)wide)[i] = code;
    }
    free(p->codes);
    p->codes = wide;
    p->width = to;
}

void column_part_put(struct column_part *p, size_t row, const uint32_t *codes, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) most |= codes[i];
    if (row + n > p->cap) {
        p->cap = p->cap ? p->cap * 2 : 4096;
        if (p->cap < row + n) p->cap = row + n;
        p->codes = mem_grow(p->codes, p->cap * p->width);
    }
    while (p->width < 4 && most >> (p->width * 8)) column_part_widen(p, row);
    if (p->width == 1)
        for (size_t i = 0; i < n; i++) ((uint8_t *)p->codes)[row + i] = (uint8_t)codes[i];
    else if (p->width == 2)
        for (size_t i = 0; i < n; i++) ((uint16_t *)p->codes)[row + i] = (uint16_t)codes[i];
    else
        memcpy((uint32_t *)p->codes + row, codes, n * sizeof *codes);
}

/* ---- rows ---- */

static size_t reader_bytes(const struct column_reader *r) {
    size_t n = r->cap * sizeof *r->rowids;
    for (size_t i = 0; i < r->ncols; i++)
        n += dict_bytes(&r->parts[i].dict) + r->rows * r->parts[i].width + r->parts[i].cap_texts;
    return n;
}

#define LARGE_TEXTS (256 << 10)

/* A value waits in the part's batch. false: a blob. */
static inline bool hold(struct column_part *p, struct dict_item *it, const struct cell *v) {
    it->type = VALUE_NULL;
    switch (v->type) {
    case CELL_NULL:
        return true;
    case CELL_INTEGER:
        if (p->real)
            dict_item_real(it, (double)v->i);
        else
            dict_item_int(it, v->i);
        return true;
    case CELL_REAL:
        dict_item_real(it, v->r);
        return true;
    case CELL_TEXT:
        break;
    default:
        return false;
    }
    dict_item_text(&p->dict, it, v->p, v->n);
    if (it->type != VALUE_TEXT) return true;
    if (p->ntexts + v->n >= p->cap_texts) {
        p->cap_texts = (p->ntexts + v->n) * 2 + 1024;
        p->texts = mem_grow(p->texts, p->cap_texts);
    }
    memcpy(p->texts + p->ntexts, v->p, v->n);
    it->bits = p->ntexts;
    p->ntexts += v->n;
    if (p->ntexts > LARGE_TEXTS) *p->many = true;
    return true;
}

static bool flush(struct column_reader *r) {
    uint32_t codes[COLUMN_BATCH];
    bool odd = false;
    for (size_t c = 0; c < r->ncols; c++) {
        struct column_part *p = &r->parts[c];
        for (size_t i = 0; i < r->held; i++)
            if (p->items[i].type == VALUE_TEXT) p->items[i].p = p->texts + p->items[i].bits;
        dict_codes(&p->dict, p->items, r->held, codes);
        for (size_t i = 0; i < r->held; i++) odd = odd || codes[i] == NO_CODE;
        if (!odd) column_part_put(p, r->rows - r->held, codes, r->held);
        p->ntexts = 0;
    }
    r->held = 0;
    return !odd;
}

static bool begin_row(struct column_reader *r, int64_t rowid) {
    uint64_t at = (uint64_t)rowid - (uint64_t)r->first;
    if (at > UINT32_MAX || (r->rows && at <= r->rowids[r->rows - 1])) return false;
    if (r->rows == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 4096;
        r->rowids = mem_grow(r->rowids, r->cap * sizeof *r->rowids);
    }
    r->rowids[r->rows++] = (uint32_t)at;
    return true;
}

static bool end_row(struct column_reader *r) {
    if (++r->held < COLUMN_BATCH && !r->many) return true;
    bool look = r->many || r->rows - r->looked >= 4096; /* at the memory: now and then, at once when texts are large */
    r->many = false;
    if (look) r->looked = r->rows;
    return flush(r) && (!look || reader_bytes(r) <= r->memory);
}

/* ---- by SQL ---- */

static void cell_of(sqlite3_value *v, struct cell *c) {
    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL:
        c->type = CELL_NULL;
        break;
    case SQLITE_INTEGER:
        c->type = CELL_INTEGER;
        c->i = sqlite3_value_int64(v);
        break;
    case SQLITE_FLOAT:
        c->type = CELL_REAL;
        c->r = sqlite3_value_double(v);
        break;
    case SQLITE_TEXT:
        c->p = (const char *)sqlite3_value_text(v);
        c->n = (size_t)sqlite3_value_bytes(v);
        c->type = c->p ? CELL_TEXT : CELL_BLOB;
        break;
    default:
        c->type = CELL_BLOB;
    }
}

static void take_step(sqlite3_context *c, int n, sqlite3_value **v) {
    struct column_reader *r = sqlite3_user_data(c);
    bool ok = begin_row(r, sqlite3_value_int64(v[0]));
    for (int i = 1; i < n && ok; i++) {
        struct cell cell;
        cell_of(v[i], &cell);
        ok = hold(&r->parts[i - 1], &r->parts[i - 1].items[r->held], &cell);
    }
    if (ok && end_row(r)) return;
    r->odd = true;
    sqlite3_result_error(c, "not for columns", -1);
}

static void take_end(sqlite3_context *c) {
    sqlite3_result_null(c);
}

static void by_sql(struct column_reader *r) {
    struct stmt s = {0};
    if (sqlite3_create_function_v2(r->db.h, "etl take", -1, SQLITE_UTF8, r, NULL, take_step, take_end, NULL))
        r->rc = err_set(&r->e, ERR_INTERNAL, "cannot add a function");
    if (r->rc == ERR_OK) r->rc = stmt_prepare(&s, &r->db, r->sql, "reading columns", &r->e);
    if (r->rc == ERR_OK) {
        stmt_text(&s, 1, r->t->day);
        stmt_int(&s, 2, r->lo);
        stmt_int(&s, 3, r->hi);
        r->rc = stmt_run(&s, &r->e);
    }
    stmt_close(&s);
    sqlite3_create_function_v2(r->db.h, "etl take", -1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
}

/* ---- by pages ---- */

static bool take_cells(void *ctx, int64_t rowid, const struct cell *cells) {
    struct column_reader *r = ctx;
    const struct cell *day = &cells[r->day_cell];
    size_t n = strlen(r->t->day);
    if (day->type != CELL_TEXT || day->n != n || memcmp(day->p, r->t->day, n) != 0) return true;
    bool ok = begin_row(r, rowid);
    for (size_t i = 0; i < r->nfile && ok; i++)
        if (r->file_part[i] >= 0)
            ok = hold(&r->parts[r->file_part[i]], &r->parts[r->file_part[i]].items[r->held], &cells[i]);
    ok = ok && end_row(r);
    r->odd = r->odd || !ok;
    if ((r->rows & 4095) == 0 && ok) r->rc = stop_check(&r->e);
    return ok && r->rc == ERR_OK;
}

/* The columns in the table's order, with dt among them. */
static void plan_cells(struct column_reader *r) {
    const struct relation *rel = &r->t->rel;
    r->nfile = 0;
    for (size_t col = 0, k = 0; col < rel->ncols; col++) {
        bool day = sqlite3_stricmp(rel->cols[col].name, "dt") == 0, wanted = k < r->ncols && r->cols[k] == col;
        if (!day && !wanted) continue;
        if (day) r->day_cell = r->nfile;
        r->file_part[r->nfile] = wanted ? (int)k++ : -1;
        r->file_cols[r->nfile++] = (uint32_t)col;
    }
}

int table_check(struct db *db, const char *table, struct err *e) {
    struct buf sql = {0};
    struct stmt s = {0};
    bool row = false;
    buf_str(&sql, "PRAGMA integrity_check(");
    sql_name(&sql, table);
    buf_str(&sql, ")");
    int rc = stmt_prepare(&s, db, sql.p, table, e);
    if (rc == ERR_OK) rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row && strcmp(stmt_col(&s, 0), "ok") != 0)
        rc =
            err_set(e, ERR_CORRUPT,
                    "%s: table %s is damaged (%s); nothing was made of it. Move the file aside: a new one is made, and "
                    "`etl run --force` fills it from the lake; or restore a copy",
                    db->path, table, stmt_col(&s, 0));
    stmt_close(&s);
    buf_free(&sql);
    return rc;
}

/* false: it did not work out, and nothing was read. */
static bool by_pages(struct column_reader *r) {
    struct pages own = *r->pages;
    if (sqlite3_file_control(r->db.h, "main", SQLITE_FCNTL_FILE_POINTER, &own.file) != SQLITE_OK) return false;
    plan_cells(r);
    if (pages_read(&own, r->lo, r->hi, r->file_cols, r->nfile, take_cells, r) || r->rc || r->odd) return true;
    r->rc = table_check(&r->db, r->t->table, &r->e); /* SQL might step over the damage without a word */
    if (r->rc) return true;
    size_t n = r->ncols;
    column_reader_free(r);
    column_reader_init(r, r->t, r->cols, n);
    return false;
}

void *column_reader_run(void *ctx) {
    struct column_reader *r = ctx;
    if (r->own) r->rc = db_open(&r->db, r->path, DB_READ, 60000, &r->e);
    if (r->own && r->rc == ERR_OK) r->rc = db_exec(&r->db, &r->e, "PRAGMA cache_size=-256"); /* every page once */
    if (r->rc == ERR_OK && (!r->pages || !by_pages(r))) by_sql(r);
    if (r->rc == ERR_OK && !r->odd) r->odd = !flush(r);
    if (r->own && r->db.h) db_close(&r->db);
    return NULL;
}

void column_reader_init(struct column_reader *r, const struct day_table *t, const size_t *cols, size_t n) {
    r->t = t;
    r->cols = cols;
    r->ncols = n;
    r->rows = r->cap = r->held = 0;
    r->looked = 0;
    r->many = false;
    r->rowids = NULL;
    r->parts = mem_alloc((n + 1) * sizeof *r->parts);
    for (size_t i = 0; i < n; i++) {
        dict_init(&r->parts[i].dict);
        r->parts[i].width = 1;
        r->parts[i].many = &r->many;
        r->parts[i].real = sqlite3_stricmp(t->rel.cols[cols[i]].decl, "REAL") == 0;
    }
}

void column_reader_free(struct column_reader *r) {
    for (size_t i = 0; i < r->ncols; i++) {
        dict_free(&r->parts[i].dict);
        free(r->parts[i].codes);
        free(r->parts[i].texts);
    }
    free(r->parts);
    free(r->rowids);
}
