/* See db.h. */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/day.h"
#include "base/stop.h"
#include "io/file.h"

int db_err(struct db *db, int rc, struct err *e, const char *what) {
    const char *path = db->path;
    int sys = db->h ? sqlite3_system_errno(db->h) : 0;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, ERR_DBBUSY, "%s: %s: another program is writing to it and did not finish in time", path,
                       what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(e, ERR_CORRUPT,
                       "%s is damaged or is no SQLite database (%s); it is left as it is. Move it aside and restore a "
                       "copy, or run `etl doctor`",
                       path, db->h ? sqlite3_errmsg(db->h) : "unreadable");
    case SQLITE_FULL:
        return err_set(e, ERR_NOSPACE, "%s: %s: the disk is full", path, what);
    case SQLITE_READONLY:
        return err_set(e, ERR_IO, "%s: %s: it is read-only", path, what);
    case SQLITE_CANTOPEN:
        if (sys == ENOENT) /* of the last of its tries, not of the one that counts */
            return err_set(
                e, ERR_IO,
                "%s: %s: cannot open it, or its -wal or -shm beside it: is the disk full, or the directory not "
                "to be written?",
                path, what);
        return err_set(e, ERR_IO, "%s: %s: cannot open it%s%s", path, what, sys ? ": " : "", sys ? strerror(sys) : "");
    case SQLITE_IOERR:
        return err_set(e, sys == ENOSPC ? ERR_NOSPACE : ERR_IO, "%s: %s: reading or writing failed%s%s", path, what,
                       sys ? ": " : "", sys ? strerror(sys) : "");
    case SQLITE_CONSTRAINT:
        return err_set(e, ERR_TEST, "%s: %s", what, sqlite3_errmsg(db->h));
    case SQLITE_INTERRUPT: {
        int stopped = stop_check(e);
        return stopped ? stopped : err_set(e, ERR_SQL, "%s: interrupted", what);
    }
    default:
        return err_set(e, ERR_SQL, "%s: %s", what, db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc));
    }
}

/* Long statements ask for signals and deadlines every so many virtual machine steps. */
static int on_progress(void *ctx) {
    (void)ctx;
    return stop_check(NULL) != ERR_OK;
}

/* Through SQLite's own handle: whoever opens and closes a database's file besides drops the locks that the whole
 * process holds on it (POSIX). Another process then takes itself for the last one and removes the log we go on writing
 * to. */
static int check_file(struct db *db, struct err *e) {
    char head[16];
    sqlite3_file *f = NULL;
    sqlite3_int64 size = 0;
    sqlite3_file_control(db->h, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    if (!f || !f->pMethods || f->pMethods->xFileSize(f, &size) != SQLITE_OK) return ERR_OK;
    if (size == 0) { /* of one byte it says 0 too; and another process may begin the file between two questions */
        if (f->pMethods->xRead(f, head, 1, 0) != SQLITE_OK || f->pMethods->xFileSize(f, &size) != SQLITE_OK)
            return ERR_OK;
    }
    int rc = size >= 16 ? f->pMethods->xRead(f, head, 16, 0) : SQLITE_IOERR_SHORT_READ;
    if (rc == SQLITE_OK && memcmp(head, "SQLite format 3", 16) == 0) return ERR_OK;
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ) return err_sys(e, ERR_IO, "cannot read %s", db->path);
    return err_set(e, ERR_CORRUPT, "%s is no SQLite database; it is left as it is. Move it aside, then run again",
                   db->path);
}

/* Switching a new file to WAL and recovering one after a crash answer BUSY at once where another process does the same,
 * without asking the busy handler; so this asks again. */
static int settle(struct db *db, int flags, int busy_ms, struct err *e) {
    const char *sql = flags & DB_READ ? "PRAGMA query_only=1; PRAGMA schema_version;"
                                      : "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                        "PRAGMA foreign_keys=ON; PRAGMA schema_version;";
    double until = now_mono() + (double)busy_ms / 1000;
    int rc = db_exec(db, e, sql);
    while (rc == ERR_DBBUSY && now_mono() < until && stop_check(NULL) == ERR_OK) {
        usleep(10000);
        rc = db_exec(db, e, sql);
    }
    return rc;
}

int db_open_memory(struct db *db, struct err *e) {
    *db = (struct db){.path = mem_str(":memory:")};
    int s = sqlite3_open_v2(":memory:", &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, NULL);
    if (s != SQLITE_OK) {
        int rc = db_err(db, s, e, "opening");
        db_close(db);
        return rc;
    }
    sqlite3_extended_result_codes(db->h, 1);
    sqlite3_progress_handler(db->h, 100000, on_progress, NULL);
    return ERR_OK;
}

