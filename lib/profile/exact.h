/*
 * Sums without rounding: of numbers and of their squares.
 *
 * A double is an integer of 53 bits times a power of two, so a fixed-point number that is wide enough (2^-1074 to
 * 2^1024, twice that for squares) holds any sum of doubles exactly. Nothing is lost and nothing depends on the order:
 * batches may be cut and summed on threads as it comes, mean and standard deviation are the same bit for bit. They are
 * also as good as they can be: the mean is the exact one rounded once, and n * sum of squares - square of sum, which
 * cancels so badly in floating point, is exact here.
 *
 * U. Kulisch, "Very fast and exact accumulation of products", Computing 91 (2011); the digits with late carries are
 * those of R. Neal, "Fast exact summation using small and large superaccumulators", arXiv:1505.05571 (2015).
 */
#ifndef ETL_PROFILE_EXACT_H
#define ETL_PROFILE_EXACT_H

#include "base/mem.h"

struct exact {
    __int128 small, small_squares; /* of integers up to 2^31, the common case */
    int64_t *sum, *squares;        /* digits of 32 bits, lowest first; NULL until they are needed */
    uint32_t adds;                 /* since the last carry */
};

/* Add x count times; x is finite. */
void exact_add(struct exact *e, double x, uint32_t count);
void exact_merge(struct exact *to, struct exact *from); /* from is empty after */
void exact_free(struct exact *e);
/* Of n numbers; 0 for n = 0. Rounded to nearest. */
double exact_mean(const struct exact *e, uint64_t n);
/* Sample standard deviation (divisor n - 1); NAN for n < 2, INFINITY where it is beyond a double. */
double exact_stddev(const struct exact *e, uint64_t n);

#endif
