/*
 * External sort of entries of any size: a key that orders (memcmp, a shorter key before a longer one that begins with
 * it) and a load that travels along. Entries with equal keys come out in the order in which they were added. What does
 * not fit in the memory given goes to one unlinked temporary file in sorted runs, which are merged when read.
 */
#ifndef ETL_IO_RUNS_H
#define ETL_IO_RUNS_H

#include "base/err.h"
#include "base/mem.h"

struct runs;
struct run_entry {
    struct sv key, load;
};
struct runs *runs_new(size_t memory, const char *tmpdir);
int runs_add(struct runs *r, struct sv key, struct sv load, struct err *e);
int runs_finish(struct runs *r, struct err *e); /* no more adding; reading begins */
/* Next entry in order; false at the end or on failure (then *rc is not ERR_OK). Valid until the following call. */
bool runs_next(struct runs *r, struct run_entry *out, int *rc, struct err *e);
uint64_t runs_count(const struct runs *r);
size_t runs_spilled(const struct runs *r); /* sorted runs that went to disk; 0 when all fitted */
void runs_free(struct runs *r);            /* NULL is fine */

#endif
