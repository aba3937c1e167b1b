/* Reading ahead: who makes bytes (inflating a file) runs on a thread of its own, a few blocks before who takes them. */
#ifndef ETL_IO_AHEAD_H
#define ETL_IO_AHEAD_H

#include "base/err.h"
#include "base/mem.h"

struct ahead;
/* Fill to[cap]; *n 0 at the end. Called on the thread, one call at a time; it must not block for ever. */
typedef int ahead_fn(void *ctx, char *to, size_t cap, size_t *n, struct err *e);
struct ahead *ahead_start(ahead_fn *fn, void *ctx); /* NULL: no thread can be had; do the work yourself */
/* Up to cap bytes; *n 0 at the end. What fn answered with an error is answered here, in its place. */
int ahead_read(struct ahead *a, char *to, size_t cap, size_t *n, struct err *e);
void ahead_stop(struct ahead *a); /* waits for the thread; NULL is fine */

#endif
