/*
 * B-trees of SQLite filled directly, past its virtual machine; see lib/store/sqlite/bulk_tree.c, which is compiled into
 * our SQLite. Only inside a write transaction of that connection; closed before it ends. All answer SQLite's codes.
 */
#ifndef ETL_STORE_BULK_TREE_H
#define ETL_STORE_BULK_TREE_H

#include <sqlite3.h>

struct etl_tree;
/* root: rootpage of sqlite_schema. columns: of an index with the rowid, all ascending and binary; 0: a rowid table. */
int etl_tree_open(sqlite3 *db, unsigned root, int columns, struct etl_tree **out);
/* rec: a record in SQLite's format. rowid greater than any in the table. */
int etl_tree_append_row(struct etl_tree *t, sqlite3_int64 rowid, const void *rec, int n);
/* A key that sorts after all that are there. */
int etl_tree_append_key(struct etl_tree *t, const void *rec, int n);
/* A key anywhere. unique: its first column, a text, must not be there yet; else *there is set and nothing is done. */
int etl_tree_insert_key(struct etl_tree *t, const char *first, int len, const void *rec, int n, int unique, int *there);
int etl_tree_delete_row(struct etl_tree *t, sqlite3_int64 rowid);
/* The descriptor of the open database, or of its write-ahead log: for hints to the system, never to be closed; -1:
 * none. */
int etl_db_fd(sqlite3 *db, int wal);
void etl_tree_close(struct etl_tree *t); /* NULL is fine */

/* The transaction's new pages go straight into the database file, once, where no reader can see them before COMMIT;
 * everything else goes the way of the write-ahead log. NULL stands for a transaction whose pages all do. */
struct etl_direct;
/* After BEGIN IMMEDIATE, before the first change. *out is NULL where it cannot be: readers of older snapshots, a log
 * that is not copied back whole, another kind of database. */
int etl_direct_begin(sqlite3 *db, struct etl_direct **out);
int etl_direct_write(struct etl_direct *d); /* between insertions, often: writes when there is enough */
int etl_direct_sync(struct etl_direct *d);  /* right before COMMIT, which must not follow when this fails */
void etl_direct_end(struct etl_direct *d);  /* after COMMIT or right before ROLLBACK */

#endif
