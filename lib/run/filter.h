/*
 * Stage commands as filters: records in from files or standard input, records out to a file or standard output. The
 * lake is not touched; the attempt is noted in the ledger.
 */
#ifndef ETL_RUN_FILTER_H
#define ETL_RUN_FILTER_H

#include "run/env.h"

struct filter_opt {
    const struct pipeline *p;
    const struct pl_dataset *d;
    const struct pl_step *step; /* transform: only this one; NULL all */
    struct strs models;         /* mart: only these; n 0 all */
    day_t day;
    const char *const *files;
    size_t nfiles;
    const char *out;     /* NULL or "-": standard output */
    const char *rejects; /* validate: file for rejected records; NULL: beside the logs */
    bool csv;            /* write CSV whatever the name */
};
int filter_collect(const struct run_env *env, const struct filter_opt *o, struct err *e);
int filter_validate(const struct run_env *env, const struct filter_opt *o, struct err *e);
int filter_transform(const struct run_env *env, const struct filter_opt *o, struct err *e);
int filter_load(const struct run_env *env, const struct filter_opt *o, struct err *e);
int filter_mart(const struct run_env *env, const struct filter_opt *o, struct err *e);

#endif
