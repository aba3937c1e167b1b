/* See batch.h. The crew: a ring of slots; the caller reads into free slots, threads take them by turn,
 * the caller takes the results in order. */
#include "json/batch.h"

#include <pthread.h>

#include "base/stop.h"

static void room(struct batch *b) {
    b->toks.n = 0;
    b->n = b->blk.n;
    if (b->cap >= b->n) return;
    b->cap = b->n * 2;
    free(b->r);
    b->r = mem_alloc(b->cap * sizeof *b->r);
}

static void scan_line(struct batch *b, size_t i, struct rec *r) {
    const struct rline *l = &b->blk.l[i];
    *r = (struct rec){.text = b->blk.data.p + l->off,
                      .len = l->len,
                      .bad = l->bad,
                      .bad_at = l->bad_at,
                      .line = l->line,
                      .file = l->file};
    r->v.text = r->text;
    r->v.i = (uint32_t)b->toks.n; /* for now: where its tokens begin */
    struct jerr je;
    if (!r->bad && !json_scan(&b->toks, r->text, r->len, 0, &je)) {
        r->bad = je.what;
        r->bad_at = (uint32_t)je.at;
    }
}

void batch_scan(struct batch *b) {
    room(b);
    for (size_t i = 0; i < b->n; i++) scan_line(b, i, &b->r[i]);
    for (size_t i = 0; i < b->n; i++) { /* the token array stands still only now */
        b->r[i].v.t = b->r[i].bad ? NULL : b->toks.t + b->r[i].v.i;
        b->r[i].v.i = 0;
    }
}

void batch_scan_one(struct batch *b, size_t line, struct rec *r) {
    b->toks.n = 0;
    scan_line(b, line, r);
    r->v.t = r->bad ? NULL : b->toks.t;
}

void batch_look(struct batch *b, struct alike *like) {
    static const struct jtok object = {.type = JT_OBJ, .next = 1};
    room(b);
    for (size_t i = 0; i < b->n; i++) {
        const struct rline *l = &b->blk.l[i];
        struct rec *r = &b->r[i];
        const char *text = b->blk.data.p + l->off;
        if (!l->bad && alike_read(like, text, l->len, NULL)) {
            *r = (struct rec){.text = text, .len = l->len, .line = l->line, .file = l->file, .v = {text, &object, 0}};
            continue;
        }
        batch_scan_one(b, i, r);
        if (r->bad) continue;
        if (jv_type(r->v) != JT_OBJ) { /* somebody will want to see it */
            batch_scan(b);
            return;
        }
        alike_learn(like, r->v);
        r->v.t = &object; /* its tokens go */
    }
}

void batch_free(struct batch *b) {
    rblock_free(&b->blk);
    jtoks_free(&b->toks);
    free(b->r);
    *b = (struct batch){0};
}

const char *rec_problem(const struct rec *r, struct arena *a) {
    return arena_fmt(a, "%s at byte %u", r->bad, r->bad_at + 1);
}

enum slot_state { SLOT_FREE, SLOT_FULL, SLOT_WORKING, SLOT_DONE };

struct slot {
    struct batch b;
    void *out;
    enum slot_state state;
};

struct ring {
    const struct crew *c;
    pthread_mutex_t lock;
    pthread_cond_t filled, done;
    struct slot *slots;
    size_t nslots, next_work;
    bool closing;
};

