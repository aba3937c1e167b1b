/* See step.h. */
#include "run/step.h"

#include <malloc.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "io/file.h"
#include "io/part.h"
#include "io/sink.h"
#include "mart/mart.h"
#include "report/report.h"
#include "run/profiling.h"
#include "transform/transform.h"

size_t env_block(const struct run_env *env) {
    size_t b = env->memory / 128;
    return b < 65536 ? 65536 : b > 1 << 20 ? 1 << 20 : b;
}

size_t env_checks(const struct run_env *env) {
    return env->memory / 8 * 5 - (4 << 20); /* at least 6 MiB: --memory is 16 or more */
}

size_t env_keys(const struct run_env *env) {
    return env->memory / 8 * 3 - (4 << 20);
}

static const char *made_by(enum stage s, struct arena *a) {
    return arena_fmt(a, "etl " ETL_VERSION " %s", stage_name(s));
}

static int part_sink(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    return part_write(ctx, p, n, rows, e);
}

static int do_collect(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    struct part_writer *w = NULL;
    struct collect_stats st = {0};
    struct part_info info;
    int rc = part_begin(&w, plan_dir(pl, "raw", s->d, NULL), NULL, e);
    if (rc) return rc;
    struct collect_opt o = beside_options(pl, c->run_id);
    o.look = !s->d->nchecks;
    rc = beside_result(c->beside, s->d, &o.fetched, e);
    if (rc == ERR_OK) rc = collect_run(pl->p, s->d, pl->day, &o, part_sink, w, &st, e);
    snprintf(r->note, sizeof r->note, "%s", st.note);
    r->rows_out = (int64_t)st.rows;
    r->bytes = (int64_t)st.bytes;
    if (rc == ERR_OK && !st.rows && !s->d->empty_ok) r->empty = true;
    if (rc || r->empty) {
        part_abort(w);
        return rc;
    }
    if (st.sound) part_sound(w);
    s->sound = st.sound;
    rc = part_publish(w, made_by(s->stage, &pl->a), st.inputs_json, &info, e);
    memcpy(r->output, info.sha256, 65);
    return rc;
}

/* A partition that is read, and proved to be what its _SUCCESS says while it is. */
struct part_in {
    const char *dir;
    struct part_info info;
    struct reader *r;
    struct digest digest;
    char *from; /* for the _SUCCESS of what is made of it */
};

static int open_part(struct plan *pl, const char *dir, struct part_in *in, struct err *e) {
    bool found;
    char **files;
    size_t n;
    in->dir = dir;
    int rc = part_read(dir, &in->info, &found, e);
    if (rc) return rc;
    if (!found && part_pruned(dir, &in->info, &found, e) == ERR_OK && found)
        return err_set(e, ERR_DATA, "%s was removed by retention; run the day with --force to make it again", dir);
    if (!found)
        return err_set(
            e, ERR_DATA,
            "%s is not there: the stage before has not been done for this day (run without --from or --only)", dir);
    progress_expect(in->info.bytes);
    rc = part_files(dir, &pl->a, &files, &n, e);
    digest_start(&in->digest);
    struct reader_opt opt = {
        .format = FMT_JSONL, .block = env_block(pl->env), .max_line = pl->env->max_line, .digest = &in->digest};
    if (rc == ERR_OK) rc = reader_open(&in->r, (const char *const *)files, n, &opt, e);
    in->from = arena_fmt(&pl->a, "[{\"partition\":\"%s\",\"sha256\":\"%s\"}]", dir + strlen(pl->env->home) + 1,
                         in->info.sha256);
    return rc;
}

/* After all of it was read, and before anything is made of it: what was changed on the disk is not taken as if it were
 * whole. A failure before that (rc) may come from such a change, which is then what is told. */
static int check_part(struct part_in *in, int rc, struct err *e) {
    struct err damage = {0};
    if (!in->digest.state) return rc;
    if (rc == ERR_OK) return part_verify_read(in->dir, &in->info, &in->digest, e);
    if (rc == ERR_STOPPED || rc == ERR_TIMEOUT || part_verify(in->dir, false, &damage) == ERR_OK) return rc;
    *e = damage;
    return e->code;
}

