/*
 * Writing begins while there is still something to compute: without a hint the system keeps what was written until the
 * fsync at the end, and the disk stands idle until then. Only a hint: durability is fsync's.
 */
#ifndef ETL_IO_WRITEBACK_H
#define ETL_IO_WRITEBACK_H

#include "base/mem.h"

/* Begin to write out these bytes of the file; errors are left to fsync. */
void writeback_hint(int fd, uint64_t from, uint64_t n);

struct writeback;
/* Do so again and again, on a thread, for all of some files that somebody else writes; descriptors stay the caller's
 * and open until writeback_stop. NULL (fine for writeback_stop) where no thread can be had. */
struct writeback *writeback_start(const int *fds, int n);
void writeback_stop(struct writeback *w);

#endif
