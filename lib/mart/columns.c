/* See columns.h. How one stretch of rows is read is in column_reader.c; here the stretches are cut, and joined in their
 * order. Which code a value gets may differ with the number of threads; nothing that comes out depends on codes. */
#include "mart/column_reader.h"

#include <pthread.h>

#define MOST_THREADS 16

/* ---- codes ---- */

#define EXPAND(type)                                                                                                   \
    for (size_t i = 0; i < n; i++) out[i] = ((const type *)c->codes)[from + i]

void relcol_codes(const struct relcol *c, size_t from, size_t n, uint32_t *out) {
    if (!c->codes)
        for (size_t i = 0; i < n; i++) out[i] = c->constant;
    else if (c->width == 1)
        EXPAND(uint8_t);
    else if (c->width == 2)
        EXPAND(uint16_t);
    else
        EXPAND(uint32_t);
}

uint32_t relcol_code(const struct relcol *c, size_t row) {
    if (!c->codes) return c->constant;
    return c->width == 1   ? ((const uint8_t *)c->codes)[row]
           : c->width == 2 ? ((const uint16_t *)c->codes)[row]
                           : ((const uint32_t *)c->codes)[row];
}

void *codes_narrow(uint32_t *codes, size_t n, uint32_t values, uint8_t *width) {
    *width = values <= 256 ? 1 : values <= 65536 ? 2 : 4;
    if (*width == 1)
        for (size_t i = 0; i < n; i++) ((uint8_t *)codes)[i] = (uint8_t)codes[i];
    else if (*width == 2)
        for (size_t i = 0; i < n; i++) memcpy((char *)codes + i * 2, &(uint16_t){(uint16_t)codes[i]}, 2);
    if (n) return mem_grow(codes, n * *width);
    free(codes);
    return NULL;
}

/* ---- the table ---- */

static int one_int(struct db *db, const char *sql, const char *day, int64_t at, int64_t *v, bool *found,
                   struct err *e) {
    struct stmt s;
    int rc = stmt_prepare(&s, db, sql, "reading columns", e);
    if (rc == ERR_OK && sqlite3_bind_parameter_count(s.h) > 1) stmt_int(&s, 2, at);
    if (rc == ERR_OK) stmt_text(&s, 1, day);
    if (rc == ERR_OK) rc = stmt_step(&s, found, e);
    if (rc == ERR_OK && *found) *v = stmt_col_int(&s, 0);
    stmt_close(&s);
    return rc;
}

static bool has_word(const char *sql, const char *word) {
    size_t n = strlen(word);
    for (; *sql; sql++)
        if (sqlite3_strnicmp(sql, word, (int)n) == 0) return true;
    return false;
}

/* A table of the kind that table.c makes? A table that somebody made by hand may be anything. */
static int is_plain(struct db *db, const char *table, bool *plain, struct err *e) {
    struct stmt s;
    bool row;
    *plain = false;
    int rc = stmt_prepare(&s, db,
                          "SELECT s.sql FROM pragma_table_list(?1) AS l JOIN main.sqlite_schema AS s ON s.name=l.name"
                          " WHERE l.schema='main' AND l.type='table' AND l.strict AND NOT l.wr AND s.type='table'"
                          " AND NOT EXISTS (SELECT 1 FROM temp.sqlite_schema AS t WHERE t.name=l.name COLLATE NOCASE)",
                          "reading the warehouse's tables", e);
    if (rc) return rc;
    stmt_text(&s, 1, table);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK && row)
        *plain = !has_word(stmt_col(&s, 0), "collate") && !has_word(stmt_col(&s, 0), "generated") &&
                 !has_word(stmt_col(&s, 0), " as ");
    stmt_close(&s);
    return rc;
}

static int read_columns(struct day_table *t, struct db *db, bool *fits, struct err *e) {
    struct stmt s;
    bool row, dt = false;
    size_t cap = 64;
    struct relcol *cols = mem_alloc(cap * sizeof *cols);
    int rc = stmt_prepare(&s, db, "SELECT name, type FROM pragma_table_xinfo(?1)", "reading the warehouse's tables", e);
    if (rc == ERR_OK) stmt_text(&s, 1, t->table);
    while (rc == ERR_OK && (rc = stmt_step(&s, &row, e)) == ERR_OK && row) {
        if (t->rel.ncols == cap) {
            cap *= 2;
            cols = mem_grow(cols, cap * sizeof *cols);
        }
        const char *type = stmt_col(&s, 1);
        bool any = sqlite3_stricmp(type, "ANY") == 0;
        cols[t->rel.ncols++] =
            (struct relcol){.name = arena_str(&t->a, stmt_col(&s, 0)), .decl = any ? "" : arena_str(&t->a, type)};
        dt = dt || (sqlite3_stricmp(stmt_col(&s, 0), "dt") == 0 && sqlite3_stricmp(type, "TEXT") == 0);
    }
    stmt_close(&s);
    t->rel.cols = cols;
    *fits = *fits && dt && t->rel.ncols < 1000;
    return rc;
}