static void close_part(struct part_in *in) {
    char unused[65];
    reader_close(in->r);
    if (in->digest.state) digest_hex(&in->digest, unused);
}

void gate_words(const struct quality_result *res, char *to, size_t n) {
    size_t at = 0;
    to[0] = 0;
    for (size_t i = 0; i < res->nchecks && at + 1 < n; i++) {
        const struct quality_check *c = &res->checks[i];
        if (c->pass || !c->c->gate) continue;
        int k =
            snprintf(to + at, n - at, "%s%s %.2f %% is below %g %% (%llu of %llu failed", at ? "; " : "", c->c->name,
                     c->pass_rate, c->c->min_pass_rate, (unsigned long long)c->failed, (unsigned long long)c->total);
        at += k > 0 ? (size_t)k : 0;
        for (size_t j = 0; j < c->nsamples && j < 3 && at + 1 < n; j++) {
            const struct quality_sample *s = &c->samples[j];
            k = snprintf(to + at, n - at, "%s line %llu %s: %s", j ? "," : ";", (unsigned long long)s->line,
                         s->field ? s->field : "", s->found);
            at += k > 0 ? (size_t)k : 0;
        }
        if (at + 1 < n) at += (size_t)snprintf(to + at, n - at, ")");
    }
}

struct validate_out {
    struct part_writer *valid, *rejected;
};
static int accept_rows(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    return part_write(((struct validate_out *)ctx)->valid, p, n, rows, e);
}
static int reject_row(void *ctx, const char *p, size_t n, struct err *e) {
    return part_write(((struct validate_out *)ctx)->rejected, p, n, 1, e);
}

/* Results to the quality log, whatever the verdict. */
static int log_quality(struct plan *pl, const struct pl_dataset *d, struct quality *q, const struct quality_result *res,
                       struct err *e) {
    struct db wh;
    int rc = warehouse_open(&wh, pl->env->home, pl->env->memory / 16, e);
    if (rc) return rc;
    rc = warehouse_log_quality(&wh, pl->p->name, d->name, day_text(pl->day).s, d->load ? d->load->table : d->name,
                               quality_rows(q, res, &pl->a), res->nchecks, e);
    db_close(&wh);
    return rc;
}

/* Records that are found to be duplicates late are taken out of what was written. */
static bool may_rewrite(const struct pl_dataset *d) {
    for (size_t i = 0; i < d->nchecks; i++)
        if (d->checks[i].kind == CHECK_UNIQUE && d->checks[i].reject) return true;
    return false;
}

/* Did this run itself look at every record? What lay on the disk for a while is read again, and proved. */
static bool just_seen(const struct plan *pl, const struct pl_dataset *d) {
    for (size_t i = 0; i < pl->n; i++)
        if (pl->s[i].stage == STAGE_COLLECT && pl->s[i].d == d) return pl->s[i].sound;
    return false;
}

