/*
 * See transform.h. The operations of all steps form one chain. Up to the first operation on the whole stream it runs on
 * the crew's threads, record by record; what comes out is written, or sorted by that operation's keys (stream.c), whose
 * new records go through the rest of the chain on the calling thread.
 */
#include "transform/transform.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/log.h"
#include "io/file.h"
#include "transform/run.h"
#include "transform/tab.h"

/* true: the record goes on */
static bool run_one(struct tworker *w, const struct top *o, struct trec *r) {
    if (o->op->when.n && !o->op->kind->own_when && !when_holds(&o->op->when, r)) return true;
    uint64_t before = w->passed;
    switch (o->op->kind->apply(w, o, r)) {
    case OP_NEXT:
        return true;
    case OP_PASSED:
        if (w->passed > before) {
            w->made += w->passed - before - 1;
            w->passed = before;
            return false;
        }
        break;
    case OP_DROP:
        break;
    }
    w->dropped[o->at]++;
    return false;
}

static void pack(struct tworker *w, struct trec *r) {
    const struct top *o = &w->run->ops[w->end];
    struct run_head h = {0};
    size_t at = w->text.n;
    buf_add(&w->text, &h, sizeof h);
    w->key.n = 0;
    o->op->kind->whole->pack(w, o->args, r, &w->key, &w->text);
    h.load = (uint32_t)(w->text.n - at - sizeof h);
    h.key = (uint32_t)w->key.n;
    memcpy(w->text.p + at, &h, sizeof h);
    buf_add(&w->text, w->key.p, w->key.n);
}

void worker_record(struct tworker *w, size_t at, struct trec *r) {
    for (; at < w->end; at++)
        if (!run_one(w, &w->run->ops[at], r)) return;
    if (w->end < w->run->nops) {
        pack(w, r);
    } else {
        trec_write(r, &w->text);
        buf_chr(&w->text, '\n');
    }
    w->rows++;
}

void top_pass(struct tworker *w, const struct top *o, struct trec *r) {
    w->passed++;
    uint64_t mine = w->passed;
    worker_record(w, o->at + 1, r);
    w->passed = mine;
}

const struct transform_cfg *worker_cfg(const struct tworker *w) {
    return w->run->cfg;
}

void worker_fault(struct tworker *w, const char *fmt, ...) {
    va_list ap;
    if (w->fault[0]) return;
    va_start(ap, fmt);
    vsnprintf(w->fault, sizeof w->fault, fmt, ap);
    va_end(ap);
}

void worker_reset(struct tworker *w) {
    w->text.n = 0;
    w->rows = w->made = w->passed = 0;
    if (!w->dropped) w->dropped = mem_alloc((w->run->nops + 1) * sizeof *w->dropped);
    memset(w->dropped, 0, (w->run->nops + 1) * sizeof *w->dropped);
    w->bad = NULL;
}

void worker_free(struct tworker *w) {
    buf_free(&w->text);
    buf_free(&w->key);
    arena_free(&w->a);
    jtoks_free(&w->toks);
    free(w->dropped);
}

static void as_it_is(struct tworker *w, const struct rec *r) {
    buf_add(&w->text, r->text, r->len);
    buf_chr(&w->text, '\n');
    w->rows++;
}

static void work(void *ctx, struct batch *b, void *out) {
    struct tworker *w = out;
    w->run = ctx;
    w->end = w->run->first;
    worker_reset(w);
    for (size_t i = 0; i < b->n && !w->bad; i++) {
        const struct rec *r = &b->r[i];
        if (r->bad || jv_type(r->v) != JT_OBJ || w->fault[0]) {
            w->bad = r;
        } else if (!w->run->nops) {
            as_it_is(w, r);
        } else {
            struct trec x = {.a = &w->a};
            arena_reset(&w->a);
            trec_read(&x, r->v);
            worker_record(w, 0, &x);
            if (w->fault[0]) w->bad = r;
        }
    }
}

int worker_hand_over(struct trun *run, struct tworker *w, struct err *e) {
    struct transform_stats *st = run->st;
    int rc = ERR_OK;
    for (size_t i = 0; i < run->nops; i++) {
        run->dropped[i] += w->dropped[i];
        st->dropped += w->dropped[i];
    }
    st->made += w->made;
    if (w->end < run->nops) {
        for (const char *p = buf_text(&w->text), *end = p + w->text.n; p < end && rc == ERR_OK;) {
            struct run_head h;
            memcpy(&h, p, sizeof h);
            p += sizeof h;
            rc = runs_add(run->sorting[w->end], (struct sv){p + h.load, h.key}, (struct sv){p, h.load}, e);
            p += h.load + h.key;
        }
    } else {
        st->rows_out += w->rows;
        if (w->text.n) rc = run->cfg->write(run->cfg->ctx, w->text.p, w->text.n, w->rows, e);
    }
    worker_reset(w);
    return rc;
}

static int take(void *ctx, struct batch *b, void *out, struct err *e) {
    struct trun *run = ctx;
    struct tworker *w = out;
    if (w->bad) {
        struct arena a = {0};
        const char *why = w->fault[0]   ? w->fault
                          : w->bad->bad ? rec_problem(w->bad, &a)
                                        : "the record is not an object";
        int rc = err_set(e, ERR_DATA, "%s:%llu: %s%s", reader_name(run->reader, w->bad->file),
                         (unsigned long long)w->bad->line, why, w->fault[0] ? "" : "; validate first");
        arena_free(&a);
        return rc;
    }
    run->st->rows_in += b->n;
    return worker_hand_over(run, w, e);
}

static void out_free(void *out) {
    worker_free(out);
}

