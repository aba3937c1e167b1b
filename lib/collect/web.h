/*
 * Sources of kind http: a day's crawl.
 *
 * A crawl has two halves. Fetching asks for every URL of the definition's phases and keeps what came in a journal
 * (journal.h), together with a row in the ledger before and after each request; assembling writes the records of the
 * journal in the order of the definition, whatever order the answers came in. So a crawl that was killed goes on, one
 * whose requests failed can be gone on with later, several can fetch side by side, and the records of a day are the
 * same bytes as long as the answers are.
 *
 *   HOME/lake/PIPELINE/requests/DATASET/dt=DAY/journal        what came
 *                                             /failed.jsonl   URLs that failed or were skipped; absent when there are
 * none HOME/lake/PIPELINE/answers/DATASET/dt=DAY/9f/9f31..gz     raw answers by SHA-256, where "keep_answers" asks for
 * them
 */
#ifndef ETL_COLLECT_WEB_H
#define ETL_COLLECT_WEB_H

#include "collect/collect.h"

typedef int web_write_fn(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);

/* Fetch what is missing, then write all records. Without o->home in a temporary place that is gone afterwards. */
int web_collect(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e);

/* Fetch for several datasets side by side; the failure of one does not touch the others. */
struct web_fetch {
    const struct pl_dataset *d;
    int rc; /* of its own */
    struct err e;
};
void web_fetch_all(const struct pipeline *p, struct web_fetch *f, size_t n, day_t day, const struct collect_opt *o);

/* Why a day that was collected must be asked again (o->retry_failed, o->urls), or NULL. */
const char *web_wants(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o);
/* Are there requests of the day that failed? */
bool web_has_failed(const struct pipeline *p, const char *home, day_t day);

#endif