static int do_validate(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    struct part_in in = {0};
    struct part_info made = {0}, no_matter;
    struct validate_out v = {0};
    struct quality_result res;
    struct quality_cfg cfg = {.p = pl->p,
                              .d = s->d,
                              .memory = env_checks(pl->env),
                              .threads = pl->env->threads,
                              .tmpdir = pl->env->tmpdir,
                              .home = pl->env->home};
    struct quality *q = quality_new(&cfg);
    struct quality_out out = {&v, accept_rows, reject_row};
    int rc = open_part(pl, plan_dir(pl, "raw", s->d, NULL), &in, e);
    struct part_like like = {in.dir, &in.info, may_rewrite(s->d)};
    if (rc == ERR_OK && s->d->profile) rc = part_verify(in.dir, false, e);
    if (rc == ERR_OK && s->d->profile) rc = profiling_day(pl, s->d, e); /* whatever the gate will say */
    if (rc == ERR_OK) rc = part_begin(&v.valid, plan_dir(pl, "valid", s->d, NULL), &like, e);
    if (rc == ERR_OK) rc = part_begin(&v.rejected, plan_dir(pl, "rejected", s->d, NULL), NULL, e);
    if (rc == ERR_OK && just_seen(pl, s->d) && in.info.sound && quality_trusts(q) && part_same(v.valid))
        quality_sound(q, in.info.rows, &res); /* who reads it next proves that it is what was collected */
    else if (rc == ERR_OK)
        rc = check_part(&in, quality_run(q, in.r, &out, &res, e), e);
    if (rc == ERR_OK && res.duplicates) rc = part_rewrite(v.valid, quality_keep, q, e);
    if (rc == ERR_OK) rc = log_quality(pl, s->d, q, &res, e);
    if (rc) goto out;
    r->rows_in = (int64_t)res.rows_in;
    r->rows_out = res.pass ? (int64_t)res.rows_accepted : 0;
    r->rows_rejected = (int64_t)res.rows_rejected;
    r->bytes = (int64_t)in.info.bytes;
    for (size_t i = 0; i < res.nchecks; i++) c->checks_passed += res.checks[i].pass;
    c->checks_total += res.nchecks;
    /* rejects first: a valid partition never stands without the account of what is missing from it */
    struct part_writer *w = v.rejected;
    v.rejected = NULL;
    rc = part_publish(w, made_by(s->stage, &pl->a), in.from, &no_matter, e);
    if (rc == ERR_OK && !res.pass) {
        gate_words(&res, r->gate_detail, sizeof r->gate_detail);
        rc = err_set(e, ERR_GATE, "the quality gate failed: %s", r->gate_detail);
    }
    if (rc == ERR_OK) {
        w = v.valid;
        v.valid = NULL;
        rc = part_publish(w, made_by(s->stage, &pl->a), in.from, &made, e);
        memcpy(r->output, made.sha256, 65);
    }
out:
    part_abort(v.valid);
    part_abort(v.rejected);
    close_part(&in);
    quality_free(q);
    return rc;
}

static int do_transform(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    struct part_in in = {0};
    struct part_writer *w = NULL;
    struct part_info made;
    struct transform_stats st;
    const char *dir =
        s->t_index ? plan_dir(pl, "silver", s->d, s->d->steps[s->t_index - 1].name) : plan_dir(pl, "valid", s->d, NULL);
    int rc = open_part(pl, dir, &in, e);
    struct part_like like = {in.dir, &in.info, false};
    if (rc == ERR_OK) rc = part_begin(&w, plan_dir(pl, "silver", s->d, s->t->name), &like, e);
    struct transform_cfg cfg = {.steps = s->t,
                                .n = 1,
                                .day = pl->day,
                                .threads = pl->env->threads,
                                .memory = env_keys(pl->env),
                                .tmpdir = pl->env->tmpdir,
                                .write = part_sink,
                                .ctx = w};
    if (rc == ERR_OK) rc = check_part(&in, transform_run(&cfg, in.r, &st, e), e);
    if (rc == ERR_OK) {
        r->rows_in = (int64_t)st.rows_in;
        r->rows_out = (int64_t)st.rows_out;
        r->rows_rejected = (int64_t)st.dropped;
        r->bytes = (int64_t)in.info.bytes;
        char rows[64] = ""; /* what the counts of rows and of what was dropped add up to */
        if (st.made)
            snprintf(rows, sizeof rows, " (of %llu rows in %llu records)", (unsigned long long)st.rows_in + st.made,
                     (unsigned long long)st.rows_in);
        if (st.reasons[0]) r->dropped = arena_fmt(&pl->a, "%s: %s%s", s->name, st.reasons, rows);
    }
    if (rc == ERR_OK && !st.rows_out && !s->d->empty_ok) {
        r->empty = true; /* what an earlier attempt left is not taken for this one's */
        rc = part_remove(plan_dir(pl, "silver", s->d, s->t->name), e);
    } else if (rc == ERR_OK) {
        rc = part_publish(w, made_by(s->stage, &pl->a), in.from, &made, e);
        w = NULL;
        memcpy(r->output, made.sha256, 65);
    }
    part_abort(w);
    close_part(&in);
    return rc;
}

