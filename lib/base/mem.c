/* See mem.h. Arena blocks grow geometrically from 16 KiB to 1 MiB. */
#include "base/mem.h"

#include <unistd.h>

void mem_die(void) {
    static const char msg[] = "etl: out of memory\n";
    ssize_t n = write(2, msg, sizeof msg - 1);
    (void)n;
    _exit(1);
}

void *mem_alloc(size_t n) {
    void *p = calloc(1, n ? n : 1);
    if (!p) mem_die();
    return p;
}

void *mem_grow(void *p, size_t n) {
    void *q = realloc(p, n ? n : 1);
    if (!q) mem_die();
    return q;
}

char *mem_str(const char *s) {
    if (!s) return NULL;
    size_t n = strlen(s) + 1;
    char *p = mem_alloc(n);
    memcpy(p, s, n);
    return p;
}

struct arena_block {
    struct arena_block *next;
    size_t used, cap;
    _Alignas(16) char data[];
};

static struct arena_block *block_new(size_t cap, struct arena_block *next) {
    struct arena_block *b = mem_grow(NULL, sizeof *b + cap);
    b->next = next;
    b->used = 0;
    b->cap = cap;
    return b;
}

void *arena_alloc(struct arena *a, size_t n) {
    n = (n + 15) & ~(size_t)15;
    struct arena_block *b = a->head;
    if (!b || b->cap - b->used < n) {
        size_t cap = b ? b->cap * 2 : 16384;
        if (cap > 1 << 20) cap = 1 << 20;
        if (cap < n) cap = n;
        b = a->head = block_new(cap, b);
    }
    void *p = b->data + b->used;
    b->used += n;
    a->used += n;
    memset(p, 0, n);
    return p;
}

char *arena_strn(struct arena *a, const char *s, size_t n) {
    char *p = arena_alloc(a, n + 1);
    if (n) memcpy(p, s, n);
    return p;
}

char *arena_str(struct arena *a, const char *s) {
    return s ? arena_strn(a, s, strlen(s)) : NULL;
}

char *arena_fmt(struct arena *a, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = arena_alloc(a, (size_t)(n > 0 ? n : 0) + 1);
    if (n > 0) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void arena_reset(struct arena *a) {
    struct arena_block *b = a->head;
    while (b && b->next) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    if (b) b->used = 0;
    a->head = b;
    a->used = 0;
}

void arena_free(struct arena *a) {
    arena_reset(a);
    free(a->head);
    a->head = NULL;
}

struct sv sv_of(const char *s) {
    return (struct sv){s ? s : "", s ? strlen(s) : 0};
}

bool sv_eq(struct sv a, struct sv b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool sv_is(struct sv a, const char *s) {
    return sv_eq(a, sv_of(s));
}

bool strs_has(struct strs l, struct sv v) {
    for (size_t i = 0; i < l.n; i++)
        if (sv_is(v, l.s[i])) return true;
    return false;
}

char *buf_room(struct buf *b, size_t n) {
    size_t max = b->max ? b->max : BUF_MAX;
    if (b->over || n > max || b->n > max - n) {
        b->over = true;
        return NULL;
    }
    if (b->n + n + 1 > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        while (cap < b->n + n + 1) cap *= 2;
        b->p = mem_grow(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n) {
    char *to = buf_room(b, n);
    if (!to) return;
    if (n) memcpy(to, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

void buf_sv(struct buf *b, struct sv s) {
    buf_add(b, s.p, s.n);
}

void buf_str(struct buf *b, const char *s) {
    if (s) buf_add(b, s, strlen(s));
}

void buf_chr(struct buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_fmt(struct buf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    /* mostly it fits where there is room already; else its length is known then */
    size_t left = b->over || !b->cap ? 0 : b->cap - b->n;
    int n = vsnprintf(left ? b->p + b->n : NULL, left, fmt, ap);
    va_end(ap);
    if (n > 0) {
        char *to = buf_room(b, (size_t)n);
        if (to && (size_t)n >= left) vsnprintf(to, (size_t)n + 1, fmt, again);
        if (to)
            b->n += (size_t)n;
        else if (left && b->p)
            b->p[b->n] = 0;
    }
    va_end(again);
}

const char *buf_text(struct buf *b) {
    return b->n ? b->p : "";
}

void buf_free(struct buf *b) {
    size_t max = b->max;
    free(b->p);
    *b = (struct buf){.max = max};
}
