/*
 * The ledger of a crawl, kept by a thread of its own, so that requests go on while a transaction waits for the disk.
 *
 * What ended and what is to be asked next gather in the crawl; keep_begin hands both over as one batch: first the
 * journal is synced, then the rows are written in one transaction. Only when that has been committed (keep_poll) are
 * the batch's requests given to the engine: a request is PENDING on the disk before it is sent, and one that is noted
 * as ended has its answer on the disk. One batch is under way at a time; what comes meanwhile makes the next, so
 * batches grow with the load and a slow disk costs fewer transactions, not slower pages.
 *
 * The thread touches the batch, the ledger's connection and the journal's descriptor, and nothing else of the crawl.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/progress.h"
#include "collect/web_impl.h"

struct keeper {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct crawl *c;
    int event;                   /* readable when a batch is finished */
    bool busy, finished, ending; /* busy: a batch was handed over and not taken back */
    struct ended *done;
    size_t ndone, capdone;
    struct visit *ready;
    int rc;
    struct err e;
};

int crawl_note(struct crawl *c, const struct visit *v, enum entry_state s, const char *reason, long status,
               int attempts) {
    if (!c->durable) return ERR_OK;
    if (c->ndone == c->capdone)
        c->done = mem_grow(c->done, (c->capdone = c->capdone ? c->capdone * 2 : 256) * sizeof *c->done);
    c->done[c->ndone++] = (struct ended){mem_str(v->sha1), mem_str(v->shown), s, reason, status, attempts};
    return ERR_OK;
}

/* ---- in the thread ----------------------------------------------------------------------------------------------- */

static int put_rows(struct keeper *k, struct err *e) {
    struct requests *q = &k->c->rows;
    int rc = requests_begin(q, e);
    if (rc) return rc;
    for (size_t i = 0; i < k->ndone && rc == ERR_OK; i++) {
        const struct ended *d = &k->done[i];
        struct request_row r = {d->sha1, d->url, entry_state_names[d->state], d->reason, d->status, d->attempts};
        rc = requests_put(q, &r, e);
    }
    for (struct visit *v = k->ready; v && rc == ERR_OK; v = v->next) {
        struct request_row r = {v->sha1, v->shown, "PENDING", NULL, 0, 0};
        rc = requests_put(q, &r, e);
    }
    if (rc == ERR_OK) rc = requests_commit(q, e);
    if (rc) requests_rollback(q);
    return rc;
}

static void *work(void *ctx) {
    struct keeper *k = ctx;
    pthread_mutex_lock(&k->lock);
    for (;;) {
        while (!k->ending && !(k->busy && !k->finished)) pthread_cond_wait(&k->changed, &k->lock);
        if (k->ending) break;
        pthread_mutex_unlock(&k->lock);
        struct err e = {0};
        int rc = k->ndone ? journal_sync(&k->c->j, &e) : ERR_OK;
        if (rc == ERR_OK) rc = put_rows(k, &e);
        pthread_mutex_lock(&k->lock);
        k->rc = rc;
        k->e = e;
        k->finished = true;
        pthread_cond_broadcast(&k->changed);
        if (eventfd_write(k->event, 1) != 0) continue; /* it is looked at four times a second anyway */
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* ---- of the crawl ------------------------------------------------------------------------------------------------ */

int keep_open(struct crawl *c, struct err *e) {
    sigset_t all, old;
    struct keeper *k = c->keeper = mem_alloc(sizeof *k);
    *k = (struct keeper){.c = c, .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (k->event < 0) {
        free(k);
        c->keeper = NULL;
        return err_sys(e, ERR_IO, "cannot make an event");
    }
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->changed, NULL);
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&k->thread, NULL, work, k);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!failed) return ERR_OK;
    k->c = NULL; /* nothing to join */
    return err_set(e, ERR_IO, "cannot start a thread: %s", strerror(failed));
}

static void free_ended(struct ended *d, size_t n) {
    for (size_t i = 0; i < n; i++) {
        free(d[i].sha1);
        free(d[i].url);
    }
}

static void free_visits(struct visit *list) {
    for (struct visit *v = list, *next; v; v = next) {
        next = v->next;
        visit_free(v);
    }
}

void keep_close(struct crawl *c) {
    struct keeper *k = c->keeper;
    free_ended(c->done, c->ndone);
    free(c->done);
    if (!k) return;
    if (k->c) {
        pthread_mutex_lock(&k->lock);
        while (k->busy && !k->finished) pthread_cond_wait(&k->changed, &k->lock);
        k->ending = true;
        pthread_cond_broadcast(&k->changed);
        pthread_mutex_unlock(&k->lock);
        pthread_join(k->thread, NULL);
    }
    free_visits(k->ready);
    free_ended(k->done, k->ndone);
    free(k->done);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->changed);
    close(k->event);
    free(k);
    c->keeper = NULL;
}

