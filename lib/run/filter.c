/* See filter.h. What the five stages share: the ledger row, the look upstream, the output that appears whole. */
#include "run/filter.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "io/file.h"
#include "io/sink.h"
#include "mart/mart.h"
#include "quality/quality.h"
#include "run/step.h"
#include "run/upstream.h"
#include "transform/transform.h"
#include "json/csvout.h"

struct filter {
    const struct run_env *env;
    const struct filter_opt *o;
    struct ledger ledger;
    struct task_row task;
    struct upstream up;
    struct arena a;
    struct sink *sink;
    struct csvout csv;
    struct buf part; /* for CSV: the beginning of a record whose end is still to come */
    bool as_csv, empty, known_upstream;
    char *day;
    double started;
    uint64_t plain_bytes; /* written, before CSV and gzip: what the next stage will count */
};

static bool named_csv(const char *out) {
    return out && format_of(out) == FMT_CSV;
}

static int begin(struct filter *f, const struct run_env *env, const struct filter_opt *o, enum stage stage,
                 const char *dataset, struct err *e) {
    *f = (struct filter){.env = env, .o = o, .as_csv = o->csv || named_csv(o->out), .started = now_mono()};
    f->day = arena_str(&f->a, day_text(o->day).s);
    char *run_id = arena_fmt(&f->a, "%s.%s.%s.%d", o->p->name, f->day, stage_name(stage), (int)getpid());
    log_place_set((struct log_place){o->p->name, f->day, run_id, stage_name(stage), dataset});
    progress_begin(stage_name(stage), dataset);
    if (!o->nfiles && stage != STAGE_COLLECT && stage != STAGE_MART) upstream_look(&f->up);
    int rc = dir_make(env->tmpdir, e);
    if (rc == ERR_OK) rc = ledger_open(&f->ledger, env->home, e);
    if (rc == ERR_OK) rc = ledger_sweep_filters(&f->ledger, o->p->name, e);
    if (rc) return rc;
    bool to_stdout = !o->out || strcmp(o->out, "-") == 0;
    f->task = (struct task_row){.run_id = run_id,
                                .pipeline = o->p->name,
                                .day = f->day,
                                .stage = stage_name(stage),
                                .dataset = dataset,
                                .mode = "filter",
                                .attempt = 1,
                                .out_pipe = to_stdout ? pipe_inode(1) : 0};
    return ledger_task_start(&f->ledger, &f->task, e);
}

static int end(struct filter *f, int rc, struct err *e) {
    struct err mine = {0};
    const char *state = f->empty && rc != ERR_INCOMPLETE ? "empty"
                        : rc == ERR_OK                   ? "done"
                        : rc == ERR_GATE                 ? "gate_failed"
                        : rc == ERR_STOPPED              ? "stopped"
                                                         : "failed";
    progress_end();
    sink_abort(f->sink);
    f->task.seconds = now_mono() - f->started;
    if (f->ledger.db.h && f->task.id) {
        int wrote = ledger_task_end(&f->ledger, &f->task, state, rc ? e->msg : NULL, &mine);
        if (wrote && rc == ERR_OK) {
            *e = mine;
            rc = wrote;
        }
    }
    ledger_close(&f->ledger);
    csvout_free(&f->csv);
    buf_free(&f->part);
    arena_free(&f->a);
    return rc;
}

static int open_out(struct filter *f, const struct pl_dataset *columns, struct err *e) {
    for (size_t i = 0; f->as_csv && columns && columns->load && i < columns->load->ncols; i++)
        csvout_column(&f->csv, columns->load->cols[i].from);
    return sink_open(&f->sink, f->o->out, 0, e);
}

static int put_csv(struct filter *f, const char *p, size_t n, struct err *e) {
    struct buf b = {0};
    int rc = csvout_lines(&f->csv, p, n, &b, e);
    if (rc == ERR_OK) rc = sink_write(f->sink, buf_text(&b), b.n, e);
    buf_free(&b);
    return rc;
}

