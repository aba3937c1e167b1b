/* See pages.h. A table is a tree of pages: interior ones (type 5) point to others by the largest rowid below, leaves
 * (type 13) hold rows as records, whose ends may lie in a chain of overflow pages. */
#include "mart/pages.h"

#define MOST_DEPTH 20
#define MOST_RECORD ((size_t)64 << 20)

struct walk {
    const struct pages *p;
    int64_t lo, hi;
    const uint32_t *cols;
    size_t ncols;
    pages_row row;
    void *ctx;
    int64_t last; /* rowid: they only grow */
    bool any;
    uint8_t *page[MOST_DEPTH];
    uint8_t *long_record;
    size_t cap_long;
    struct cell *cells;
};

static uint32_t be(const uint8_t *p, int n) {
    uint32_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return v;
}

static int64_t be_signed(const uint8_t *p, int n) {
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < n; i++) v = v << 8 | p[i];
    return (int64_t)v;
}

/* Bytes taken, or 0 where it does not end before `end`. */
static inline int varint(const uint8_t *p, const uint8_t *end, uint64_t *v) {
    uint64_t x = 0;
    if (p < end && *p < 0x80) {
        *v = *p;
        return 1;
    }
    for (int i = 0; i < 9 && p + i < end; i++) {
        if (i == 8) {
            *v = x << 8 | p[8];
            return 9;
        }
        x = x << 7 | (p[i] & 0x7f);
        if (!(p[i] & 0x80)) {
            *v = x;
            return i + 1;
        }
    }
    return 0;
}

static bool read_page(const struct pages *p, uint32_t number, uint8_t *to) {
    if (!number) return false;
    sqlite3_int64 at = (sqlite3_int64)(number - 1) * p->page_size;
    return p->file->pMethods->xRead(p->file, to, (int)p->page_size, at) == SQLITE_OK;
}

/* ---- records ---- */

static bool read_value(uint64_t serial, const uint8_t *p, size_t n, struct cell *c) {
    uint64_t bits;
    switch (serial) {
    case 0:
        c->type = CELL_NULL;
        return true;
    case 7:
        bits = (uint64_t)be_signed(p, 8);
        memcpy(&c->r, &bits, 8);
        c->type = c->r == c->r ? CELL_REAL : CELL_NULL; /* NaN */
        return true;
    case 8:
    case 9:
        c->type = CELL_INTEGER;
        c->i = (int64_t)serial - 8;
        return true;
    case 10:
    case 11:
        return false;
    default:
        break;
    }
    if (serial < 7) {
        c->type = CELL_INTEGER;
        c->i = be_signed(p, (int)n);
    } else {
        c->type = serial & 1 ? CELL_TEXT : CELL_BLOB;
        c->p = (const char *)p;
        c->n = n;
    }
    return true;
}

static inline size_t value_size(uint64_t serial) {
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return serial < 12 ? sizes[serial] : (size_t)(serial - 12) / 2;
}

/* Past the columns that nobody asks for: their types from *p on, `skip` of them, their bytes added to *at. false: the
 * record has no more columns (at_end) or is broken. */
static inline bool skip_columns(const uint8_t **p, const uint8_t *end, uint32_t skip, size_t *at, bool *at_end) {
    static const uint8_t sizes[128] = {
        0,  1,  2,  3,  4,  6,  8,  8,  0,  0,  0,  0,  0,  0,  1,  1,  2,  2,  3,  3,  4,  4,  5,  5,  6,  6,
        7,  7,  8,  8,  9,  9,  10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19, 19,
        20, 20, 21, 21, 22, 22, 23, 23, 24, 24, 25, 25, 26, 26, 27, 27, 28, 28, 29, 29, 30, 30, 31, 31, 32, 32,
        33, 33, 34, 34, 35, 35, 36, 36, 37, 37, 38, 38, 39, 39, 40, 40, 41, 41, 42, 42, 43, 43, 44, 44, 45, 45,
        46, 46, 47, 47, 48, 48, 49, 49, 50, 50, 51, 51, 52, 52, 53, 53, 54, 54, 55, 55, 56, 56, 57, 57};
    const uint8_t *q = *p;
    size_t sum = *at;
    for (; skip; skip--) {
        uint64_t serial;
        if (q >= end) break;
        if (*q < 128) {
            sum += sizes[*q++];
            continue;
        }
        int k = varint(q, end, &serial);
        if (!k || serial > MOST_RECORD * 2) return false;
        q += k;
        sum += value_size(serial);
    }
    *p = q;
    *at = sum;
    *at_end = q >= end;
    return !*at_end;
}

