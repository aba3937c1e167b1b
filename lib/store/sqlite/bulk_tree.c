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

/*
 * ---- pages written once ----
 *
 * A transaction's pages go to the write-ahead log, and from there into the database file: each is written twice, summed
 * up once and read once more. Pages that no reader can see need not take that way. Those are the pages beyond the end
 * of the database as it is committed: a snapshot holds its own page count, in the header on page 1, and what lies
 * behind it is nothing. They go into the file itself, are synced, and only then does the commit (a few frames with page
 * 1 and the new count) go into the log. Until that frame is whole they are waste behind the end of a database that does
 * not know them: after a rollback, kill -9 or power loss.
 *
 * What has to hold for that, and where it is seen to:
 * - No reader sees a longer database than we do (one that was shrunk by VACUUM), and no checkpoint cuts the file to an
 *   older length: the log is copied back whole and begins anew when we begin (etlLogEmpty), which SQLite allows only
 *   when no reader of an older snapshot is left; a checkpoint of an empty log does nothing, and we hold the write lock,
 *   so that it stays empty.
 * - The log holds no older copy of such a page, which readers would take instead: neither from before nor from this
 *   transaction. A page that the cache had to give away into the log before its turn came stays there.
 * - No commit that once failed comes back to life: its frames may lie whole behind the log's end, as far as the
 *   wal-index knows, and count again when the index is lost. So the file of the log is cut to nothing and synced first,
 *   and after our own COMMIT was tried, what we wrote stays in place.
 * - A savepoint cannot be taken back past a written page: none is open while we write.
 */
struct etl_direct {
    sqlite3 *db;
    Pager *pager;
    BtShared *bt;
    Pgno base;            /* pages of the database as it is committed */
    Pgno seen;            /* pages when we wrote last */
    Pgno batch;           /* write when there are so many more */
    unsigned char wrote;  /* the file has been written to since the last sync */
    unsigned char synced; /* COMMIT comes next */
};

/* The write lock is held. Readers do not look into a log without frames, whatever its file holds. */
static int etlLogEmpty(Wal *log, int *rc) {
    i64 size = 0;
    if (!log || log->readLock != 0) return 0; /* it holds what is not in the database file yet */
    *rc = walRestartLog(log); /* where it fails, the read lock may be gone, and with it the transaction */
    if (*rc != SQLITE_OK || log->hdr.mxFrame) return 0;
    if (sqlite3OsFileSize(log->pWalFd, &size) != SQLITE_OK) return 0;
    return size == 0 || (sqlite3OsTruncate(log->pWalFd, 0) == SQLITE_OK &&
                         sqlite3OsSync(log->pWalFd, SQLITE_SYNC_NORMAL) == SQLITE_OK);
}

/* After BEGIN IMMEDIATE, before anything is changed. *out is NULL where it cannot be done now: all goes to the log. */
SQLITE_API int etl_direct_begin(sqlite3 *db, struct etl_direct **out) {
    BtShared *bt = db->aDb[0].pBt->pBt;
    Pager *pager = bt->pPager;
    *out = 0;
    if (bt->inTransaction != TRANS_WRITE || bt->autoVacuum || pager->nSavepoint || pager->pBackup) return SQLITE_OK;
    int rc = SQLITE_OK;
    if (pager->noSync || USEFETCH(pager) || !etlLogEmpty(pager->pWal, &rc)) return rc;
    struct etl_direct *d = sqlite3_malloc(sizeof *d);
    if (!d) return SQLITE_NOMEM;
    memset(d, 0, sizeof *d);
    d->db = db;
    d->pager = pager;
    d->bt = bt;
    d->base = d->seen = bt->nPage;
    d->batch = (Pgno)numberOfCachePages(pager->pPCache) / 4;
    if (d->batch > 256) d->batch = 256;
    *out = d;
    return SQLITE_OK;
}

static int etlDirectPages(struct etl_direct *d, int pinned) {
    for (PgHdr *p = sqlite3PcacheDirtyList(d->pager->pPCache), *next; p; p = next) {
        u32 frame = 0;
        next = p->pDirty; /* in the order of their numbers */
        if (p->pgno <= d->base || (p->nRef && !pinned)) continue;
        int rc = sqlite3WalFindFrame(d->pager->pWal, p->pgno, &frame);
        if (rc == SQLITE_OK && frame) continue;
        if (rc == SQLITE_OK)
            rc = sqlite3OsWrite(d->pager->fd, p->pData, (int)d->pager->pageSize,
                                (i64)(p->pgno - 1) * d->pager->pageSize);
        if (rc != SQLITE_OK) return rc;
        d->pager->aStat[PAGER_STAT_WRITE]++;
        d->wrote = 1;
        sqlite3PcacheMakeClean(p);
    }
    d->seen = d->bt->nPage;
    return SQLITE_OK;
}

/* Between statements and insertions, as often as one likes: writes when there is enough to write. */
SQLITE_API int etl_direct_write(struct etl_direct *d) {
    if (!d || d->bt->nPage - d->seen <= d->batch || d->pager->nSavepoint) return SQLITE_OK;
    return etlDirectPages(d, 0);
}

/* Before COMMIT: what is left, and all of it onto the disk. */
SQLITE_API int etl_direct_sync(struct etl_direct *d) {
    if (!d) return SQLITE_OK;
    int rc = d->pager->nSavepoint ? SQLITE_OK : etlDirectPages(d, 1);
    if (rc == SQLITE_OK && d->wrote) rc = sqlite3OsSync(d->pager->fd, SQLITE_SYNC_NORMAL);
    if (rc == SQLITE_OK) d->wrote = 0;
    d->synced = 1;
    return rc;
}

/* After COMMIT; or before ROLLBACK, and then what was written does not take up the disk. */
SQLITE_API void etl_direct_end(struct etl_direct *d) {
    if (!d) return;
    /* not below what the log's next commit will call the database's size: after a kill that is the file's, waste and
     * all */
    Pgno keep = d->base > d->pager->dbOrigSize ? d->base : d->pager->dbOrigSize;
    if (d->bt->inTransaction == TRANS_WRITE && !d->synced)
        (void)sqlite3OsTruncate(d->pager->fd, (i64)keep * d->pager->pageSize);
    sqlite3_free(d);
}
