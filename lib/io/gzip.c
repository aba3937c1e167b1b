/*
 * See gzip.h. A ring of jobs: the caller fills the newest, threads squeeze those between, the caller puts out the
 * oldest when the ring is full. Blocks end with a sync flush, which puts them on byte boundaries, the last with the
 * final block; the checksums of the blocks are combined (zlib's crc32_combine). The way of pigz (Mark Adler).
 */
#include "io/gzip.h"

#include <pthread.h>
#include <zlib.h>

#define BLOCK (256 << 10)
#define WINDOW 32768

enum job_state { JOB_FREE, JOB_FULL, JOB_WORKING, JOB_DONE };
struct job {
    enum job_state state;
    bool last, failed;
    unsigned char *in, *out, dict[WINDOW];
    size_t n, dict_n, out_n;
    unsigned long crc;
};

struct gzip {
    gzip_put_fn *put;
    void *ctx;
    struct job *jobs;
    size_t njobs, fill, oldest, work; /* places in the ring */
    size_t held;                      /* jobs full, at work or done */
    pthread_t *threads;
    int nthreads;
    pthread_mutex_t lock;
    pthread_cond_t full, done;
    bool closing, headed;
    unsigned long crc;
    uint64_t total;
    size_t out_cap;
    z_stream own; /* for the caller's thread where there is no other */
};

static int threads_allowed = 1;

void gzip_threads_set(int threads) {
    threads_allowed = threads < 1 ? 1 : threads;
}

int gzip_threads(void) {
    return threads_allowed;
}

static void squeeze(struct job *j, z_stream *z, size_t cap) {
    deflateReset(z);
    if (j->dict_n) deflateSetDictionary(z, j->dict, (uInt)j->dict_n);
    z->next_in = j->in;
    z->avail_in = (uInt)j->n;
    z->next_out = j->out;
    z->avail_out = (uInt)cap;
    int rc = deflate(z, j->last ? Z_FINISH : Z_SYNC_FLUSH);
    j->failed = j->last ? rc != Z_STREAM_END : rc != Z_OK || z->avail_in || !z->avail_out;
    j->out_n = cap - z->avail_out;
    j->crc = crc32(0, j->in, (uInt)j->n);
}

