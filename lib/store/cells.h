/*
 * Records to the values of a table's columns, by the declared types (see table.h). Without state of its own, so that
 * any thread can do it; and values to SQLite's record format.
 */
#ifndef ETL_STORE_CELLS_H
#define ETL_STORE_CELLS_H

#include "store/table.h"
#include "json/scan.h"

enum cell_type { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT };
struct cell {
    enum cell_type type;
    union {
        int64_t i;
        double d;
        struct sv s;
    };
};

/* Which field of a record goes into which column. Made once, shared by all threads. */
struct shape;
struct shape *shape_new(const struct table_spec *t, const struct zone *zone);
void shape_free(struct shape *s);

/* What one thread needs. */
struct shaper {
    struct jval *vals;
    uint16_t *guess; /* column + 1 of the n-th member of the record before */
    size_t nguess;
};
void shaper_free(struct shaper *w);

/* Values of the record into cells[ncols]; texts are views into the record or lie in the arena. NULL, or why the record
 * does not fit (in the arena). */
const char *shape_cells(const struct shape *s, struct shaper *w, struct jval rec, struct cell *cells, struct arena *a);

/* Append the cells as one record (https://www.sqlite.org/fileformat2.html#record_format). */
void cells_record(const struct cell *cells, size_t n, struct buf *out);

#endif
