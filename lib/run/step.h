/* Doing one step of a day in the durable form: partition in, partition or table out. */
#ifndef ETL_RUN_STEP_H
#define ETL_RUN_STEP_H

#include "quality/quality.h"
#include "run/beside.h"
#include "run/plan.h"

struct step_result {
    int64_t rows_in, rows_out, rows_rejected, bytes; /* -1 unknown */
    char output[65];
    bool empty;            /* nothing came and that is not normal: the day ends here */
    char gate_detail[900]; /* validate: the failed checks in words, "" when the gate passed */
    char note[256];        /* a word for the summary */
    const char *dropped;   /* transform: what was dropped and why, in the plan's arena; NULL nothing */
};
/* What a mart step notes as done. */
void mart_digest(const struct plan_step *s, char out[65]);

struct step_ctx {
    struct plan *plan;
    struct ledger *ledger;
    const char *run_id, *started_at, *quality_status;
    size_t checks_passed, checks_total;
    struct db wh;   /* the marts', from the first one to the end of the report */
    struct db held; /* only read, and open as long as the steps: who opens and closes it beside is not the last one
                     * then, and need not empty the log and make the next one */
    struct mart_scan *scan;
    struct beside *beside;
    bool more_days; /* of a range follow: the page over all days is made after them */
};
/* ERR_GATE when the gate failed. */
int step_do(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e);
/* The page of a day that failed before its report: it says so. A page that a report has made is left alone. */
int step_failed_page(struct step_ctx *c, struct err *e);
/* What the context keeps from step to step. */
void step_free(struct step_ctx *c);
/* After the last step: frees it all, and what marts have written is safe from power loss. */
int step_end(struct step_ctx *c, struct err *e);

/* Failed checks of a result in words: "필수 필드 NULL 검사 97.10 % (3 of 104; line 7 user_id: null)". */
void gate_words(const struct quality_result *res, char *to, size_t n);

#endif
