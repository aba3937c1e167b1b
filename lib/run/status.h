/*
 * Which days are done, and what is not as it should be: from the ledger, for people, programs and monitors.
 *
 * The calendar has a row for each day and a word for each stage; the problems are what a monitor wakes people for. See
 * report/sla.h for what "late" and "stale" are.
 */
#ifndef ETL_RUN_STATUS_H
#define ETL_RUN_STATUS_H

#include "report/sla.h"
#include "run/env.h"

struct status_day {
    char day[16];
    const char *stage[STAGE_COUNT];        /* worst latest state of the stage's steps; NULL never */
    double seconds[STAGE_COUNT];           /* what they took when last done; -1 never */
    const char *run, *error, *finished_at; /* of the last run; NULL never */
    const char *run_id, *started_at;
    const char *failed_stage, *failed_name; /* the last run's step that went wrong, NULL */
    int attempt;
    int64_t rows, rejected; /* loaded, rejected by validate; -1 unknown */
    double took;            /* seconds of the last run; -1 unknown */
    int64_t due, expected;  /* report/sla.h; due 0: nothing promised */
    bool killed;            /* the last run's process is gone without a word */
    bool late;              /* not done when it was due, or not yet */
    bool waiting;           /* never ran, and need not have yet */
};
struct status {
    struct arena a;
    const struct pipeline *p;
    const char *home;
    struct status_day *days;
    size_t n;
    struct sla_age age;
    int64_t now;
    struct status_problem {
        const char *day; /* "" where it is no day's */
        const char *kind, *words, *command, *run_id;
    } * problems;
    size_t nproblems;
};
/* l may be NULL: nothing has ever run. */
int status_gather(struct status *s, const struct pipeline *p, const char *home, day_t from, day_t to, struct ledger *l,
                  struct err *e);
bool status_is_done(const struct status_day *d);
void status_free(struct status *s);

/* status_show.c */
void status_text(const struct status *s, FILE *out);
void status_json(const struct status *s, FILE *out);

/* status_check.c. Fills s->problems: a day that failed, is late, or was left out; what takes too long; what is too old.
 */
int status_check(struct status *s, struct ledger *l, struct err *e);
void status_problems_text(const struct status *s, FILE *out); /* a line each */
void status_problems_json(const struct status *s, FILE *out); /* one object */
/* Tell the pipeline's channels what of them is news, and what is over. l is open for writing. */
int status_alert(const struct status *s, struct ledger *l, struct err *e);

/* runlog.c. The log of a run, by its id ("last": the newest of the pipeline's days from..to, or of all), as people read
 * it or as the JSON lines it is kept in. ERR_USAGE: no such run, with the nearest. */
struct runlog {
    const char *home, *pipeline, *id; /* pipeline NULL: any */
    const char *from, *to;            /* days, NULL any */
    bool json;
};
int runlog_show(struct ledger *l, const struct runlog *q, FILE *out, struct err *e);

#endif