/* Records, in pieces that may end within one: a CSV row is made of a whole record. */
static int put(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    struct filter *f = ctx;
    int rc = ERR_OK;
    f->task.rows_out += (int64_t)rows;
    f->plain_bytes += n;
    if (!f->as_csv) return sink_write(f->sink, p, n, e);
    const char *end = memrchr(p, '\n', n);
    size_t whole = end ? (size_t)(end - p) + 1 : 0;
    if (whole && f->part.n) {
        buf_add(&f->part, p, whole);
        rc = put_csv(f, f->part.p, f->part.n, e);
        f->part.n = 0;
    } else if (whole) {
        rc = put_csv(f, p, whole, e);
    }
    buf_add(&f->part, p + whole, n - whole);
    return rc;
}

static int close_out(struct filter *f, struct err *e) {
    struct sink_result res;
    int rc = f->part.n ? put_csv(f, f->part.p, f->part.n, e) : ERR_OK; /* a last record without a line break */
    struct sink *s = f->sink;
    if (rc) return rc;
    f->sink = NULL;
    rc = sink_commit(s, &res, e);
    if (rc == ERR_OK) {
        f->task.bytes = (int64_t)res.bytes;
        f->task.bytes_out = f->as_csv ? -1 : (int64_t)f->plain_bytes;
    }
    return rc;
}

static int open_in(struct filter *f, struct reader **r, struct err *e) {
    struct reader_opt opt = {.block = env_block(f->env),
                             .max_line = f->env->max_line,
                             .column = collect_column,
                             .ctx = (void *)(uintptr_t)f->o->d};
    for (size_t i = 0; i < f->o->nfiles; i++)
        if (file_size(f->o->files[i]) > 0) progress_expect((uint64_t)file_size(f->o->files[i]));
    if (!f->o->nfiles && isatty(0)) log_info("reading records from the terminal; end with Ctrl-D");
    return reader_open(r, f->o->files, f->o->nfiles, &opt, e);
}

/* After the end of the input: did all of it come? */
static int whole(struct filter *f, struct reader *r, enum stage stage, struct err *e) {
    bool any;
    int rc = upstream_check(&f->up, &f->ledger, f->o->p->name, stage, reader_bytes(r), &any, e);
    f->known_upstream = any;
    if (rc == ERR_OK && any && reader_torn(r))
        rc = err_set(e, ERR_INCOMPLETE, "the input is incomplete: it ends without a line break; nothing was changed");
    return rc;
}

static int nothing_came(struct filter *f, bool normal, struct err *e) {
    /* even where an empty day is normal: an empty pipe of which no stage says that it is whole may be a stage that died
     */
    if (normal && (!f->up.is_pipe || f->known_upstream)) return ERR_OK;
    if (normal)
        return err_set(e, ERR_INCOMPLETE,
                       "nothing came through the pipe, and no etl stage before us ended well; nothing was changed");
    f->empty = true;
    return err_set(e, ERR_NOINPUT,
                   "no record came: recorded as empty; nothing was changed (say \"empty_ok\": true if that is normal)");
}

int filter_collect(const struct run_env *env, const struct filter_opt *o, struct err *e) {
    struct filter f;
    struct collect_stats st = {0};
    int rc = begin(&f, env, o, STAGE_COLLECT, o->d->name, e);
    f.task.rows_out = 0;
    if (rc == ERR_OK) rc = open_out(&f, o->d, e);
    struct collect_opt how = env->collect; /* home stays NULL: nothing of the crawl is kept */
    how.tmpdir = env->tmpdir;
    how.memory = env->memory / 2;
    how.threads = env->threads;
    if (rc == ERR_OK) rc = collect_run(o->p, o->d, o->day, &how, put, &f, &st, e);
    if (rc == ERR_OK && !st.rows) rc = nothing_came(&f, o->d->empty_ok, e);
    if (rc == ERR_OK) rc = close_out(&f, e);
    if (rc == ERR_OK)
        log_info("%llu records, %llu bytes read", (unsigned long long)st.rows, (unsigned long long)st.bytes);
    return end(&f, rc, e);
}

