/* Writing behind: full buffers go to a thread of its own, which copies them to the system, while who makes them goes
 * on. (What ahead.h is for reading.) Buffers change hands, nothing is copied. */
#ifndef ETL_IO_BEHIND_H
#define ETL_IO_BEHIND_H

#include "base/err.h"
#include "base/mem.h"

struct behind;
/* Write n bytes of *buf, on the thread, one call at a time and in order; *buf may be exchanged for another of its size.
 * After a failure it is called no more. */
typedef int behind_fn(void *ctx, char **buf, size_t n, struct err *e);
struct behind *behind_start(behind_fn *fn, void *ctx, size_t buffer); /* NULL: no thread can be had; do it yourself */
/* Give *buf away for another one; waits while two are waiting. What fn answered with an error is answered here, in
 * this call or a later one. */
int behind_write(struct behind *b, char **buf, size_t n, struct err *e);
/* Wait until all is written. Frees b; NULL is fine. With an error: the first that fn answered. */
int behind_end(struct behind *b, struct err *e);

#endif
