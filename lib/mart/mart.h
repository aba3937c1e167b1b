/*
 * Marts: each SELECT is built aside, tested there, and only then takes the place of the old rows, in one
 * transaction. A test that fails leaves the mart as it was (ERR_TEST).
 *
 * Parameters a model may use: :ds (the day), :run_id, :quality_status, :started_at, :finished_at.
 *
 * A seed's rows come from its CSV file, by the types of its columns. A check makes nothing: the tests of a loaded table
 * run on its rows of the day, and its newest row must not be too old. A test with severity warn tells what it finds and
 * fails nothing.
 *
 * daily: rows of the day are replaced. Where the key does not hold the day (an order, say) and another day has the same
 * key already, the earlier day keeps it, in whatever order days are done.
 */
#ifndef ETL_MART_MART_H
#define ETL_MART_MART_H

#include "pipeline/pipeline.h"
#include "store/warehouse.h"

struct mart_scan;
struct mart_params {
    const char *ds, *run_id, *quality_status, *started_at, *finished_at;
    struct warehouse_mark mark; /* noted in the transaction that swaps the rows in; pipeline NULL: none */
    struct mart_scan *scan;     /* NULL: SQLite does everything */
};
/* Columns in memory for the models of one run (see scan.h). only: names of the models that are going to be built, n 0:
 * all. One warehouse handle for all of them, else each reads anew. */
struct mart_scan *mart_scan_new(const struct pipeline *p, struct strs only, int threads, size_t memory);
void mart_scan_free(struct mart_scan *s); /* NULL is fine; before the handle is closed or after */
int mart_build(struct db *wh, const struct pipeline *p, const struct pl_model *m, const struct mart_params *params,
               int64_t *rows, struct err *e);
/* Only see whether the model compiles against the warehouse's tables (for doctor); makes nothing. */
int mart_check(struct db *wh, const struct pipeline *p, const struct pl_model *m, struct err *e);

#endif
