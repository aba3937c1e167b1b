/*
 * Filling a table; see table.h. The crew's threads turn records into the values of columns (cells.c), and where the
 * table allows it into whole records of SQLite's format; the taking thread puts them in, through bulk.c or through one
 * prepared INSERT.
 */
#include <stdatomic.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/uuid.h"
#include "io/writeback.h"
#include "store/bulk.h"
#include "store/bulk_tree.h"
#include "store/cells.h"

/* Bytes of the first block, from which on new pages are worth the two syncs that writing them directly takes. */
#define LARGE 65536

struct loader {
    struct db *db;
    const struct table_spec *t;
    struct shape *shape;
    char day[16];
    struct stmt insert;
    struct loader_stats st;
    size_t memory; /* for keys that wait to be merged */
    int threads;
    size_t key;       /* column of a bulk table's key; ncols: none */
    atomic_bool fast; /* rows come as records for bulk.c */
    struct bulk *bulk;
    struct etl_direct *direct;
    struct writeback *writeback; /* of the warehouse and its log, until the commit is done */
    struct shaper own;           /* of the taking thread */
    struct cell *cells;
    struct arena a;
    int64_t rows_before, gone; /* gone: removed, as this load of the day does not bring them again */
    bool begun, digesting;
    struct digest digest;
    const struct load_ctx *ctx;
    uint64_t taken;       /* of the dropped: whose key is there */
    uint64_t given;       /* rows given to bulk.c */
    struct place *places; /* where the rows given to bulk.c came from */
    size_t nplaces, places_cap;
};

static void insert_sql(const struct table_spec *t, struct buf *b) {
    buf_str(b, "INSERT INTO ");
    sql_name(b, t->table);
    buf_str(b, " (");
    for (size_t i = 0; i < t->ncols; i++) {
        sql_name(b, t->cols[i].name);
        buf_str(b, ", ");
    }
    buf_str(b, "\"dt\") VALUES (");
    for (size_t i = 0; i < t->ncols; i++) buf_fmt(b, "?%zu,", i + 1);
    buf_fmt(b, "?%zu)", t->ncols + 1);
    if (!t->key.n) return;
    if (t->mode != LOAD_UPSERT && t->mode != LOAD_IGNORE) {
        buf_str(b, " ON CONFLICT DO NOTHING");
        return;
    }
    buf_str(b, " ON CONFLICT (");
    for (size_t i = 0; i < t->key.n; i++) {
        if (i) buf_chr(b, ',');
        sql_name(b, t->key.s[i]);
    }
    buf_str(b, ") DO UPDATE SET ");
    if (t->mode == LOAD_IGNORE) {                                                    /* see own_rows */
        buf_str(b, "\"dt\"=excluded.\"dt\" WHERE \"dt\"='' ON CONFLICT DO NOTHING"); /* of an index that people made */
        return;
    }
    for (size_t i = 0; i <= t->ncols; i++) {
        const char *name = i < t->ncols ? t->cols[i].name : "dt";
        if (strs_has(t->key, sv_of(name))) continue;
        sql_name(b, name);
        buf_str(b, "=excluded.");
        sql_name(b, name);
        if (i < t->ncols) buf_chr(b, ',');
    }
}

/* Are all rows those of the day? Then the table can be emptied whole, which SQLite does page by page. */
static int only_this_day(struct loader *l, bool *only, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    bool row;
    buf_str(&b, "SELECT NOT EXISTS (SELECT 1 FROM ");
    sql_name(&b, l->t->table);
    buf_str(&b, " WHERE \"dt\" < ?1) AND NOT EXISTS (SELECT 1 FROM ");
    sql_name(&b, l->t->table);
    buf_str(&b, " WHERE \"dt\" > ?1)");
    int rc = stmt_prepare(&s, l->db, b.p, l->t->table, e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, l->day);
        rc = stmt_step(&s, &row, e);
        if (rc == ERR_OK) *only = stmt_col_int(&s, 0) != 0;
        stmt_close(&s);
    }
    buf_free(&b);
    return rc;
}

