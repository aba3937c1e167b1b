/*
 * Put before libc by LD_PRELOAD: allocations that fail, a clock that lies, sleep that takes no time. For
 * scripts/torture (memory.py, clock.py), on the dynamically linked binary.
 *
 *   FAKE_MALLOC=N    the N-th allocation fails, counted over all threads; N+: all from there on
 *   FAKE_THREAD=N    the N-th start of a thread fails (EAGAIN); N+: all from there on
 *   FAKE_PLACES=FILE the number of the first allocation of each place in the code (six calls deep), a line each
 *   FAKE_BACK=N:S    from the N-th look at it on, the time of day is S seconds earlier
 *   FAKE_LATE=N:S    from the N-th look at it on, the monotonic clock is S seconds later
 *   FAKE_SLEEP=1     sleeping takes no time: the clocks go on instead
 *   FAKE_TOLD=FILE   at the end: "allocations looks-at-time looks-at-monotonic threads"
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static atomic_long threads, allocations, looks_real, looks_mono;
static _Atomic int64_t slept; /* nanoseconds */
static long malloc_at = -1, back_at = -1, back_by, late_at = -1, late_by;
static long thread_at = -1;
static int malloc_on, thread_on, no_sleep;

static long number(const char *name, long *by, int *on) {
    const char *s = getenv(name);
    char *end;
    if (!s) return -1;
    long n = strtol(s, &end, 10);
    if (by && *end == ':') *by = strtol(end + 1, NULL, 10);
    if (on) *on = *end == '+';
    return n;
}

static FILE *places;
static __thread int inside;
static _Atomic uint64_t seen[1 << 17];

static void note_place(long n) {
    void *at[9];
    uint64_t hash = 1;
    if (!places || inside) return;
    inside = 1;
    int depth = backtrace(at, 9);
    for (int i = 2; i < depth; i++) hash = (hash ^ (uint64_t)(uintptr_t)at[i]) * 0x9e3779b97f4a7c15u;
    for (uint64_t slot = hash >> 40;; slot++) {
        uint64_t none = 0;
        if (seen[slot & 0x1ffff] == hash) break;
        if (!atomic_compare_exchange_strong(&seen[slot & 0x1ffff], &none, hash)) continue;
        fprintf(places, "%ld\n", n);
        break;
    }
    inside = 0;
}

static void on_crash(int sig) {
    void *at[40];
    backtrace_symbols_fd(at, backtrace(at, 40), 2);
    signal(sig, SIG_DFL);
    raise(sig);
}

__attribute__((constructor)) static void begin(void) {
    malloc_at = number("FAKE_MALLOC", NULL, &malloc_on);
    back_at = number("FAKE_BACK", &back_by, NULL);
    late_at = number("FAKE_LATE", &late_by, NULL);
    thread_at = number("FAKE_THREAD", NULL, &thread_on);
    no_sleep = getenv("FAKE_SLEEP") != NULL;
    const char *path = getenv("FAKE_PLACES");
    unsetenv("LD_PRELOAD"); /* hooks are not meant */
    void *warm[2];
    backtrace(warm, 2); /* it loads a library the first time */
    signal(SIGSEGV, on_crash);
    signal(SIGABRT, on_crash);
    FILE *f = path ? fopen(path, "we") : NULL;
    if (f) setvbuf(f, NULL, _IOLBF, 4096);
    if (f) fprintf(f, "0\n");
    allocations = 0;
    places = f;
}

__attribute__((destructor)) static void told(void) {
    const char *path = getenv("FAKE_TOLD");
    long n = allocations;
    malloc_at = -1;
    inside = 1;
    if (places) fclose(places);
    places = NULL;
    FILE *f = path ? fopen(path, "we") : NULL;
    if (!f) return;
    fprintf(f, "%ld %ld %ld %ld\n", n, (long)looks_real, (long)looks_mono, (long)threads);
    fclose(f);
}

static int fails(void) {
    if (inside) return 0;
    long n = ++allocations;
    note_place(n);
    if (malloc_at < 0 || (malloc_on ? n < malloc_at : n != malloc_at)) return 0;
    errno = ENOMEM;
    return 1;
}

int pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *arg) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    long n = ++threads;
    if (thread_at > 0 && (thread_on ? n >= thread_at : n == thread_at)) return EAGAIN;
    return real(t, a, run, arg);
}

void *malloc(size_t n) {
    return fails() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t each) {
    return fails() ? NULL : __libc_calloc(n, each);
}
void *realloc(void *p, size_t n) {
    return fails() ? NULL : __libc_realloc(p, n);
}
void *memalign(size_t align, size_t n) {
    return fails() ? NULL : __libc_memalign(align, n);
}
void *aligned_alloc(size_t align, size_t n) {
    return memalign(align, n);
}
int posix_memalign(void **to, size_t align, size_t n) {
    *to = memalign(align, n);
    return *to ? 0 : ENOMEM;
}

static void add(struct timespec *t, int64_t ns) {
    int64_t sum = (int64_t)t->tv_sec * 1000000000 + t->tv_nsec + ns;
    t->tv_sec = sum / 1000000000;
    t->tv_nsec = sum % 1000000000;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    long rc = syscall(SYS_clock_gettime, id, t);
    if (rc) return (int)rc;
    add(t, slept);
    if (id == CLOCK_REALTIME && ++looks_real >= back_at && back_at > 0) t->tv_sec -= back_by;
    if (id == CLOCK_MONOTONIC && ++looks_mono >= late_at && late_at > 0) t->tv_sec += late_by;
    return 0;
}

time_t time(time_t *to) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (to) *to = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    to->tv_sec = t.tv_sec;
    to->tv_usec = t.tv_nsec / 1000;
    return 0;
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *how, struct timespec *left) {
    if (!no_sleep || flags) return (int)syscall(SYS_clock_nanosleep, id, flags, how, left);
    slept += (int64_t)how->tv_sec * 1000000000 + how->tv_nsec;
    return 0;
}
int nanosleep(const struct timespec *how, struct timespec *left) {
    return clock_nanosleep(CLOCK_MONOTONIC, 0, how, left);
}
int usleep(useconds_t us) {
    struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
    return nanosleep(&t, NULL);
}
