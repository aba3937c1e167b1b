/*
 * A table's rows straight from the pages of the database file, without SQLite's virtual machine: three to four times
 * as fast, where all that is asked are the values of some columns.
 *
 * The format is that of sqlite.org/fileformat2.html, stable since 2004. What is in the file is what is committed only
 * if the write-ahead log has been copied back whole and nobody writes: see pages_open. Every number read from a page
 * is checked before it is used, and the cells of each page must account for all of its bytes, the columns of each
 * record for all of the record, the rowids for their order; what does not fit ends the reading with `false`, and SQLite
 * looks at the table (integrity_check) before it does it instead. What no check can see is a changed byte within a
 * value: SQLite keeps no checksums of pages.
 */
#ifndef ETL_MART_PAGES_H
#define ETL_MART_PAGES_H

#include "store/db.h"

struct pages {
    sqlite3_file *file; /* that of a connection, which must outlive this */
    uint32_t page_size, usable, root;
};
/* The warehouse as `db` (a connection of its own, in WAL mode) sees its file; the caller holds the write lock by
 * another connection, and has changed nothing of the table. false: not now (the log could not be copied back whole), or
 * not with this file. */
bool pages_open(struct pages *p, struct db *db, const char *table);

enum cell_type { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT, CELL_BLOB };
struct cell {
    enum cell_type type;
    int64_t i;
    double r;
    const char *p; /* of a text or blob: n bytes, valid during the call */
    size_t n;
};
/* One row: the columns asked for, in the order asked. false ends the reading. */
typedef bool (*pages_row)(void *ctx, int64_t rowid, const struct cell *cells);
/* Rows with rowid in [lo, hi], in order; cols: places in the table, ascending. */
bool pages_read(const struct pages *p, int64_t lo, int64_t hi, const uint32_t *cols, size_t ncols, pages_row row,
                void *ctx);

#endif