/* What the mode takes away before the new rows come. */
static int clear_old(struct loader *l, struct err *e) {
    bool all = l->t->mode == LOAD_FULL;
    if (l->t->mode != LOAD_REPLACE_DAY && !all) return ERR_OK;
    struct buf b = {0};
    struct stmt s;
    int rc = all ? ERR_OK : only_this_day(l, &all, e);
    buf_str(&b, "DELETE FROM ");
    sql_name(&b, l->t->table);
    if (!all) buf_str(&b, " WHERE \"dt\"=?1");
    if (rc == ERR_OK) rc = stmt_prepare(&s, l->db, b.p, l->t->table, e);
    if (rc == ERR_OK) {
        if (!all) stmt_text(&s, 1, l->day);
        rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    buf_free(&b);
    return rc;
}

/* Upsert: a row whose key holds the day belongs to that day alone. What an earlier load of the day brought and this one
 * does not (a shop that did not answer then, and with it other names) must go, and what people wrote into columns of
 * their own must stay: so the rows are marked by an empty dt, those that come again get it back, the rest is removed.
 */
static int of_this_day(struct loader *l, const char *verb, const char *where, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    bool any = false;
    buf_str(&b, verb);
    buf_str(&b, where);
    for (size_t i = 0; i < l->t->ncols; i++) {
        if (l->t->cols[i].type != COL_DATE || !strs_has(l->t->key, sv_of(l->t->cols[i].name))) continue;
        buf_str(&b, any ? " OR " : " AND (");
        sql_name(&b, l->t->cols[i].name);
        buf_str(&b, "=?1");
        any = true;
    }
    buf_chr(&b, ')');
    int rc = any ? stmt_prepare(&s, l->db, b.p, l->t->table, e) : ERR_OK;
    if (any && rc == ERR_OK) {
        stmt_text(&s, 1, l->day);
        rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    buf_free(&b);
    return rc;
}

static int mark_day(struct loader *l, struct err *e) {
    struct buf b = {0};
    buf_str(&b, "UPDATE ");
    sql_name(&b, l->t->table);
    int rc = of_this_day(l, b.p, " SET \"dt\"='' WHERE \"dt\"=?1", e);
    buf_free(&b);
    return rc;
}

/* ignore_duplicates: a row that an earlier load of the same day brought is this day's, not somebody else's, and counts
 * again as written: a day done twice, or done again after a kill, counts as the day done once. Such rows are marked by
 * an empty dt, get it back from the record that brings them, and at the end in any case. */
static int own_rows(struct loader *l, bool marked, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    buf_str(&b, "UPDATE ");
    sql_name(&b, l->t->table);
    buf_str(&b, marked ? " SET \"dt\"='' WHERE \"dt\"=?1" : " SET \"dt\"=?1 WHERE \"dt\"=''");
    int rc = stmt_prepare(&s, l->db, b.p, l->t->table, e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, l->day);
        rc = stmt_run(&s, e);
        stmt_close(&s);
    }
    buf_free(&b);
    return rc;
}

/* Is this dataset the only one that was ever loaded into the table? What others brought is not ours to remove. */
static int is_alone(struct loader *l, const struct warehouse_mark *mark, bool *alone, struct err *e) {
    struct stmt s;
    bool row;
    *alone = true;
    if (!mark) return ERR_OK;
    int rc = db_exec(l->db, e,
                     "CREATE TABLE IF NOT EXISTS etl_upserts (table_name TEXT NOT NULL, pipeline TEXT NOT NULL,"
                     " name TEXT NOT NULL, PRIMARY KEY (table_name, pipeline, name)) STRICT, WITHOUT ROWID");
    if (rc == ERR_OK)
        rc = stmt_prepare(&s, l->db, "INSERT OR IGNORE INTO etl_upserts VALUES (?1, ?2, ?3)", l->t->table, e);
    if (rc) return rc;
    const char *v[] = {l->t->table, mark->pipeline, mark->name};
    for (int i = 0; i < 3; i++) stmt_text(&s, i + 1, v[i]);
    rc = stmt_run(&s, e);
    stmt_close(&s);
    if (rc == ERR_OK)
        rc = stmt_prepare(&s, l->db, "SELECT COUNT(*) = 1 FROM etl_upserts WHERE table_name=?1", l->t->table, e);
    if (rc) return rc;
    stmt_text(&s, 1, l->t->table);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) *alone = stmt_col_int(&s, 0) != 0;
    stmt_close(&s);
    return rc;
}

