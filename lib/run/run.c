/* See run.h. */
#include "run/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "io/file.h"
#include "io/part.h"
#include "report/alert.h"
#include "report/mailbody.h"
#include "report/report.h"
#include "report/sla.h"
#include "run/hook.h"
#include "run/lock.h"
#include "run/openlineage.h"
#include "run/prune.h"
#include "run/summary.h"
#include "store/warehouse.h"

struct day_run {
    struct plan plan;
    struct ledger ledger;
    struct run_row row;
    struct step_ctx ctx;
    const struct run_opt *opt;
    const struct run_env *env;
    const struct pipeline *p;
    struct summary sum;
    struct beside beside;
    struct openlineage events;
    char day[16], log_path[1024];
    double started, deadline; /* monotonic; deadline 0 none */
    const char *state;        /* of the run, for the ledger */
    const char *failed_stage, *failed_name;
    bool all_rejected;
    bool tells;               /* messages may wait: they go out when the lock is let go */
    const char *nothing_left; /* the step after which no record was left */
};

static struct log_place place(const struct day_run *r, const struct plan_step *s) {
    return (struct log_place){r->p->name, r->day, r->row.run_id[0] ? r->row.run_id : NULL,
                              s ? stage_name(s->stage) : NULL, s ? s->name : NULL};
}

/* A pause that ends with the first signal. */
static int pause_for(int64_t seconds, struct err *e) {
    double until = now_mono() + (double)seconds;
    while (now_mono() < until) {
        if (stop_signal())
            return err_set(e, ERR_STOPPED, "stopped by signal %d while waiting for a retry", stop_signal());
        usleep(50000);
    }
    return ERR_OK;
}

static void set_deadline(const struct day_run *r, const struct pl_stage *st) {
    double d = st->time_limit ? now_mono() + (double)st->time_limit : 0;
    if (r->deadline && (!d || r->deadline < d)) d = r->deadline;
    stop_deadline(d);
}

static const char *state_of(int rc, bool empty) {
    if (empty) return "empty";
    return rc == ERR_OK ? "done" : rc == ERR_GATE ? "gate_failed" : rc == ERR_STOPPED ? "stopped" : "failed";
}

struct step_end {
    struct day_run *r;
    const struct task_row *task;
    const struct step_result *res;
    const char *state, *error;
};

/* What the step's row says and what it dropped: both or neither, for a step that is done again says it again. */
static int note_step(void *ctx, struct err *e) {
    struct step_end *x = ctx;
    const struct day_run *r = x->r;
    int rc = ledger_task_end(&x->r->ledger, x->task, x->state, x->error, e);
    if (rc || x->error || !x->res->dropped) return rc;
    return ledger_event(&x->r->ledger, r->p->name, r->day, r->row.run_id, "dropped", x->res->dropped, e);
}

/* One attempt of a step, with its row in the ledger. */
static int attempt_step(struct day_run *r, struct plan_step *s, int attempt, struct step_result *res, struct err *e) {
    struct task_row t = {.run_id = r->row.run_id,
                         .pipeline = r->p->name,
                         .day = r->day,
                         .stage = stage_name(s->stage),
                         .dataset = s->name,
                         .mode = "run",
                         .attempt = attempt,
                         .input_digest = s->input,
                         .definition_digest = s->def};
    struct err mine = {0};
    db_lazy(&r->ledger.db, true); /* that it began may be forgotten */
    int rc = ledger_task_start(&r->ledger, &t, e);
    db_lazy(&r->ledger.db, false);
    if (rc) return rc;
    double start = now_mono();
    set_deadline(r, &r->p->stages[s->stage]);
    openlineage_step_start(&r->events, s, attempt);
    rc = step_do(&r->ctx, s, res, e);
    stop_deadline(0);
    t.rows_in = res->rows_in;
    t.rows_out = res->rows_out;
    t.rows_rejected = res->rows_rejected;
    t.bytes = res->bytes;
    t.seconds = now_mono() - start;
    t.output_digest = rc == ERR_OK && !res->empty ? res->output : NULL;
    struct step_end x = {r, &t, res, state_of(rc, res->empty), rc ? e->msg : NULL};
    /* the run's own end makes these safe as well; of the others something may depend that is not here (a source's files
     * are moved away) */
    db_lazy(&r->ledger.db, s->stage == STAGE_MART || s->stage == STAGE_REPORT);
    int end = db_transaction(&r->ledger.db, note_step, &x, &mine);
    db_lazy(&r->ledger.db, false);
    if (end && rc == ERR_OK) {
        *e = mine;
        rc = end;
    }
    summary_add(&r->sum, s, res, t.seconds, state_of(rc, res->empty));
    openlineage_step_end(&r->events, s, attempt, res, state_of(rc, res->empty), rc ? e->msg : NULL);
    return rc;
}

