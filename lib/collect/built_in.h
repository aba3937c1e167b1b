/* The sources that need no files from outside: seeds (CSVs of the definition) and generated trips. Private to the room.
 */
#ifndef ETL_COLLECT_BUILT_IN_H
#define ETL_COLLECT_BUILT_IN_H

#include "collect/collect.h"

typedef int write_fn(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);

struct sha256;
int collect_built_in(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                     write_fn *write, void *ctx, struct collect_stats *st, struct err *e);
int collect_built_in_digest(const struct pipeline *p, const struct pl_dataset *d, const struct collect_opt *o,
                            struct sha256 *h, struct err *e);
/* collect.c: a block's records, whole runs of lines at once. */
int collect_block(const struct reader *r, const struct rblock *b, write_fn *write, void *ctx, struct err *e);

#endif
