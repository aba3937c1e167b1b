/* What the files of alerts share: the document, its faces, the outbox. Private to the room. */
#ifndef ETL_REPORT_ALERT_IMPL_H
#define ETL_REPORT_ALERT_IMPL_H

#include "net/mail.h"
#include "report/alert.h"

/* Kinds that a document may go out as, most telling first: a channel gets it as the first one it wants. */
struct alert_kinds {
    enum alert_kind k[ALERT_KINDS];
    size_t n;
};
void alert_kind_add(struct alert_kinds *k, enum alert_kind kind);

/* alert_doc.c. Texts are cleaned: no secrets, no control characters. NULL adds nothing. */
void doc_text(cJSON *o, const char *name, const char *value);
cJSON *doc_new(const struct pipeline *p, const char *id, const char *day);
/* What the ledger (steps, attempts) and the quality log (failed checks) know of the run. */
int doc_add_run(cJSON *doc, struct ledger *l, const struct pipeline *p, const struct alert_run *r, struct err *e);
/* Kind and headline; the last thing before it is stored. */
void doc_finish(cJSON *doc, enum alert_kind kind, const char *was);
const char *doc_str(const cJSON *doc, const char *name); /* NULL where there is none */

/* One of the document's "requests" in words: "shop1: 1200 requests well, 3 failed (timeout 3), 15 sent more than once".
 */
char *doc_requests(struct arena *a, const cJSON *o);

/* alert_slack.c, alert_mail.c: the document's faces. */
void face_slack(const cJSON *doc, struct buf *out);
void face_text(const cJSON *doc, struct buf *out);
void face_html(const cJSON *doc, struct buf *out);

/* alert.c: alert_sighted() inside the caller's transaction. */
int sight_note(struct ledger *l, const struct pipeline *p, const struct alert_sight *s, struct err *e);
/* look.c: when anybody last looked at the pipeline, seconds; 0: never. */
int look_last(struct ledger *l, const char *pipeline, int64_t *at, struct err *e);

/* outbox.c */
int outbox_put(struct ledger *l, const struct pipeline *p, cJSON *doc, const struct alert_kinds *kinds, const char *was,
               const char *html, struct err *e);

#endif
