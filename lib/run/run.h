/*
 * The durable run of a day: lock, setup hook, steps with retries and time limits, teardown hook (always), ledger,
 * alerts, metrics. Killed at any moment, the next run goes on at the first unfinished step.
 */
#ifndef ETL_RUN_RUN_H
#define ETL_RUN_RUN_H

#include "run/step.h"

/* Days that one process does one after another. The pages over all days and the metrics are made anew at most every
 * thirty seconds while more days follow, and after the last one: they tell of all days and cost the more the more there
 * are. */
struct run_range {
    bool more;      /* days follow the one that is done now */
    bool pending;   /* days were done since they were made */
    double written; /* now_mono() */
};
struct run_opt {
    bool force, dry_run;
    int from, only;          /* stages, -1 none */
    struct run_range *range; /* NULL: a day alone */
};
/* Make what is pending; logs what fails. */
void run_range_end(const struct pipeline *p, const struct run_env *env, struct run_range *g);
/* One day. The summary goes to standard output (or what would be done, with dry_run). Returns the error of the first
 * step that failed for good. */
int run_day(const struct pipeline *p, day_t day, const struct run_env *env, const struct run_opt *opt, struct err *e);

#endif
