/*
 * See sorter.h. In memory: one in-place distribution by the first two bytes (keys are hashes or UUIDs, so the
 * buckets are even), then quicksort in each bucket; clustered keys merely make one bucket large. On disk: runs are
 * read back through small buffers and merged by linear search over the heads: runs are few (input / memory).
 */
#include "io/sorter.h"

#include <errno.h>
#include <unistd.h>

#include "io/file.h"

#define RUN_BUFFER (128 << 10)

struct run {
    int fd;
    off_t at, size;
    char *buf;
    size_t n, pos;
};

struct sorter {
    size_t rec, key, cap;
    char *mem;
    size_t n, pos;
    size_t room; /* records allocated so far; grows up to cap */
    uint64_t count;
    char *tmpdir;
    struct run *runs;
    size_t nruns;
};

struct sorter *sorter_new(size_t rec_size, size_t key_size, size_t memory, const char *tmpdir) {
    struct sorter *s = mem_alloc(sizeof *s);
    s->rec = rec_size;
    s->key = key_size;
    s->cap = memory / rec_size;
    if (s->cap < 1024) s->cap = 1024;
    s->tmpdir = mem_str(tmpdir);
    return s;
}

static int compare(const void *x, const void *y, void *ctx) {
    return memcmp(x, y, ((struct sorter *)ctx)->key);
}

static void swap(char *x, char *y, size_t n) {
    char t[256];
    while (n) {
        size_t k = n < sizeof t ? n : sizeof t;
        memcpy(t, x, k);
        memcpy(x, y, k);
        memcpy(y, t, k);
        x += k;
        y += k;
        n -= k;
    }
}

static size_t bucket_of(const char *rec) {
    return (size_t)(unsigned char)rec[0] << 8 | (unsigned char)rec[1];
}

/* American flag sort on the first two bytes: McIlroy, Bostic, McIlroy, "Engineering Radix Sort" (1993). */
static void sort_memory(struct sorter *s) {
    if (s->n < 2) return;
    if (s->n < 4096 || s->key < 2) {
        qsort_r(s->mem, s->n, s->rec, compare, s);
        return;
    }
    size_t *count = mem_alloc(65537 * sizeof *count), *next = mem_alloc(65536 * sizeof *next);
    for (size_t i = 0; i < s->n; i++) count[bucket_of(s->mem + i * s->rec) + 1]++;
    for (size_t b = 0; b < 65536; b++) {
        count[b + 1] += count[b];
        next[b] = count[b];
    }
    for (size_t b = 0; b < 65536; b++) {
        while (next[b] < count[b + 1]) {
            char *r = s->mem + next[b] * s->rec;
            size_t home = bucket_of(r);
            if (home == b)
                next[b]++;
            else
                swap(r, s->mem + next[home]++ * s->rec, s->rec);
        }
        size_t n = count[b + 1] - count[b];
        if (n > 1) qsort_r(s->mem + count[b] * s->rec, n, s->rec, compare, s);
    }
    free(count);
    free(next);
}

static int spill(struct sorter *s, struct err *e) {
    sort_memory(s);
    int fd = file_temp(s->tmpdir, e);
    if (fd < 0) return e ? e->code : ERR_IO;
    int rc = fd_write(fd, s->mem, s->n * s->rec, "a temporary file", e);
    if (rc) {
        close(fd);
        return rc;
    }
    s->runs = mem_grow(s->runs, (s->nruns + 1) * sizeof *s->runs);
    s->runs[s->nruns++] = (struct run){.fd = fd, .size = (off_t)(s->n * s->rec)};
    s->n = 0;
    return ERR_OK;
}

int sorter_add(struct sorter *s, const void *rec, struct err *e) {
    if (s->n == s->room) {
        if (s->room == s->cap) {
            int rc = spill(s, e);
            if (rc) return rc;
        } else {
            s->room = s->room ? s->room * 2 : 1024;
            if (s->room > s->cap) s->room = s->cap;
            s->mem = mem_grow(s->mem, s->room * s->rec);
        }
    }
    memcpy(s->mem + s->n++ * s->rec, rec, s->rec);
    s->count++;
    return ERR_OK;
}

int sorter_finish(struct sorter *s, struct err *e) {
    if (!s->nruns) {
        sort_memory(s);
        return ERR_OK;
    }
    int rc = s->n ? spill(s, e) : ERR_OK;
    free(s->mem);
    s->mem = NULL;
    for (size_t i = 0; i < s->nruns; i++) s->runs[i].buf = mem_grow(NULL, RUN_BUFFER);
    return rc;
}

/* Current record of a run, NULL at its end. */
static const char *head(struct sorter *s, struct run *r, int *rc, struct err *e) {
    if (r->pos == r->n) {
        size_t whole = RUN_BUFFER / s->rec * s->rec;
        if ((off_t)whole > r->size - r->at) whole = (size_t)(r->size - r->at);
        if (!whole) return NULL;
        for (size_t got = 0; got < whole;) {
            ssize_t n = pread(r->fd, r->buf + got, whole - got, r->at + (off_t)got);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                *rc = err_sys(e, ERR_IO, "cannot read a temporary file");
                return NULL;
            }
            got += (size_t)n;
        }
        r->at += (off_t)whole;
        r->n = whole;
        r->pos = 0;
    }
    return r->buf + r->pos;
}

const void *sorter_next(struct sorter *s, int *rc, struct err *e) {
    *rc = ERR_OK;
    if (!s->nruns) return s->pos < s->n ? s->mem + s->pos++ * s->rec : NULL;
    struct run *least = NULL;
    const char *best = NULL;
    for (size_t i = 0; i < s->nruns; i++) {
        const char *h = head(s, &s->runs[i], rc, e);
        if (*rc) return NULL;
        if (h && (!best || memcmp(h, best, s->key) < 0)) {
            best = h;
            least = &s->runs[i];
        }
    }
    if (least) least->pos += s->rec;
    return best;
}

uint64_t sorter_count(const struct sorter *s) {
    return s->count;
}

size_t sorter_runs(const struct sorter *s) {
    return s->nruns;
}

void sorter_free(struct sorter *s) {
    if (!s) return;
    for (size_t i = 0; i < s->nruns; i++) {
        close(s->runs[i].fd);
        free(s->runs[i].buf);
    }
    free(s->runs);
    free(s->mem);
    free(s->tmpdir);
    free(s);
}
