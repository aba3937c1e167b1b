/*
 * What a definition says of alerts and of the times that must be kept. Part of struct pipeline; see pipeline.h.
 *
 * Texts stand as written: ${NAME} is expanded only when something is sent, so that no secret is kept.
 */
#ifndef ETL_PIPELINE_ALERTS_H
#define ETL_PIPELINE_ALERTS_H

#include "base/mem.h"

enum alert_kind {
    ALERT_FAILURE,  /* a run failed after its last retry, or the day was empty */
    ALERT_GATE,     /* the quality gate failed */
    ALERT_SUCCESS,  /* the day is done for the first time */
    ALERT_RETRY,    /* done, but some stage had to be tried again */
    ALERT_SLA,      /* late, too slow, too old */
    ALERT_RECOVERY, /* done after it had failed or was late */
    ALERT_REPORT,   /* somebody asked for a report to be sent; always wanted */
    ALERT_KINDS
};
extern const char *const alert_kind_names[ALERT_KINDS];
int alert_kind_find(const char *name); /* -1 */

enum channel { CHANNEL_SLACK, CHANNEL_EMAIL, CHANNEL_WEBHOOK, CHANNEL_COUNT };
extern const char *const channel_names[CHANNEL_COUNT];
int channel_find(const char *name); /* -1 */

struct pl_alerts {
    const char *url[CHANNEL_COUNT]; /* webhook, SMTP server, webhook; NULL: the pipeline has no such channel */
    bool on[CHANNEL_COUNT][ALERT_KINDS];
    struct strs header_names, header_values; /* of the webhook */
    const char *from, *user, *password;      /* email; user and password may be NULL */
    struct strs to;
    bool report;       /* a mail of a day that is done carries the day's report */
    int per_hour;      /* messages a channel gets in any hour at most */
    int64_t keep;      /* seconds that a message waits for its channel before it is given up */
    const char *links; /* "https://logs.example.com/{pipeline}/{day}/{run}", NULL: the log's path is told */
};

struct pl_watch {
    int done_by;     /* minutes after midnight of the day after, in the pipeline's zone; -1 none */
    int64_t max_age; /* seconds from the end of the newest day that is done; 0 none */
    int64_t stage[6];
};

#endif
