/*
 * The fast way into a table: rows in the order of the input go to the right edge of its b-tree as ready records, and
 * the entries of its key are sorted first and then merged in, so that no page is touched twice. For tables that were
 * made by table_create_sql as the definition says now, have no index, trigger or constraint besides, and whose key is
 * one text column of canonical UUIDs (or none). Other tables and the other modes take prepared statements (loader.c).
 *
 * The result is that of INSERT ... ON CONFLICT DO NOTHING in the order of the input.
 */
#ifndef ETL_STORE_BULK_H
#define ETL_STORE_BULK_H

#include "store/table.h"

/* Is the table, if there is one, such a table? Only reads. */
int bulk_fits(struct db *db, const struct table_spec *t, bool *fits, struct err *e);

struct bulk;
/* A row whose key is in the table already is taken out again: told here. row counts the rows given, from 0. */
typedef int bulk_drop_fn(void *ctx, uint64_t row, struct err *e);
/* Inside a write transaction, with the table made and the day's old rows gone. memory: for keys not merged yet. */
struct etl_direct; /* see bulk_tree.h; may be NULL */
int bulk_open(struct bulk **out, struct db *db, const struct table_spec *t, const char *day, size_t memory, int threads,
              struct etl_direct *direct, bulk_drop_fn *drop, void *ctx, struct err *e);
/* rec: the whole record (cells and dt); key: of the key column, NULL without one. */
int bulk_add(struct bulk *b, const void *rec, size_t n, const uint8_t key[16], struct err *e);
/* Merge the keys that wait: none of the rows so far will be taken out afterwards. */
int bulk_merge(struct bulk *b, struct err *e);
uint64_t bulk_waiting(const struct bulk *b); /* rows that may still be taken out */
/* Merge what is left, so that table and indexes agree. Frees b, also on failure. */
int bulk_finish(struct bulk *b, struct err *e);
void bulk_free(struct bulk *b); /* only before a rollback; NULL is fine */

#endif
