/*
 * See runs.h. In memory an entry is its two lengths, its key and its load, one after another in one block; an index of
 * (first eight bytes of the key, offset) is sorted, so that most comparisons touch nothing but the index. An entry's
 * offset in the block is its age: it settles equal keys. On disk a run is its entries in order, in the same form; runs
 * are made from consecutive input, so among equal keys the one of the earlier run comes first.
 */
#include "io/runs.h"

#include <endian.h>
#include <unistd.h>

#include "io/file.h"

#define READ_MOST (256 << 10) /* the most that a run is read through */
#define READ_LEAST (16 << 10)

struct head {
    uint32_t key, load; /* bytes */
};
struct place {
    uint64_t prefix;
    size_t at; /* in the block */
};
struct run {
    off_t at, end;
    char *buf;
    size_t n, pos, cap;
    struct head h; /* of the entry at pos */
};
struct runs {
    struct buf block;
    struct place *index;
    size_t n, cap, memory, pos;
    uint64_t count;
    char *tmpdir;
    int fd;
    off_t size;
    struct run *runs;
    size_t nruns, spilled, read; /* read: bytes a run is read through */
    struct run **heap;
    size_t nheap;
    bool moved; /* the heap's first was handed out */
};

struct runs *runs_new(size_t memory, const char *tmpdir) {
    struct runs *r = mem_alloc(sizeof *r);
    r->memory = memory < (1 << 18) ? 1 << 18 : memory;
    r->tmpdir = mem_str(tmpdir);
    r->fd = -1;
    return r;
}

static uint64_t prefix_of(struct sv key) {
    unsigned char b[8] = {0};
    uint64_t x;
    memcpy(b, key.p, key.n < 8 ? key.n : 8);
    memcpy(&x, b, 8);
    return be64toh(x);
}

static struct run_entry entry_at(const char *p) {
    struct head h;
    memcpy(&h, p, sizeof h);
    p += sizeof h;
    return (struct run_entry){{p, h.key}, {p + h.key, h.load}};
}

static int compare_keys(struct sv a, struct sv b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

static int compare(const void *x, const void *y, void *ctx) {
    const struct place *a = x, *b = y;
    const char *block = ((struct runs *)ctx)->block.p;
    if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
    int c = compare_keys(entry_at(block + a->at).key, entry_at(block + b->at).key);
    return c ? c : a->at < b->at ? -1 : 1;
}

static void sort_block(struct runs *r) {
    if (r->n > 1) qsort_r(r->index, r->n, sizeof *r->index, compare, r);
}

static void add_run(struct runs *r, off_t start, off_t end) {
    r->runs = mem_grow(r->runs, (r->nruns + 1) * sizeof *r->runs);
    r->runs[r->nruns++] = (struct run){.at = start, .end = end};
}

struct writer {
    struct runs *r;
    struct buf b;
};

static int flush(struct writer *w, struct err *e) {
    int rc = w->b.n ? fd_write(w->r->fd, w->b.p, w->b.n, "a temporary file", e) : ERR_OK;
    w->r->size += (off_t)w->b.n;
    w->b.n = 0;
    return rc;
}

static int put(struct writer *w, struct run_entry x, struct err *e) {
    struct head h = {(uint32_t)x.key.n, (uint32_t)x.load.n};
    buf_add(&w->b, &h, sizeof h);
    buf_sv(&w->b, x.key);
    buf_sv(&w->b, x.load);
    return w->b.n < READ_MOST ? ERR_OK : flush(w, e);
}

static int spill(struct runs *r, struct err *e) {
    struct writer w = {.r = r};
    int rc = ERR_OK;
    if (r->fd < 0 && (r->fd = file_temp(r->tmpdir, e)) < 0) return e ? e->code : ERR_IO;
    off_t start = r->size;
    sort_block(r);
    for (size_t i = 0; i < r->n && rc == ERR_OK; i++) rc = put(&w, entry_at(r->block.p + r->index[i].at), e);
    if (rc == ERR_OK) rc = flush(&w, e);
    buf_free(&w.b);
    add_run(r, start, r->size);
    r->spilled++;
    r->n = 0;
    r->block.n = 0;
    return rc;
}

int runs_add(struct runs *r, struct sv key, struct sv load, struct err *e) {
    size_t need = sizeof(struct head) + key.n + load.n;
    if (need > UINT32_MAX / 4) return err_set(e, ERR_LIMIT, "a record of %zu bytes is too large to be sorted", need);
    if (r->n && r->block.n + need + (r->n + 1) * sizeof *r->index > r->memory) {
        int rc = spill(r, e);
        if (rc) return rc;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 1024;
        r->index = mem_grow(r->index, r->cap * sizeof *r->index);
    }
    r->index[r->n++] = (struct place){prefix_of(key), r->block.n};
    struct head h = {(uint32_t)key.n, (uint32_t)load.n};
    buf_add(&r->block, &h, sizeof h);
    buf_sv(&r->block, key);
    buf_sv(&r->block, load);
    r->count++;
    return ERR_OK;
}

/* ---- merging ---- */

/* At least n bytes of the run from pos on. */
static int want(struct runs *r, struct run *x, size_t n, struct err *e) {
    if (x->n - x->pos >= n) return ERR_OK;
    if (x->n > x->pos) memmove(x->buf, x->buf + x->pos, x->n - x->pos); /* else it may have no buffer yet */
    x->n -= x->pos;
    x->pos = 0;
    size_t cap = n > r->read ? n : r->read;
    if (x->cap < cap) x->buf = mem_grow(x->buf, x->cap = cap);
    while (x->n < n) {
        size_t room = x->cap - x->n, left = (size_t)(x->end - x->at);
        ssize_t got = pread(r->fd, x->buf + x->n, room < left ? room : left, x->at);
        if (got <= 0) return err_sys(e, ERR_IO, "cannot reread a temporary file");
        x->n += (size_t)got;
        x->at += got;
    }
    return ERR_OK;
}

/* Stand on the next entry; *more false at the run's end. */
static int load_head(struct runs *r, struct run *x, bool *more, struct err *e) {
    *more = x->pos < x->n || x->at < x->end;
    if (!*more) return ERR_OK;
    int rc = want(r, x, sizeof x->h, e);
    if (rc) return rc;
    memcpy(&x->h, x->buf + x->pos, sizeof x->h);
    return want(r, x, sizeof x->h + x->h.key + x->h.load, e);
}

static bool before(const struct run *a, const struct run *b) {
    int c = compare_keys(entry_at(a->buf + a->pos).key, entry_at(b->buf + b->pos).key);
    return c ? c < 0 : a < b; /* runs lie in the order in which they were made */
}

static void sift(struct runs *r, size_t i) {
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        for (size_t k = left; k < left + 2 && k < r->nheap; k++)
            if (before(r->heap[k], r->heap[least])) least = k;
        if (least == i) return;
        struct run *t = r->heap[i];
        r->heap[i] = r->heap[least];
        r->heap[least] = t;
        i = least;
    }
}

