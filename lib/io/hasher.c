/* See hasher.h. A ring of buffers; where no thread can be had the work is done at once. */
#include "io/hasher.h"

#include <pthread.h>

#include "base/hash.h"

#define RING 4

struct hasher {
    struct sha256 sha;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool threaded, ending;
    struct {
        char *buf;
        size_t n;
    } ring[RING];
    unsigned given, done; /* buffers handed in and hashed, modulo 2^32 */
};

static void *work(void *arg) {
    struct hasher *h = arg;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        if (h->done != h->given) {
            unsigned i = h->done % RING;
            pthread_mutex_unlock(&h->lock);
            sha256_add(&h->sha, h->ring[i].buf, h->ring[i].n);
            pthread_mutex_lock(&h->lock);
            h->done++;
            pthread_cond_signal(&h->changed);
        } else if (h->ending) {
            break;
        } else {
            pthread_cond_wait(&h->changed, &h->lock);
        }
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

struct hasher *hasher_start(size_t buffer) {
    struct hasher *h = mem_alloc(sizeof *h);
    for (int i = 0; i < RING; i++) h->ring[i].buf = mem_grow(NULL, buffer);
    sha256_start(&h->sha);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    h->threaded = pthread_create(&h->thread, NULL, work, h) == 0;
    return h;
}

char *hasher_take(struct hasher *h, char *buf, size_t n) {
    if (!h->threaded) {
        sha256_add(&h->sha, buf, n);
        return buf;
    }
    pthread_mutex_lock(&h->lock);
    while (h->given - h->done == RING) pthread_cond_wait(&h->changed, &h->lock);
    unsigned i = h->given % RING;
    char *free_one = h->ring[i].buf;
    h->ring[i].buf = buf;
    h->ring[i].n = n;
    h->given++;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    return free_one;
}

void hasher_end(struct hasher *h, char out[65]) {
    char unused[65];
    if (!h) return;
    if (h->threaded) {
        pthread_mutex_lock(&h->lock);
        h->ending = true;
        pthread_cond_signal(&h->changed);
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
    }
    sha256_hex(&h->sha, out ? out : unused);
    for (int i = 0; i < RING; i++) free(h->ring[i].buf);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->changed);
    free(h);
}
