/*
 * SQLite handles: opened one way, every failure named.
 *
 * WAL, synchronous FULL: what is committed survives power loss. A file that is damaged or no database is ERR_CORRUPT
 * with its name and what to do, and is never overwritten. Statements come from .sql texts or literals and take
 * their values by binding only.
 */
#ifndef ETL_STORE_DB_H
#define ETL_STORE_DB_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/mem.h"

struct db {
    sqlite3 *h;
    char *path;
};

#define DB_READ 1 /* must exist, nothing is written */

/* busy_ms: how long to wait for another writer. */
int db_open(struct db *db, const char *path, int flags, int busy_ms, struct err *e);
/* A database of this process alone, gone when it is closed. */
int db_open_memory(struct db *db, struct err *e);
void db_close(struct db *db);
/* One or several statements without results. */
int db_exec(struct db *db, struct err *e, const char *sql);
int db_execf(struct db *db, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Error of the handle as ours: busy, full, corrupt and read-only get their own codes. what: "loading raw_events". */
int db_err(struct db *db, int sqlite_rc, struct err *e, const char *what);

/* PRAGMA user_version. ERR_VERSION when it is above `known`: a newer etl wrote the file. */
int db_version(struct db *db, int known, int64_t *version, struct err *e);

struct stmt {
    sqlite3_stmt *h;
    struct db *db;
    const char *what; /* for messages */
};
int stmt_prepare(struct stmt *s, struct db *db, const char *sql, const char *what, struct err *e);
void stmt_text(struct stmt *s, int i, const char *v); /* NULL binds NULL; must live until the step */
void stmt_textn(struct stmt *s, int i, const char *v, size_t n);
void stmt_int(struct stmt *s, int i, int64_t v);
void stmt_real(struct stmt *s, int i, double v);
void stmt_name(struct stmt *s, const char *name, const char *v); /* by name, where the statement has it */
/* *row false at the end. Resets the statement when it ended or failed. */
int stmt_step(struct stmt *s, bool *row, struct err *e);
int stmt_run(struct stmt *s, struct err *e); /* to the end, then reset and clear bindings */
const char *stmt_col(struct stmt *s, int i); /* text or NULL; valid until the next step */
int64_t stmt_col_int(struct stmt *s, int i);
void stmt_close(struct stmt *s);

/* lazy: what is committed from now on survives kill -9 at once, power loss with the next commit that is not lazy.
 * Outside of transactions. */
void db_lazy(struct db *db, bool lazy);
/* Run fn inside BEGIN IMMEDIATE .. COMMIT; rolled back when it fails. */
int db_transaction(struct db *db, int (*fn)(void *ctx, struct err *e), void *ctx, struct err *e);
/* Append an identifier in double quotes. */
void sql_name(struct buf *b, const char *name);

#endif
