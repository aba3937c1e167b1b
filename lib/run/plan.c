/* See plan.h. */
#include "run/plan.h"

#include "base/hash.h"
#include "collect/web.h"
#include "io/file.h"
#include "io/part.h"
#include "store/warehouse.h"

static struct plan_step *add(struct plan *pl, enum stage stage, const char *name) {
    struct plan_step *s = &pl->s[pl->n++];
    *s = (struct plan_step){.stage = stage, .name = name, .why = ""};
    return s;
}

static void add_model(struct plan *pl, const struct pl_model *m) {
    if (m->kind == MODEL_CTE) return;
    add(pl, STAGE_MART, m->name)->m = m;
}

void plan_make(struct plan *pl, const struct pipeline *p, const struct run_env *env, day_t day) {
    size_t most = p->nmodels + 1;
    for (size_t i = 0; i < p->ndatasets; i++) most += 3 + p->datasets[i].nsteps;
    *pl = (struct plan){.p = p, .env = env, .day = day, .from = -1, .only = -1};
    pl->s = arena_alloc(&pl->a, most * sizeof *pl->s);
    for (size_t i = 0; i < p->ndatasets; i++) {
        const struct pl_dataset *d = &p->datasets[i];
        add(pl, STAGE_COLLECT, d->name)->d = d;
        add(pl, STAGE_VALIDATE, d->name)->d = d;
        for (size_t k = 0; k < d->nsteps; k++) {
            struct plan_step *s = add(pl, STAGE_TRANSFORM, arena_fmt(&pl->a, "%s/%s", d->name, d->steps[k].name));
            s->d = d;
            s->t = &d->steps[k];
            s->t_index = k;
        }
        if (d->load) add(pl, STAGE_LOAD, d->name)->d = d;
    }
    for (size_t i = 0; i < p->nmodels; i++)
        if (!p->models[i].always) add_model(pl, &p->models[i]);
    for (size_t i = 0; i < p->nmodels; i++)
        if (p->models[i].always) add_model(pl, &p->models[i]);
    add(pl, STAGE_REPORT, "report");
}

void plan_free(struct plan *pl) {
    arena_free(&pl->a);
}

char *plan_dir(struct plan *pl, const char *layer, const struct pl_dataset *d, const char *step) {
    return part_dir(&pl->a, pl->env->home, pl->p->name, layer, d->name, step, pl->day);
}

char *plan_load_dir(struct plan *pl, const struct pl_dataset *d) {
    return d->nsteps ? plan_dir(pl, "silver", d, d->steps[d->nsteps - 1].name) : plan_dir(pl, "valid", d, NULL);
}

/* Digest of a partition, "" when there is none. quick: the one that a load by hand can keep of its input too. */
static int part_digest(const char *dir, bool quick, char out[65], struct err *e) {
    struct part_info info;
    bool found;
    int rc = part_read(dir, &info, &found, e);
    if (rc == ERR_CORRUPT) { /* what is damaged is as good as missing: the step is done again */
        out[0] = 0;
        return ERR_OK;
    }
    if (rc == ERR_OK && !found) rc = part_pruned(dir, &info, &found, e); /* what retention took away was there */
    memcpy(out, !found ? "" : quick && info.quick[0] ? info.quick : info.sha256, found ? 65 : 1);
    return rc;
}

/* Digest over the outputs of steps: those that the model refers to, or all for the report. */
static int outputs_digest(struct plan *pl, const struct pl_model *m, struct ledger *l, char out[65], struct err *e) {
    struct sha256 h;
    struct arena a = {0};
    const char *day = arena_str(&a, day_text(pl->day).s);
    int rc = ERR_OK;
    sha256_start(&h);
    for (size_t i = 0; i < pl->n && rc == ERR_OK; i++) {
        const struct plan_step *s = &pl->s[i];
        bool loads = s->stage == STAGE_LOAD && (!m || strs_has(m->inputs, sv_of(s->d->load->table)));
        bool marts = s->stage == STAGE_MART && s->m != m && (!m || strs_has(m->inputs, sv_of(s->m->name)));
        bool checks = s->stage == STAGE_VALIDATE && (!m || m->always);
        if (!loads && !marts && !checks) continue;
        struct task_seen seen;
        rc = ledger_task_last(l, &a, pl->p->name, day, stage_name(s->stage), s->name, &seen, e);
        sha256_str(&h, s->name);
        sha256_str(&h, seen.output_digest);
        sha256_str(&h, checks ? seen.state : "");
    }
    sha256_hex(&h, out);
    arena_free(&a);
    return rc;
}

