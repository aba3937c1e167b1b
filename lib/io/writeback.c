/* See writeback.h: sync_file_range(2) without any of its waiting flags. */
#include "io/writeback.h"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#define PAUSE_MS 25

struct writeback {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
    int fds[4], n;
};

void writeback_hint(int fd, uint64_t from, uint64_t n) {
    (void)sync_file_range(fd, (off_t)from, (off_t)n, SYNC_FILE_RANGE_WRITE);
}

static void *work(void *arg) {
    struct writeback *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_nsec += PAUSE_MS * 1000000L;
        if (t.tv_nsec >= 1000000000L) {
            t.tv_nsec -= 1000000000L;
            t.tv_sec++;
        }
        pthread_cond_timedwait(&w->stop, &w->lock, &t);
        if (w->stopping) break;
        pthread_mutex_unlock(&w->lock);
        for (int i = 0; i < w->n; i++) writeback_hint(w->fds[i], 0, 0); /* 0: to its end */
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct writeback *writeback_start(const int *fds, int n) {
    struct writeback *w = mem_alloc(sizeof *w);
    for (int i = 0; i < n && w->n < 4; i++)
        if (fds[i] >= 0) w->fds[w->n++] = fds[i];
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->stop, NULL);
    if (w->n && pthread_create(&w->thread, NULL, work, w) == 0) return w;
    free(w);
    return NULL;
}

void writeback_stop(struct writeback *w) {
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->stop);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->stop);
    free(w);
}
