/*
 * Retention: partitions of the lake are given back when their day lies as many days or more before the newest day of
 * the pipeline's lake as its "retention" says. "14d": the newest day and the 13 before it stay. Counted from the newest
 * day and not from today, so that a range of old days that is done again is not removed under one's hands.
 *
 * Call under the run's lock. The day stays done (io/part.h, part_prune), the warehouse is not touched.
 */
#ifndef ETL_RUN_PRUNE_H
#define ETL_RUN_PRUNE_H

#include "pipeline/pipeline.h"
#include "store/ledger.h"

struct prune_stats {
    size_t partitions;
    uint64_t bytes;
};
/* dry: nothing is removed, each partition is named there instead, one a line. l (may be NULL) gets an event. Without
 * retention nothing is done. */
int prune(const struct pipeline *p, const char *home, struct ledger *l, FILE *dry, struct prune_stats *st,
          struct err *e);

#endif
