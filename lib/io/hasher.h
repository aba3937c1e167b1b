/*
 * SHA-256 on a thread of its own: without the machine's SHA instructions it is slower than a disk, so whoever writes
 * does not wait for it. Buffers change hands, nothing is copied.
 */
#ifndef ETL_IO_HASHER_H
#define ETL_IO_HASHER_H

#include "base/mem.h"

struct hasher;
struct hasher *hasher_start(size_t buffer); /* buffer: bytes of each buffer that changes hands */
/* Hash n bytes of buf and give back another buffer of the same size; waits while four are waiting. */
char *hasher_take(struct hasher *h, char *buf, size_t n);
void hasher_end(struct hasher *h, char out[65]); /* out may be NULL; NULL h is fine then */

#endif