int day_table_open(struct day_table *t, struct db *db, const char *table, const char *day, bool *fits, struct err *e) {
    *t = (struct day_table){0};
    t->table = arena_str(&t->a, table);
    t->day = arena_str(&t->a, day);
    int rc = is_plain(db, table, fits, e);
    if (rc == ERR_OK && *fits) rc = read_columns(t, db, fits, e);
    if (rc || !*fits) day_table_free(t);
    return rc;
}

static void free_column(struct relcol *c) {
    if (c->dict) dict_free(c->dict);
    free(c->dict);
    free((void *)(uintptr_t)c->codes);
    c->dict = NULL;
    c->codes = NULL;
}

void day_table_free(struct day_table *t) {
    for (size_t i = 0; i < t->rel.ncols; i++) free_column(&t->rel.cols[i]);
    free(t->rel.cols);
    free(t->rowids);
    arena_free(&t->a);
    *t = (struct day_table){0};
}

int64_t day_table_rowid(const struct day_table *t, size_t row) {
    return t->first + (int64_t)(t->rowids ? t->rowids[row] : row);
}

size_t day_table_bytes(const struct day_table *t) {
    size_t n = t->rowids ? t->rel.nrows * sizeof *t->rowids : 0;
    for (size_t i = 0; i < t->rel.ncols; i++)
        if (t->rel.cols[i].dict) n += dict_bytes(t->rel.cols[i].dict) + t->rel.nrows * t->rel.cols[i].width;
    return n;
}

/* Are most of the rows between lo and hi of this day? Then reading them all is quicker than going through the index;
 * 32 places are looked at. */
static int is_dense(const struct day_table *t, struct db *db, int64_t lo, int64_t hi, bool *dense, struct err *e) {
    struct buf sql = {0};
    int rc = ERR_OK, hits = 0;
    buf_str(&sql, "SELECT \"dt\" = ?1 FROM main.");
    sql_name(&sql, t->table);
    buf_str(&sql, " WHERE rowid >= ?2 ORDER BY rowid LIMIT 1");
    for (int i = 0; i < 32 && rc == ERR_OK; i++) {
        int64_t hit = 0;
        bool found;
        rc = one_int(db, sql.p, t->day, lo + (hi - lo) / 32 * i, &hit, &found, e);
        hits += hit == 1;
    }
    buf_free(&sql);
    *dense = hits >= 20;
    return rc;
}

static int find_ends(struct day_table *t, struct db *db, int64_t *lo, int64_t *hi, bool *any, struct err *e) {
    static const char *const order[] = {"", " DESC"};
    int64_t *to[] = {lo, hi};
    int rc = ERR_OK;
    for (int i = 0; i < 2 && rc == ERR_OK; i++) {
        struct buf sql = {0};
        buf_str(&sql, "SELECT rowid FROM main.");
        sql_name(&sql, t->table);
        buf_fmt(&sql, " WHERE \"dt\" = ?1 ORDER BY rowid%s LIMIT 1", order[i]);
        rc = one_int(db, sql.p, t->day, 0, to[i], any, e);
        buf_free(&sql);
    }
    return rc;
}

static void take_sql(const struct day_table *t, const size_t *cols, size_t n, bool dense, struct buf *b) {
    buf_str(b, "SELECT \"etl take\"(rowid");
    for (size_t i = 0; i < n; i++) {
        buf_str(b, ", ");
        sql_name(b, t->rel.cols[cols[i]].name);
    }
    buf_str(b, ") FROM main.");
    sql_name(b, t->table);
    buf_fmt(b, " WHERE %s\"dt\" = ?1 AND rowid BETWEEN ?2 AND ?3", dense ? "+" : "");
}

/* The later parts of a column behind the first. Also narrows nothing: widths only grow with the dictionary. */
struct join {
    struct column_reader *r;
    int nr;
    size_t col, total;
    struct relcol *to;
    bool odd;
};

