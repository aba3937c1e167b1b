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
#define SINK_SHA256 4 /* keep a SHA-256 of the bytes as they lie on disk */
#define SINK_QUICK 8  /* keep a quick digest of them (base/hash.h) */

/* path NULL or "-" is standard output. The parent directory must exist. */
int sink_open(struct sink **out, const char *path, int flags, struct err *e);
/* That bytes could not be written may be told by a later call, by sink_commit at the latest. */
int sink_write(struct sink *s, const void *p, size_t n, struct err *e);
struct sink_result {
    uint64_t bytes;
    char sha256[65], quick[65]; /* "" where not asked for */
};
/* Flush, fsync, rename; frees the sink also on failure (then nothing appears). res may be NULL. */
int sink_commit(struct sink *s, struct sink_result *res, struct err *e);
/* What was written so far into a file that goes no further: the name is gone, the descriptor (to be read from its
 * start) is the caller's. Frees the sink. Not for standard output, .gz, devices. -1 on failure. */
int sink_detach(struct sink *s, struct err *e);
/* Will that name be a plain file that appears by rename: neither standard output nor FIFO, device or .gz? */
bool sink_is_file(const char *path);
void sink_abort(struct sink *s); /* NULL is fine */

#endif
