/* What a run says at its end, and what a dry run says instead. Standard output. */
#ifndef ETL_RUN_SUMMARY_H
#define ETL_RUN_SUMMARY_H

#include "run/step.h"

struct summary_row {
    const char *stage, *name, *state;
    int64_t in, out, rejected;
    double seconds;
};
struct summary {
    struct summary_row *rows;
    size_t n, cap;
    char note[2048];
};
void summary_add(struct summary *s, const struct plan_step *step, const struct step_result *r, double seconds,
                 const char *state);
void summary_note(struct summary *s, const char *note); /* where the page is */
void summary_print(const struct summary *s, const struct pipeline *p, const char *day, const char *state,
                   const char *run_id, double seconds, const struct step_ctx *ctx);
void summary_plan(const struct plan *pl);
void summary_nothing(const struct pipeline *p, const char *day);
void summary_free(struct summary *s);

#endif