/*
 * Accepted records wait until the gate has spoken: for standard output in an unlinked file; a named output is that file
 * itself, for it appears by rename or not at all.
 */
struct spool {
    struct filter *f;
    bool direct; /* accepted records go to f->sink at once */
    int fd;
    char *buf;
    size_t n;
    uint64_t rows;
    struct sink *rejects;
};
#define SPOOL_BUFFER (256 << 10)

static int spool_flush(struct spool *s, struct err *e) {
    size_t n = s->n;
    s->n = 0;
    return fd_write(s->fd, s->buf, n, "a temporary file", e);
}

static int spool_accept(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    struct spool *s = ctx;
    int rc = ERR_OK;
    s->rows += rows;
    if (s->direct) return put(s->f, p, n, rows, e);
    while (n && rc == ERR_OK) {
        size_t take = n < SPOOL_BUFFER - s->n ? n : SPOOL_BUFFER - s->n;
        memcpy(s->buf + s->n, p, take);
        s->n += take;
        p += take;
        n -= take;
        if (s->n == SPOOL_BUFFER) rc = spool_flush(s, e);
    }
    return rc;
}

static int spool_reject(void *ctx, const char *p, size_t n, struct err *e) {
    return sink_write(((struct spool *)ctx)->rejects, p, n, e);
}

/* All of it, as it is. */
static int copy_all(struct filter *f, struct spool *s, struct err *e) {
    uint64_t rows = s->rows;
    int rc = ERR_OK;
    for (ssize_t n = 1; n > 0 && rc == ERR_OK; rows = 0) {
        n = read(s->fd, s->buf, SPOOL_BUFFER);
        if (n < 0 && errno == EINTR)
            n = 1, rc = stop_check(e);
        else if (n < 0)
            rc = err_sys(e, ERR_IO, "cannot reread a temporary file");
        else if (n)
            rc = put(f, s->buf, (size_t)n, rows, e);
    }
    return rc;
}

/* Without the duplicates that showed only at the end. */
static int copy_kept(struct filter *f, struct spool *s, struct quality *q, struct err *e) {
    FILE *in = fdopen(s->fd, "r");
    if (!in) return err_sys(e, ERR_IO, "cannot reread a temporary file");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int rc = ERR_OK;
    for (uint64_t row = 0; rc == ERR_OK && (len = getline(&line, &cap, in)) > 0; row++) {
        bool keep = true;
        rc = quality_keep(q, row, line, (size_t)len - 1, &keep, e);
        if (rc == ERR_OK && keep) rc = put(f, line, (size_t)len, 1, e);
    }
    if (rc == ERR_OK && ferror(in)) rc = err_sys(e, ERR_IO, "cannot reread a temporary file");
    free(line);
    fclose(in);
    s->fd = -1;
    return rc;
}

static int spool_out(struct filter *f, struct spool *s, struct quality *q, uint64_t duplicates, struct err *e) {
    if (s->direct && !duplicates) return ERR_OK;
    int rc = ERR_OK;
    if (s->direct) { /* what went out already comes back as the spool */
        struct sink *out = f->sink;
        f->sink = NULL;
        f->task.rows_out = 0;
        f->plain_bytes = 0;
        s->direct = false;
        if ((s->fd = sink_detach(out, e)) < 0) return e->code;
    } else {
        rc = spool_flush(s, e);
        if (rc == ERR_OK && lseek(s->fd, 0, SEEK_SET) != 0) rc = err_sys(e, ERR_IO, "cannot reread a temporary file");
    }
    if (rc == ERR_OK) rc = open_out(f, f->o->d, e);
    if (rc) return rc;
    return duplicates ? copy_kept(f, s, q, e) : copy_all(f, s, e);
}

