/* Which days are done: a table of days by stages from the ledger, for people, programs and monitors. */
#ifndef ETL_RUN_STATUS_H
#define ETL_RUN_STATUS_H

#include "run/env.h"

struct status_day {
    char day[16];
    const char *stage[STAGE_COUNT];        /* worst latest state of the stage's steps; NULL never */
    const char *run, *error, *finished_at; /* of the last run; NULL never */
    int64_t rows;                          /* loaded; -1 unknown */
};
struct status {
    struct arena a;
    const struct pipeline *p;
    struct status_day *days;
    size_t n;
};
/* l may be NULL: nothing has ever run. */
int status_gather(struct status *s, const struct pipeline *p, day_t from, day_t to, struct ledger *l, struct err *e);
bool status_is_done(const struct status_day *d);
void status_text(const struct status *s, FILE *out);
void status_json(const struct status *s, FILE *out);
size_t status_problems(const struct status *s, FILE *out); /* a line per day that is not done; how many */
void status_free(struct status *s);

#endif