static int do_load(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    struct part_in in = {0};
    struct db wh = {0};
    struct loader *l = NULL;
    struct loader_stats st;
    int rc = open_part(pl, plan_load_dir(pl, s->d), &in, e);
    if (rc == ERR_OK && !in.info.rows && !s->d->empty_ok) {
        r->empty = true;
        close_part(&in);
        return ERR_OK;
    }
    if (rc == ERR_OK) rc = warehouse_open(&wh, pl->env->home, pl->env->memory / 8, e);
    if (rc == ERR_OK) rc = loader_open(&l, &wh, s->d->load, pl->day, &pl->p->zone, env_keys(pl->env), e);
    if (rc == ERR_OK) rc = check_part(&in, load_records(l, in.r, pl->env->threads, e), e);
    if (rc == ERR_OK) {
        struct warehouse_mark mark = {pl->p->name, day_text(pl->day).s, stage_name(s->stage), s->name, s->input};
        rc = loader_commit(l, &mark, &st, e);
        l = NULL;
    }
    if (rc == ERR_OK) {
        r->rows_in = (int64_t)st.rows_in;
        r->rows_out = (int64_t)st.written;
        r->rows_rejected = (int64_t)st.dropped;
        r->bytes = (int64_t)in.info.bytes;
        memcpy(r->output, s->input, 65);
    }
    loader_abort(l);
    if (wh.h) db_close(&wh);
    close_part(&in);
    return rc;
}

void mart_digest(const struct plan_step *s, char out[65]) {
    struct sha256 h;
    sha256_start(&h);
    sha256_str(&h, s->input);
    sha256_str(&h, s->def);
    sha256_hex(&h, out);
}

/* One handle for all marts and the report: what they read into memory holds as long as it sees no change. */
static int open_marts(struct step_ctx *c, struct err *e) {
    const struct run_env *env = c->plan->env;
    if (!c->scan) c->scan = mart_scan_new(c->plan->p, (struct strs){0}, env->threads, env->memory);
    return c->wh.h ? ERR_OK : warehouse_open(&c->wh, env->home, env->memory / 6, e);
}

void step_free(struct step_ctx *c) {
    mart_scan_free(c->scan);
    if (c->wh.h) db_close(&c->wh);
    c->scan = NULL;
}

int step_end(struct step_ctx *c, struct err *e) {
    struct arena a = {0};
    bool marts = c->wh.h;
    int rc = ERR_OK;
    char *log = arena_fmt(&a, "%s/warehouse.db-wal", c->plan->env->home);
    /* the last handle to be closed must be one that writes: it puts the log into the database, so that warehouse.db is
     * whole for whoever copies that file alone */
    if (!marts && c->held.h && file_exists(log)) (void)warehouse_open(&c->wh, c->plan->env->home, 1 << 20, e);
    if (c->held.h) db_close(&c->held);
    step_free(c);
    if (marts && file_exists(log)) rc = file_sync(log, e); /* where it is gone, it went into the database, safely */
    arena_free(&a);
    return rc;
}

/* Not before there is one: the first step that loads makes it. */
static void hold(struct step_ctx *c) {
    struct err e;
    if (!c->held.h && file_exists(arena_fmt(&c->plan->a, "%s/warehouse.db", c->plan->env->home)))
        (void)warehouse_open_read(&c->held, c->plan->env->home, &e); /* the step that needs it says what is wrong */
}