int keep_fd(const struct crawl *c) {
    return c->keeper ? c->keeper->event : -1;
}

bool keep_busy(const struct crawl *c) {
    return c->keeper && c->keeper->busy;
}

/* Requests that the ledger knows of now. */
static void send_all(struct crawl *c, struct visit *list) {
    for (struct visit *v = list, *next; v; v = next) {
        next = v->next;
        v->next = NULL;
        v->live_next = c->live;
        if (c->live) c->live->live = &v->live_next;
        v->live = &c->live;
        c->live = v;
        http_add(c->net, &(struct http_request){.url = v->url, .body = v->body, .headers = v->headers, .tag = v});
        progress_expect(1);
    }
}

void keep_begin(struct crawl *c) {
    struct keeper *k = c->keeper;
    struct visit *ready = c->ready;
    if (k && (k->busy || !(c->ndone || ready))) return;
    double now = now_mono();
    /* a fast crawl plans further ahead, so that its batches are larger and fewer */
    if (k && c->nready >= c->window / 2 && now - c->flushed < BATCH_SECONDS / 2 && c->window < WINDOW_MAX)
        c->window *= 2;
    c->flushed = now;
    c->ready = NULL;
    c->ready_end = &c->ready;
    if (!k) {
        c->nready = 0;
        send_all(c, ready);
        return;
    }
    pthread_mutex_lock(&k->lock);
    struct ended *room = k->done;
    size_t cap = k->capdone;
    k->done = c->done;
    k->ndone = c->ndone;
    k->capdone = c->capdone;
    k->ready = ready;
    k->busy = true;
    k->finished = false;
    pthread_cond_broadcast(&k->changed);
    pthread_mutex_unlock(&k->lock);
    c->done = room;
    c->ndone = 0;
    c->capdone = cap;
    c->nkept = c->nready;
    c->nready = 0;
}

/* What is finished is taken back. */
static int take_back(struct crawl *c, struct keeper *k, struct err *e) {
    eventfd_t n;
    bool finished;
    pthread_mutex_lock(&k->lock);
    finished = k->finished;
    pthread_mutex_unlock(&k->lock);
    if (!finished) return ERR_OK;
    if (eventfd_read(k->event, &n) != 0) n = 0;
    free_ended(k->done, k->ndone);
    k->ndone = 0;
    k->busy = k->finished = false;
    if (k->rc) { /* its requests are not sent; what ended stands in the journal, for the next run */
        *e = k->e;
        free_visits(k->ready);
        k->ready = NULL;
        c->nkept = 0;
        return k->rc;
    }
    /* the engine ran dry while the disk was waited for: the plan runs further ahead from now on */
    if (http_pending(c->net) < (size_t)c->h->concurrency && c->nkept && c->window < WINDOW_MAX) c->window *= 2;
    struct visit *ready = k->ready;
    k->ready = NULL;
    c->nkept = 0;
    send_all(c, ready);
    return ERR_OK;
}

int keep_poll(struct crawl *c, struct err *e) {
    return keep_busy(c) ? take_back(c, c->keeper, e) : ERR_OK;
}

int keep_all(struct crawl *c, struct err *e) {
    struct keeper *k = c->keeper;
    int rc = ERR_OK;
    do {
        if (!keep_busy(c)) keep_begin(c);
        if (!keep_busy(c)) return ERR_OK;
        pthread_mutex_lock(&k->lock);
        while (!k->finished) pthread_cond_wait(&k->changed, &k->lock);
        pthread_mutex_unlock(&k->lock);
        rc = keep_poll(c, e);
    } while (rc == ERR_OK && (c->ndone || c->ready));
    return rc;
}

int keep_left(void *ctx, const char *sha1, const char *url, struct err *e) {
    struct crawl *c = ctx;
    (void)e;
    c->interrupted = true;
    for (size_t k = 0; k < c->h->nrequests; k++) {
        size_t i = journal_find(&c->j, k, sha1);
        if (c->j.e[i].state == ENTRY_NONE) continue;
        struct arena a = {0};
        struct journal_head h;
        struct err mine;
        if (journal_head(&c->j, i, &a, &h, &mine) == ERR_OK) {
            struct visit v = {.shown = (char *)(uintptr_t)url};
            snprintf(v.sha1, sizeof v.sha1, "%s", sha1);
            crawl_note(c, &v, h.state, arena_str(&c->a, h.reason ? h.reason : "ok"), h.status, h.attempts);
        }
        arena_free(&a);
        return ERR_OK;
    }
    return ERR_OK;
}