/* What was dropped, by reason: to the log, and in one line for the ledger. */
static void tell_reasons(const struct trun *run) {
    struct transform_stats *st = run->st;
    size_t n = 0;
    for (size_t i = 0; i < run->nops; i++) {
        const struct top *o = &run->ops[i];
        if (!run->dropped[i]) continue;
        log_info("%llu dropped: %s%s", (unsigned long long)run->dropped[i], o->op->reason ? "" : "step ",
                 o->op->reason ? o->op->reason : o->step);
        int k = snprintf(st->reasons + n, sizeof st->reasons - n, "%s%llu %s", n ? "; " : "",
                         (unsigned long long)run->dropped[i], o->op->reason ? o->op->reason : o->op->kind->name);
        n += k > 0 && (size_t)k < sizeof st->reasons - n ? (size_t)k : 0;
    }
    if (st->made) log_info("%llu records more than came: one became several", (unsigned long long)st->made);
    if (st->merged) log_info("%llu records went into others (groups, duplicates)", (unsigned long long)st->merged);
}

static void run_begin(struct trun *run, const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st) {
    size_t n = 0, streams = 0;
    *run = (struct trun){.cfg = cfg, .reader = r, .st = st};
    for (size_t s = 0; s < cfg->n; s++) run->nops += cfg->steps[s].nops;
    run->ops = mem_alloc((run->nops + 1) * sizeof *run->ops);
    run->dropped = mem_alloc((run->nops + 1) * sizeof *run->dropped);
    run->sorting = mem_alloc((run->nops + 1) * sizeof(struct runs *));
    for (size_t s = 0; s < cfg->n; s++)
        for (size_t k = 0; k < cfg->steps[s].nops; k++, n++) {
            const struct pl_op *op = &cfg->steps[s].ops[k];
            run->ops[n] = (struct top){.op = op, .args = op->args, .step = cfg->steps[s].name, .at = n};
            if (op->kind->share) run->ops[n].shared = op->kind->share(op->args);
            streams += op->kind->whole != NULL;
        }
    run->first = stream_after(run, 0);
    for (n = 0; n < run->nops; n++) /* at most two are under way at once */
        if (run->ops[n].op->kind->whole) run->sorting[n] = runs_new(cfg->memory / (streams > 1 ? 2 : 1), cfg->tmpdir);
}

static void run_end(struct trun *run) {
    for (size_t i = 0; i < run->nops; i++) {
        if (run->ops[i].shared && run->ops[i].op->kind->unshare) run->ops[i].op->kind->unshare(run->ops[i].shared);
        runs_free(run->sorting[i]);
    }
    free(run->sorting);
    free(run->dropped);
    free(run->ops);
}

static int run_general(const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st, struct err *e) {
    struct trun run;
    *st = (struct transform_stats){0};
    run_begin(&run, cfg, r, st);
    struct crew crew = {.threads = cfg->threads,
                        .out_size = sizeof(struct tworker),
                        .ctx = &run,
                        .work = work,
                        .take = take,
                        .out_free = out_free};
    int rc = crew_run(&crew, r, e);
    for (size_t at = run.first; rc == ERR_OK && at < run.nops; at = stream_after(&run, at + 1))
        rc = stream_run(&run, at, e);
    if (rc == ERR_OK) tell_reasons(&run);
    run_end(&run);
    return rc;
}

static int write_to(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e) {
    (void)rows;
    return fd_write(*(int *)ctx, p, n, "a temporary file", e);
}

static int run_one_way(const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st, struct err *e) {
    return cfg->n == 1 && tab_step(cfg->steps) ? tab_run(cfg, cfg->steps, r, st, e) : run_general(cfg, r, st, e);
}

/* Steps of both kinds one after another: records lie in temporary files between them. */
static int run_chain(const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st, struct err *e) {
    struct reader *in = r;
    int fd = -1, next = -1, rc = ERR_OK;
    char path[32];
    const char *paths[] = {path};
    for (size_t i = 0; i < cfg->n && rc == ERR_OK; i++) {
        struct transform_cfg one = *cfg;
        struct transform_stats mine = {0};
        bool last = i + 1 == cfg->n;
        one.steps = &cfg->steps[i];
        one.n = 1;
        if (!last) {
            if ((next = file_temp(cfg->tmpdir, e)) < 0) rc = e->code;
            one.write = write_to;
            one.ctx = &next;
        }
        if (rc == ERR_OK) rc = run_one_way(&one, in, &mine, e);
        if (!i) st->rows_in = mine.rows_in;
        st->rows_out = mine.rows_out;
        st->dropped += mine.dropped;
        st->made += mine.made;
        st->merged += mine.merged;
        size_t n = strlen(st->reasons);
        snprintf(st->reasons + n, sizeof st->reasons - n, "%s%s", n && mine.reasons[0] ? "; " : "", mine.reasons);
        if (in != r) reader_close(in);
        if (fd >= 0) close(fd);
        in = r;
        fd = next;
        next = -1;
        if (rc || last) break;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        rc = reader_open(&in, paths, 1, &(struct reader_opt){.format = FMT_JSONL}, e);
    }
    if (fd >= 0) close(fd);
    return rc;
}

int transform_run(const struct transform_cfg *cfg, struct reader *r, struct transform_stats *st, struct err *e) {
    bool columns = false;
    *st = (struct transform_stats){0};
    for (size_t i = 0; i < cfg->n; i++) columns |= tab_step(&cfg->steps[i]);
    return columns && cfg->n > 1 ? run_chain(cfg, r, st, e) : run_one_way(cfg, r, st, e);
}
