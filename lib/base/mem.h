/*
 * Memory: arenas that live as long as a run or a batch, and growable byte
 * buffers born with a maximum.
 *
 * Allocation never returns NULL: when the system has no memory left the process
 * prints one line and ends with status 1. Every state of the home survives a
 * kill at any moment, so it survives this too, and no room needs a second,
 * never-travelled way through its code.
 *
 * An arena and everything in it is freed by arena_free (or reset for reuse by
 * arena_reset); nothing in it is freed alone. Neither type is locked: one
 * thread at a time.
 */
#ifndef ETL_BASE_MEM_H
#define ETL_BASE_MEM_H

#include "base/poison.h"

/* The end that a failed allocation has; for libraries whose own allocation failed, where going on would mean a wrong
 * result (a digest of nothing, a value that becomes NULL, a record rejected for no reason). */
_Noreturn void mem_die(void);

#define NEVER_NULL __attribute__((returns_nonnull))
void *mem_alloc(size_t n) NEVER_NULL;         /* zeroed; free with free() */
void *mem_grow(void *p, size_t n) NEVER_NULL; /* realloc that does not return NULL */
char *mem_str(const char *s);                 /* copy; free with free(); NULL gives NULL */

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used; /* bytes handed out since the last reset */
};
void *arena_alloc(struct arena *a, size_t n) NEVER_NULL;    /* zeroed, aligned to 16 */
char *arena_strn(struct arena *a, const char *s, size_t n); /* NUL-terminated copy */
char *arena_str(struct arena *a, const char *s);
char *arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* keeps one block */
void arena_free(struct arena *a);

/* A view of bytes that somebody else owns. */
struct sv {
    const char *p;
    size_t n;
};
#define SV(lit) ((struct sv){"" lit, sizeof(lit) - 1})
struct sv sv_of(const char *s); /* NULL gives the empty view */
bool sv_eq(struct sv a, struct sv b);
bool sv_is(struct sv a, const char *s);

/* A list of strings that somebody else owns. */
struct strs {
    const char **s;
    size_t n;
};
bool strs_has(struct strs l, struct sv v);

/* A growable buffer; p[n] is always 0 once anything was added. max 0 means BUF_MAX. Adding
 * beyond max sets `over` and adds nothing: check it once at the end. */
#define BUF_MAX ((size_t)1 << 40)
struct buf {
    char *p;
    size_t n, cap, max;
    bool over;
};
void buf_add(struct buf *b, const void *p, size_t n);
void buf_sv(struct buf *b, struct sv s);
void buf_str(struct buf *b, const char *s);
void buf_chr(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *buf_room(struct buf *b, size_t n); /* space for n more bytes; NULL when over; add to b->n yourself */
const char *buf_text(struct buf *b);     /* "" when empty */
void buf_free(struct buf *b);            /* ready for use again */

/* Append s as a JSON string with quotes (RFC 8259); invalid UTF-8 bytes become U+FFFD, control characters (DEL and C1
 * as well, which terminals obey) are escaped. */
void json_quote(struct buf *b, struct sv s);
void json_text_quote(struct buf *b, const char *s);
/* Append a JSON text that somebody else wrote, with DEL and C1 controls in its strings escaped. */
void json_visible(struct buf *b, const char *json);

#endif
