/* See behind.h. A ring of buffers between one maker and one writer. */
#include "io/behind.h"

#include <pthread.h>

#define RING 2

struct behind {
    behind_fn *fn;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct {
        char *buf;
        size_t n;
    } ring[RING];
    unsigned given, done; /* modulo 2^32 */
    bool ending;
    int rc;
    struct err err;
};

static void *work(void *arg) {
    struct behind *b = arg;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        if (b->done != b->given) {
            unsigned i = b->done % RING;
            int rc = b->rc;
            pthread_mutex_unlock(&b->lock);
            if (!rc) rc = b->fn(b->ctx, &b->ring[i].buf, b->ring[i].n, &b->err);
            pthread_mutex_lock(&b->lock);
            b->rc = rc;
            b->done++;
            pthread_cond_signal(&b->changed);
        } else if (b->ending) {
            break;
        } else {
            pthread_cond_wait(&b->changed, &b->lock);
        }
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

static void release(struct behind *b) {
    for (int i = 0; i < RING; i++) free(b->ring[i].buf);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->changed);
    free(b);
}

struct behind *behind_start(behind_fn *fn, void *ctx, size_t buffer) {
    struct behind *b = mem_alloc(sizeof *b);
    b->fn = fn;
    b->ctx = ctx;
    for (int i = 0; i < RING; i++) b->ring[i].buf = mem_grow(NULL, buffer);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    if (pthread_create(&b->thread, NULL, work, b) == 0) return b;
    release(b);
    return NULL;
}

int behind_write(struct behind *b, char **buf, size_t n, struct err *e) {
    pthread_mutex_lock(&b->lock);
    while (b->given - b->done == RING) pthread_cond_wait(&b->changed, &b->lock);
    unsigned i = b->given % RING;
    char *free_one = b->ring[i].buf;
    b->ring[i].buf = *buf;
    b->ring[i].n = n;
    b->given++;
    int rc = b->rc;
    if (rc && e) *e = b->err;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    *buf = free_one;
    return rc;
}

int behind_end(struct behind *b, struct err *e) {
    if (!b) return ERR_OK;
    pthread_mutex_lock(&b->lock);
    b->ending = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    int rc = b->rc;
    if (rc && e) *e = b->err;
    release(b);
    return rc;
}