static int remove_marked(struct loader *l, const struct warehouse_mark *mark, struct err *e) {
    struct buf b = {0};
    bool alone;
    int rc = is_alone(l, mark, &alone, e);
    int64_t before = sqlite3_total_changes64(l->db->h);
    buf_str(&b, alone ? "DELETE FROM " : "UPDATE ");
    sql_name(&b, l->t->table);
    if (rc == ERR_OK) rc = of_this_day(l, b.p, alone ? " WHERE \"dt\"=''" : " SET \"dt\"=?1 WHERE \"dt\"=''", e);
    buf_free(&b);
    l->gone = alone ? sqlite3_total_changes64(l->db->h) - before : 0;
    if (rc == ERR_OK && l->gone)
        log_info("%lld rows of %s that an earlier load of the day brought came no more and are removed",
                 (long long)l->gone, l->t->table);
    return rc;
}

static int64_t count_rows(struct loader *l) {
    struct buf b = {0};
    struct stmt s;
    struct err e;
    bool row;
    int64_t n = 0;
    buf_str(&b, "SELECT COUNT(*) FROM ");
    sql_name(&b, l->t->table);
    if (stmt_prepare(&s, l->db, b.p, l->t->table, &e) == ERR_OK && stmt_step(&s, &row, &e) == ERR_OK)
        n = stmt_col_int(&s, 0);
    stmt_close(&s);
    buf_free(&b);
    return n;
}

int loader_open(struct loader **out, struct db *db, const struct table_spec *t, day_t day, const struct zone *zone,
                size_t memory, struct err *e) {
    struct loader *l = mem_alloc(sizeof *l);
    bool fits = false;
    l->db = db;
    l->t = t;
    l->memory = memory;
    l->threads = 1;
    l->shape = shape_new(t, zone);
    l->cells = mem_alloc((t->ncols + 1) * sizeof *l->cells);
    snprintf(l->day, sizeof l->day, "%s", day_text(day).s);
    for (l->key = 0; l->key < t->ncols; l->key++)
        if (t->key.n && strcmp(t->cols[l->key].name, t->key.s[0]) == 0) break;
    int rc = bulk_fits(db, t, &fits, e);
    l->fast = fits;
    if (rc)
        loader_abort(l);
    else
        *out = l;
    return rc;
}

static int prepare_insert(struct loader *l, struct err *e) {
    struct buf sql = {0};
    insert_sql(l->t, &sql);
    int rc = stmt_prepare(&l->insert, l->db, sql.p, l->t->table, e);
    buf_free(&sql);
    return rc;
}

static int bulk_dropped(void *ctx, uint64_t row, struct err *e);

static int direct_rc(struct loader *l, int rc, struct err *e) {
    return rc == SQLITE_OK ? ERR_OK : db_err(l->db, rc, e, l->t->table);
}

/* Not before the first record: a load at the end of a pipe must not hold the warehouse while the stage before it writes
 * its quality results there. */
