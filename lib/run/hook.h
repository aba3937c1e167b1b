/* Commands of the definition run by /bin/sh: setup before the first stage, teardown after the last. */
#ifndef ETL_RUN_HOOK_H
#define ETL_RUN_HOOK_H

#include "base/err.h"

struct hook {
    const char *name, *command; /* name: "setup", "teardown" */
    const char *pipeline, *day, *run_id, *home, *state;
    int64_t limit;   /* seconds, 0 none */
    double deadline; /* now_mono of the run's own limit, 0 none */
};
/* Environment: ETL_PIPELINE, ETL_DAY, ETL_RUN_ID, ETL_HOME, ETL_STATE. Its standard output goes to our standard
 * error. ERR_HOOK with its status; over the limit its process group is killed. */
int hook_run(const struct hook *h, struct err *e);

#endif
