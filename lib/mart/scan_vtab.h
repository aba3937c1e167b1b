/*
 * A relation as a table of SQLite: read-only, on one connection, without a trace in the schema.
 *
 * The name is that of the module itself ("eponymous" in SQLite's words): SELECT ... FROM "etl scan 1" works from
 * scan_vtab_put on and until scan_vtab_drop.
 */
#ifndef ETL_MART_SCAN_VTAB_H
#define ETL_MART_SCAN_VTAB_H

#include "mart/columns.h"

struct scan_view {
    const struct relation *rel;
    const struct day_table *table; /* rel's table, for rowids and for columns that were not read; NULL: none */
    const uint32_t *rows;          /* which rows, ascending; NULL: all */
    size_t nrows;
    size_t nsorted; /* the rows stand in ascending order of the first so many columns */
    sqlite3 *h;     /* set by scan_vtab_put */
};

/* v must stay where it is until the drop. A view of the same name is replaced. */
int scan_vtab_put(struct db *db, const char *name, struct scan_view *v, struct err *e);
/* All statements that use it must be closed. */
void scan_vtab_drop(struct db *db, const char *name);

#endif