static int do_step(struct day_run *r, struct plan_step *s, bool *empty, struct err *e) {
    const struct pl_stage *st = &r->p->stages[s->stage];
    int retries = r->env->retries >= 0 ? r->env->retries : st->retries;
    int64_t wait = st->backoff ? st->backoff : 1;
    struct step_result res;
    log_place_set(place(r, s));
    log_debug("begins: %s", s->why);
    int rc = attempt_step(r, s, 1, &res, e);
    for (int k = 1; rc && k <= retries && err_retryable(rc) && !stop_signal(); k++) {
        log_warn("%s; trying again in %lld s (%d of %d; --retries 0 fails at once)", e->msg, (long long)wait, k,
                 retries);
        rc = pause_for(wait, e);
        if (rc == ERR_OK) rc = attempt_step(r, s, k + 1, &res, e);
        wait = wait * 2 > st->backoff_max && st->backoff_max ? st->backoff_max : wait * 2;
    }
    if (rc == ERR_OK) {
        s->made = true;
        *empty = res.empty;
        if (res.note[0]) summary_note(&r->sum, res.note);
        if (res.empty && s->stage == STAGE_LOAD) {
            r->all_rejected = true;
            log_warn("no record passed validation: recorded as empty, nothing is loaded and nothing deleted");
        } else if (res.empty && s->stage == STAGE_TRANSFORM) {
            r->nothing_left = s->name;
            log_warn("no record is left after this step: its output is removed, nothing is loaded and nothing deleted");
        } else if (res.empty) {
            log_warn("nothing came: recorded as empty, nothing is loaded and nothing deleted (say \"empty_ok\": true "
                     "if that "
                     "is normal)");
        } else {
            log_info("done");
        }
    } else {
        r->failed_stage = stage_name(s->stage);
        r->failed_name = s->name;
        log_keep(LOG_ERROR, "%s", e->msg);
    }
    log_place_set(place(r, NULL));
    return rc;
}

/* Steps that are made even after a failed gate: logs of runs. */
static bool always(const struct plan_step *s) {
    return (s->m && s->m->always) || s->stage == STAGE_REPORT;
}

static int do_steps(struct day_run *r, struct err *e) {
    int rc = ERR_OK;
    bool empty = false;
    for (size_t i = 0; i < r->plan.n; i++) {
        struct plan_step *s = &r->plan.s[i];
        bool after_gate = rc == ERR_GATE;
        if ((rc && !after_gate) || (after_gate && !always(s))) continue;
        if (stop_signal()) {
            if (rc == ERR_OK)
                rc = err_set(e, ERR_STOPPED, "stopped by signal %d after the step under way", stop_signal());
            break;
        }
        struct err mine = {0};
        if (beside_is_out(&r->beside, s)) continue;
        int step = plan_decide(&r->plan, i, &r->ledger, &mine);
        if (step == ERR_OK && s->todo) step = beside_fetch(&r->beside, &r->plan, i, r->row.run_id, &r->ledger, &mine);
        if (step == ERR_OK && !s->todo) continue;
        if (after_gate) r->ctx.quality_status = "FAIL";
        if (step == ERR_OK) step = do_step(r, s, &empty, &mine);
        if ((step || empty) && !after_gate && beside_isolate(&r->beside, &r->plan, s, step, &mine))
            empty = false;
        else if (step && after_gate)
            log_warn("%s", mine.msg); /* the gate's own message is the one that counts */
        else if (step) {
            rc = step;
            *e = mine;
        }
        if (empty) break;
    }
    if (empty && rc == ERR_OK) {
        r->state = "empty";
        rc =
            r->nothing_left
                ? err_set(e, ERR_NOINPUT,
                          "no record was left after the step %s (dropped ones are counted by reason in the log): its "
                          "output was removed, nothing was loaded and nothing deleted",
                          r->nothing_left)
                : err_set(e, ERR_NOINPUT,
                          r->all_rejected ? "no record of the day passed validation: nothing was loaded and nothing "
                                            "deleted; the reasons are in "
                                            "the rejected layer of the lake"
                                          : "the day is empty: no record came; nothing was loaded and nothing deleted");
    }
    return rc == ERR_OK ? beside_end(&r->beside, e) : rc;
}