/* A plain file takes the records at once; whatever else stands behind the gate. */
static int open_spool(struct filter *f, struct spool *s, struct err *e) {
    s->f = f;
    s->buf = mem_grow(NULL, SPOOL_BUFFER);
    s->direct = !f->as_csv && sink_is_file(f->o->out);
    if (s->direct) return open_out(f, f->o->d, e);
    s->fd = file_temp(f->env->tmpdir, e);
    return s->fd < 0 ? e->code : ERR_OK;
}

static int log_results(struct filter *f, struct quality *q, const struct quality_result *res, struct err *e) {
    struct db wh;
    const struct pl_dataset *d = f->o->d;
    int rc = warehouse_open(&wh, f->env->home, f->env->memory / 16, e);
    if (rc) return rc;
    rc = warehouse_log_quality(&wh, f->o->p->name, d->name, f->day, d->load ? d->load->table : d->name,
                               quality_rows(q, res, &f->a), res->nchecks, e);
    db_close(&wh);
    return rc;
}

static void tell_results(const struct quality_result *res, const char *rejects) {
    for (size_t i = 0; i < res->nchecks; i++) {
        const struct quality_check *c = &res->checks[i];
        log_line(c->pass ? LOG_INFO : LOG_WARN, "%s  %s: %.2f %% (%llu of %llu failed)", c->pass ? "PASS" : "FAIL",
                 c->c->name, c->pass_rate, (unsigned long long)c->failed, (unsigned long long)c->total);
    }
    log_info("%llu records in, %llu valid, %llu rejected%s%s", (unsigned long long)res->rows_in,
             (unsigned long long)res->rows_accepted, (unsigned long long)res->rows_rejected,
             res->rows_rejected ? ": " : "", res->rows_rejected ? rejects : "");
}

static int open_rejects(struct filter *f, struct spool *s, const char **path, struct err *e) {
    if (f->o->rejects) {
        *path = f->o->rejects;
    } else {
        char *dir = arena_fmt(&f->a, "%s/logs/%s/%s", f->env->home, f->o->p->name, f->day);
        int rc = dir_make(dir, e);
        if (rc == ERR_OK) rc = dir_sweep(dir, e);
        if (rc) return rc;
        *path = arena_fmt(&f->a, "%s/rejects-%s.jsonl", dir, f->o->d->name);
    }
    return sink_open(&s->rejects, *path, 0, e);
}

int filter_validate(const struct run_env *env, const struct filter_opt *o, struct err *e) {
    struct filter f;
    struct reader *r = NULL;
    struct spool s = {.fd = -1};
    struct quality_result res;
    const char *rejects = "";
    int rc = begin(&f, env, o, STAGE_VALIDATE, o->d->name, e);
    f.task.rows_out = 0;
    struct quality_cfg cfg = {
        .p = o->p, .d = o->d, .memory = env_checks(env), .threads = env->threads, .tmpdir = env->tmpdir};
    struct quality *q = quality_new(&cfg);
    struct quality_out out = {&s, spool_accept, spool_reject};
    if (rc == ERR_OK) rc = open_spool(&f, &s, e);
    if (rc == ERR_OK) rc = open_rejects(&f, &s, &rejects, e);
    if (rc == ERR_OK) rc = open_in(&f, &r, e);
    if (rc == ERR_OK) rc = quality_run(q, r, &out, &res, e);
    if (rc == ERR_OK) rc = whole(&f, r, STAGE_VALIDATE, e);
    if (rc == ERR_OK && res.last_bad && reader_torn(r))
        rc = err_set(e, ERR_INCOMPLETE, "the input ends in the middle of a record; nothing was changed");
    if (rc == ERR_OK && !res.rows_in) rc = nothing_came(&f, o->d->empty_ok, e);
    if (rc) goto out;
    f.task.rows_in = (int64_t)res.rows_in;
    f.task.rows_rejected = (int64_t)res.rows_rejected;
    rc = log_results(&f, q, &res, e);
    if (rc == ERR_OK) tell_results(&res, rejects);
    if (rc == ERR_OK && !res.pass) {
        char words[900];
        gate_words(&res, words, sizeof words);
        rc = err_set(e, ERR_GATE, "the quality gate failed, nothing is passed on: %s", words);
    }
    if (rc == ERR_OK) rc = spool_out(&f, &s, q, res.duplicates, e);
    if (rc == ERR_GATE && s.direct) f.task.rows_out = 0;
    if (rc == ERR_OK || rc == ERR_GATE) {
        struct err mine = {0};
        int wrote = sink_commit(s.rejects, NULL, &mine);
        s.rejects = NULL;
        if (wrote && rc == ERR_OK) {
            *e = mine;
            rc = wrote;
        }
    }
    if (rc == ERR_OK) rc = close_out(&f, e);
out:
    sink_abort(s.rejects);
    if (s.fd >= 0) close(s.fd);
    free(s.buf);
    reader_close(r);
    quality_free(q);
    return end(&f, rc, e);
}