static bool stream_open(z_stream *z) {
    *z = (z_stream){0};
    return deflateInit2(z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

static void *worker(void *arg) {
    struct gzip *g = arg;
    z_stream z;
    bool open = stream_open(&z);
    pthread_mutex_lock(&g->lock);
    for (;;) {
        struct job *j = &g->jobs[g->work];
        if (j->state == JOB_FULL) {
            j->state = JOB_WORKING;
            g->work = (g->work + 1) % g->njobs;
            pthread_mutex_unlock(&g->lock);
            if (open)
                squeeze(j, &z, g->out_cap);
            else
                j->failed = true;
            pthread_mutex_lock(&g->lock);
            j->state = JOB_DONE;
            pthread_cond_broadcast(&g->done);
        } else if (g->closing) {
            break;
        } else {
            pthread_cond_wait(&g->full, &g->lock);
        }
    }
    pthread_mutex_unlock(&g->lock);
    if (open) deflateEnd(&z);
    return NULL;
}

int gzip_open(struct gzip **out, int threads, gzip_put_fn *put, void *ctx, struct err *e) {
    struct gzip *g = mem_alloc(sizeof *g);
    if (!stream_open(&g->own)) {
        free(g);
        return err_set(e, ERR_INTERNAL, "zlib does not start");
    }
    g->put = put;
    g->ctx = ctx;
    g->out_cap = deflateBound(&g->own, BLOCK) + 64;
    g->njobs = threads > 1 ? (size_t)threads + 2 : 1;
    g->jobs = mem_alloc(g->njobs * sizeof *g->jobs);
    for (size_t i = 0; i < g->njobs; i++) {
        g->jobs[i].in = mem_grow(NULL, BLOCK);
        g->jobs[i].out = mem_grow(NULL, g->out_cap);
    }
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->full, NULL);
    pthread_cond_init(&g->done, NULL);
    g->threads = mem_alloc((size_t)(threads + 1) * sizeof *g->threads);
    while (threads > 1 && g->nthreads < threads && pthread_create(&g->threads[g->nthreads], NULL, worker, g) == 0)
        g->nthreads++;
    *out = g;
    return ERR_OK;
}

/* Put out the oldest job, once it is done. */
static int put_oldest(struct gzip *g, struct err *e) {
    static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    struct job *j = &g->jobs[g->oldest];
    pthread_mutex_lock(&g->lock);
    while (g->nthreads && j->state != JOB_DONE) pthread_cond_wait(&g->done, &g->lock);
    pthread_mutex_unlock(&g->lock);
    if (!g->nthreads) squeeze(j, &g->own, g->out_cap);
    int rc = j->failed ? err_set(e, ERR_INTERNAL, "zlib fails to compress") : ERR_OK;
    if (rc == ERR_OK && !g->headed) rc = g->put(g->ctx, (const char *)header, sizeof header, e);
    g->headed = true;
    if (rc == ERR_OK) rc = g->put(g->ctx, (const char *)j->out, j->out_n, e);
    g->crc = crc32_combine(g->crc, j->crc, (z_off_t)j->n);
    g->total += j->n;
    pthread_mutex_lock(&g->lock);
    j->state = JOB_FREE;
    pthread_mutex_unlock(&g->lock);
    j->n = 0;
    g->oldest = (g->oldest + 1) % g->njobs;
    g->held--;
    return rc;
}

/* The job at `fill` is complete: hand it over and prime the next one with its end. */
static int hand_over(struct gzip *g, bool last, struct err *e) {
    struct job *j = &g->jobs[g->fill], *next;
    j->last = last;
    pthread_mutex_lock(&g->lock);
    j->state = JOB_FULL;
    pthread_cond_signal(&g->full);
    pthread_mutex_unlock(&g->lock);
    g->held++;
    size_t tail = j->n < WINDOW ? j->n : WINDOW;
    unsigned char window[WINDOW];
    memcpy(window, j->in + j->n - tail, tail); /* the caller alone writes `in`; threads only read it */
    g->fill = (g->fill + 1) % g->njobs;
    int rc = g->held == g->njobs ? put_oldest(g, e) : ERR_OK;
    next = &g->jobs[g->fill];
    memcpy(next->dict, window, tail);
    next->dict_n = tail;
    return rc;
}

int gzip_write(struct gzip *g, const void *p, size_t n, struct err *e) {
    const unsigned char *from = p;
    while (n) {
        struct job *j = &g->jobs[g->fill];
        size_t take = n < BLOCK - j->n ? n : BLOCK - j->n;
        memcpy(j->in + j->n, from, take);
        j->n += take;
        from += take;
        n -= take;
        if (j->n < BLOCK) continue;
        int rc = hand_over(g, false, e);
        if (rc) return rc;
    }
    return ERR_OK;
}

int gzip_finish(struct gzip *g, struct err *e) {
    unsigned char tail[8];
    int rc = hand_over(g, true, e);
    while (rc == ERR_OK && g->held) rc = put_oldest(g, e);
    for (int i = 0; i < 4; i++) {
        tail[i] = (unsigned char)(g->crc >> (8 * i));
        tail[4 + i] = (unsigned char)(g->total >> (8 * i));
    }
    return rc ? rc : g->put(g->ctx, (const char *)tail, sizeof tail, e);
}

void gzip_close(struct gzip *g) {
    if (!g) return;
    pthread_mutex_lock(&g->lock);
    g->closing = true;
    pthread_cond_broadcast(&g->full);
    pthread_mutex_unlock(&g->lock);
    for (int i = 0; i < g->nthreads; i++) pthread_join(g->threads[i], NULL);
    for (size_t i = 0; i < g->njobs; i++) {
        free(g->jobs[i].in);
        free(g->jobs[i].out);
    }
    deflateEnd(&g->own);
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->full);
    pthread_cond_destroy(&g->done);
    free(g->jobs);
    free(g->threads);
    free(g);
}
