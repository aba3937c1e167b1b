/*
 * See bulk.h. Keys gather in 256 buckets by their first byte (UUIDs are spread evenly; others merely make uneven
 * buckets); each bucket is sorted by itself, on several threads. When the memory for them is full they are merged and
 * forgotten, so that any number of rows goes in with any memory; each merge reads the index once, in order.
 */
#include "store/bulk.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/stop.h"
#include "base/uuid.h"
#include "store/bulk_tree.h"
#include "store/cells.h"

struct key {
    uint64_t hi, lo; /* the UUID, big endian: ordered as its text is */
    uint64_t row;    /* since the last merge */
};
struct bucket {
    struct key *k;
    size_t n, cap;
};

struct bulk {
    struct db *db;
    const struct table_spec *t;
    const char *day;
    bulk_drop_fn *drop;
    void *ctx;
    int threads;
    struct etl_tree *table, *keys, *days;
    struct etl_direct *direct;
    bool keys_empty, days_end;      /* nothing lies after what we add */
    int64_t next;                   /* rowid of the next row */
    uint64_t merged, waiting, most; /* rows before the last merge, since, and how many may wait */
    struct bucket buckets[256];
    uint64_t *gone; /* rows taken out at this merge */
    size_t ngone, gone_cap;
    struct buf rec;
};

static int failed(const struct bulk *b, int rc, struct err *e) {
    err_set(e, ERR_SQL, "table %s: %s", b->t->table, sqlite3_errstr(rc)); /* the connection knows nothing of it */
    if (rc == SQLITE_FULL || rc == SQLITE_NOMEM || (rc & 0xFF) == SQLITE_IOERR || (rc & 0xFF) == SQLITE_CORRUPT)
        return db_err(b->db, rc, e, b->t->table);
    return e->code;
}

static bool key_fits(const struct table_spec *t) {
    for (size_t i = 0; i < t->ncols && t->key.n == 1; i++)
        if (strcmp(t->cols[i].name, t->key.s[0]) == 0) return t->cols[i].type == COL_TEXT && t->cols[i].not_null;
    return !t->key.n; /* dt itself is a key too, but no UUID */
}

int bulk_fits(struct db *db, const struct table_spec *t, bool *fits, struct err *e) {
    struct stmt s;
    struct buf name = {0}, sql = {0}, index = {0};
    bool row = false;
    *fits = t->ncols < 1000 && !t->nindexes && key_fits(t) && (t->mode == LOAD_REPLACE_DAY || t->mode == LOAD_FULL);
    if (!*fits) return ERR_OK;
    table_day_index_sql(t, &index);
    sql_name(&name, t->table);
    table_create_sql(t, name.p, true, &sql);
    /* one row: does anything hang on the table that we do not know? */
    int rc = stmt_prepare(&s, db,
                          "SELECT MAX(type = 'table' AND sql = ?2), COUNT(*), MAX(type = 'index' AND"
                          " sql = ?3), SUM(type = 'index' AND sql IS NULL) FROM sqlite_schema"
                          " WHERE tbl_name = ?1 COLLATE NOCASE",
                          "reading the warehouse's tables", e);
    if (rc == ERR_OK) {
        stmt_text(&s, 1, t->table);
        stmt_text(&s, 2, sql.p);
        stmt_text(&s, 3, index.p);
        rc = stmt_step(&s, &row, e);
        if (rc == ERR_OK && stmt_col_int(&s, 1))
            *fits = stmt_col_int(&s, 0) == 1 && stmt_col_int(&s, 2) == 1 && stmt_col_int(&s, 3) == (t->key.n ? 1 : 0) &&
                    stmt_col_int(&s, 1) == (t->key.n ? 3 : 2);
        stmt_close(&s);
    }
    buf_free(&name);
    buf_free(&sql);
    buf_free(&index);
    return rc;
}

static int one_number(struct db *db, const char *sql, const char *arg, int64_t *n, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, db, sql, "reading the warehouse's tables", e);
    if (rc) return rc;
    if (arg) stmt_text(&s, 1, arg);
    rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) *n = stmt_col_int(&s, 0);
    stmt_close(&s);
    return rc;
}

static int open_tree(struct bulk *b, const char *where, const char *name, int columns, struct etl_tree **t,
                     struct err *e) {
    struct arena a = {0};
    int64_t root = 0;
    int rc = one_number(b->db, arena_fmt(&a, "SELECT rootpage FROM sqlite_schema WHERE %s", where), name, &root, e);
    arena_free(&a);
    if (rc) return rc;
    int s = etl_tree_open(b->db->h, (unsigned)root, columns, t);
    return s ? failed(b, s, e) : ERR_OK;
}

