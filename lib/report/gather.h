/* Private to lib/report: the parts of report_gather. */
#ifndef ETL_REPORT_GATHER_H
#define ETL_REPORT_GATHER_H

#include "report/report.h"

int gather_checks(struct report *r, struct db *wh, struct err *e);
int gather_stages(struct report *r, struct ledger *l, struct err *e);
int gather_run(struct report *r, struct ledger *l, struct err *e);

/* SQL of a block, ready for SQLite, with its parameters bound to a day. */
int query_expand(const struct report *r, const struct pl_query *q, struct buf *sql, struct err *e);
void query_bind(const struct report *r, const struct pl_query *q, day_t day, struct stmt *s);
/* Where its columns are in the statement. */
int query_find_columns(const struct pl_query *q, struct stmt *s, int *cols, struct err *e);

#endif
