/*
 * Scans: the SQL of a model in which the SELECTs that only filter and group a loaded table's day are done here, on
 * columns in memory, and stand in the SQL as tables of their results. What SQLite computes from the rewritten SQL is
 * what it would have computed from the original one, row for row and type for type; whatever is not understood to the
 * last token is left as it is.
 *
 * A table's day is read once and kept for all models of a process run, as long as nobody writes to the warehouse in
 * between. ETL_MART_SCAN=off in the environment leaves all SQL as it is.
 */
#ifndef ETL_MART_SCAN_H
#define ETL_MART_SCAN_H

#include "mart/mart.h"

/* sql (macros expanded) for SQLite to run now, on wh, which must be inside a transaction; with `locked` it holds the
 * write lock, so that other connections may help reading. Its tables are there until scan_end. Failures other than
 * those of the machine (ERR_STOPPED, ...) leave the SQL as it is. */
int scan_begin(struct mart_scan *s, struct db *wh, bool locked, const struct mart_params *params, const char *sql,
               struct buf *out, struct err *e);
/* All statements of the SQL must be closed. */
void scan_end(struct mart_scan *s, struct db *wh);
/* How many SELECTs the last scan_begin replaced (tests ask this). */
int scan_replaced(const struct mart_scan *s);

#endif
