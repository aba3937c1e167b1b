/*
 * Grouping: rows of a relation that fulfil conditions, grouped by columns, with aggregates; the result is a relation
 * in the order of the keys.
 *
 * It computes what SQLite (3.40) computes, to the bit: sums of integers are exact, sums in which a double occurs are
 * added in the order of the rows, AVG and TOTAL likewise. Every group is worked on by one thread, so the number of
 * threads changes nothing.
 */
#ifndef ETL_MART_GROUP_H
#define ETL_MART_GROUP_H

#include "mart/block.h"
#include "mart/columns.h"

/* What the relations of one model hold on to; all is freed together. */
struct keep {
    struct dict **dicts;
    void **blocks;
    size_t ndicts, nblocks, bytes;
};
struct dict *keep_dict(struct keep *k);              /* a new one */
void *keep_block(struct keep *k, void *p, size_t n); /* returns p */
void keep_free(struct keep *k);

struct group_pred {
    int col;
    const uint8_t *truth; /* by code of the column */
};
struct group_value {     /* an expression over one column */
    int col;             /* -1: constant */
    struct dict *dict;   /* its values */
    const uint32_t *map; /* code of the column -> code of the value; NULL: the same */
    uint32_t constant;   /* col -1: code of the value */
};
struct group_agg {
    enum agg_kind kind;
    bool distinct, star;
    const struct group_pred *when; /* all true: value, else `otherwise` (a code of value.dict) */
    size_t nwhen;
    struct group_value value;
    uint32_t otherwise;
};
struct group_plan {
    const struct relation *in;
    const struct group_pred *where;
    size_t nwhere;
    const struct group_value *keys;
    size_t nkeys;
    const struct group_agg *aggs;
    size_t naggs;
    int threads;
    size_t memory;
};

/* out: a column per key and then per aggregate (names and declared types are the caller's to fill in), living in
 * `keep`. *fits false: too much memory, a sum that overflows or is of text, values that SQL counts as equal although
 * they differ (1 and 1.0) where that would show. */
int group_run(const struct group_plan *p, struct relation *out, struct keep *keep, bool *fits, struct err *e);

/* Rows that fulfil the conditions, ascending; malloc'd. */
uint32_t *filter_rows(const struct relation *in, const struct group_pred *where, size_t nwhere, size_t *n);

#endif
