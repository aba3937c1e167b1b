/* A step on columns, phase by phase; see tab.h. */
#include "base/log.h"
#include "transform/tab.h"

static void worker_begin(struct tab_run *run, struct tab_worker *w) {
    w->p = &run->plan;
    w->day = run->day;
    w->text.n = w->by.n = 0;
    w->rows = w->in = w->n = 0;
    if (!w->reasons) w->reasons = mem_alloc((run->plan.nreasons + 1) * sizeof *w->reasons);
    memset(w->reasons, 0, (run->plan.nreasons + 1) * sizeof *w->reasons);
    w->bad.line = 0;
}

static void read_batch(void *ctx, struct batch *b, void *out) {
    struct tab_run *run = ctx;
    struct tab_worker *w = out;
    const struct tab_phase *ph = &run->plan.phases[0];
    worker_begin(run, w);
    for (size_t i = 0; i < b->n; i++) {
        const struct rline *l = &b->blk.l[i];
        struct rec r;
        if (!l->bad && tab_alike(w, ph, b->blk.data.p + l->off, l->len)) continue;
        batch_scan_one(b, i, &r);
        if (r.bad || jv_type(r.v) != JT_OBJ) {
            w->bad = r;
            break;
        }
        tab_record(w, ph, r.v);
        tab_learn(w, r.v);
    }
}

static void piece(void *ctx, struct batch *b, void *out) {
    struct tab_run *run = ctx;
    struct tab_worker *w = out;
    const struct tab_phase *ph = &run->plan.phases[run->phase];
    const char *p = b->blk.data.p;
    const double *z = tab_spill_sorted(run->source, b);
    size_t nz = ph[-1].ends->a->inner.keys.n;
    worker_begin(run, w);
    for (size_t i = 0; i < b->n; i++) {
        p = tab_spill_row(run->source, w, ph - 1, p, z ? z + i * nz : NULL);
        if (tab_ops(w, ph)) tab_put(w, ph);
    }
}

static int hand_over(struct tab_run *run, struct tab_worker *w, struct err *e) {
    const struct tab_phase *ph = &run->plan.phases[run->phase];
    struct transform_stats *st = run->st;
    for (size_t i = 0; i < run->plan.nreasons; i++) {
        run->reasons[i] += w->reasons[i];
        if (!run->plan.warns[i]) st->dropped += w->reasons[i];
    }
    if (ph->ends && ph->ends->a->kind == TAB_ZSCORE) return tab_spill_take(run->spill, ph, w, e);
    if (ph->ends) return tab_groups_take(run->groups, w, e);
    st->rows_out += w->rows;
    return w->text.n ? run->cfg->write(run->cfg->ctx, w->text.p, w->text.n, w->rows, e) : ERR_OK;
}

static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct tab_run *run = ctx;
    struct tab_worker *w = out;
    if (w->bad.line) {
        struct arena a = {0};
        int rc = err_set(e, ERR_DATA, "%s:%llu: %s; validate first", reader_name(run->reader, w->bad.file),
                         (unsigned long long)w->bad.line,
                         w->bad.bad ? rec_problem(&w->bad, &a) : "the record is not an object");
        arena_free(&a);
        return rc;
    }
    if (!run->phase) {
        run->st->rows_in += b->n;
        run->st->made += w->in - b->n; /* wraps where records held no rows; the sum comes out */
    }
    return hand_over(run, w, e);
}

static void worker_free(void *out) {
    struct tab_worker *w = out;
    buf_free(&w->text);
    buf_free(&w->by);
    buf_free(&w->last);
    free(w->reasons);
    free(w->keys);
    free(w->vals);
    alike_free(&w->like);
}

static int fill(void *ctx, struct batch *b, bool *more, struct err *e) {
    return tab_spill_next(((struct tab_run *)ctx)->source, b, more, e);
}

static int from_reader(struct tab_run *run, struct reader *r, struct err *e) {
    struct crew crew = {.threads = run->cfg->threads,
                        .out_size = sizeof(struct tab_worker),
                        .ctx = run,
                        .work = read_batch,
                        .take = take,
                        .out_free = worker_free,
                        .unscanned = true};
    return crew_run(&crew, r, e);
}

