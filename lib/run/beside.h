/*
 * Datasets side by side: those that are collected over HTTP are fetched at once, before the first of them is collected
 * in its turn (which then finds its answers in its journal); and the failure of an isolated dataset ends that dataset's
 * steps only.
 */
#ifndef ETL_RUN_BESIDE_H
#define ETL_RUN_BESIDE_H

#include "collect/web.h"
#include "run/plan.h"

struct beside {
    struct web_fetch *f; /* in the plan's arena */
    size_t n;
    bool begun;
    const struct pl_dataset **out; /* datasets that failed or came empty and are isolated */
    size_t nout;
    int rc; /* of the first of them */
    struct err e;
};
/* Before step i: fetch for it and the collect steps after it that are to be done, when they are two or more. */
int beside_fetch(struct beside *b, struct plan *pl, size_t i, const char *run_id, struct ledger *l, struct err *e);
/* What fetching for the dataset came to, told once: its error, or that it was fetched in this run. */
int beside_result(struct beside *b, const struct pl_dataset *d, bool *fetched, struct err *e);
/* The step failed (or came empty): is it of an isolated dataset, whose other steps are left out from here on? */
bool beside_isolate(struct beside *b, struct plan *pl, const struct plan_step *s, int rc, const struct err *e);
bool beside_is_out(const struct beside *b, const struct plan_step *s);
/* At the end: the failure of isolated datasets as that of the run. */
int beside_end(const struct beside *b, struct err *e);

/* The options of a collect step in this run. */
struct collect_opt beside_options(const struct plan *pl, const char *run_id);

#endif
