/*
 * Alerts: one message, ready for a Slack incoming webhook (Block Kit). What cannot be sent is logged and fails nothing.
 */
#ifndef ETL_REPORT_ALERT_H
#define ETL_REPORT_ALERT_H

#include "pipeline/pipeline.h"

enum alert_kind { ALERT_FAILURE, ALERT_GATE, ALERT_SUCCESS };
struct alert { /* html: body of a mail, or NULL */
    enum alert_kind kind;
    const char *day, *run_id, *stage, *dataset, *text, *log_path, *command, *html; /* NULL where not known */
};
/* JSON of the message. */
void alert_slack(const struct pipeline *p, const struct alert *a, struct buf *out);
/* Send where the definition asks for it and its ${VARIABLE} is set. Retries as stages.alert says. Never fail: log. */
void alert_send(const struct pipeline *p, const struct alert *a); /* to all channels that want its kind */
void alert_send_slack(const struct pipeline *p, const struct alert *a);
void alert_send_email(const struct pipeline *p, const struct alert *a);

/* metrics/etl.prom: counters and gauges of the pipelines' last runs for the node exporter's textfile collector. The
 * file is made anew from the ledger, so it can always be thrown away. */
struct ledger;
int metrics_write(struct ledger *l, const char *home, struct err *e);

#endif
