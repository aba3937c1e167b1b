/*
 * See sorter.h. In memory: one in-place distribution by the first two bytes (keys are hashes or UUIDs, so the
 * buckets are even), then quicksort in each bucket; clustered keys merely make one bucket large. On disk: one file of
 * runs one after another, read back through small buffers and merged by a heap over their heads. Where the memory is
 * too small for a buffer per run, runs are first merged, as many as it has buffers for, into fewer and longer ones.
 */
#include "io/sorter.h"

#include <errno.h>
#include <unistd.h>

#include "io/file.h"

#define RUN_BUFFER (128 << 10) /* the most that a run is read through */
#define RUN_LEAST (8 << 10)    /* and the least, so that disks are not asked for crumbs */

struct run {
    off_t at, end; /* what is still to be read */
    off_t start;
    char *buf;
    size_t n, pos;
};
/* Runs being merged; heap[0] has the least head. */
struct merge {
    struct run **heap;
    size_t n, buffer;
    bool moved;   /* the first was handed out and must go on before the next */
    bool rewound; /* begins anew */
};

struct sorter {
    size_t rec, key, cap;
    char *mem;
    size_t n, pos;
    size_t room; /* records allocated so far; grows up to cap */
    uint64_t count;
    char *tmpdir;
    int fd;
    off_t size;
    struct run *runs;
    size_t nruns, spilled; /* now; made from memory */
    struct merge merge;
};

