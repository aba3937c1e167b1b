/* What transform.c and stream.c share. Private to the room; operations need op.h only. */
#ifndef ETL_TRANSFORM_RUN_H
#define ETL_TRANSFORM_RUN_H

#include "transform/op.h"

struct trun {
    const struct transform_cfg *cfg;
    struct reader *reader;
    struct transform_stats *st;
    struct top *ops;
    size_t nops, first; /* first operation on the stream; nops: none */
    uint64_t *dropped;  /* by operation */
    struct runs **sorting;
};
/* In a worker's text, before an operation on the stream: head, load, key. */
struct run_head {
    uint32_t load, key;
};

/* The record through the operations from `at` on to what the worker's end takes. */
void worker_record(struct tworker *w, size_t at, struct trec *r);
void worker_reset(struct tworker *w);
void worker_free(struct tworker *w);
/* What the worker has gathered: written, or given to the sorting of its end. */
int worker_hand_over(struct trun *run, struct tworker *w, struct err *e);

size_t stream_after(const struct trun *run, size_t at); /* the next one from `at` on; nops: none */
/* All came: the operation's new records, through the operations after it. */
int stream_run(struct trun *run, size_t at, struct err *e);

#endif
