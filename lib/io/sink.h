/*
 * A sink takes bytes and makes a file of them that appears whole or not at all; or passes them to
 * standard output. Names that end in .gz are compressed (gzip without name and time: same bytes in,
 * same bytes out).
 */
#ifndef ETL_IO_SINK_H
#define ETL_IO_SINK_H

#include "base/err.h"
#include "base/mem.h"

struct sink;

#define SINK_GZIP 1   /* compress whatever the name says */
#define SINK_INSIDE 2 /* part of a directory that is published as a whole: write in place, no rename */
#define SINK_DIGEST 4 /* keep a SHA-256 of the bytes as they lie on disk */

/* path NULL or "-" is standard output. The parent directory must exist. */
int sink_open(struct sink **out, const char *path, int flags, struct err *e);
int sink_write(struct sink *s, const void *p, size_t n, struct err *e);
/* Flush, fsync, rename; frees the sink also on failure (then nothing appears). digest may be NULL. */
int sink_commit(struct sink *s, uint64_t *bytes, char digest[65], struct err *e);
void sink_abort(struct sink *s); /* NULL is fine */

#endif
