/*
 * Batches of scanned records: a block of the record reader with the tokens of each record.
 * Records keep the order of the input; a record that is no JSON has `bad` set and no tokens.
 * A batch may be handed to another thread whole.
 */
#ifndef ETL_JSON_BATCH_H
#define ETL_JSON_BATCH_H

#include "io/reader.h"
#include "json/alike.h"
#include "json/scan.h"

struct rec {
    struct jval v;    /* v.t NULL when bad */
    const char *text; /* as read, without its line break */
    uint32_t len;
    uint32_t bad_at; /* byte in the record, from 0 */
    const char *bad; /* why it is no record, or NULL */
    uint64_t line;   /* in its input, from 1 */
    uint32_t file;
};
struct batch {
    struct rblock blk;
    struct jtoks toks;
    struct rec *r;
    size_t n, cap;
    uint64_t seq; /* ordinal of r[0] over all inputs, from 0 */
};

/* Scan the records of b->blk into b->r. */
void batch_scan(struct batch *b);
/* The same, but objects come without their members, and those that are alike (json/alike.h; learnt as it goes) are not
 * even taken apart. For who only asks whether it is an object. */
void batch_look(struct batch *b, struct alike *like);
/* One line of b->blk into *r; its tokens replace those of the line before. */
void batch_scan_one(struct batch *b, size_t line, struct rec *r);
void batch_free(struct batch *b);
/* "invalid UTF-8 at byte 17" in the arena */
const char *rec_problem(const struct rec *r, struct arena *a);

/*
 * The ordered crew: blocks of a reader go through `work` on several threads and come to `take` on the calling
 * thread in the order of the input. work(ctx, b, out): out is memory of out_size bytes, zeroed once at the start and
 * kept with its slot, so it can hold buffers that are reused. Without threads (threads <= 1) it is a plain loop.
 */
struct crew {
    int threads;
    size_t out_size;
    void *ctx;
    /* Instead of a reader (then NULL): put the next piece into b, whatever it is; nothing is scanned. On the calling
     * thread. *more false: there was none. */
    int (*fill)(void *ctx, struct batch *b, bool *more, struct err *e);
    void (*work)(void *ctx, struct batch *b, void *out);
    int (*take)(void *ctx, struct batch *b, void *out, struct err *e);
    void (*out_free)(void *out);
    bool unscanned; /* work scans b->blk itself; b->n is its number of lines */
};
int crew_run(const struct crew *c, struct reader *r, struct err *e);

#endif
