/* Shared by mart.c, mart_quick.c, seed.c and unit.c only. */
#ifndef ETL_MART_MART_IMPL_H
#define ETL_MART_MART_IMPL_H

#include "mart/mart.h"

#define MART_ASIDE "temp.\"etl_aside\""

void mart_columns(const struct pl_model *m, struct buf *b); /* "a", "b" */
struct table_spec mart_table(const struct pl_model *m);
int mart_in_model(const struct pl_model *m, struct err *e);
int mart_sql(struct db *wh, const struct pl_model *m, const struct mart_params *p, const char *sql, int64_t *changes,
             struct err *e);
/* The rows of `select` into a fresh MART_ASIDE. */
int mart_aside(struct db *wh, const struct pl_model *m, const struct mart_params *params, const char *select,
               int64_t *rows, struct err *e);
void mart_test_sql(const struct pl_test *t, const char *from, struct buf *b, struct buf *what);
int mart_run_test(struct db *wh, const struct pl_model *m, const struct mart_params *p, const char *sql,
                  const char *what, struct err *e);

/* A test that only warns has found rows (e, ERR_TEST): tell them and go on. */
int mart_only_warn(struct err *e);

struct mart_swap {
    struct db *wh;
    const struct pl_model *m;
    const struct mart_params *params;
};
/* Inside a transaction: the rows aside take the place of the old ones, and the warehouse notes it. */
int mart_swap(void *ctx, struct err *e);

/* The whole build in one transaction, on columns in memory where the SQL allows it. *done false: it did not work out
 * (or is not for this model), nothing has changed. */
int mart_quick(struct db *wh, const struct pipeline *p, const struct pl_model *m, const struct mart_params *params,
               int64_t *rows, bool *done, struct err *e);

/* The rows of a seed into a new table of that name (as SQL writes it). A row that does not fit is ERR_CONFIG with its
 * line. */
int seed_fill(struct db *wh, const struct pl_model *m, const char *table, int64_t *rows, struct err *e);
int mart_bind(struct stmt *s, const struct pl_model *m, const struct mart_params *p, struct err *e);

#endif