static int begin(struct loader *l, size_t bytes, struct err *e) {
    bool fits = false, large = bytes >= LARGE;
    if (l->begun) return ERR_OK;
    l->begun = true;
    /* what is in the log goes into the file, as far as nobody is in the way: see etl_direct_begin */
    if (large) (void)sqlite3_wal_checkpoint_v2(l->db->h, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    int rc = db_exec(l->db, e, "BEGIN IMMEDIATE");
    if (rc == ERR_OK && large) rc = direct_rc(l, etl_direct_begin(l->db->h, &l->direct), e);
    if (rc == ERR_OK) rc = table_ensure(l->db, l->t, true, e);
    if (rc == ERR_OK) rc = clear_old(l, e);
    if (rc == ERR_OK && l->t->mode == LOAD_UPSERT) {
        l->rows_before = count_rows(l);
        rc = mark_day(l, e);
    }
    if (rc == ERR_OK && l->t->mode == LOAD_IGNORE) rc = own_rows(l, true, e);
    if (rc == ERR_OK && l->fast) rc = bulk_fits(l->db, l->t, &fits, e);
    if (rc == ERR_OK && l->fast && !fits) l->fast = false; /* changed by somebody since loader_open */
    if (rc == ERR_OK) l->writeback = writeback_start((int[]){etl_db_fd(l->db->h, 0), etl_db_fd(l->db->h, 1)}, 2);
    if (rc == ERR_OK && l->fast)
        return bulk_open(&l->bulk, l->db, l->t, l->day, l->memory, l->threads, l->direct, bulk_dropped, l, e);
    return rc ? rc : prepare_insert(l, e);
}

static const char *const key_is_there = "its key is in the table already";

static void bind_cells(struct loader *l, const struct cell *cells) {
    for (size_t i = 0; i < l->t->ncols; i++) {
        const struct cell *c = &cells[i];
        int at = (int)i + 1;
        if (c->type == CELL_NULL)
            stmt_text(&l->insert, at, NULL);
        else if (c->type == CELL_INT)
            stmt_int(&l->insert, at, c->i);
        else if (c->type == CELL_REAL)
            stmt_real(&l->insert, at, c->d);
        else
            stmt_textn(&l->insert, at, c->s.p, c->s.n);
    }
    stmt_text(&l->insert, (int)l->t->ncols + 1, l->day);
}

/* By the prepared statement. *why: not written. */
static int insert_record(struct loader *l, struct jval rec, const char **why, struct err *e) {
    bool row;
    *why = shape_cells(l->shape, &l->own, rec, l->cells, &l->a);
    if (*why) return ERR_OK;
    bind_cells(l, l->cells);
    int rc = stmt_step(&l->insert, &row, e);
    if (rc) return rc;
    sqlite3_reset(l->insert.h);
    if (sqlite3_changes(l->db->h) == 0)
        *why = key_is_there;
    else
        l->st.written++;
    return direct_rc(l, etl_direct_write(l->direct), e);
}

/* ---- what the threads make of a batch ---- */

struct load_out {
    struct arena a;
    struct shaper w;
    struct cell *cells;
    bool encoded;
    struct buf rec; /* records one after another */
    struct encoded {
        const char *why; /* it does not fit */
        size_t at, n;    /* in rec */
        bool slow;       /* its key is no UUID */
        uint8_t key[16];
    } * rows;
    size_t cap;
};

/* The lines of rows: runs that lie one after another in a file. */
struct place {
    uint64_t row, line;
    uint32_t file;
};

struct load_ctx {
    struct loader *l;
    struct reader *r;
    size_t told;
    uint64_t known; /* of ignore_duplicates: keys that are in the table already */
    bool last_bad;  /* the record seen last is no JSON */
};

static void encode_one(const struct loader *l, struct load_out *o, struct jval rec, struct encoded *to) {
    size_t n = l->t->ncols;
    to->why = shape_cells(l->shape, &o->w, rec, o->cells, &o->a);
    if (to->why) return;
    if (l->key < n && !uuid_parse(o->cells[l->key].s, to->key)) {
        to->slow = true;
        return;
    }
    o->cells[n] = (struct cell){.type = CELL_TEXT, .s = sv_of(l->day)};
    to->at = o->rec.n;
    cells_record(o->cells, n + 1, &o->rec);
    to->n = o->rec.n - to->at;
}

static void encode(void *ctx, struct batch *b, void *out) {
    const struct loader *l = ((struct load_ctx *)ctx)->l;
    struct load_out *o = out;
    o->encoded = l->fast;
    if (!o->encoded) return;
    arena_reset(&o->a);
    o->rec.n = 0;
    if (!o->cells) o->cells = mem_alloc((l->t->ncols + 1) * sizeof *o->cells);
    if (o->cap < b->n) {
        o->cap = b->n * 2;
        o->rows = mem_grow(o->rows, o->cap * sizeof *o->rows);
    }
    for (size_t i = 0; i < b->n; i++) {
        o->rows[i] = (struct encoded){0};
        if (!b->r[i].bad) encode_one(l, o, b->r[i].v, &o->rows[i]);
    }
}

static void out_free(void *out) {
    struct load_out *o = out;
    arena_free(&o->a);
    shaper_free(&o->w);
    buf_free(&o->rec);
    free(o->cells);
    free(o->rows);
}

static void tell_drop(struct load_ctx *c, uint32_t file, uint64_t line, const char *why) {
    c->l->st.dropped++;
    c->l->taken += why == key_is_there;
    if (why == key_is_there && c->l->t->mode == LOAD_IGNORE) { /* what this mode is for */
        c->known++;
        return;
    }
    if (c->told++ < 10) log_warn("%s:%llu: dropped: %s", reader_name(c->r, file), (unsigned long long)line, why);
}

/* Where a row came from, for as long as it may be taken out again. */
static int keep_place(struct loader *l, uint64_t row, const struct rec *r, struct err *e) {
    struct place *p = l->nplaces ? &l->places[l->nplaces - 1] : NULL;
    if (!l->t->key.n || (p && p->file == r->file && p->line + (row - p->row) == r->line)) return ERR_OK;
    if (l->nplaces * sizeof *p >= l->memory / 4 && l->nplaces >= 1024) {
        int rc = bulk_merge(l->bulk, e);
        if (rc) return rc;
        l->nplaces = 0;
    }
    if (!l->places || l->nplaces == l->places_cap) {
        l->places_cap = l->places_cap ? l->places_cap * 2 : 64;
        l->places = mem_grow(l->places, l->places_cap * sizeof *l->places);
    }
    l->places[l->nplaces++] = (struct place){row, r->line, r->file};
    return ERR_OK;
}

static int bulk_dropped(void *ctx, uint64_t row, struct err *e) {
    struct loader *l = ctx;
    size_t lo = 0, hi = l->nplaces;
    if (!hi) return err_set(e, ERR_INTERNAL, "a row was taken out that was never put in");
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (l->places[mid].row <= row)
            lo = mid;
        else
            hi = mid;
    }
    l->st.written--;
    tell_drop((struct load_ctx *)(uintptr_t)l->ctx, l->places[lo].file, l->places[lo].line + (row - l->places[lo].row),
              key_is_there);
    return ERR_OK;
}

