/*
 * What a definition may name as an operation of a step. The table itself, op_kinds, is filled by the room that does the
 * operations (lib/transform/table.c): here only its shape is known, so that a definition is read and judged whole, with
 * every operation's mistakes, before anything runs.
 */
#ifndef ETL_PIPELINE_OP_H
#define ETL_PIPELINE_OP_H

#include "pipeline/values.h"

struct sha256;
/* Where an operation is being read. v is its object; never trust its shape, it may have been found wrong already. */
struct op_parse {
    struct pipeline *p;
    struct arena *a; /* the pipeline's */
    struct jval v;
    struct mistakes *m;
    struct sha256 *digest; /* of the step: add what the operation reads besides v, the text of a seed, say */
};

struct tworker;
struct top;
struct trec;
struct whole_kind;
enum op_verdict { OP_NEXT, OP_DROP, OP_PASSED };

struct op_kind {
    const char *name;
    /* Its arguments, in the pipeline's arena; mistakes are told through c. */
    const void *(*parse)(struct op_parse *c);
    /* One record. OP_NEXT: it goes on to the next operation; OP_DROP: it ends here and is counted; OP_PASSED: the
     * operation has handed on its own records by top_pass. NULL for an operation on the whole stream. */
    enum op_verdict (*apply)(struct tworker *w, const struct top *o, struct trec *r);
    const struct whole_kind *whole;
    bool columns;  /* it works on columns of numbers: transform/tab.h */
    bool own_when; /* "when" is the operation's condition, not the framework's */
    /* What all threads of one run share (a cache, say; the operation locks it). May be NULL. */
    void *(*share)(const void *args);
    void (*unshare)(void *shared);
};
extern const struct op_kind op_kinds[];
extern const size_t op_kinds_n;
const struct op_kind *op_find(struct sv name); /* NULL unknown */

#endif