int db_open(struct db *db, const char *path, int flags, int busy_ms, struct err *e) {
    *db = (struct db){.path = mem_str(path)};
    int rc, how = flags & DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int s = sqlite3_open_v2(path, &db->h, how, NULL);
    if (s != SQLITE_OK) {
        rc = db_err(db, s, e, "opening");
        goto out;
    }
    sqlite3_extended_result_codes(db->h, 1);
    sqlite3_busy_timeout(db->h, busy_ms);
    sqlite3_progress_handler(db->h, 100000, on_progress, NULL);
    rc = check_file(db, e);
    if (rc == ERR_OK) rc = settle(db, flags, busy_ms, e);
out:
    if (rc) db_close(db);
    return rc;
}

void db_close(struct db *db) {
    if (db->h) sqlite3_close_v2(db->h);
    free(db->path);
    *db = (struct db){0};
}

int db_exec(struct db *db, struct err *e, const char *sql) {
    int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : db_err(db, rc, e, db->path);
}

int db_execf(struct db *db, struct err *e, const char *fmt, ...) {
    char small[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof small) return err_set(e, ERR_INTERNAL, "statement too long");
    return db_exec(db, e, small);
}

int stmt_prepare(struct stmt *s, struct db *db, const char *sql, const char *what, struct err *e) {
    *s = (struct stmt){.db = db, .what = what};
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &s->h, NULL);
    return rc == SQLITE_OK ? ERR_OK : db_err(db, rc, e, what);
}

/* A value that could not be bound would be written as NULL. */
static void bound(int rc) {
    if (rc == SQLITE_NOMEM) mem_die();
}

void stmt_text(struct stmt *s, int i, const char *v) {
    bound(v ? sqlite3_bind_text(s->h, i, v, -1, SQLITE_STATIC) : sqlite3_bind_null(s->h, i));
}

void stmt_textn(struct stmt *s, int i, const char *v, size_t n) {
    bound(sqlite3_bind_text64(s->h, i, v, n, SQLITE_STATIC, SQLITE_UTF8));
}

void stmt_int(struct stmt *s, int i, int64_t v) {
    bound(sqlite3_bind_int64(s->h, i, v));
}

void stmt_real(struct stmt *s, int i, double v) {
    bound(sqlite3_bind_double(s->h, i, v));
}

void stmt_name(struct stmt *s, const char *name, const char *v) {
    int i = sqlite3_bind_parameter_index(s->h, name);
    if (i) stmt_text(s, i, v);
}

int stmt_step(struct stmt *s, bool *row, struct err *e) {
    int rc = sqlite3_step(s->h);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW) return ERR_OK;
    int mine = rc == SQLITE_DONE ? ERR_OK : db_err(s->db, rc, e, s->what);
    sqlite3_reset(s->h);
    return mine;
}

int stmt_run(struct stmt *s, struct err *e) {
    bool row = true;
    int rc = ERR_OK;
    while (rc == ERR_OK && row) rc = stmt_step(s, &row, e);
    sqlite3_clear_bindings(s->h);
    return rc;
}

const char *stmt_col(struct stmt *s, int i) {
    int type = sqlite3_column_type(s->h, i); /* asked first: reading a number as text changes it */
    const char *text = (const char *)sqlite3_column_text(s->h, i);
    if (!text && type != SQLITE_NULL && sqlite3_errcode(s->db->h) == SQLITE_NOMEM) mem_die();
    return text;
}

int64_t stmt_col_int(struct stmt *s, int i) {
    return sqlite3_column_int64(s->h, i);
}

void stmt_close(struct stmt *s) {
    if (s->h) sqlite3_finalize(s->h);
    s->h = NULL;
}

int db_version(struct db *db, int known, int64_t *version, struct err *e) {
    struct stmt s;
    bool row;
    int rc = stmt_prepare(&s, db, "PRAGMA user_version", "reading its version", e);
    if (rc == ERR_OK) rc = stmt_step(&s, &row, e);
    if (rc == ERR_OK) *version = stmt_col_int(&s, 0);
    stmt_close(&s);
    if (rc == ERR_OK && *version > known)
        rc = err_set(e, ERR_VERSION,
                     "%s was written by a newer etl (its version %lld, this one knows %d): install the newer etl, or "
                     "use another --home",
                     db->path, (long long)*version, known);
    return rc;
}

int db_transaction(struct db *db, int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e) {
    int rc = db_exec(db, e, "BEGIN IMMEDIATE");
    if (rc) return rc;
    rc = fn(ctx, e);
    if (rc == ERR_OK) rc = db_exec(db, e, "COMMIT");
    if (rc && !sqlite3_get_autocommit(db->h)) sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void db_lazy(struct db *db, bool lazy) {
    sqlite3_exec(db->h, lazy ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", NULL, NULL, NULL);
}

void sql_name(struct buf *b, const char *name) {
    buf_chr(b, '"');
    for (; *name; name++) {
        if (*name == '"') buf_chr(b, '"');
        buf_chr(b, *name);
    }
    buf_chr(b, '"');
}