static int merge_begin(struct runs *r, size_t from, size_t n, struct err *e) {
    r->nheap = 0;
    r->moved = false;
    r->heap = mem_grow(r->heap, (r->nruns + 1) * sizeof *r->heap);
    for (size_t i = from; i < from + n; i++) {
        bool more;
        int rc = load_head(r, &r->runs[i], &more, e);
        if (rc) return rc;
        if (more) r->heap[r->nheap++] = &r->runs[i];
    }
    for (size_t i = r->nheap / 2; i-- > 0;) sift(r, i);
    return ERR_OK;
}

static bool merge_next(struct runs *r, struct run_entry *out, int *rc, struct err *e) {
    *rc = ERR_OK;
    if (r->moved) {
        struct run *x = r->heap[0];
        bool more;
        x->pos += sizeof x->h + x->h.key + x->h.load;
        if ((*rc = load_head(r, x, &more, e))) return false;
        if (!more) {
            free(x->buf);
            x->buf = NULL;
            x->cap = 0;
            r->heap[0] = r->heap[--r->nheap];
        }
        sift(r, 0);
    }
    r->moved = r->nheap > 0;
    if (!r->nheap) return false;
    *out = entry_at(r->heap[0]->buf + r->heap[0]->pos);
    return true;
}

/* Too many runs for the memory: neighbours become one, in order. */
static int merge_pass(struct runs *r, size_t fan, struct err *e) {
    struct run *old = r->runs;
    size_t n = r->nruns, made = 0;
    struct run *fresh = mem_alloc((n / fan + 1) * sizeof *fresh);
    int rc = ERR_OK;
    for (size_t i = 0; i < n && rc == ERR_OK; i += fan) {
        struct writer w = {.r = r};
        struct run_entry x;
        off_t start = r->size;
        rc = merge_begin(r, i, n - i < fan ? n - i : fan, e);
        while (rc == ERR_OK && merge_next(r, &x, &rc, e)) rc = put(&w, x, e);
        if (rc == ERR_OK) rc = flush(&w, e);
        buf_free(&w.b);
        fresh[made++] = (struct run){.at = start, .end = r->size};
    }
    for (size_t i = 0; i < n; i++) free(old[i].buf);
    free(old);
    r->runs = fresh;
    r->nruns = made;
    return rc;
}

int runs_finish(struct runs *r, struct err *e) {
    if (!r->nruns) {
        sort_block(r);
        return ERR_OK;
    }
    int rc = r->n ? spill(r, e) : ERR_OK;
    buf_free(&r->block);
    free(r->index);
    r->index = NULL;
    r->cap = 0;
    size_t fan = r->memory / READ_LEAST;
    r->read = READ_LEAST;
    while (rc == ERR_OK && r->nruns > fan) rc = merge_pass(r, fan, e);
    size_t each = r->memory / r->nruns;
    r->read = each < READ_LEAST ? READ_LEAST : each > READ_MOST ? READ_MOST : each;
    return rc ? rc : merge_begin(r, 0, r->nruns, e);
}

bool runs_next(struct runs *r, struct run_entry *out, int *rc, struct err *e) {
    if (r->nruns) return merge_next(r, out, rc, e);
    *rc = ERR_OK;
    if (r->pos == r->n) return false;
    *out = entry_at(r->block.p + r->index[r->pos++].at);
    return true;
}

uint64_t runs_count(const struct runs *r) {
    return r->count;
}

size_t runs_spilled(const struct runs *r) {
    return r->spilled;
}

void runs_free(struct runs *r) {
    if (!r) return;
    for (size_t i = 0; i < r->nruns; i++) free(r->runs[i].buf);
    if (r->fd >= 0) close(r->fd);
    buf_free(&r->block);
    free(r->index);
    free(r->runs);
    free(r->heap);
    free(r->tmpdir);
    free(r);
}
