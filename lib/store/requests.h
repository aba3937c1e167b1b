/*
 * The requests of a crawl in the ledger: one row per source, day and URL.
 *
 *   source        day         sha1      url (no secrets)          state    reason   http_status  attempts  updated_at
 *   parts/partsro 2026-01-15  9f31...   http://.../product/1      SUCCESS  ok       200          1         2026-...Z
 *
 * state: PENDING (about to be sent), SUCCESS, EMPTY (an answer that says there is nothing), FAILED. Rows are written
 * between requests_begin and requests_commit, many at once; a row is PENDING in a transaction that has been committed
 * before its request is sent. Rows go when expires_at has passed.
 */
#ifndef ETL_STORE_REQUESTS_H
#define ETL_STORE_REQUESTS_H

#include "base/day.h"
#include "store/ledger.h"

struct requests {
    struct ledger *l;
    struct stmt put;
    const char *source, *day, *run_id;
    int64_t keep; /* seconds */
    int64_t now;  /* of at and ends */
    struct stamp_text at, ends;
};
/* Strings must live as long as q. Removes what has expired. */
int requests_open(struct requests *q, struct ledger *l, const char *source, const char *day, const char *run_id,
                  int64_t keep, struct err *e);
void requests_close(struct requests *q);
int requests_begin(struct requests *q, struct err *e);
int requests_commit(struct requests *q, struct err *e);
void requests_rollback(struct requests *q);
struct request_row {
    const char *sha1, *url, *state, *reason; /* reason NULL: none */
    long http_status;                        /* 0 none */
    int attempts;
};
int requests_put(struct requests *q, const struct request_row *r, struct err *e);
/* PENDING rows of the source and day. */
int requests_pending(struct requests *q, int (*each)(void *ctx, const char *sha1, const char *url, struct err *e),
                     void *ctx, struct err *e);
/* FAILED rows of a pipeline's day by source and reason, for people: a line each, the URLs below it. NULL dataset: all.
 */
int requests_tell_failed(struct ledger *l, const char *pipeline, const char *day, bool json, FILE *out, size_t *n,
                         struct err *e);

#endif