static void join_column(struct join *j) {
    struct column_part *first = &j->r[0].parts[j->col];
    size_t at = j->r[0].rows;
    for (int k = 1; k < j->nr && !j->odd; k++) {
        struct column_part *p = &j->r[k].parts[j->col];
        uint32_t *map = mem_grow(NULL, ((size_t)p->dict.n + 1) * sizeof *map);
        dict_join(&first->dict, &p->dict, map);
        for (uint32_t c = 0; c < p->dict.n; c++) j->odd = j->odd || map[c] == NO_CODE;
        dict_free(&p->dict);
        struct relcol from = {.codes = p->codes, .width = p->width};
        while (first->width < 4 && (first->dict.n - 1) >> (first->width * 8)) column_part_widen(first, at);
        if (first->cap < j->total) {
            first->cap = j->total;
            first->codes = mem_grow(first->codes, first->cap * first->width);
        }
        uint32_t codes[1024];
        for (size_t i = 0, n; i < j->r[k].rows && !j->odd; i += n) {
            n = j->r[k].rows - i < 1024 ? j->r[k].rows - i : 1024;
            relcol_codes(&from, i, n, codes);
            for (size_t c = 0; c < n; c++) codes[c] = map[codes[c]];
            column_part_put(first, at + i, codes, n);
        }
        at += j->r[k].rows;
        free(map);
        free(p->codes);
        p->codes = NULL;
    }
    dict_seal(&first->dict);
    struct dict *d = mem_alloc(sizeof *d);
    *d = first->dict;
    first->dict = (struct dict){0};
    j->to->dict = d;
    j->to->width = first->width;
    if (d->n > 1 || !j->total) {
        j->to->codes = j->total ? mem_grow(first->codes, j->total * first->width) : NULL;
    } else { /* NULL everywhere */
        j->to->constant = 0;
        free(first->codes);
    }
    first->codes = NULL;
}

static void join_rowids(struct day_table *t, struct column_reader *r, int nr, size_t total) {
    size_t at = r[0].rows;
    uint32_t *all = r[0].rowids;
    if (nr > 1) all = mem_grow(all, (total + 1) * sizeof *all);
    for (int k = 1; k < nr; at += r[k++].rows) {
        if (r[k].rows) memcpy(all + at, r[k].rowids, r[k].rows * sizeof *all);
    }
    r[0].rowids = NULL;
    t->first = r[0].first;
    if (!total || all[total - 1] == total - 1) { /* they ascend, so there is no gap */
        free(all);
        all = NULL;
    }
    free(t->rowids);
    t->rowids = all;
    t->rel.nrows = total;
    t->counted = true;
}

struct columns_run {
    struct join *joins;
    size_t n;
    int step, of;
};

static void *join_some(void *ctx) {
    struct columns_run *c = ctx;
    for (size_t i = (size_t)c->step; i < c->n; i += (size_t)c->of) join_column(&c->joins[i]);
    return NULL;
}

static bool join_all(struct day_table *t, struct column_reader *r, int nr, const size_t *cols, size_t n) {
    size_t total = 0;
    bool odd = false;
    for (int k = 0; k < nr; k++) total += r[k].rows;
    if (t->counted && total != t->rel.nrows) return false;
    struct join *joins = mem_alloc((n + 1) * sizeof *joins);
    struct columns_run runs[MOST_THREADS];
    pthread_t threads[MOST_THREADS];
    bool started[MOST_THREADS] = {0};
    for (size_t i = 0; i < n; i++) joins[i] = (struct join){r, nr, i, total, &t->rel.cols[cols[i]], false};
    for (int k = 0; k < nr; k++) {
        runs[k] = (struct columns_run){joins, n, k, nr};
        started[k] = k && pthread_create(&threads[k], NULL, join_some, &runs[k]) == 0;
        if (k && !started[k]) join_some(&runs[k]);
    }
    join_some(&runs[0]);
    for (int k = 1; k < nr; k++)
        if (started[k]) pthread_join(threads[k], NULL);
    for (size_t i = 0; i < n; i++) odd = odd || joins[i].odd;
    free(joins);
    join_rowids(t, r, nr, total);
    return !odd;
}