static int look_at_table(struct bulk *b, struct err *e) {
    struct buf name = {0};
    struct arena a = {0};
    int64_t last = 0, later = 0;
    sql_name(&name, b->t->table);
    int rc = one_number(b->db, arena_fmt(&a, "SELECT COALESCE(MAX(rowid), 0) FROM %s", name.p), NULL, &last, e);
    if (rc == ERR_OK)
        rc = one_number(b->db, arena_fmt(&a, "SELECT EXISTS (SELECT 1 FROM %s WHERE \"dt\" > ?1)", name.p), b->day,
                        &later, e);
    b->next = last + 1;
    b->keys_empty = last == 0;
    b->days_end = !later;
    buf_free(&name);
    arena_free(&a);
    return rc;
}

int bulk_open(struct bulk **out, struct db *db, const struct table_spec *t, const char *day, size_t memory, int threads,
              struct etl_direct *direct, bulk_drop_fn *drop, void *ctx, struct err *e) {
    struct bulk *b = mem_alloc(sizeof *b);
    struct arena a = {0};
    *b = (struct bulk){.db = db, .t = t, .day = day, .drop = drop, .ctx = ctx, .threads = threads, .direct = direct};
    b->most = memory / (sizeof(struct key) * 9 / 8); /* buckets grow by an eighth */
    if (b->most < 4096) b->most = 4096;
    int rc = look_at_table(b, e);
    if (rc == ERR_OK) rc = open_tree(b, "type = 'table' AND name = ?1", t->table, 0, &b->table, e);
    if (rc == ERR_OK)
        rc = open_tree(b, "type = 'index' AND name = ?1", arena_fmt(&a, "%s_dt", t->table), 2, &b->days, e);
    if (rc == ERR_OK && t->key.n)
        rc = open_tree(b, "type = 'index' AND sql IS NULL AND tbl_name = ?1", t->table, 2, &b->keys, e);
    arena_free(&a);
    if (rc)
        bulk_free(b);
    else
        *out = b;
    return rc;
}

void bulk_free(struct bulk *b) {
    if (!b) return;
    etl_tree_close(b->table);
    etl_tree_close(b->keys);
    etl_tree_close(b->days);
    for (size_t i = 0; i < 256; i++) free(b->buckets[i].k);
    free(b->gone);
    buf_free(&b->rec);
    free(b);
}

static uint64_t big_endian(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return __builtin_bswap64(x);
}