static int step_digests(struct plan *pl, struct plan_step *s, struct ledger *l, bool *present, struct err *e) {
    *present = true;
    switch (s->stage) {
    case STAGE_COLLECT:
        memcpy(s->def, s->d->source_digest, 65);
        return collect_digest(pl->p, s->d, pl->day, &pl->env->collect, s->input, present, e);
    case STAGE_VALIDATE:
        memcpy(s->def, s->d->checks_digest, 65);
        return part_digest(plan_dir(pl, "raw", s->d, NULL), false, s->input, e);
    case STAGE_TRANSFORM:
        memcpy(s->def, s->t->digest, 65);
        return part_digest(s->t_index ? plan_dir(pl, "silver", s->d, s->d->steps[s->t_index - 1].name)
                                      : plan_dir(pl, "valid", s->d, NULL),
                           false, s->input, e);
    case STAGE_LOAD:
        memcpy(s->def, s->d->load_digest, 65);
        return part_digest(plan_load_dir(pl, s->d), true, s->input, e);
    case STAGE_MART:
        memcpy(s->def, s->m->digest, 65);
        return outputs_digest(pl, s->m, l, s->input, e);
    default:
        if (pl->p->report) memcpy(s->def, pl->p->report->digest, 65);
        return outputs_digest(pl, NULL, l, s->input, e);
    }
}

/* Does the warehouse hold what the ledger says? */
static int warehouse_has(struct plan *pl, const struct plan_step *s, bool *there, struct err *e) {
    struct db own;
    struct warehouse_mark m = {pl->p->name, day_text(pl->day).s, stage_name(s->stage), s->name, s->last.output_digest};
    *there = false;
    if (!s->last.output_digest) return ERR_OK;
    if (pl->wh && pl->wh->h) return warehouse_holds(pl->wh, &m, there, e);
    if (!file_exists(arena_fmt(&pl->a, "%s/warehouse.db", pl->env->home))) return ERR_OK;
    int rc = warehouse_open_read(&own, pl->env->home, e);
    if (rc) return rc;
    rc = warehouse_holds(&own, &m, there, e);
    db_close(&own);
    return rc;
}

/* Does the output that the ledger speaks of still lie there? */
static int output_is_there(struct plan *pl, const struct plan_step *s, bool *there, struct err *e) {
    char digest[65] = "";
    char *dir = NULL;
    *there = true;
    if (s->stage == STAGE_LOAD || s->stage == STAGE_MART) return warehouse_has(pl, s, there, e);
    if (s->stage == STAGE_COLLECT) dir = plan_dir(pl, "raw", s->d, NULL);
    if (s->stage == STAGE_VALIDATE) dir = plan_dir(pl, "valid", s->d, NULL);
    if (s->stage == STAGE_TRANSFORM) dir = plan_dir(pl, "silver", s->d, s->t->name);
    if (!dir) {
        *there =
            file_exists(arena_fmt(&pl->a, "%s/reports/%s/%s.html", pl->env->home, pl->p->name, day_text(pl->day).s));
        return ERR_OK;
    }
    int rc = part_digest(dir, false, digest, e);
    *there = rc == ERR_OK && s->last.output_digest && strcmp(digest, s->last.output_digest) == 0;
    return rc;
}