static int sweep(struct day_run *r, struct err *e) {
    int rc = ledger_sweep(&r->ledger, r->p->name, e);
    if (rc == ERR_OK) rc = dir_sweep(arena_fmt(&r->plan.a, "%s/reports/%s", r->env->home, r->p->name), e);
    if (rc == ERR_OK) rc = dir_sweep(arena_fmt(&r->plan.a, "%s/reports", r->env->home), e);
    if (rc == ERR_OK) rc = dir_sweep(arena_fmt(&r->plan.a, "%s/metrics", r->env->home), e);
    for (size_t i = 0; i < r->p->ndatasets && rc == ERR_OK; i++) {
        static const char *const layers[] = {"raw", "valid", "rejected"};
        const struct pl_dataset *d = &r->p->datasets[i];
        for (int k = 0; k < 3 && rc == ERR_OK; k++)
            rc = part_sweep(arena_fmt(&r->plan.a, "%s/lake/%s/%s/%s", r->env->home, r->p->name, layers[k], d->name), e);
        for (size_t k = 0; k < d->nsteps && rc == ERR_OK; k++)
            rc = part_sweep(
                arena_fmt(&r->plan.a, "%s/lake/%s/silver/%s/%s", r->env->home, r->p->name, d->name, d->steps[k].name),
                e);
    }
    return rc;
}

static int hooks_and_steps(struct day_run *r, struct err *e) {
    struct hook h = {.pipeline = r->p->name,
                     .day = r->day,
                     .run_id = r->row.run_id,
                     .home = r->env->home,
                     .limit = r->p->hook_limit};
    int rc = ERR_OK;
    if (r->p->setup) {
        h.name = "setup";
        h.deadline = r->deadline;
        h.command = r->p->setup;
        rc = hook_run(&h, e);
        if (rc) r->failed_stage = "setup";
    }
    if (rc == ERR_OK) rc = do_steps(r, e);
    struct err lost = {0};
    int end = step_end(&r->ctx, &lost);
    if (end && rc == ERR_OK) {
        *e = lost;
        rc = end;
    }
    if (r->p->teardown) {
        struct err mine = {0};
        h.name = "teardown";
        h.deadline = 0; /* whatever the run has used up */
        h.command = r->p->teardown;
        h.state = state_of(rc, false);
        int t = hook_run(&h, &mine);
        if (t && rc) log_warn("%s", mine.msg);
        if (t && rc == ERR_OK) {
            *e = mine;
            rc = t;
            r->failed_stage = "teardown";
        }
    }
    return rc;
}

static void open_log(struct day_run *r) {
    struct err e;
    snprintf(r->log_path, sizeof r->log_path, "%s/logs/%s/%s", r->env->home, r->p->name, r->day);
    if (dir_make(r->log_path, &e)) {
        log_warn("no log file: %s", e.msg);
        return;
    }
    size_t n = strlen(r->log_path);
    snprintf(r->log_path + n, sizeof r->log_path - n, "/%s.jsonl", r->row.run_id);
    if (!log_file(r->log_path)) log_warn("cannot write the log file %s", r->log_path);
}

/* The day's report, for mails that carry it. */
static char *mail_report(struct day_run *r) {
    struct report *rep = NULL;
    struct buf b = {0};
    struct err e;
    struct db wh = {0};
    char *html = NULL;
    if (!r->p->alerts.url[CHANNEL_EMAIL] || !r->p->alerts.report) return NULL;
    if (warehouse_open_read(&wh, r->env->home, &e) == ERR_OK &&
        report_gather(&rep, r->p, r->plan.day, &wh, &r->ledger, NULL, &e) == ERR_OK) {
        report_mail(rep, &b);
        html = arena_strn(&r->plan.a, buf_text(&b), b.n);
    }
    report_free(rep);
    buf_free(&b);
    if (wh.h) db_close(&wh);
    return html;
}

struct ending {
    struct day_run *r;
    const struct alert_run *alert;
    const char *error;
};

/* The run's last word and what is told of it: both or neither. */
static int note_end(void *ctx, struct err *e) {
    struct ending *x = ctx;
    int rc = ledger_run_end(&x->r->ledger, &x->r->row, x->r->state, x->error, e);
    return rc ? rc : alert_run_ended(&x->r->ledger, x->r->p, x->alert, e);
}

