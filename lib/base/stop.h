/*
 * Signals as flags. The first SIGINT, SIGTERM or SIGHUP asks the work to drain: what is under way
 * is finished or taken back, then the process ends with 128+n. The second stops at once (children are
 * killed; nothing half-made becomes visible, because it is made aside).
 */
#ifndef ETL_BASE_STOP_H
#define ETL_BASE_STOP_H

#include "base/err.h"

/* drain true: the first signal only asks (stop_signal tells), the work under way goes on to its end and the second
 * signal breaks it off. false (filters): the first signal breaks off. */
void stop_drain(bool drain);
void stop_install(void); /* also ignores SIGPIPE: writing to a closed pipe is an error like others */
int stop_signal(void);   /* number of the signal that asked for the end, 0 if none */
int stop_count(void);    /* how many came */
/* A deadline (now_mono seconds, 0 none) for the work under way in this process. */
void stop_deadline(double mono);
/* ERR_OK, ERR_STOPPED or ERR_TIMEOUT; every loop over records or rows asks once a batch. */
int stop_check(struct err *e);

#endif