static bool read_record(struct walk *w, int64_t rowid, const uint8_t *rec, size_t n) {
    uint64_t header, serial;
    int k = varint(rec, rec + n, &header);
    if (!k || header > n || header < (uint64_t)k) return false;
    const uint8_t *p = rec + k, *types_end = rec + header;
    size_t at = (size_t)header, c = 0;
    bool at_end = false;
    for (uint32_t col = 0; c < w->ncols; col = w->cols[c++] + 1) {
        if (!skip_columns(&p, types_end, w->cols[c] - col, &at, &at_end)) break;
        k = varint(p, types_end, &serial);
        if (!k || serial > MOST_RECORD * 2) return false;
        p += k;
        size_t size = value_size(serial);
        if (at > n || size > n - at || !read_value(serial, rec + at, size, &w->cells[c])) return false;
        at += size;
    }
    if (c < w->ncols && !at_end) return false;
    /* the types of all columns together make up the record's length, or one of them is not what was written */
    if (!at_end) skip_columns(&p, types_end, UINT32_MAX, &at, &at_end);
    if (!at_end || at != n) return false;
    for (; c < w->ncols; c++) w->cells[c].type = CELL_NULL; /* columns that were added to the table later */
    return w->row(w->ctx, rowid, w->cells);
}

/* A record of n bytes of which only the first `local` lie on its page; the rest follows in overflow pages. */
static bool read_long(struct walk *w, int64_t rowid, const uint8_t *p, size_t local, size_t n) {
    const struct pages *pg = w->p;
    uint32_t next = be(p + local, 4);
    size_t room = pg->usable - 4;
    if (n > MOST_RECORD) return false;
    if (!w->long_record || n + pg->page_size > w->cap_long) {
        w->cap_long = n + pg->page_size;
        w->long_record = mem_grow(w->long_record, w->cap_long);
    }
    memcpy(w->long_record, p, local);
    uint8_t *page = mem_grow(NULL, pg->page_size);
    bool ok = true;
    for (size_t have = local; have < n && ok;) {
        size_t take = n - have < room ? n - have : room;
        ok = read_page(pg, next, page);
        if (!ok) break;
        memcpy(w->long_record + have, page + 4, take);
        next = be(page, 4);
        have += take;
    }
    free(page);
    return ok && read_record(w, rowid, w->long_record, n);
}

/* *taken: bytes of its page that belong to the cell. */
static bool read_cell(struct walk *w, const uint8_t *p, const uint8_t *end, size_t *taken) {
    uint64_t n, id;
    size_t usable = w->p->usable;
    int k = varint(p, end, &n), m = k ? varint(p + k, end, &id) : 0;
    if (!m || n > MOST_RECORD) return false;
    size_t left = (size_t)(end - p) - (size_t)(k + m), most = usable - 35, least = (usable - 12) * 32 / 255 - 23,
           local = n;
    if (n > most) {
        local = least + (n - least) % (usable - 4);
        if (local > most) local = least;
    }
    *taken = (size_t)(k + m) + local + (n > most ? 4 : 0);
    int64_t rowid = (int64_t)id;
    if (*taken > (size_t)(end - p) || (w->any && rowid <= w->last)) return false;
    w->any = true;
    w->last = rowid;
    if (rowid < w->lo || rowid > w->hi) return true;
    p += k + m;
    if (n <= most) return read_record(w, rowid, p, n);
    return local + 4 <= left && read_long(w, rowid, p, local, n);
}

/* Bytes of a page between its cells: free blocks (a list in ascending order) and fragments. SIZE_MAX: no such list. */
static size_t free_bytes(const uint8_t *page, const uint8_t *head, size_t content, size_t usable) {
    size_t n = head[7], least = content;
    for (size_t at = be(head + 1, 2); at;) {
        if (at < least || at + 4 > usable) return SIZE_MAX;
        size_t size = be(page + at + 2, 2);
        least = at + size;
        if (size < 4 || least > usable) return SIZE_MAX;
        n += size;
        at = be(page + at, 2);
    }
    return n;
}

/* ---- the tree ---- */

static bool walk_page(struct walk *w, uint32_t number, int depth);

