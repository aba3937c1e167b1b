/*
 * Quantiles of a stream of numbers in little memory: a hierarchy of compactors.
 *
 *   level 0   k numbers as they come, each for one
 *   level 1   k numbers, each for two
 *   level h   k numbers, each for 2^h
 *
 * A full level is sorted, every other number goes up a level, the rest is forgotten. That moves the rank of any number
 * by at most 2^h, so the sum over all compactions is a bound that holds for certain, and `bound` is that sum: about
 * n / k * log2(n / k). Which half goes up is told by a fixed stream of bits, so the usual error is far smaller (about
 * the root of the number of compactions) and the same input gives the same answer. Before the first compaction all
 * is exact.
 *
 * Agarwal, Cormode, Huang, Phillips, Wei, Yi, "Mergeable summaries", PODS 2012, section 3; Karnin, Lang, Liberty,
 * "Optimal quantile approximation in streams", FOCS 2016 (the compactors, here all of one size).
 */
#ifndef ETL_PROFILE_RANKS_H
#define ETL_PROFILE_RANKS_H

#include "base/mem.h"

#define RANK_LEVELS 60

struct ranks {
    uint32_t k; /* even; set it before the first number */
    double *level[RANK_LEVELS];
    uint32_t n[RANK_LEVELS];
    double *scratch;
    uint64_t count, bound, coin;
};
/* x stands for 2^level equal numbers. No NAN. */
void ranks_add(struct ranks *r, double x, int level);
/* The same for any weight. */
void ranks_add_many(struct ranks *r, double x, uint64_t count);
void ranks_free(struct ranks *r);

/* What is known of a multitude: numbers in order with how many are like each. */
struct weighted {
    double x;
    uint64_t count;
};
/* In memory to be freed; *n of them. */
struct weighted *ranks_list(const struct ranks *r, size_t *n);
/* In place, in rising order; equal numbers become one. */
void weighted_sort(struct weighted *w, size_t *n);
/* Quantile p of 0..1 of the sorted list: linear between the two nearest ranks, h = (n - 1) p (Hyndman and Fan 1996,
 * type 7, as NumPy and R have it). NAN of nothing. */
double weighted_quantile(const struct weighted *w, size_t n, double p);
/* How many are below a, and above b. */
void weighted_outside(const struct weighted *w, size_t n, double a, double b, uint64_t *below, uint64_t *above);

#endif