static bool same(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

/* Is s the collecting of a dataset that is made of d? */
static bool made_of(const struct plan_step *s, const struct pl_dataset *d) {
    if (s->stage != STAGE_COLLECT || !d || !s->d || s->d->source.kind != SOURCE_DATASET) return false;
    for (size_t i = 0, n = strlen(d->name); i < s->d->source.from.n; i++) {
        const char *from = s->d->source.from.s[i];
        if (strncmp(from, d->name, n) == 0 && (!from[n] || from[n] == '/')) return true;
    }
    return false;
}

/* The step before which s must come again when it was redone. */
static const struct plan_step *redone_before(const struct plan *pl, size_t i) {
    const struct plan_step *s = &pl->s[i];
    for (size_t k = 0; k < i; k++) {
        const struct plan_step *b = &pl->s[k];
        if (!b->made) continue;
        if (s->stage == STAGE_REPORT || (s->d && s->d == b->d) || made_of(s, b->d)) return b;
        if (s->stage != STAGE_MART) continue;
        if (b->stage == STAGE_LOAD && strs_has(s->m->inputs, sv_of(b->d->load->table))) return b;
        if (b->stage == STAGE_MART && strs_has(s->m->inputs, sv_of(b->m->name))) return b;
        if (b->stage == STAGE_VALIDATE && s->m->always) return b;
    }
    return NULL;
}

static const char *reason(struct plan *pl, size_t i, bool present, bool there) {
    struct plan_step *s = &pl->s[i];
    const struct plan_step *before = redone_before(pl, i);
    if (pl->force) return "forced (--force)";
    if (pl->from >= 0 && (int)s->stage >= pl->from) return "asked for (--from)";
    if (pl->only >= 0) return "asked for (--only)";
    if (!s->last.found) return "not done yet";
    struct collect_opt wanted = pl->env->collect;
    wanted.home = pl->env->home;
    const char *wants = s->stage == STAGE_COLLECT ? web_wants(pl->p, s->d, pl->day, &wanted) : NULL;
    if (wants) return wants;
    if (before) return arena_fmt(&pl->a, "%s %s is done again before it", stage_name(before->stage), before->name);
    if (same(s->last.state, "running")) return "interrupted last time";
    if (same(s->last.state, "empty")) return "it was empty last time";
    if (!same(s->last.state, "done")) return "failed last time";
    if (!same(s->last.version, ETL_VERSION))
        return arena_fmt(&pl->a, "made by etl %s, this is " ETL_VERSION, s->last.version);
    if (!same(s->last.definition_digest, s->def)) return "its definition changed";
    if (!there) return "its output is missing or was changed";
    if (s->stage == STAGE_COLLECT && !present && !pl->env->collect.source)
        return NULL; /* the files are gone (rotated): what was collected stays */
    if (!same(s->last.input_digest, s->input)) return "its input changed";
    return NULL;
}

int plan_decide(struct plan *pl, size_t i, struct ledger *l, struct err *e) {
    struct plan_step *s = &pl->s[i];
    bool present, there = true;
    char *day = arena_str(&pl->a, day_text(pl->day).s);
    if ((pl->from >= 0 && (int)s->stage < pl->from) || (pl->only >= 0 && (int)s->stage != pl->only)) {
        s->todo = false;
        s->why = "not asked for";
        return ERR_OK;
    }
    int rc = ledger_task_last(l, &pl->a, pl->p->name, day, stage_name(s->stage), s->name, &s->last, e);
    if (rc == ERR_OK) rc = step_digests(pl, s, l, &present, e);
    if (rc == ERR_OK && s->last.found) rc = output_is_there(pl, s, &there, e);
    if (rc) return rc;
    const char *why = reason(pl, i, present, there);
    s->todo = why != NULL;
    s->why = why ? why : "done";
    return ERR_OK;
}

int plan_foresee(struct plan *pl, struct ledger *l, struct err *e) {
    struct db *held = pl->wh, own = {0};
    int rc = ERR_OK;
    if ((!held || !held->h) && file_exists(arena_fmt(&pl->a, "%s/warehouse.db", pl->env->home)) &&
        warehouse_open_read(&own, pl->env->home, e) == ERR_OK) /* else each step says what is wrong with it */
        pl->wh = &own;
    for (size_t i = 0; i < pl->n && rc == ERR_OK; i++) {
        rc = plan_decide(pl, i, l, e);
        pl->s[i].made = pl->s[i].todo;
    }
    for (size_t i = 0; i < pl->n; i++) pl->s[i].made = false;
    pl->wh = held;
    if (own.h) db_close(&own);
    return rc;
}
