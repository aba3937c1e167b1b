/*
 * Alerts: what is told, when, and to whom.
 *
 * An alert is one JSON document (alert_doc.c makes it, etl-pipeline(5) explains it). It is decided in the transaction
 * that notes what it is about, and lies in the ledger's outbox until its channel has taken it: killed at any moment, it
 * is sent once or, if the kill came between sending and noting that, twice with the same id. What cannot be sent is
 * logged, tried again at the next run, and fails nothing.
 *
 *   {"version":1,"id":"commerce/2026-01-15/run/1","kind":"failure","at":"2026-01-16T02:31:00Z","pipeline":"commerce",
 *    "title":"...","day":"2026-01-15","headline":"... 2026-01-15: failed","run_id":"...","stage":"collect",
 *    "dataset":"events","attempts":4,"error":"...","log":"...","command":"etl run -p commerce 2026-01-15", ...}
 */
#ifndef ETL_REPORT_ALERT_H
#define ETL_REPORT_ALERT_H

#include <cjson/cJSON.h>

#include "pipeline/pipeline.h"
#include "store/ledger.h"

/* A run that has ended, as its row in the ledger will say. */
struct alert_run {
    const char *home;
    const char *day, *run_id, *state, *error;
    const char *stage, *dataset; /* where it failed, NULL */
    const char *log_path;        /* NULL: none */
    const char *html;            /* the day's report for mails that carry it, NULL */
};
/* Decide what the end of a run is worth: nothing when it is as it was. Inside the caller's transaction. */
int alert_run_ended(struct ledger *l, const struct pipeline *p, const struct alert_run *r, struct err *e);

/* Something that is not as promised (or is again), seen by a look from outside: subject "run" (killed: state
 * "failure"), "late" or "stale" (state "missed" or "ok"). day "" where it is no day's. In its own transaction. */
struct alert_sight {
    const char *home, *day, *subject, *state, *words;
};
int alert_sighted(struct ledger *l, const struct pipeline *p, const struct alert_sight *s, struct err *e);
/* Days that became due since anybody last looked (a run that ended, status --check --alert) and are not done: each is
 * told as late, however long ago it was. Then notes that somebody has looked. Inside the caller's transaction. */
int alert_look(struct ledger *l, const struct pipeline *p, const char *home, struct err *e);

/* A report that somebody wants sent to these channels, whatever was sent before. In its own transaction. */
struct alert_report {
    const char *home, *day, *gate, *text, *html; /* gate: "PASS", "FAIL" or NULL */
    bool to[CHANNEL_COUNT];
};
int alert_report(struct ledger *l, const struct pipeline *p, const struct alert_report *r, struct err *e);
/* What the channel would be sent, printed instead: JSON for slack and webhook, the HTML part for email. */
void alert_show(const struct pipeline *p, const struct alert_report *r, enum channel c, FILE *out);

/* Send what waits for the pipeline's channels. Never fails: logs. true: there was something to send. */
bool alert_flush(struct ledger *l, const struct pipeline *p, const char *home);
/* Are the channel's variables all set? Their values are secrets from here on. Says at -v (once a process) what is not
 * set; loud: as a warning. */
bool alert_channel_ready(const struct pipeline *p, enum channel c, bool loud);

/* The command that goes on with a day. In the arena. */
char *alert_command(struct arena *a, const char *home, const char *pipeline, const char *day);

/* metrics/etl.prom: counters and gauges of the pipelines' last runs for the node exporter's textfile collector. The
 * file is made anew from the ledger, so it can always be thrown away. */
int metrics_write(struct ledger *l, const char *home, struct err *e);

#endif
