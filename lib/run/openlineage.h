/*
 * OpenLineage events (https://openlineage.io, spec 2-0-2) of a run, as JSON lines appended to a file: what ran, from
 * which datasets to which, with row counts and the results of the checks.
 *
 * The run of a day is a job (PIPELINE), each attempt of a step another (PIPELINE.STAGE.NAME) whose parent it is: START
 * before it works, then COMPLETE, FAIL or ABORT. A run that was killed gets its ABORT from the next run of the day.
 *
 *   {"eventType":"COMPLETE","eventTime":"2026-01-16T02:00:03Z","producer":"https://etl.invalid/etl/0.1.0",
 *    "schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
 *    "run":{"runId":"...","facets":{...}},"job":{"namespace":"etl","name":"commerce.load.events","facets":{...}},
 *    "inputs":[{"namespace":"file","name":"/srv/etl-data/lake/commerce/valid/events","inputFacets":{...}}],
 *    "outputs":[{"namespace":"sqlite:/srv/etl-data/warehouse.db","name":"raw_events","outputFacets":{...}}]}
 *
 * The namespace of jobs is $OPENLINEAGE_NAMESPACE, else "etl".
 */
#ifndef ETL_RUN_OPENLINEAGE_H
#define ETL_RUN_OPENLINEAGE_H

#include "run/step.h"

struct openlineage {
    int fd; /* -1: nobody asked */
    const struct plan *plan;
    const char *home; /* absolute */
    char run_id[96], started_at[32], day[16];
    bool failed; /* a line could not be written: said once, then nothing more */
};
/* path NULL: every call below does nothing. ERR_IO when it cannot be opened for appending. */
int openlineage_open(struct openlineage *o, const char *path, struct plan *pl, struct err *e);
void openlineage_close(struct openlineage *o);
/* The run begins: also ends the day's run before it if that was killed. */
void openlineage_run_start(struct openlineage *o, struct ledger *l, const char *run_id, const char *started_at);
/* state: of the run, as in the ledger; error NULL where there is none. */
void openlineage_run_end(struct openlineage *o, const char *state, const char *error);
void openlineage_step_start(struct openlineage *o, const struct plan_step *s, int attempt);
void openlineage_step_end(struct openlineage *o, const struct plan_step *s, int attempt, const struct step_result *r,
                          const char *state, const char *error);

#endif
