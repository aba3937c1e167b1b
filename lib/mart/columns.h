/*
 * Columns in memory: what the models of a run ask of one day of a loaded table, read from SQLite once.
 *
 * A relation is a number of rows whose columns are codes into dictionaries. The rows of a table's day stand in rowid
 * order, so that everything that depends on the order of rows (sums of doubles) comes out as SQLite's own.
 */
#ifndef ETL_MART_COLUMNS_H
#define ETL_MART_COLUMNS_H

#include "mart/dict.h"
#include "store/db.h"

struct relcol {
    const char *name;
    const char *decl;  /* declared type: TEXT, INTEGER, REAL or "" (ANY, expressions) */
    bool bare;         /* an expression's value: no affinity in comparisons */
    struct dict *dict; /* NULL: not read (it stays in the table) */
    const void *codes; /* one per row; NULL: every row has `constant` */
    uint8_t width;     /* bytes of a code: 1, 2 or 4 */
    uint32_t constant;
    uint8_t sorted; /* the rows are in the order of the columns that have 1, 2, ... here */
};
struct relation {
    size_t nrows, ncols;
    struct relcol *cols;
};
/* Codes of rows [from, from + n). */
void relcol_codes(const struct relcol *c, size_t from, size_t n, uint32_t *out);
uint32_t relcol_code(const struct relcol *c, size_t row);
/* Codes in the narrowest width for a dictionary of so many values; malloc'd (NULL when n is 0). Frees codes. */
void *codes_narrow(uint32_t *codes, size_t n, uint32_t values, uint8_t *width);

/* A table's day. Columns are those of the table; which of them are read is up to day_table_read. */
struct day_table {
    struct relation rel;
    bool counted; /* the rows are known */
    char *table, *day;
    int64_t first;    /* rowid of the first row */
    uint32_t *rowids; /* rowid - first by row; NULL: they follow each other without a gap */
    struct arena a;
};
/* Its columns, none of them read yet. *fits false: no table of the kind (STRICT, with rowids, a text column dt, no
 * collations) that can be read so. */
int day_table_open(struct day_table *t, struct db *db, const char *table, const char *day, bool *fits, struct err *e);
void day_table_free(struct day_table *t);
int64_t day_table_rowid(const struct day_table *t, size_t row);
/*
 * Read the columns that `want` marks (by index) and that are not there yet. locked: the caller holds the write lock and
 * has changed nothing of the table, so that other connections to the file, and several threads, see the same rows. The
 * result does not depend on the number of threads. *fits false: they need more than `memory` bytes, or hold blobs;
 * nothing is kept.
 */
int day_table_read(struct day_table *t, struct db *db, const bool *want, int threads, bool locked, size_t memory,
                   bool *fits, struct err *e);
size_t day_table_bytes(const struct day_table *t);

#endif