static int do_mart(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    char *day = arena_str(&pl->a, day_text(pl->day).s);
    char *now = arena_str(&pl->a, utc_text(now_utc()).s);
    struct mart_params params = {.ds = day,
                                 .run_id = c->run_id,
                                 .quality_status = c->quality_status,
                                 .started_at = c->started_at,
                                 .finished_at = now};
    int rc = open_marts(c, e);
    if (rc) return rc;
    params.scan = c->scan;
    mart_digest(s, r->output);
    params.mark = (struct warehouse_mark){pl->p->name, day, stage_name(s->stage), s->name, r->output};
    /* one wait for the disk for all marts, in step_end(): one that a power loss takes is missed, and made again */
    db_lazy(&c->wh, true);
    return mart_build(&c->wh, pl->p, s->m, &params, &r->rows_out, e);
}

static int publish_page(struct plan *pl, const struct report *rep, enum report_format f, const char *ext,
                        char digest[65], struct err *e) {
    struct buf b = {0};
    report_render(rep, f, &b);
    char *path = arena_fmt(&pl->a, "%s/reports/%s/%s.%s", pl->env->home, pl->p->name, rep->day, ext);
    int rc = file_publish(path, buf_text(&b), b.n, e);
    sha256_of(buf_text(&b), b.n, digest);
    buf_free(&b);
    return rc;
}

static int do_report(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    struct plan *pl = c->plan;
    struct report *rep = NULL;
    char json_digest[65];
    char *dir = arena_fmt(&pl->a, "%s/reports/%s", pl->env->home, pl->p->name);
    (void)s;
    int rc = dir_make(dir, e);
    if (rc == ERR_OK) rc = open_marts(c, e);
    if (rc == ERR_OK) rc = report_gather(&rep, pl->p, pl->day, &c->wh, c->ledger, c->scan, e);
    if (rc == ERR_OK) rc = report_csv_files(rep, dir, &c->wh, c->ledger, e);
    if (rc == ERR_OK) rep->full_csv = true;
    if (rc == ERR_OK) rc = publish_page(pl, rep, REPORT_JSON, "json", json_digest, e);
    if (rc == ERR_OK) rc = publish_page(pl, rep, REPORT_HTML, "html", r->output, e);
    if (rc == ERR_OK && !c->more_days) rc = report_write_index(pl->p, pl->env->home, c->ledger, e);
    if (rc == ERR_OK) snprintf(r->note, sizeof r->note, "%s/%s.html", dir, rep->day);
    report_free(rep);
    return rc;
}

int step_failed_page(struct step_ctx *c, struct err *e) {
    struct plan *pl = c->plan;
    struct report *rep = NULL;
    struct task_seen seen;
    char digest[65];
    int rc = ledger_task_last(c->ledger, &pl->a, pl->p->name, day_text(pl->day).s, "report", "report", &seen, e);
    if (rc || (seen.found && strcmp(seen.state, "done") == 0)) return rc;
    rc = dir_make(arena_fmt(&pl->a, "%s/reports/%s", pl->env->home, pl->p->name), e);
    if (rc == ERR_OK) rc = open_marts(c, e);
    if (rc == ERR_OK) rc = report_gather(&rep, pl->p, pl->day, &c->wh, c->ledger, NULL, e);
    if (rc == ERR_OK) rc = publish_page(pl, rep, REPORT_HTML, "html", digest, e);
    report_free(rep);
    step_free(c);
    return rc;
}

int step_do(struct step_ctx *c, struct plan_step *s, struct step_result *r, struct err *e) {
    static int (*const stages[STAGE_COUNT])(struct step_ctx *, struct plan_step *, struct step_result *,
                                            struct err *) = {do_collect, do_validate, do_transform,
                                                             do_load,    do_mart,     do_report};
    *r = (struct step_result){.rows_in = -1, .rows_out = -1, .rows_rejected = -1, .bytes = -1};
    progress_begin(stage_name(s->stage), s->name);
    if (s->stage != STAGE_MART && s->stage != STAGE_REPORT) step_free(c);
    hold(c);
    int rc = stages[s->stage](c, s, r, e);
    progress_end();
    malloc_trim(0); /* what this stage needed is not kept beside what the next one needs */
    return rc;
}
