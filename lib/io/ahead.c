/* See ahead.h. A ring of blocks between one maker and one taker. */
#include "io/ahead.h"

#include <pthread.h>

#define BLOCKS 4
#define BLOCK (256 << 10)

struct block {
    char *p;
    size_t n, at;
    int rc;
    struct err err;
};

struct ahead {
    ahead_fn *fn;
    void *ctx;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct block blocks[BLOCKS];
    unsigned made, taken; /* modulo 2^32 */
    bool stopping, ended;
};

static void *make(void *arg) {
    struct ahead *a = arg;
    bool more = true;
    pthread_mutex_lock(&a->lock);
    while (more && !a->stopping) {
        if (a->made - a->taken == BLOCKS) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        struct block *b = &a->blocks[a->made % BLOCKS];
        pthread_mutex_unlock(&a->lock);
        b->at = b->n = 0;
        b->rc = a->fn(a->ctx, b->p, BLOCK, &b->n, &b->err);
        more = b->rc == ERR_OK && b->n;
        pthread_mutex_lock(&a->lock);
        a->made++;
        pthread_cond_signal(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

struct ahead *ahead_start(ahead_fn *fn, void *ctx) {
    struct ahead *a = mem_alloc(sizeof *a);
    a->fn = fn;
    a->ctx = ctx;
    for (int i = 0; i < BLOCKS; i++) a->blocks[i].p = mem_grow(NULL, BLOCK);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (pthread_create(&a->thread, NULL, make, a) == 0) return a;
    a->fn = NULL;
    ahead_stop(a);
    return NULL;
}

int ahead_read(struct ahead *a, char *to, size_t cap, size_t *n, struct err *e) {
    *n = 0;
    if (a->ended) return ERR_OK;
    pthread_mutex_lock(&a->lock);
    while (a->made == a->taken) pthread_cond_wait(&a->changed, &a->lock);
    pthread_mutex_unlock(&a->lock);
    struct block *b = &a->blocks[a->taken % BLOCKS];
    if (b->rc || !b->n) {
        a->ended = true;
        if (b->rc && e) *e = b->err;
        return b->rc;
    }
    *n = b->n - b->at < cap ? b->n - b->at : cap;
    memcpy(to, b->p + b->at, *n);
    b->at += *n;
    if (b->at < b->n) return ERR_OK;
    pthread_mutex_lock(&a->lock);
    a->taken++;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    return ERR_OK;
}

void ahead_stop(struct ahead *a) {
    if (!a) return;
    if (a->fn) {
        pthread_mutex_lock(&a->lock);
        a->stopping = true;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    for (int i = 0; i < BLOCKS; i++) free(a->blocks[i].p);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    free(a);
}
