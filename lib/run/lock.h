/*
 * One run of a pipeline at a time: HOME/locks/PIPELINE.lock, held by flock(2), so that it ends with its holder
 * however that ends. The file says who holds it.
 */
#ifndef ETL_RUN_LOCK_H
#define ETL_RUN_LOCK_H

#include "base/err.h"
#include "base/mem.h"

struct run_lock {
    int fd;
};
/* ERR_BUSY names the run that holds it. */
int run_lock_take(struct run_lock *l, const char *home, const char *pipeline, const char *command, struct err *e);
/* Is a run of the pipeline active, whichever process of this machine it is? A pid would not tell: it may be used again,
 * or be that of another container. */
bool run_lock_held(const char *home, const char *pipeline);
void run_lock_drop(struct run_lock *l);

#endif