int filter_transform(const struct run_env *env, const struct filter_opt *o, struct err *e) {
    struct filter f;
    struct reader *r = NULL;
    struct transform_stats st = {0};
    int rc = begin(&f, env, o, STAGE_TRANSFORM, o->d->name, e);
    f.task.rows_out = 0;
    if (rc == ERR_OK) rc = open_out(&f, NULL, e);
    if (rc == ERR_OK) rc = open_in(&f, &r, e);
    struct transform_cfg cfg = {.steps = o->step ? o->step : o->d->steps,
                                .n = o->step ? 1 : o->d->nsteps,
                                .day = o->day,
                                .threads = env->threads,
                                .memory = env_keys(env),
                                .tmpdir = env->tmpdir,
                                .write = put,
                                .ctx = &f};
    if (rc == ERR_OK) rc = transform_run(&cfg, r, &st, e);
    if (r && (rc == ERR_OK ||
              rc == ERR_DATA)) { /* the last record of a torn stream is broken, but that is not what is wrong */
        struct err mine = {0};
        int torn = whole(&f, r, STAGE_TRANSFORM, &mine);
        if (torn == ERR_OK && rc == ERR_DATA && reader_torn(r))
            torn = err_set(&mine, ERR_INCOMPLETE, "the input ends in the middle of a record; nothing was changed");
        if (torn) *e = mine;
        if (torn) rc = torn;
    }
    if (rc == ERR_OK && !st.rows_in) rc = nothing_came(&f, o->d->empty_ok, e);
    f.task.rows_in = (int64_t)st.rows_in;
    f.task.rows_rejected = (int64_t)st.dropped;
    if (rc == ERR_OK) rc = close_out(&f, e);
    if (rc == ERR_OK)
        log_info("%llu records in, %llu out, %llu dropped", (unsigned long long)st.rows_in,
                 (unsigned long long)st.rows_out, (unsigned long long)st.dropped);
    reader_close(r);
    return end(&f, rc, e);
}

