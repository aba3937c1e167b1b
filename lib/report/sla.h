/*
 * The times that a definition's "sla" (or the older schedule.sla) promises, as instants (seconds since the epoch, UTC).
 *
 * A day D is the calendar day D in the pipeline's zone; its work is done on the day after. Only times are computed
 * here; who is told what is in alert.h and run/status.h.
 */
#ifndef ETL_REPORT_SLA_H
#define ETL_REPORT_SLA_H

#include "pipeline/pipeline.h"
#include "store/ledger.h"

/* When the day must be done; 0: nothing is promised. */
int64_t sla_due(const struct pipeline *p, day_t day);
/* From when on a day that is not done is a gap: when it is due, else when its run is scheduled, else when it ends. */
int64_t sla_expected(const struct pipeline *p, day_t day);
/* The end of the day: its last record was made before. */
int64_t sla_day_end(const struct pipeline *p, day_t day);
/* Minutes after midnight of the day after at which a day is due, for the ledger's `pipelines`; -1 none. */
int sla_due_minutes(const struct pipeline *p);

/* The newest day that is done; false: none is. */
int sla_newest(struct ledger *l, const char *pipeline, day_t *day, bool *any, struct err *e);
/* Is the newest data older than max_age? words: "the newest day done is 2026-01-15, 31h after its end; limit 30h". age
 * in seconds, -1 where no day is done. A pipeline that never ran is not stale. */
struct sla_age {
    bool stale;
    int64_t age;
    char newest[16];
    char words[160];
};
int sla_age(struct ledger *l, const struct pipeline *p, int64_t now, struct sla_age *out, struct err *e);

/* Note in the ledger what the definition says of time now, for metrics over all pipelines; in metrics.c. */
int sla_register(struct ledger *l, const struct pipeline *p, struct err *e);

/* An instant as people of the pipeline's zone read it: "2026-01-16 04:00 Asia/Seoul". */
struct when_text {
    char s[96];
};
struct when_text sla_when(const struct pipeline *p, int64_t utc);

/* 5400 becomes "1h30m", 45 "45s". */
struct duration_text {
    char s[32];
};
struct duration_text duration_text(int64_t seconds);

#endif
