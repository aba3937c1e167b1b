/* See web.h. The course of a crawl: passes through the plan, retry rounds, the ledger; and several side by side. */
#include "collect/web.h"

#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "collect/web_impl.h"
#include "io/file.h"
#include "io/part.h"
/* ---- places and order -------------------------------------------------------------------------------------------- */

int crawl_place(struct crawl *c, size_t phase, uint32_t base, uint32_t page, size_t entry) {
    struct phase *f = &c->phases[phase];
    if (f->n == f->cap) f->order = mem_grow(f->order, (f->cap = f->cap ? f->cap * 2 : 256) * sizeof *f->order);
    f->order[f->n++] = (struct place){base, page, (uint32_t)entry};
    f->sorted = false;
    return ERR_OK;
}

static int compare_places(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->base != y->base) return x->base < y->base ? -1 : 1;
    return x->page < y->page ? -1 : x->page > y->page;
}

void crawl_order(struct crawl *c, size_t phase) {
    struct phase *f = &c->phases[phase];
    if (f->n && !f->sorted) qsort(f->order, f->n, sizeof *f->order, compare_places);
    f->sorted = true;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

static size_t count_temporary(const struct crawl *c) {
    const struct phase *f = &c->phases[c->phase];
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct entry *x = &c->j.e[f->order[i].entry];
        n += x->state == ENTRY_FAILED && x->temporary;
    }
    return n;
}

/* All of the phase was asked for: a retry round, the next phase, or the end. */
static int end_pass(struct crawl *c, struct err *e) {
    size_t failed = count_temporary(c);
    int rc = keep_all(c, e);
    if (rc) return rc;
    crawl_order(c, c->phase);
    if (failed && c->round < c->h->rounds && !c->o->fetched) {
        c->round++;
        c->state = CRAWL_PAUSE;
        c->resume_at = now_mono() + (double)c->h->pause;
        log_info("%s %s: %zu URLs failed; round %d of %d for them begins in %lld s", c->d->name,
                 c->phases[c->phase].r->name, failed, c->round, c->h->rounds, (long long)c->h->pause);
        return rc;
    }
    c->round = 0;
    if (++c->phase == c->h->nrequests) {
        c->phase--;
        c->state = CRAWL_DONE;
    } else {
        plan_begin(c);
    }
    return rc;
}

/* Requests that are planned and not answered. */
static size_t ahead(const struct crawl *c) {
    return http_pending(c->net) + c->nready + c->nkept;
}

/*
 * Is it time for a transaction of the ledger? Each waits for the disk, and each row of it changes a page of 16 KiB
 * somewhere in the index by URL; so as much as can wait goes into one: all of half a second, while the engine has
 * enough to do.
 */
static bool batch_due(const struct crawl *c) {
    if (keep_busy(c)) return false;
    if (c->nready && http_pending(c->net) < 2 * (size_t)c->h->concurrency) return true;
    if (c->nready >= c->window / 2 || c->ndone >= 2000) return true;
    return (c->nready || c->ndone) && now_mono() - c->flushed > BATCH_SECONDS;
}

/* Bytes that the answers may hold together grow with what is under way, so the plan runs ahead by a little only. */
static int crawl_turn(struct crawl *c, struct err *e) {
    int rc = keep_poll(c, e);
    if (rc) return rc;
    if (c->state == CRAWL_PAUSE && now_mono() >= c->resume_at) {
        plan_begin(c);
        c->state = CRAWL_PASS;
    }
    if (c->state != CRAWL_PASS) return rc;
    if (!c->pass) plan_begin(c);
    bool more = !c->planned_all;
    for (int k = 0; rc == ERR_OK && more && ahead(c) < c->window && k < 10000; k++) rc = plan_next(c, &more, e);
    c->planned_all = !more;
    if (rc == ERR_OK && batch_due(c)) keep_begin(c);
    if (rc == ERR_OK) rc = http_turn(c->net, 0, e);
    if (rc == ERR_OK && c->planned_all && !ahead(c)) rc = end_pass(c, e);
    return rc;
}

static double crawl_due(const struct crawl *c) {
    if (c->state == CRAWL_DONE) return 1;
    double left = c->resume_at - now_mono();
    if (c->state == CRAWL_PAUSE) return left > 0 ? left : 0;
    if (batch_due(c) || (!c->planned_all && ahead(c) < c->window)) return 0;
    double due = http_due(c->net), at = c->flushed + BATCH_SECONDS - now_mono();
    return (c->nready || c->ndone) && !keep_busy(c) && at < due ? (at > 0 ? at : 0) : due;
}