/* A key that is no UUID: what is in is finished, the rest goes the common way. */
static int leave_bulk(struct loader *l, struct err *e) {
    struct bulk *b = l->bulk;
    l->bulk = NULL;
    l->fast = false;
    int rc = bulk_finish(b, e);
    return rc ? rc : prepare_insert(l, e);
}

static int add_one(struct load_ctx *c, const struct rec *r, const struct load_out *o, size_t i, const char **why,
                   struct err *e) {
    struct loader *l = c->l;
    const struct encoded *x = o->encoded ? &o->rows[i] : NULL;
    l->st.rows_in++;
    if (r->bad) {
        *why = rec_problem(r, &l->a);
        return ERR_OK;
    }
    if (x && x->why) {
        *why = x->why;
        return ERR_OK;
    }
    if (l->bulk && (!x || x->slow)) {
        int rc = leave_bulk(l, e);
        if (rc) return rc;
    }
    if (!l->bulk || !x) return insert_record(l, r->v, why, e);
    int rc = keep_place(l, l->given++, r, e);
    l->st.written++;
    if (rc == ERR_OK) rc = bulk_add(l->bulk, o->rec.p + x->at, x->n, x->key, e);
    if (rc == ERR_OK && !bulk_waiting(l->bulk)) l->nplaces = 0;
    return rc;
}