static void *worker(void *arg) {
    struct ring *r = arg;
    pthread_mutex_lock(&r->lock);
    for (;;) {
        struct slot *s = &r->slots[r->next_work];
        if (s->state == SLOT_FULL) {
            r->next_work = (r->next_work + 1) % r->nslots;
            s->state = SLOT_WORKING;
            pthread_mutex_unlock(&r->lock);
            rblock_convert(&s->b.blk);
            if (!r->c->fill && !r->c->unscanned) batch_scan(&s->b);
            s->b.n = r->c->unscanned ? s->b.blk.n : s->b.n;
            r->c->work(r->c->ctx, &s->b, s->out);
            pthread_mutex_lock(&r->lock);
            s->state = SLOT_DONE;
            pthread_cond_broadcast(&r->done);
        } else if (r->closing) {
            break;
        } else {
            pthread_cond_wait(&r->filled, &r->lock);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static int read_slot(const struct crew *c, struct slot *s, struct reader *in, uint64_t *seq, bool *more,
                     struct err *e) {
    int rc = stop_check(e);
    if (rc == ERR_OK && c->fill) return c->fill(c->ctx, &s->b, more, e);
    if (rc == ERR_OK) rc = reader_next_raw(in, &s->b.blk, more, e);
    s->b.seq = *seq;
    if (rc == ERR_OK && *more) *seq += s->b.blk.n;
    return rc;
}

static int run_alone(const struct crew *c, struct reader *in, struct err *e) {
    struct slot s = {.out = mem_alloc(c->out_size)};
    uint64_t seq = 0;
    bool more = true;
    int rc = ERR_OK;
    while (rc == ERR_OK && more) {
        rc = read_slot(c, &s, in, &seq, &more, e);
        if (rc || !more) break;
        rblock_convert(&s.b.blk);
        if (!c->fill && !c->unscanned) batch_scan(&s.b);
        if (c->unscanned) s.b.n = s.b.blk.n;
        c->work(c->ctx, &s.b, s.out);
        rc = c->take(c->ctx, &s.b, s.out, e);
    }
    if (c->out_free) c->out_free(s.out);
    free(s.out);
    batch_free(&s.b);
    return rc;
}

/* The caller's part: keep the ring full, take what is done, in order. */
static int feed(struct ring *r, struct reader *in, struct err *e) {
    size_t head = 0, tail = 0, held = 0; /* tail: next to fill; head: next to take */
    uint64_t seq = 0;
    bool more = true;
    int rc = ERR_OK;
    while (rc == ERR_OK && (more || held)) {
        while (more && held < r->nslots && rc == ERR_OK) {
            struct slot *s = &r->slots[tail];
            rc = read_slot(r->c, s, in, &seq, &more, e);
            if (rc || !more) break;
            pthread_mutex_lock(&r->lock);
            s->state = SLOT_FULL;
            pthread_cond_signal(&r->filled);
            bool ready = r->slots[head].state == SLOT_DONE;
            pthread_mutex_unlock(&r->lock);
            tail = (tail + 1) % r->nslots;
            held++;
            if (ready) break;
        }
        if (rc || !held) break;
        struct slot *s = &r->slots[head];
        pthread_mutex_lock(&r->lock);
        while (s->state != SLOT_DONE) pthread_cond_wait(&r->done, &r->lock);
        pthread_mutex_unlock(&r->lock);
        rc = r->c->take(r->c->ctx, &s->b, s->out, e);
        pthread_mutex_lock(&r->lock);
        s->state = SLOT_FREE;
        pthread_mutex_unlock(&r->lock);
        head = (head + 1) % r->nslots;
        held--;
    }
    return rc;
}

int crew_run(const struct crew *c, struct reader *in, struct err *e) {
    if (c->threads <= 1) return run_alone(c, in, e);
    struct ring r = {.c = c, .nslots = (size_t)c->threads + 2, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_cond_init(&r.filled, NULL);
    pthread_cond_init(&r.done, NULL);
    r.slots = mem_alloc(r.nslots * sizeof *r.slots);
    for (size_t i = 0; i < r.nslots; i++) r.slots[i].out = mem_alloc(c->out_size);
    pthread_t *t = mem_alloc((size_t)c->threads * sizeof *t);
    int started = 0;
    while (started < c->threads && pthread_create(&t[started], NULL, worker, &r) == 0) started++;
    int rc = started ? feed(&r, in, e) : err_set(e, ERR_LIMIT, "the system refuses to start a thread; try --threads 1");
    pthread_mutex_lock(&r.lock);
    r.closing = true;
    pthread_cond_broadcast(&r.filled);
    pthread_mutex_unlock(&r.lock);
    for (int i = 0; i < started; i++) pthread_join(t[i], NULL);
    for (size_t i = 0; i < r.nslots; i++) {
        if (c->out_free) c->out_free(r.slots[i].out);
        free(r.slots[i].out);
        batch_free(&r.slots[i].b);
    }
    free(r.slots);
    free(t);
    pthread_cond_destroy(&r.filled);
    pthread_cond_destroy(&r.done);
    return rc;
}
