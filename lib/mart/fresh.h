/* Freshness of loaded tables: how far the newest row lies behind a day. */
#ifndef ETL_MART_FRESH_H
#define ETL_MART_FRESH_H

#include "pipeline/pipeline.h"
#include "store/db.h"

enum fresh_state { FRESH_NONE, FRESH_OK, FRESH_WARN, FRESH_STALE, FRESH_EMPTY };
extern const char *const fresh_states[]; /* "-", "fresh", "late", "stale", "empty" */

struct freshness {
    const char *table, *column, *newest; /* newest: a day, NULL without rows; in the arena */
    int64_t rows, age_days;              /* age: days from the newest row to the day; less than 0: it lies after it */
    enum fresh_state state;              /* FRESH_NONE: no limits are declared */
};
/* limits may be NULL. A table that is not there yet counts as empty. Rows after the day count as well: the table is as
 * fresh as it is, whichever day is looked at. */
int freshness_of(struct db *wh, const struct pl_dataset *d, const struct pl_freshness *limits, const char *day,
                 struct freshness *out, struct arena *a, struct err *e);
/* The limits that the definition declares for that table, or NULL. */
const struct pl_freshness *freshness_limits(const struct pipeline *p, const struct pl_dataset *d);

#endif
