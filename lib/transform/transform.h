/*
 * Steps: small declared operations on records, one after another. The operations are listed in table.c; how to write
 * one is said in op.h; what each does for the user, in etl-pipeline(5).
 *
 * Values that no operation touches go on as they were written. The result does not depend on the number of threads, nor
 * on the memory; what an operation on the whole stream cannot hold in it goes to temporary files.
 */
#ifndef ETL_TRANSFORM_TRANSFORM_H
#define ETL_TRANSFORM_TRANSFORM_H

#include "pipeline/pipeline.h"
#include "json/batch.h"

struct transform_cfg {
    const struct pl_step *steps; /* n 0 passes records through */
    size_t n;
    day_t day;
    int threads;
    size_t memory;      /* bytes for operations on the whole stream */
    const char *tmpdir; /* exists */
    int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);
    void *ctx;
};
/* rows_in + made = rows_out + dropped + merged. */
struct transform_stats {
    uint64_t rows_in, rows_out, dropped;
    uint64_t made;      /* more than came, where one record became several */
    uint64_t merged;    /* went into another one: groups, duplicates */
    char reasons[1000]; /* "12 without a name; 3 ...", "" when nothing was dropped */
};
/* What was dropped is logged by reason (the operation's "reason", or its step's name). A record that is no JSON object
 * fails the stage (ERR_DATA): validate first. */
int transform_run(const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st, struct err *e);

#endif