static int run_readers(struct column_reader *r, int nr, bool *odd, struct err *e) {
    int rc = ERR_OK;
    for (int k = 0; k < nr; k++) {
        r[k].started = k && pthread_create(&r[k].thread, NULL, column_reader_run, &r[k]) == 0;
        if (k && !r[k].started) column_reader_run(&r[k]);
    }
    column_reader_run(&r[0]);
    for (int k = 0; k < nr; k++) {
        if (r[k].started) pthread_join(r[k].thread, NULL);
        *odd = *odd || r[k].odd;
        if (r[k].rc && !r[k].odd && rc == ERR_OK) {
            *e = r[k].e;
            rc = r[k].rc;
        }
    }
    return *odd ? ERR_OK : rc;
}

/* The file itself, where it can be read instead (see pages.h). */
static bool open_pages(const struct day_table *t, const struct db *db, struct db *own, struct pages *pages) {
    struct err e;
    return db_open(own, db->path, 0, 1000, &e) == ERR_OK && pages_open(pages, own, t->table);
}

/* The index told where the day's rows begin and end. Where the day goes on beyond, one of the two is damaged. */
static int check_ends(const struct day_table *t, struct db *db, int64_t lo, int64_t hi, struct err *e) {
    struct buf sql = {0};
    struct stmt s = {0};
    bool beyond = false;
    buf_str(&sql, "SELECT 1 FROM main.");
    sql_name(&sql, t->table);
    buf_str(&sql, " WHERE rowid IN (?2, ?3) AND +\"dt\" = ?1");
    int rc = stmt_prepare(&s, db, sql.p, "reading columns", e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, t->day);
        stmt_int(&s, 2, lo == INT64_MIN ? INT64_MAX : lo - 1);
        stmt_int(&s, 3, hi == INT64_MAX ? INT64_MIN : hi + 1);
        rc = stmt_step(&s, &beyond, e);
    }
    stmt_close(&s);
    buf_free(&sql);
    return rc || !beyond ? rc : table_check(db, t->table, e);
}

int day_table_read(struct day_table *t, struct db *db, const bool *want, int threads, bool locked, size_t memory,
                   bool *fits, struct err *e) {
    struct column_reader r[MOST_THREADS] = {0};
    int64_t lo = 0, hi = -1;
    bool any = false, dense = true, odd = false;
    size_t cols[1000], n = 0;
    for (size_t i = 0; i < t->rel.ncols; i++)
        if (want[i] && !t->rel.cols[i].dict) cols[n++] = i;
    *fits = true;
    if (!n && t->counted) return ERR_OK;
    *fits = n <= 100; /* arguments of a function */
    int rc = *fits ? find_ends(t, db, &lo, &hi, &any, e) : ERR_OK;
    if (rc == ERR_OK && any) rc = is_dense(t, db, lo, hi, &dense, e);
    if (rc || !*fits) return rc;
    if (!any) hi = (lo = 0) - 1;
    *fits = hi - lo < UINT32_MAX;
    int nr = threads > MOST_THREADS ? MOST_THREADS : threads;
    if (nr < 2 || !locked || hi - lo < 20000) nr = 1;
    struct buf sql = {0};
    struct db own = {0};
    struct pages pages;
    bool in_file = *fits && locked && dense && open_pages(t, db, &own, &pages);
    take_sql(t, cols, n, dense, &sql);
    size_t had = day_table_bytes(t);
    for (int k = 0; k < nr; k++) {
        column_reader_init(&r[k], t, cols, n);
        r[k].own = locked;
        r[k].path = db->path;
        if (!locked) r[k].db = *db;
        r[k].pages = in_file ? &pages : NULL;
        r[k].sql = sql.p;
        r[k].first = lo;
        r[k].lo = lo + (hi - lo + 1) / nr * k;
        r[k].hi = k == nr - 1 ? hi : lo + (hi - lo + 1) / nr * (k + 1) - 1;
        r[k].memory = memory > had ? (memory - had) / (size_t)nr : 0;
    }
    if (rc == ERR_OK && any && *fits) rc = check_ends(t, db, lo, hi, e);
    if (rc == ERR_OK && *fits) rc = run_readers(r, nr, &odd, e);
    if (rc == ERR_OK && !odd && *fits) odd = !join_all(t, r, nr, cols, n);
    *fits = *fits && !odd && day_table_bytes(t) <= memory;
    if (rc || !*fits)
        for (size_t i = 0; i < n; i++) free_column(&t->rel.cols[cols[i]]);
    for (int k = 0; k < nr; k++) column_reader_free(&r[k]);
    if (own.h) db_close(&own);
    buf_free(&sql);
    return rc;
}