static int end_run(struct day_run *r, int rc, const struct err *e, struct err *mine) {
    struct alert_run alert = {.home = r->env->home,
                              .day = r->day,
                              .run_id = r->row.run_id,
                              .state = r->state,
                              .error = rc ? e->msg : NULL,
                              .stage = r->failed_stage,
                              .dataset = r->failed_name,
                              .log_path = r->log_path};
    struct ending x = {r, &alert, rc ? e->msg : NULL};
    if (rc == ERR_OK) alert.html = mail_report(r);
    int end = db_transaction(&r->ledger.db, note_end, &x, mine);
    if (end) end = db_transaction(&r->ledger.db, note_end, &x, mine); /* what fails once need not fail twice */
    if (!end) return end;
    log_warn("alerts: %s", mine->msg); /* the run's own word must not be lost with them */
    return ledger_run_end(&r->ledger, &r->row, r->state, x.error, mine);
}

static int anything_to_do(struct day_run *r, bool *todo, struct err *e) {
    char last[16];
    int rc = plan_foresee(&r->plan, &r->ledger, e);
    if (rc == ERR_OK) rc = ledger_run_last(&r->ledger, r->p->name, r->day, last, e);
    /* a run that was killed after its last step still owes its teardown, its alert and its last word in the ledger */
    *todo = rc == ERR_OK && strcmp(last, "done") != 0;
    for (size_t i = 0; i < r->plan.n; i++) *todo = *todo || r->plan.s[i].todo;
    return rc;
}

/* With --from or --only: are there steps that still wait? */
static bool is_partial(struct day_run *r) {
    struct err e;
    bool left = false;
    if (r->opt->from < 0 && r->opt->only < 0) return false;
    r->plan.from = r->plan.only = -1;
    r->plan.force = false;
    for (size_t i = 0; i < r->plan.n; i++) r->plan.s[i].made = false;
    if (plan_foresee(&r->plan, &r->ledger, &e)) return true;
    for (size_t i = 0; i < r->plan.n; i++) left = left || r->plan.s[i].todo;
    return left;
}

/* What retention gives back is no part of the day: a failure there is told, and the day stays done. */
static void prune_after_run(struct day_run *r) {
    struct prune_stats st;
    struct err e = {0};
    int rc = prune(r->p, r->env->home, &r->ledger, NULL, &st, &e);
    if (rc) log_warn("retention: %s", e.msg);
    if (st.partitions)
        log_info("retention: %zu partitions removed, %llu bytes", st.partitions, (unsigned long long)st.bytes);
}

static bool overview_now(struct run_range *g) {
    if (!g) return true;
    g->pending = g->more && now_mono() - g->written < 30;
    if (!g->pending) g->written = now_mono();
    return !g->pending;
}

/* What tells of all days. */
static void overview(const struct pipeline *p, const char *home, struct ledger *l) {
    struct err e;
    if (metrics_write(l, home, &e)) log_warn("metrics: %s", e.msg);
    if (report_write_indexes(p, home, l, &e)) log_warn("pages over all days: %s", e.msg);
}

void run_range_end(const struct pipeline *p, const struct run_env *env, struct run_range *g) {
    struct ledger l = {0};
    struct err e;
    if (!g->pending) return;
    g->pending = false;
    if (ledger_open(&l, env->home, &e))
        log_warn("pages over all days: %s", e.msg);
    else
        overview(p, env->home, &l);
    ledger_close(&l);
}

static int work(struct day_run *r, struct err *e) {
    struct err mine = {0};
    r->row = (struct run_row){.pipeline = r->p->name, .day = r->day, .command = r->env->command};
    int rc = ledger_run_start(&r->ledger, &r->row, e);
    if (rc) return rc;
    char *started = arena_str(&r->plan.a, utc_text(now_utc()).s);
    r->ctx = (struct step_ctx){.plan = &r->plan,
                               .ledger = &r->ledger,
                               .run_id = r->row.run_id,
                               .started_at = started,
                               .quality_status = "PASS",
                               .beside = &r->beside,
                               .more_days = r->opt->range && r->opt->range->more};
    r->plan.wh = &r->ctx.held;
    open_log(r);
    openlineage_run_start(&r->events, &r->ledger, r->row.run_id, started);
    log_place_set(place(r, NULL));
    log_info("run %s begins (attempt %d)", r->row.run_id, r->row.attempt);
    ledger_event(&r->ledger, r->p->name, r->day, r->row.run_id, r->opt->force ? "run forced" : "run", r->env->command,
                 &mine);
    if (sla_register(&r->ledger, r->p, &mine)) log_warn("%s", mine.msg);
    if (r->p->time_limit) r->deadline = r->started + (double)r->p->time_limit;
    rc = hooks_and_steps(r, e);
    if (!r->state) r->state = rc == ERR_OK && is_partial(r) ? "partial" : state_of(rc, false);
    int end = end_run(r, rc, e, &mine);
    openlineage_run_end(&r->events, r->state, rc ? e->msg : NULL);
    if (end && rc == ERR_OK) {
        *e = mine;
        rc = end;
    }
    if (rc && rc != ERR_STOPPED && step_failed_page(&r->ctx, &mine)) log_warn("the day's page: %s", mine.msg);
    if (overview_now(r->opt->range)) overview(r->p, r->env->home, &r->ledger);
    log_info("run %s ended: %s", r->row.run_id, r->state);
    summary_print(&r->sum, r->p, r->day, r->state, r->row.run_id, now_mono() - r->started, &r->ctx);
    if (rc == ERR_OK) prune_after_run(r);
    r->tells = rc != ERR_STOPPED;
    return rc;
}

