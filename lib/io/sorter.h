/*
 * External sort of fixed-size records by the bytes of their key (memcmp, the first key_size bytes).
 * What does not fit in the memory it was given goes to one unlinked temporary file in sorted runs and is merged
 * when read, in the same memory. Equal keys come out in no particular order: put what must decide into the key.
 */
#ifndef ETL_IO_SORTER_H
#define ETL_IO_SORTER_H

#include "base/err.h"
#include "base/mem.h"

struct sorter;
struct sorter *sorter_new(size_t rec_size, size_t key_size, size_t memory, const char *tmpdir);
int sorter_add(struct sorter *s, const void *rec, struct err *e);
int sorter_finish(struct sorter *s, struct err *e); /* no more adding; reading begins */
/* Next record in order, valid until the following call; NULL at the end (*rc ERR_OK) or on failure. */
const void *sorter_next(struct sorter *s, int *rc, struct err *e);
void sorter_rewind(struct sorter *s); /* read from the beginning again; equal keys may come in another order */
uint64_t sorter_count(const struct sorter *s);
size_t sorter_runs(const struct sorter *s); /* sorted runs on disk; 0 when all fitted */
void sorter_free(struct sorter *s);

#endif
