/* Profiles of a pipeline's records: with the titles that its schema gives to fields, and as part of a run. */
#ifndef ETL_RUN_PROFILING_H
#define ETL_RUN_PROFILING_H

#include "profile/profile.h"
#include "run/plan.h"

/* The dataset's title, and from its JSON Schema each property's "title", or else its "description". The strings hang
 * in a; o must live as long as it. */
int profiling_titles(const struct pipeline *p, const struct pl_dataset *d, struct arena *a, struct profile_opt *o,
                     struct err *e);
/* Profile the day's raw partition into profile_log, in place of what is there for the day. */
int profiling_day(struct plan *pl, const struct pl_dataset *d, struct err *e);

#endif