struct sorter *sorter_new(size_t rec_size, size_t key_size, size_t memory, const char *tmpdir) {
    struct sorter *s = mem_alloc(sizeof *s);
    s->rec = rec_size;
    s->key = key_size;
    s->cap = memory / rec_size;
    if (s->cap < 1024) s->cap = 1024;
    s->tmpdir = mem_str(tmpdir);
    s->fd = -1;
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

static size_t whole_records(const struct sorter *s, size_t bytes) {
    return bytes < s->rec ? s->rec : bytes / s->rec * s->rec;
}

static void add_run(struct run **runs, size_t *n, off_t start, off_t end) {
    *runs = mem_grow(*runs, (*n + 1) * sizeof **runs);
    (*runs)[(*n)++] = (struct run){.start = start, .at = start, .end = end};
}

static int spill(struct sorter *s, struct err *e) {
    sort_memory(s);
    if (s->fd < 0 && (s->fd = file_temp(s->tmpdir, e)) < 0) return e ? e->code : ERR_IO;
    int rc = fd_write(s->fd, s->mem, s->n * s->rec, "a temporary file", e);
    if (rc) return rc;
    off_t end = s->size + (off_t)(s->n * s->rec);
    add_run(&s->runs, &s->nruns, s->size, end);
    s->size = end;
    s->spilled++;
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

/* Have the run's head in its buffer; *any false at its end. */
static int run_head(const struct sorter *s, struct run *r, bool *any, struct err *e) {
    *any = true;
    if (r->pos < r->n) return ERR_OK;
    size_t whole = s->merge.buffer;
    if ((off_t)whole > r->end - r->at) whole = (size_t)(r->end - r->at);
    for (size_t got = 0; got < whole;) {
        ssize_t n = pread(s->fd, r->buf + got, whole - got, r->at + (off_t)got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return err_sys(e, ERR_IO, "cannot read a temporary file");
        got += (size_t)n;
    }
    r->at += (off_t)whole;
    r->n = whole;
    r->pos = 0;
    *any = whole > 0;
    return ERR_OK;
}

/* Let the run at i sink to where no run below it has a lesser head. */
static void sink(struct sorter *s, size_t i) {
    struct merge *m = &s->merge;
    for (;;) {
        size_t k = 2 * i + 1;
        if (k >= m->n) return;
        const struct run *x = m->heap[k], *y = k + 1 < m->n ? m->heap[k + 1] : NULL;
        if (y && memcmp(y->buf + y->pos, x->buf + x->pos, s->key) < 0) {
            x = y;
            k++;
        }
        struct run *r = m->heap[i];
        if (memcmp(x->buf + x->pos, r->buf + r->pos, s->key) >= 0) return;
        m->heap[i] = m->heap[k];
        m->heap[k] = r;
        i = k;
    }
}

static int merge_begin(struct sorter *s, struct run *runs, size_t n, struct err *e) {
    struct merge *m = &s->merge;
    m->n = 0;
    m->moved = false;
    m->heap = mem_grow(m->heap, (n + 1) * sizeof *m->heap);
    for (size_t i = 0; i < n; i++) {
        bool any;
        runs[i].buf = mem_grow(runs[i].buf, m->buffer);
        int rc = run_head(s, &runs[i], &any, e);
        if (rc) return rc;
        if (any) m->heap[m->n++] = &runs[i];
    }
    for (size_t i = m->n / 2; i-- > 0;) sink(s, i);
    return ERR_OK;
}

static const void *merge_next(struct sorter *s, int *rc, struct err *e) {
    struct merge *m = &s->merge;
    *rc = ERR_OK;
    if (m->moved) { /* only now: what was handed out lies in its buffer */
        struct run *r = m->heap[0];
        bool any;
        r->pos += s->rec;
        *rc = run_head(s, r, &any, e);
        if (*rc) return NULL;
        if (!any) m->heap[0] = m->heap[--m->n];
        sink(s, 0);
    }
    m->moved = m->n > 0;
    return m->n ? m->heap[0]->buf + m->heap[0]->pos : NULL;
}

/* Runs [from, to) become one run at the end of the file fd. */
static int merge_into(struct sorter *s, size_t from, size_t to, int fd, char *out, size_t room, off_t *end,
                      struct err *e) {
    size_t n = 0;
    int rc = merge_begin(s, s->runs + from, to - from, e);
    for (const void *r; rc == ERR_OK && (r = merge_next(s, &rc, e));) {
        memcpy(out + n, r, s->rec);
        n += s->rec;
        if (n < room) continue;
        rc = fd_write(fd, out, n, "a temporary file", e);
        *end += (off_t)n;
        n = 0;
    }
    if (rc == ERR_OK && n) rc = fd_write(fd, out, n, "a temporary file", e);
    *end += (off_t)n;
    for (size_t i = from; i < to; i++) {
        free(s->runs[i].buf);
        s->runs[i].buf = NULL;
    }
    return rc;
}

/* All runs once through memory, `fan` of them at a time. */
static int merge_pass(struct sorter *s, size_t fan, struct err *e) {
    struct run *runs = NULL;
    size_t n = 0, room = whole_records(s, RUN_BUFFER);
    off_t start = 0, end = 0;
    int rc = ERR_OK, fd = file_temp(s->tmpdir, e);
    if (fd < 0) return e ? e->code : ERR_IO;
    char *out = mem_grow(NULL, room);
    for (size_t i = 0; i < s->nruns && rc == ERR_OK; i += fan) {
        rc = merge_into(s, i, i + fan < s->nruns ? i + fan : s->nruns, fd, out, room, &end, e);
        add_run(&runs, &n, start, end);
        start = end;
    }
    free(out);
    close(s->fd);
    free(s->runs);
    s->fd = fd;
    s->runs = runs;
    s->nruns = n;
    return rc;
}

int sorter_finish(struct sorter *s, struct err *e) {
    if (!s->nruns) {
        sort_memory(s);
        return ERR_OK;
    }
    int rc = s->n ? spill(s, e) : ERR_OK;
    free(s->mem);
    s->mem = NULL;
    size_t memory = s->cap * s->rec, fan = memory / RUN_LEAST < 8 ? 8 : memory / RUN_LEAST;
    s->merge.buffer = whole_records(s, RUN_LEAST);
    while (rc == ERR_OK && s->nruns > fan) rc = merge_pass(s, fan, e);
    if (rc) return rc;
    size_t each = memory / s->nruns;
    each = each < RUN_LEAST ? RUN_LEAST : each > RUN_BUFFER ? RUN_BUFFER : each;
    s->merge.buffer = whole_records(s, each);
    return merge_begin(s, s->runs, s->nruns, e);
}

void sorter_rewind(struct sorter *s) {
    s->pos = 0;
    for (size_t i = 0; i < s->nruns; i++) {
        s->runs[i].at = s->runs[i].start;
        s->runs[i].n = s->runs[i].pos = 0;
    }
    s->merge.n = 0;
    s->merge.rewound = s->nruns > 0;
}

const void *sorter_next(struct sorter *s, int *rc, struct err *e) {
    *rc = ERR_OK;
    if (!s->nruns) return s->pos < s->n ? s->mem + s->pos++ * s->rec : NULL;
    if (s->merge.rewound) {
        s->merge.rewound = false;
        *rc = merge_begin(s, s->runs, s->nruns, e);
        if (*rc) return NULL;
    }
    return merge_next(s, rc, e);
}

uint64_t sorter_count(const struct sorter *s) {
    return s->count;
}

size_t sorter_runs(const struct sorter *s) {
    return s->spilled;
}

void sorter_free(struct sorter *s) {
    if (!s) return;
    for (size_t i = 0; i < s->nruns; i++) free(s->runs[i].buf);
    if (s->fd >= 0) close(s->fd);
    free(s->merge.heap);
    free(s->runs);
    free(s->mem);
    free(s->tmpdir);
    free(s);
}
