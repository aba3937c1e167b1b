/*
 * The plan of a day: its steps in order, and for each whether it must be done and why.
 *
 * A step is done when its latest ledger row says so, was written by this version of etl, for the same definition and
 * the same input, and its output still lies where it was put. Whatever comes after a step that is redone is redone.
 */
#ifndef ETL_RUN_PLAN_H
#define ETL_RUN_PLAN_H

#include "run/env.h"

struct plan_step {
    enum stage stage;
    const char *name;           /* dataset, dataset/step, model, or "report": the ledger's dataset */
    const struct pl_dataset *d; /* NULL for models and report */
    const struct pl_step *t;    /* transform */
    size_t t_index;
    const struct pl_model *m; /* mart */
    char input[65], def[65];
    bool todo;
    const char *why; /* static or in the plan's arena */
    struct task_seen last;
    bool made;  /* redone in this run */
    bool sound; /* collect: done in this run, and all it wrote are objects */
};
struct plan {
    struct arena a;
    const struct pipeline *p;
    const struct run_env *env;
    day_t day;
    struct plan_step *s;
    size_t n;
    bool force;
    int from, only; /* stages, -1 none */
    struct db *wh;  /* the warehouse, where somebody has it open; NULL or not open: opened for each question */
};

void plan_make(struct plan *pl, const struct pipeline *p, const struct run_env *env, day_t day);
/* Fill input, def, todo and why of step i from the state now; steps before it marked `made` count as redone. */
int plan_decide(struct plan *pl, size_t i, struct ledger *l, struct err *e);
/* The same for all steps, taking for granted that each one to do is done. For --dry-run and for "nothing to do". */
int plan_foresee(struct plan *pl, struct ledger *l, struct err *e);
void plan_free(struct plan *pl);

/* Directories of the partitions that steps read and write; in the plan's arena. */
char *plan_dir(struct plan *pl, const char *layer, const struct pl_dataset *d, const char *step);
/* What load reads: the last silver step, or the valid layer. */
char *plan_load_dir(struct plan *pl, const struct pl_dataset *d);

#endif