int filter_load(const struct run_env *env, const struct filter_opt *o, struct err *e) {
    const char *table = o->d->load ? o->d->load->table : "";
    struct filter f;
    struct reader *r = NULL;
    struct db wh = {0};
    struct loader *l = NULL;
    struct loader_stats st = {0};
    int rc = begin(&f, env, o, STAGE_LOAD, o->d->name, e);
    if (rc == ERR_OK && !o->d->load)
        rc = err_set(e, ERR_CONFIG, "dataset %s of %s has no \"load\": there is no table to fill", o->d->name,
                     o->p->name);
    if (rc == ERR_OK) rc = open_in(&f, &r, e);
    if (rc == ERR_OK) rc = warehouse_open(&wh, env->home, env->memory / 8, e);
    if (rc == ERR_OK) rc = loader_open(&l, &wh, o->d->load, o->day, &o->p->zone, env_keys(env), e);
    if (rc == ERR_OK) loader_digest_start(l);
    if (rc == ERR_OK) rc = load_records(l, r, env->threads, e);
    if (rc == ERR_OK) rc = whole(&f, r, STAGE_LOAD, e);
    if (rc == ERR_OK && !loader_rows_in(l)) rc = nothing_came(&f, o->d->empty_ok, e);
    if (rc == ERR_OK) {
        char *digest = arena_alloc(&f.a, 65);
        loader_digest(l, digest);
        f.task.output_digest = f.task.input_digest = digest;
        f.task.definition_digest = o->d->load_digest;
        struct warehouse_mark mark = {o->p->name, f.day, stage_name(STAGE_LOAD), o->d->name, digest};
        rc = loader_commit(l, &mark, &st, e);
        l = NULL;
        f.task.rows_in = (int64_t)st.rows_in;
        f.task.rows_out = (int64_t)st.written;
        f.task.rows_rejected = (int64_t)st.dropped;
        f.task.bytes = (int64_t)reader_bytes(r);
    }
    if (rc == ERR_OK)
        log_info("%llu records in, %llu written to %s, %llu dropped", (unsigned long long)st.rows_in,
                 (unsigned long long)st.written, table, (unsigned long long)st.dropped);
    loader_abort(l);
    if (wh.h) db_close(&wh);
    reader_close(r);
    return end(&f, rc, e);
}

/* The digest that a run would note for this model now, so that a mart made by hand is the one a run makes. */
static int mart_digests(struct filter *f, struct plan *pl, const struct pl_model *m, char output[65], struct err *e) {
    for (size_t i = 0; i < pl->n; i++) {
        if (pl->s[i].m != m) continue;
        int rc = plan_decide(pl, i, &f->ledger, e);
        if (rc) return rc;
        f->task.input_digest = pl->s[i].input;
        f->task.definition_digest = pl->s[i].def;
        mart_digest(&pl->s[i], output);
    }
    return ERR_OK;
}

/* wh stays open from one model to the next: what was read of it into memory holds as long as it sees no change. */
static int one_mart(const struct run_env *env, const struct filter_opt *o, const struct pl_model *m, struct db *wh,
                    struct mart_scan *scan, struct err *e) {
    struct filter f;
    struct plan pl;
    int64_t rows = 0;
    char digest[65];
    int rc = begin(&f, env, o, STAGE_MART, m->name, e);
    char *now = arena_str(&f.a, utc_text(now_utc()).s);
    struct mart_params params = {.ds = f.day,
                                 .run_id = f.task.run_id,
                                 .quality_status = "PASS",
                                 .started_at = now,
                                 .finished_at = now,
                                 .scan = scan};
    plan_make(&pl, o->p, env, o->day);
    if (rc == ERR_OK) rc = mart_digests(&f, &pl, m, digest, e);
    params.mark = (struct warehouse_mark){o->p->name, f.day, stage_name(STAGE_MART), m->name, digest};
    if (rc == ERR_OK && !wh->h) rc = warehouse_open(wh, env->home, env->memory / 6, e);
    if (rc == ERR_OK) rc = mart_build(wh, o->p, m, &params, &rows, e);
    f.task.rows_out = rows;
    f.task.output_digest = digest;
    if (rc == ERR_OK) log_info("%lld rows", (long long)rows);
    rc = end(&f, rc, e);
    plan_free(&pl);
    return rc;
}

int filter_mart(const struct run_env *env, const struct filter_opt *o, struct err *e) {
    struct mart_scan *scan = mart_scan_new(o->p, o->models, env->threads, env->memory);
    struct db wh = {0};
    int rc = ERR_OK;
    for (size_t i = 0; i < o->p->nmodels && rc == ERR_OK; i++) {
        const struct pl_model *m = &o->p->models[i];
        if (m->kind == MODEL_CTE || (o->models.n && !strs_has(o->models, sv_of(m->name)))) continue;
        rc = one_mart(env, o, m, &wh, scan, e);
    }
    mart_scan_free(scan);
    if (wh.h) db_close(&wh);
    return rc;
}
