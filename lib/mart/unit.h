/*
 * Unit tests of models: given rows into a database in memory, the model's SQL over them, its rows against the expected
 * ones. No home is touched.
 *
 * Every table that the model reads (also through cte models) is there with the columns of its definition, all of which
 * may be NULL; tables without given rows are empty, seeds hold their own CSV. dt is the test's day unless a row says
 * otherwise; :ds is the test's day. Of the model's rows only the columns that the expected rows name are looked at, in
 * whatever order rows come.
 */
#ifndef ETL_MART_UNIT_H
#define ETL_MART_UNIT_H

#include "pipeline/pipeline.h"

/* problem gets what differs, in words, and stays empty where the test passes. An error is one of the test or of the
 * model's SQL itself (ERR_CONFIG). Views and seeds are tested alike. */
int unit_run(const struct pipeline *p, const struct pl_model *m, const struct pl_unit *u, struct buf *problem,
             struct err *e);

#endif
