/*
 * A source made of other datasets of the same pipeline: their records of the day, one dataset after another in the
 * order of the definition, as they lie in the lake behind their last step (or behind a step that is named).
 */
#ifndef ETL_COLLECT_DATASETS_H
#define ETL_COLLECT_DATASETS_H

#include "collect/collect.h"

/* Digest of the partitions that it would read now; present false when there is none. */
int datasets_digest(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                    char digest[65], bool *present, struct err *e);
/* ERR_NOINPUT when a dataset has not been done for the day. One that is isolated may be missing: it is left out, with a
 * warning; when all are, that is ERR_DATA: trying again soon would not help. */
int datasets_collect(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                     int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e), void *ctx,
                     struct collect_stats *st, struct err *e);

#endif