/* Every record with a line break after it; those that lie one after another so in the block in one piece. */
static void digest_batch(struct digest *d, const struct batch *b) {
    for (size_t i = 0; i < b->n;) {
        const char *start = b->r[i].text, *end = start + b->r[i].len;
        for (i++; i < b->n && *end == '\n' && b->r[i].text == end + 1; i++) end += 1 + b->r[i].len;
        digest_add(d, start, (size_t)(end - start));
        digest_add(d, "\n", 1);
    }
}

static int add_batch(void *ctx, struct batch *b, void *out, struct err *e) {
    struct load_ctx *c = ctx;
    struct loader *l = c->l;
    int rc = begin(l, b->blk.data.n, e);
    if (l->digesting) digest_batch(&l->digest, b);
    for (size_t i = 0; i < b->n && rc == ERR_OK; i++) {
        const struct rec *r = &b->r[i];
        const char *why = NULL;
        c->last_bad = r->bad != NULL;
        arena_reset(&l->a);
        rc = add_one(c, r, out, i, &why, e);
        if (rc) return err_in(e, "%s:%llu", reader_name(c->r, r->file), (unsigned long long)r->line);
        if (why) tell_drop(c, r->file, r->line, why);
    }
    return rc;
}

int load_records(struct loader *l, struct reader *r, int threads, struct err *e) {
    struct load_ctx c = {.l = l, .r = r};
    struct crew crew = {.threads = threads,
                        .out_size = sizeof(struct load_out),
                        .ctx = &c,
                        .work = encode,
                        .take = add_batch,
                        .out_free = out_free};
    l->threads = threads;
    l->ctx = &c;
    int rc = crew_run(&crew, r, e);
    if (rc == ERR_OK && l->bulk) {
        struct bulk *b = l->bulk;
        l->bulk = NULL;
        rc = bulk_finish(b, e);
    }
    l->ctx = NULL;
    if (rc == ERR_OK && c.known) log_info("%llu left out: %s", (unsigned long long)c.known, key_is_there);
    if (rc == ERR_OK && c.told > 10) log_warn("%zu more records dropped", c.told - 10);
    if (rc == ERR_OK && c.last_bad && reader_torn(r))
        rc = err_set(e, ERR_INCOMPLETE, "the input ends in the middle of a record: nothing is loaded");
    return rc;
}

void loader_digest_start(struct loader *l) {
    digest_start(&l->digest);
    l->digesting = true;
}

void loader_digest(struct loader *l, char out[65]) {
    digest_hex(&l->digest, out);
    l->digesting = false;
}

uint64_t loader_rows_in(const struct loader *l) {
    return l->st.rows_in;
}

/* The first day that is kept: so many calendar months back, on the last day of a month that is too short. */
static day_t first_kept(const struct table_spec *t, day_t day) {
    int y, m, d;
    day_to_civil(day, &y, &m, &d);
    int month = y * 12 + m - 1 - t->keep_months;
    for (y = month / 12, m = month % 12 + 1; !day_exists(y, m, d); d--) continue;
    return day_from_civil(y, m, d) - t->keep_days;
}

