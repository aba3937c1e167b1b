/*
 * Filling b-trees directly. This file is compiled as the tail of SQLite's amalgamation (scripts/deps.sh appends it),
 * for it calls functions that SQLite keeps to itself: the very ones that its virtual machine calls for an INSERT,
 * without the machine. A row costs a copy of its record instead of some forty values bound, moved, checked and put
 * together again on the one thread that may write.
 *
 * What it gives up is everything that the machine does besides: constraints, triggers, indexes. The caller makes whole
 * records (https://www.sqlite.org/fileformat2.html#record_format) and fills every index of the table in the same
 * transaction; lib/store/bulk.c does so, and only for tables that it knows completely. Pages, free list, WAL and
 * recovery stay SQLite's own business.
 */
#if SQLITE_VERSION_NUMBER < 3040000 || SQLITE_VERSION_NUMBER >= 3051000
#error                                                                                                                 \
    "lib/store/sqlite/bulk_tree.c is written against the b-tree of SQLite 3.40 to 3.50: read btree.h of this one first"
#endif

struct etl_tree {
    sqlite3 *db;
    KeyInfo *key;        /* of an index */
    UnpackedRecord *rec; /* of an index: to seek by its first column */
    int placed;          /* the cursor stands on the last entry, which is the one inserted last */
    BtCursor *cursor;
};

SQLITE_API void etl_tree_close(struct etl_tree *t) {
    if (!t) return;
    if (t->cursor) sqlite3BtreeCloseCursor(t->cursor);
    if (t->rec) sqlite3DbFree(t->db, t->rec);
    if (t->key) sqlite3KeyInfoUnref(t->key);
    sqlite3_free(t->cursor);
    sqlite3_free(t);
}

SQLITE_API int etl_tree_open(sqlite3 *db, unsigned root, int columns, struct etl_tree **out) {
    struct etl_tree *t = sqlite3_malloc(sizeof *t);
    if (!t) return SQLITE_NOMEM;
    memset(t, 0, sizeof *t);
    t->db = db;
    t->cursor = sqlite3_malloc(sqlite3BtreeCursorSize());
    if (!t->cursor) {
        sqlite3_free(t);
        return SQLITE_NOMEM;
    }
    sqlite3BtreeCursorZero(t->cursor);
    if (columns) {
        t->key = sqlite3KeyInfoAlloc(db, columns, 0);
        for (int i = 0; t->key && i < columns; i++) t->key->aColl[i] = 0; /* binary; ascending is what it begins with */
        if (t->key) t->rec = sqlite3VdbeAllocUnpackedRecord(t->key);
        if (!t->rec) {
            sqlite3_free(t->cursor);
            t->cursor = 0;
            etl_tree_close(t);
            return SQLITE_NOMEM;
        }
    }
    int rc = sqlite3BtreeCursor(db->aDb[0].pBt, root, BTREE_WRCSR, t->key, t->cursor);
    if (rc != SQLITE_OK) {
        sqlite3_free(t->cursor);
        t->cursor = 0;
        etl_tree_close(t);
        return rc;
    }
    *out = t;
    return SQLITE_OK;
}

/* Stand on the last entry, so that the next one goes after it. */
static int etlTreeLast(struct etl_tree *t) {
    int empty = 0;
    if (t->placed && t->cursor->eState == CURSOR_VALID) return SQLITE_OK;
    t->placed = 1;
    sqlite3BtreeCursorHintFlags(t->cursor,
                                BTREE_BULKLOAD); /* full pages at the right edge, as CREATE INDEX makes them */
    return sqlite3BtreeLast(t->cursor, &empty);
}

SQLITE_API int etl_tree_append_row(struct etl_tree *t, sqlite3_int64 rowid, const void *rec, int n) {
    BtreePayload p;
    memset(&p, 0, sizeof p);
    p.nKey = rowid;
    p.pData = rec;
    p.nData = n;
    int rc = etlTreeLast(t);
    if (rc != SQLITE_OK) return rc;
    return sqlite3BtreeInsert(t->cursor, &p, BTREE_APPEND, t->cursor->eState == CURSOR_VALID ? -1 : 0);
}

SQLITE_API int etl_tree_append_key(struct etl_tree *t, const void *rec, int n) {
    BtreePayload p;
    memset(&p, 0, sizeof p);
    p.pKey = rec;
    p.nKey = n;
    int rc = etlTreeLast(t);
    if (rc != SQLITE_OK) return rc;
    return sqlite3BtreeInsert(t->cursor, &p, BTREE_APPEND, t->cursor->eState == CURSOR_VALID ? -1 : 0);
}

SQLITE_API int etl_tree_insert_key(struct etl_tree *t, const char *first, int len, const void *rec, int n, int unique,
                                   int *there) {
    BtreePayload p;
    int at = 0;
    memset(&p, 0, sizeof p);
    p.pKey = rec;
    p.nKey = n;
    t->placed = 0;
    sqlite3BtreeCursorHintFlags(t->cursor, 0); /* in the middle they would leave every second page empty */
    if (unique) {
        Mem *m = &t->rec->aMem[0];
        memset(m, 0, sizeof *m);
        m->flags = MEM_Str;
        m->enc = SQLITE_UTF8;
        m->z = (char *)first;
        m->n = len;
        m->db = t->db;
        t->rec->nField = 1;
        t->rec->default_rc = 0;
        t->rec->errCode = 0;
        t->rec->eqSeen = 0;
        int rc = sqlite3BtreeIndexMoveto(t->cursor, t->rec, &at);
        if (rc != SQLITE_OK) return rc;
        *there = at == 0 && t->cursor->eState == CURSOR_VALID;
        if (*there) return SQLITE_OK;
    }
    return sqlite3BtreeInsert(t->cursor, &p, 0, at);
}

/* The descriptor of the database (wal 0) or of its write-ahead log, which must not be closed; -1: none. */
SQLITE_API int etl_db_fd(sqlite3 *db, int wal) {
    sqlite3_file *f = 0;
    int op = wal ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
    if (sqlite3_file_control(db, "main", op, &f) != SQLITE_OK || !f || !f->pMethods) return -1;
    return ((unixFile *)f)->h;
}

SQLITE_API int etl_tree_delete_row(struct etl_tree *t, sqlite3_int64 rowid) {
    int at = 0;
    t->placed = 0;
    int rc = sqlite3BtreeTableMoveto(t->cursor, rowid, 0, &at);
    if (rc != SQLITE_OK) return rc;
    return at == 0 ? sqlite3BtreeDelete(t->cursor, 0) : SQLITE_CORRUPT;
}