static int prepare(struct day_run *r, struct err *e) {
    int rc = dir_make(r->env->tmpdir, e);
    if (rc == ERR_OK) rc = ledger_open(&r->ledger, r->env->home, e);
    return rc == ERR_OK ? sweep(r, e) : rc;
}

static int dry(struct day_run *r, struct err *e) {
    bool todo;
    int rc = file_exists(arena_fmt(&r->plan.a, "%s/ledger.db", r->env->home))
                 ? ledger_open_read(&r->ledger, r->env->home, e)
                 : ERR_OK;
    if (rc) return rc;
    if (!r->ledger.db.h) { /* nothing has ever run here */
        for (size_t i = 0; i < r->plan.n; i++) {
            struct plan_step *s = &r->plan.s[i];
            s->todo = (r->plan.from < 0 || (int)s->stage >= r->plan.from) &&
                      (r->plan.only < 0 || (int)s->stage == r->plan.only);
            s->why = s->todo ? "not done yet" : "not asked for";
        }
    } else if ((rc = anything_to_do(r, &todo, e))) {
        return rc;
    }
    summary_plan(&r->plan);
    return ERR_OK;
}

/* What waits for the channels, when the lock is let go: a receiver that hangs keeps the next run from nothing. */
static void tell(struct day_run *r) {
    struct err e;
    if (alert_flush(&r->ledger, r->p, r->env->home) && metrics_write(&r->ledger, r->env->home, &e))
        log_warn("metrics: %s", e.msg); /* what waits has changed */
}

/* Was the run that did the last day killed before it told of all days? */
static bool is_overview_old(struct day_run *r) {
    struct stat st;
    struct stmt s;
    struct err e;
    bool row, old = true;
    if (stat(arena_fmt(&r->plan.a, "%s/reports/index.html", r->env->home), &st) != 0) return true;
    if (stmt_prepare(&s, &r->ledger.db, "SELECT MAX(unixepoch(finished_at)) > ?1 FROM runs", "reading the ledger", &e))
        return false;
    stmt_int(&s, 1, (int64_t)st.st_mtim.tv_sec);
    if (stmt_step(&s, &row, &e) == ERR_OK && row) old = stmt_col_int(&s, 0) != 0;
    stmt_close(&s);
    return old;
}

static void nothing(struct day_run *r) {
    summary_nothing(r->p, r->day);
    r->tells = true; /* a run that was killed before its messages went out owes them still */
    if (is_overview_old(r)) overview(r->p, r->env->home, &r->ledger);
    prune_after_run(r);
}

int run_day(const struct pipeline *p, day_t day, const struct run_env *env, const struct run_opt *opt, struct err *e) {
    struct day_run r = {.opt = opt, .env = env, .p = p, .started = now_mono(), .events.fd = -1};
    struct run_lock lock = {.fd = -1};
    bool todo;
    int rc;
    snprintf(r.day, sizeof r.day, "%s", day_text(day).s);
    plan_make(&r.plan, p, env, day);
    r.plan.force = opt->force;
    r.plan.from = opt->from;
    r.plan.only = opt->only;
    log_place_set(place(&r, NULL));
    if (opt->dry_run) {
        rc = dry(&r, e);
        goto out;
    }
    rc = openlineage_open(&r.events, env->openlineage, &r.plan, e);
    if (rc == ERR_OK) rc = run_lock_take(&lock, env->home, p->name, env->command, e);
    if (rc == ERR_OK) rc = prepare(&r, e);
    if (rc == ERR_OK) rc = anything_to_do(&r, &todo, e);
    if (rc == ERR_OK && todo)
        rc = work(&r, e);
    else if (rc == ERR_OK)
        nothing(&r);
out:
    openlineage_close(&r.events);
    run_lock_drop(&lock);
    if (r.tells) tell(&r);
    log_file(NULL);
    ledger_close(&r.ledger);
    summary_free(&r.sum);
    plan_free(&r.plan);
    log_place_set((struct log_place){0});
    return rc;
}