static int expire(struct loader *l, struct err *e) {
    struct buf b = {0};
    struct stmt s;
    day_t day;
    if (!l->t->keep_column || !day_parse(sv_of(l->day), &day)) return ERR_OK;
    buf_str(&b, "DELETE FROM ");
    sql_name(&b, l->t->table);
    buf_str(&b, " WHERE ");
    sql_name(&b, l->t->keep_column);
    buf_str(&b, " < ?1");
    int rc = stmt_prepare(&s, l->db, b.p, l->t->table, e);
    if (rc == ERR_OK) {
        struct day_text first = day_text(first_kept(l->t, day));
        stmt_text(&s, 1, first.s);
        rc = stmt_run(&s, e);
        stmt_close(&s);
        l->st.expired = rc == ERR_OK ? (uint64_t)sqlite3_changes64(l->db->h) : 0;
        if (l->st.expired)
            log_info("%llu rows of %s before %s removed", (unsigned long long)l->st.expired, l->t->table, first.s);
    }
    buf_free(&b);
    return rc;
}

static int too_many_dropped(struct loader *l, struct err *e) {
    struct buf key = {0};
    for (size_t i = 0; i < l->t->key.n; i++) buf_fmt(&key, "%s%s", i ? ", " : "", l->t->key.s[i]);
    if (l->taken)
        err_set(e, ERR_DATA,
                "table %s: %llu of %llu records do not fit (more than %g %%), %llu of them because their key (%s) is "
                "in the "
                "table already, from this day or another: keys hold over all days, so put the day into the key, or let "
                "\"mode\" be \"upsert\" or \"ignore_duplicates\"; nothing is loaded",
                l->t->table, (unsigned long long)l->st.dropped, (unsigned long long)l->st.rows_in, l->t->max_dropped,
                (unsigned long long)l->taken, buf_text(&key));
    else
        err_set(e, ERR_DATA, "table %s: %llu of %llu records do not fit (more than %g %%); nothing is loaded",
                l->t->table, (unsigned long long)l->st.dropped, (unsigned long long)l->st.rows_in, l->t->max_dropped);
    buf_free(&key);
    return ERR_DATA;
}

int loader_commit(struct loader *l, const struct warehouse_mark *mark, struct loader_stats *st, struct err *e) {
    int rc = begin(l, 0, e);
    stmt_close(&l->insert);
    uint64_t excused = l->t->mode == LOAD_IGNORE ? l->st.dropped : 0;
    if (rc == ERR_OK && l->st.rows_in &&
        (double)(l->st.dropped - excused) * 100 > l->t->max_dropped * (double)l->st.rows_in)
        rc = too_many_dropped(l, e);
    if (rc == ERR_OK && l->t->mode == LOAD_IGNORE) rc = own_rows(l, false, e);
    if (rc == ERR_OK && l->t->mode == LOAD_UPSERT) rc = remove_marked(l, mark, e);
    if (rc == ERR_OK && l->t->mode == LOAD_UPSERT)
        l->st.updated = l->st.written - (uint64_t)(count_rows(l) + l->gone - l->rows_before);
    if (rc == ERR_OK) rc = expire(l, e);
    if (rc == ERR_OK && mark) rc = warehouse_note(l->db, mark, e);
    if (rc == ERR_OK) rc = direct_rc(l, etl_direct_sync(l->direct), e);
    if (rc == ERR_OK) rc = db_exec(l->db, e, "COMMIT");
    if (st) *st = l->st;
    loader_abort(l);
    return rc;
}

void loader_abort(struct loader *l) {
    char unused[65];
    if (!l) return;
    if (l->digesting) loader_digest(l, unused);
    bulk_free(l->bulk);
    writeback_stop(l->writeback);
    stmt_close(&l->insert);
    etl_direct_end(l->direct);
    if (!sqlite3_get_autocommit(l->db->h)) sqlite3_exec(l->db->h, "ROLLBACK", NULL, NULL, NULL);
    shape_free(l->shape);
    shaper_free(&l->own);
    free(l->cells);
    free(l->places);
    arena_free(&l->a);
    free(l);
}
