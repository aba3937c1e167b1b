/*
 * gzip (RFC 1952) written in blocks by several threads: one member, each block primed with the 32 KiB before it, so
 * that the size is nearly that of one stream. Blocks are cut by size alone: the same bytes in give the same bytes out,
 * whatever the number of threads. No name, no time.
 */
#ifndef ETL_IO_GZIP_H
#define ETL_IO_GZIP_H

#include "base/err.h"
#include "base/mem.h"

struct gzip;
typedef int gzip_put_fn(void *ctx, const char *p, size_t n, struct err *e);
/* put is called on the caller's thread, in order. */
int gzip_open(struct gzip **out, int threads, gzip_put_fn *put, void *ctx, struct err *e);
int gzip_write(struct gzip *g, const void *p, size_t n, struct err *e);
int gzip_finish(struct gzip *g, struct err *e); /* the rest and the trailer; g stays to be closed */
void gzip_close(struct gzip *g);                /* NULL is fine */

/* How many threads those who write gzip may use: the process's --threads; 1 unless told. */
void gzip_threads_set(int threads);
int gzip_threads(void);

#endif