static void wait_for_any(struct crawl *const *c, size_t n) {
    struct pollfd *f = mem_alloc(2 * n * sizeof *f);
    double least = 0.25;
    nfds_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->rc || c[i]->state == CRAWL_DONE) continue;
        double due = crawl_due(c[i]);
        if (due < least) least = due;
        f[k++] = (struct pollfd){.fd = http_fd(c[i]->net), .events = POLLIN};
        if (keep_busy(c[i])) f[k++] = (struct pollfd){.fd = keep_fd(c[i]), .events = POLLIN};
    }
    if (least > 0) poll(f, k, (int)(least * 1000) + 1);
    free(f);
}

/* Until each is done or has failed (rc of its own). */
static void drive(struct crawl *const *c, size_t n) {
    for (bool going = true; going;) {
        going = false;
        for (size_t i = 0; i < n; i++) {
            struct crawl *x = c[i];
            if (x->rc || x->state == CRAWL_DONE) continue;
            x->rc = stop_check(&x->e);
            if (x->rc == ERR_OK && stop_signal())
                x->rc = err_set(&x->e, ERR_STOPPED, "stopped by signal %d; what came is kept", stop_signal());
            if (x->rc == ERR_OK) x->rc = crawl_turn(x, &x->e);
            if (x->rc) {
                struct err mine;
                while (x->ready) { /* never sent */
                    struct visit *v = x->ready;
                    x->ready = v->next;
                    visit_free(v);
                }
                x->ready_end = &x->ready;
                x->nready = 0;
                keep_all(x, &mine);
            }
            going = going || (!x->rc && x->state != CRAWL_DONE);
        }
        if (going) wait_for_any(c, n);
    }
}

int web_collect(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                web_write_fn *write, void *ctx, struct collect_stats *st, struct err *e) {
    struct crawl c;
    progress_unit("URLs");
    int rc = crawl_open(&c, p, d, day, o, e);
    if (rc == ERR_OK) {
        struct crawl *one = &c;
        drive(&one, 1);
        rc = c.rc;
        if (rc) *e = c.e;
    }
    if (rc == ERR_OK) rc = crawl_settle(&c, st, e);
    if (rc == ERR_OK) rc = crawl_assemble(&c, write, ctx, st, e);
    crawl_close(&c);
    return rc;
}

void web_fetch_all(const struct pipeline *p, struct web_fetch *f, size_t n, day_t day, const struct collect_opt *o) {
    struct crawl *c = mem_alloc((n + 1) * sizeof *c), **going = mem_alloc((n + 1) * sizeof *going);
    size_t k = 0;
    progress_unit("URLs");
    for (size_t i = 0; i < n; i++) {
        c[i].rc = crawl_open(&c[i], p, f[i].d, day, o, &f[i].e);
        f[i].rc = c[i].rc;
        if (!c[i].rc) going[k++] = &c[i];
    }
    drive(going, k);
    for (size_t i = 0; i < n; i++) {
        if (c[i].rc && !f[i].rc) {
            f[i].rc = c[i].rc;
            f[i].e = c[i].e;
        }
        crawl_close(&c[i]);
    }
    free(c);
    free(going);
}
/* ---- for the plan of a run --------------------------------------------------------------------------------------- */

static bool has_failed(const struct pipeline *p, const struct pl_dataset *d, const char *home, day_t day) {
    struct arena a = {0};
    struct buf b = {0};
    struct err e;
    char *path = arena_fmt(&a, "%s/failed.jsonl", part_dir(&a, home, p->name, "requests", d->name, NULL, day));
    bool yes = d->source.kind == SOURCE_HTTP && file_exists(path) &&
               file_read(path, (size_t)1 << 30, &b, &e) == ERR_OK && memmem(buf_text(&b), b.n, "\"FAILED\"", 8);
    buf_free(&b);
    arena_free(&a);
    return yes;
}

const char *web_wants(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o) {
    if (d->source.kind != SOURCE_HTTP || !o->home) return NULL;
    if (o->urls) return "asked for (--urls)";
    return o->retry_failed && has_failed(p, d, o->home, day) ? "requests of it failed (--retry-failed)" : NULL;
}

bool web_has_failed(const struct pipeline *p, const char *home, day_t day) {
    for (size_t i = 0; i < p->ndatasets; i++)
        if (has_failed(p, &p->datasets[i], home, day)) return true;
    return false;
}
