/* Shared by group.c, group_rows.c and group_result.c only. */
#ifndef ETL_MART_GROUP_IMPL_H
#define ETL_MART_GROUP_IMPL_H

#include <pthread.h>

#include "mart/group.h"

#define BLOCK 2048

/* ---- group_rows.c: rows of a relation, a block at a time ---- */

struct rows {
    const struct relation *in;
    uint32_t *codes; /* BLOCK per column of the relation */
    bool *have;      /* which of them are filled in */
    size_t from, n;  /* of the relation */
    uint32_t sel[BLOCK];
    size_t nsel;
};

void rows_init(struct rows *r, const struct relation *in);
void rows_free(struct rows *r);
/* The block that begins at row `from`: rows that fulfil the conditions are in sel. */
void rows_block(struct rows *r, size_t from, const struct group_pred *where, size_t nwhere);
/* Codes of a column, by row of the block. */
const uint32_t *rows_column(struct rows *r, int col);

/* ---- a group's record ---- */

enum sum_flags { SUM_APPROX = 1, SUM_OVERFLOW = 2 };

/* Where an aggregate stands in the record; offsets of what it has. */
struct slot {
    bool exact;          /* SUM: integers that cannot overflow */
    size_t whole, real;  /* 8 bytes each */
    size_t count, flags; /* 4 bytes each; MIN and MAX: rank + 1 in count */
    const uint8_t *adds; /* COUNT over one column: by its code, does it count? */
    uint32_t *code_of;   /* MIN, MAX: rank -> code */
};

struct worker {
    const struct group_plan *p;
    const struct slot *slots;
    size_t stride;
    int me, of;
    pthread_t thread;
    bool started, odd, sorted;
    char *recs; /* records; the first 8 bytes are the key */
    size_t n, cap;
    uint64_t *table; /* open addressing: hash << 32 | group + 1 */
    uint32_t mask;
    uint32_t *direct; /* by key: group + 1 */
    uint64_t **sets;  /* COUNT(DISTINCT): by aggregate, pairs group << 32 | code, plus 1; without keys a bitmap */
    uint32_t *set_mask, *set_n;
    const uint64_t *strides;
    uint64_t domain;
    struct rows rows;
    uint64_t key[BLOCK], hash[BLOCK];
    char *rec[BLOCK];
    uint32_t group[BLOCK], arg[BLOCK];
    int rc;
    struct err e;
};

#define AT(type, rec, off) (*(type *)(void *)((rec) + (off)))

/* ---- group_result.c: records become a relation ---- */

/* Of all workers' groups, `total` together, in the order of the keys. false: a sum overflows. */
bool group_result(const struct group_plan *p, struct worker **w, int nw, const uint64_t *strides, uint64_t domain,
                  size_t total, struct relation *out, struct keep *keep);

#endif
