/*
 * The durable run of a day: lock, setup hook, steps with retries and time limits, teardown hook (always), ledger,
 * alerts, metrics. Killed at any moment, the next run goes on at the first unfinished step.
 */
#ifndef ETL_RUN_RUN_H
#define ETL_RUN_RUN_H

#include "run/step.h"

struct run_opt {
    bool force, dry_run;
    int from, only; /* stages, -1 none */
};
/* One day. The summary goes to standard output (or what would be done, with dry_run). Returns the error of the first
 * step that failed for good. */
int run_day(const struct pipeline *p, day_t day, const struct run_env *env, const struct run_opt *opt, struct err *e);

#endif
