/* Several pipelines in one run: which comes first, and whether a day may begin. */
#ifndef ETL_RUN_ORDER_H
#define ETL_RUN_ORDER_H

#include "run/env.h"

/* Put each pipeline behind those that its definition's "after" names, as far as they are in the list; else the order
 * stays. NULLs (pipelines that could not be read) go last. A circle is ERR_CONFIG. */
int run_order(struct pipeline **p, size_t n, struct err *e);
/* Are the pipelines that p comes after done for that day, by the ledger? ERR_NOINPUT names the first that is not. */
int run_may_begin(const struct pipeline *p, const struct run_env *env, day_t day, struct err *e);

#endif