static int from_spill(struct tab_run *run, struct err *e) {
    struct crew crew = {.threads = run->cfg->threads,
                        .out_size = sizeof(struct tab_worker),
                        .ctx = run,
                        .fill = fill,
                        .work = piece,
                        .take = take,
                        .out_free = worker_free};
    return crew_run(&crew, NULL, e);
}

static int from_groups(struct tab_run *run, struct tab_groups *g, struct err *e) {
    const struct tab_phase *ph = &run->plan.phases[run->phase];
    struct tab_worker *w = mem_alloc(sizeof *w);
    uint64_t rows;
    int rc = ERR_OK;
    worker_begin(run, w);
    while (tab_groups_next(g, w, &rows, &rc, e)) {
        run->st->merged += rows - 1;
        if (tab_ops(w, ph)) tab_put(w, ph);
        if (w->text.n + w->by.n < 1 << 18) continue;
        if ((rc = hand_over(run, w, e))) break;
        worker_begin(run, w);
    }
    if (rc == ERR_OK) rc = hand_over(run, w, e);
    worker_free(w);
    free(w);
    return rc;
}

/* One phase; what the one before it gathered is its source. */
static int do_phase(struct tab_run *run, struct reader *r, struct err *e) {
    const struct tab_phase *ph = &run->plan.phases[run->phase];
    struct tab_spill *spill = run->spill;
    struct tab_groups *groups = run->groups;
    size_t memory = run->cfg->memory / 2; /* of what is read, and of what is gathered */
    int rc = ERR_OK;
    run->spill = NULL;
    run->groups = NULL;
    run->source = spill;
    if (ph->ends && ph->ends->a->kind == TAB_ZSCORE) run->spill = tab_spill_new(ph->ends, memory, run->cfg->tmpdir);
    if (ph->ends && ph->ends->a->kind == TAB_AGGREGATE)
        run->groups = tab_groups_new(ph->ends, memory, run->cfg->tmpdir);
    if (!run->phase) rc = from_reader(run, r, e);
    if (spill) rc = tab_spill_finish(spill, e);
    if (spill && rc == ERR_OK) rc = from_spill(run, e);
    if (groups) rc = tab_groups_finish(groups, e);
    if (groups && rc == ERR_OK) rc = from_groups(run, groups, e);
    run->source = NULL;
    tab_spill_free(spill);
    tab_groups_free(groups);
    return rc;
}

static void tell(const struct tab_run *run) {
    struct transform_stats *st = run->st;
    size_t n = strlen(st->reasons);
    for (size_t i = 0; i < run->plan.nreasons; i++) {
        unsigned long long many = run->reasons[i];
        if (!many) continue;
        if (run->plan.warns[i]) {
            log_warn("%llu kept all the same: %s", many, run->plan.reasons[i]);
            continue;
        }
        log_info("%llu dropped: %s", many, run->plan.reasons[i]);
        int k =
            snprintf(st->reasons + n, sizeof st->reasons - n, "%s%llu %s", n ? "; " : "", many, run->plan.reasons[i]);
        n += k > 0 && (size_t)k < sizeof st->reasons - n ? (size_t)k : 0;
    }
    for (size_t i = 0; i < run->plan.nops; i++)
        if (run->plan.ops[i].a->points.left_out) log_warn("%s", run->plan.ops[i].a->points.left_out);
    if (st->made)
        log_info("%llu rows in %llu records", (unsigned long long)(st->rows_in + st->made),
                 (unsigned long long)st->rows_in);
    if (st->merged) log_info("%llu rows went into groups", (unsigned long long)(st->merged + st->rows_out));
}

int tab_run(const struct transform_cfg *cfg, const struct pl_step *step, struct reader *r, struct transform_stats *st,
            struct err *e) {
    struct tab_run run = {.cfg = cfg, .st = st, .reader = r};
    int rc = tab_plan_make(&run.plan, step, e);
    *st = (struct transform_stats){0};
    snprintf(run.day, sizeof run.day, "\"%s\"", day_text(cfg->day).s);
    run.reasons = mem_alloc((run.plan.nreasons + 1) * sizeof *run.reasons);
    for (; rc == ERR_OK && run.phase < run.plan.nphases; run.phase++) rc = do_phase(&run, r, e);
    if (rc == ERR_OK) tell(&run);
    tab_spill_free(run.spill);
    tab_groups_free(run.groups);
    free(run.reasons);
    tab_plan_free(&run.plan);
    return rc;
}
