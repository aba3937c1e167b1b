/*
 * Steps: small declared operations on records, one after another.
 *
 *   select, remove   keep or take away fields          trim     blanks at both ends of texts
 *   rename           {"old": "new"}                    number   text to number: "1,234" -> 1234; what is none -> null
 *   set              {"field": any JSON}               keep, drop   records by condition, dropped ones counted by
 * reason
 *
 * Values that no operation touches go on as they were written.
 */
#ifndef ETL_TRANSFORM_TRANSFORM_H
#define ETL_TRANSFORM_TRANSFORM_H

#include "pipeline/pipeline.h"
#include "json/batch.h"

struct transform_stats {
    uint64_t rows_in, rows_out, dropped;
};
/* What was dropped is logged by reason (the operation's "reason", or its step's name). steps n 0 passes records
 * through. A record that is no JSON object fails the stage (ERR_DATA): validate first. */
int transform_run(const struct pl_step *steps, size_t n, struct reader *r, int threads,
                  int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e), void *ctx,
                  struct transform_stats *st, struct err *e);

#endif