static bool walk_interior(struct walk *w, const uint8_t *page, const uint8_t *head, uint32_t cells, int depth) {
    int64_t before = INT64_MIN; /* rowids below a child are above this */
    for (uint32_t i = 0; i < cells; i++) {
        uint32_t at = be(head + 12 + i * 2, 2);
        uint64_t key;
        if (at + 4 >= w->p->usable || !varint(page + at + 4, page + w->p->usable, &key)) return false;
        if ((int64_t)key >= w->lo && before < w->hi && !walk_page(w, be(page + at, 4), depth + 1)) return false;
        before = (int64_t)key;
    }
    return before >= w->hi || walk_page(w, be(head + 8, 4), depth + 1);
}

static bool walk_page(struct walk *w, uint32_t number, int depth) {
    if (depth == MOST_DEPTH) return false;
    if (!w->page[depth]) w->page[depth] = mem_grow(NULL, w->p->page_size);
    uint8_t *page = w->page[depth];
    if (!read_page(w->p, number, page)) return false;
    const uint8_t *head = page + (number == 1 ? 100 : 0), *end = page + w->p->usable;
    uint32_t cells = be(head + 3, 2);
    size_t pointers = head[0] == 5 ? 12 : 8;
    if ((head[0] != 5 && head[0] != 13) || head + pointers + (size_t)cells * 2 > end) return false;
    if (head[0] == 5) return walk_interior(w, page, head, cells, depth);
    /* what lies behind the pointers is cells and what is noted as free, to the byte */
    size_t content = be(head + 5, 2) ? be(head + 5, 2) : 65536, all = free_bytes(page, head, content, w->p->usable);
    if (all == SIZE_MAX || page + content < head + pointers + (size_t)cells * 2) return false;
    for (uint32_t i = 0; i < cells; i++) {
        size_t at = be(head + 8 + i * 2, 2), taken;
        if (at < content || at >= w->p->usable || !read_cell(w, page + at, end, &taken)) return false;
        all += taken < 4 ? 4 : taken;
    }
    return all == w->p->usable - content;
}

bool pages_read(const struct pages *p, int64_t lo, int64_t hi, const uint32_t *cols, size_t ncols, pages_row row,
                void *ctx) {
    struct walk w = {.p = p, .lo = lo, .hi = hi, .cols = cols, .ncols = ncols, .row = row, .ctx = ctx};
    w.cells = mem_alloc((ncols + 1) * sizeof *w.cells);
    bool ok = walk_page(&w, p->root, 0);
    for (int i = 0; i < MOST_DEPTH; i++) free(w.page[i]);
    free(w.long_record);
    free(w.cells);
    return ok;
}

/* ---- opening ---- */

static bool find_root(struct pages *p, struct db *db, const char *table) {
    struct stmt s;
    struct err e;
    bool row = false;
    /* a column of type INTEGER that is the whole primary key is the rowid, and a value that was added to rows by
     * DEFAULT is not in them */
    if (stmt_prepare(
            &s, db,
            "SELECT rootpage FROM main.sqlite_schema AS s WHERE type='table' AND name=?1 COLLATE NOCASE"
            " AND sql NOT LIKE '%default%' AND sql NOT LIKE '%generated%'"
            " AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(?1) WHERE pk > 0 AND type='INTEGER' COLLATE NOCASE)",
            "looking for a table", &e) == ERR_OK) {
        stmt_text(&s, 1, table);
        if (stmt_step(&s, &row, &e) == ERR_OK && row) p->root = (uint32_t)stmt_col_int(&s, 0);
    }
    stmt_close(&s);
    return row && p->root > 1;
}

bool pages_open(struct pages *p, struct db *db, const char *table) {
    uint8_t head[100];
    int log = -1, copied = -1;
    *p = (struct pages){0};
    if (sqlite3_wal_checkpoint_v2(db->h, "main", SQLITE_CHECKPOINT_PASSIVE, &log, &copied) != SQLITE_OK) return false;
    if (log < 0 || log != copied || !find_root(p, db, table)) return false;
    if (sqlite3_file_control(db->h, "main", SQLITE_FCNTL_FILE_POINTER, &p->file) != SQLITE_OK || !p->file->pMethods)
        return false;
    if (p->file->pMethods->xRead(p->file, head, sizeof head, 0) != SQLITE_OK) return false;
    p->page_size = be(head + 16, 2) == 1 ? 65536 : be(head + 16, 2);
    p->usable = p->page_size - head[20];
    bool plain = memcmp(head, "SQLite format 3", 16) == 0 && head[18] == 2 && head[19] == 2 && be(head + 56, 4) == 1;
    return plain && p->page_size >= 512 && (p->page_size & (p->page_size - 1)) == 0 && p->usable >= 480;
}