static int compare(const void *x, const void *y) {
    const struct key *a = x, *b = y;
    if (a->hi != b->hi) return a->hi < b->hi ? -1 : 1;
    if (a->lo != b->lo) return a->lo < b->lo ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Quicksort with the comparison in line, median of three, small parts by insertion; the deep end goes to qsort. */
static void sort_keys(struct key *k, size_t n, int depth) {
    while (n > 24) {
        if (!depth--) {
            qsort(k, n, sizeof *k, compare);
            return;
        }
        struct key *mid = &k[n / 2], *end = &k[n - 1], t;
#define SWAP(a, b) (t = (a), (a) = (b), (b) = t)
        if (compare(mid, k) < 0) SWAP(*mid, *k);
        if (compare(end, mid) < 0) SWAP(*mid, *end);
        if (compare(mid, k) < 0) SWAP(*mid, *k);
        struct key pivot = *mid;
        size_t i = 0, j = n - 1;
        for (;;) {
            while (compare(&k[i], &pivot) < 0) i++;
            while (compare(&pivot, &k[j]) < 0) j--;
            if (i >= j) break;
            SWAP(k[i], k[j]);
            i++;
            j--;
        }
#undef SWAP
        /* keys differ at least by row, so both parts are smaller than the whole */
        size_t left = i;
        if (left < n - left) {
            sort_keys(k, left, depth);
            k += left;
            n -= left;
        } else {
            sort_keys(k + left, n - left, depth);
            n = left;
        }
    }
    for (size_t i = 1; i < n; i++) {
        struct key x = k[i];
        size_t j = i;
        for (; j && compare(&x, &k[j - 1]) < 0; j--) k[j] = k[j - 1];
        k[j] = x;
    }
}

struct sorting {
    struct bulk *b;
    atomic_int next;
};

static void *sort_buckets(void *arg) {
    struct sorting *s = arg;
    for (int i; (i = atomic_fetch_add(&s->next, 1)) < 256;) sort_keys(s->b->buckets[i].k, s->b->buckets[i].n, 64);
    return NULL;
}

static void sort_all(struct bulk *b) {
    struct sorting s = {.b = b};
    pthread_t t[16];
    int started = 0, want = b->threads > 16 ? 16 : b->threads;
    while (b->waiting > 20000 && started + 1 < want && pthread_create(&t[started], NULL, sort_buckets, &s) == 0)
        started++;
    sort_buckets(&s);
    for (int i = 0; i < started; i++) pthread_join(t[i], NULL);
}

/* The row is in the table; its key was there before it. */
static int take_out(struct bulk *b, uint64_t row, struct err *e) {
    int rc = etl_tree_delete_row(b->table, b->next - (int64_t)b->waiting + (int64_t)row);
    if (rc) return failed(b, rc, e);
    if (b->ngone == b->gone_cap) {
        b->gone_cap = b->gone_cap ? b->gone_cap * 2 : 256;
        b->gone = mem_grow(b->gone, b->gone_cap * sizeof *b->gone);
    }
    b->gone[b->ngone++] = row;
    return b->drop(b->ctx, b->merged + row, e);
}

static int merge_keys(struct bulk *b, struct err *e) {
    const struct key *before = NULL;
    int64_t first = b->next - (int64_t)b->waiting;
    for (size_t i = 0; i < 256; i++) {
        int rc = stop_check(e);
        if (rc) return rc;
        for (size_t j = 0; j < b->buckets[i].n; j++) {
            const struct key *k = &b->buckets[i].k[j];
            bool twice = before && before->hi == k->hi && before->lo == k->lo;
            before = k;
            if (!twice) {
                char text[UUID_TEXT];
                uint64_t raw[2] = {__builtin_bswap64(k->hi), __builtin_bswap64(k->lo)};
                struct cell cells[2] = {{.type = CELL_TEXT, .s = {text, UUID_TEXT}},
                                        {.type = CELL_INT, .i = first + (int64_t)k->row}};
                int there = 0;
                uuid_text((const uint8_t *)raw, text);
                b->rec.n = 0;
                cells_record(cells, 2, &b->rec);
                rc = b->keys_empty ? etl_tree_append_key(b->keys, b->rec.p, (int)b->rec.n)
                                   : etl_tree_insert_key(b->keys, text, UUID_TEXT, b->rec.p, (int)b->rec.n, 1, &there);
                if (rc == SQLITE_OK) rc = etl_direct_write(b->direct);
                if (rc) return failed(b, rc, e);
                twice = there;
            }
            if (twice && (rc = take_out(b, k->row, e))) return rc;
        }
    }
    return ERR_OK;
}

static int by_number(const void *x, const void *y) {
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static int merge_days(struct bulk *b, struct err *e) {
    struct cell cells[2] = {{.type = CELL_TEXT, .s = sv_of(b->day)}, {.type = CELL_INT}};
    size_t gone = 0;
    if (b->ngone) qsort(b->gone, b->ngone, sizeof *b->gone, by_number);
    for (uint64_t row = 0; row < b->waiting; row++) {
        if (gone < b->ngone && b->gone[gone] == row) {
            gone++;
            continue;
        }
        cells[1].i = b->next - (int64_t)b->waiting + (int64_t)row;
        b->rec.n = 0;
        cells_record(cells, 2, &b->rec);
        int rc = b->days_end ? etl_tree_append_key(b->days, b->rec.p, (int)b->rec.n)
                             : etl_tree_insert_key(b->days, NULL, 0, b->rec.p, (int)b->rec.n, 0, NULL);
        if (rc == SQLITE_OK) rc = etl_direct_write(b->direct);
        if (rc) return failed(b, rc, e);
    }
    return ERR_OK;
}

int bulk_merge(struct bulk *b, struct err *e) {
    int rc = ERR_OK;
    if (b->keys) {
        sort_all(b);
        rc = merge_keys(b, e);
        b->keys_empty = false;
    }
    if (rc == ERR_OK) rc = merge_days(b, e);
    for (size_t i = 0; i < 256; i++) b->buckets[i].n = 0;
    b->merged += b->waiting;
    b->waiting = 0;
    b->ngone = 0;
    return rc;
}

int bulk_add(struct bulk *b, const void *rec, size_t n, const uint8_t key[16], struct err *e) {
    int rc = etl_tree_append_row(b->table, b->next, rec, (int)n);
    if (rc == SQLITE_OK) rc = etl_direct_write(b->direct);
    if (rc) return failed(b, rc, e);
    if (b->keys) {
        struct bucket *u = &b->buckets[key[0]];
        if (u->n == u->cap) {
            u->cap = u->cap + u->cap / 8 + 64;
            u->k = mem_grow(u->k, u->cap * sizeof *u->k);
        }
        u->k[u->n++] = (struct key){big_endian(key), big_endian(key + 8), b->waiting};
    }
    b->next++;
    b->waiting++;
    return b->waiting >= b->most ? bulk_merge(b, e) : ERR_OK;
}

int bulk_finish(struct bulk *b, struct err *e) {
    int rc = bulk_merge(b, e);
    bulk_free(b);
    return rc;
}

uint64_t bulk_waiting(const struct bulk *b) {
    return b->waiting;
}
