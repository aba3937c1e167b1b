/*
 * Bytes of an input as UTF-8: a file or standard input, decompressed where its content is gzip
 * (RFC 1952, several members allowed), decoded from CP949 where that is declared, without byte order mark.
 */
#ifndef ETL_IO_BYTES_H
#define ETL_IO_BYTES_H

#include "base/err.h"
#include "base/mem.h"

enum encoding { ENC_UTF8, ENC_CP949 };
/* "utf-8", "cp949", "euc-kr" (any case); -1 when unknown. EUC-KR is read as CP949, which contains it. */
int encoding_find(const char *name);

/* How much may come out of compressed input before it is taken for a bomb (ERR_LIMIT): `ratio` times its size, asked
 * from 64 MiB on, and `bytes` of one input. 0: no limit. For the process, set before inputs are opened. */
#define BYTES_RATIO 250
#define BYTES_UNPACKED ((uint64_t)1 << 40)
void bytes_limits_set(uint64_t ratio, uint64_t bytes);

struct bytes;
/* path NULL or "-": standard input. ERR_NOINPUT; ERR_DATA for UTF-16/32 (named as such). */
int bytes_open(struct bytes **out, const char *path, enum encoding enc, struct err *e);
/* The same over bytes in memory (copied); name is for messages. */
int bytes_open_memory(struct bytes **out, const char *name, const void *p, size_t n, enum encoding enc, struct err *e);
/* Up to cap (>= 16) bytes; *n 0 at the end, which is ERR_NOINPUT for a file (no pipe, not standard input) whose size or
 * time of change is another than when it was opened. One that was replaced by rename is read as it was. A gzip stream
 * that ends early is ERR_INCOMPLETE; damaged, ERR_DATA. CP949 pairs that mean nothing come out as the byte FF, which no
 * UTF-8 text holds, so the record reader rejects the line and names the place. */
int bytes_read(struct bytes *b, char *to, size_t cap, size_t *n, struct err *e);
/* Add all bytes of the file, as they lie there, to d (base/hash.h), which must outlive b. */
struct digest;
void bytes_digest(struct bytes *b, struct digest *d);
uint64_t bytes_in(const struct bytes *b); /* bytes taken from the file, compressed as they lie there */
bool bytes_is_pipe(const struct bytes *b);
void bytes_close(struct bytes *b);

#endif
