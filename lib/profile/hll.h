/*
 * How many different values, when there are too many to keep: HyperLogLog.
 *
 * 2^p registers of one byte. A value's hash picks one by its upper p bits; the register keeps the longest run of zeros
 * that the rest began with. The order does not matter. Standard error 1.04 / sqrt(2^p): 0.81 % with p = 14, 1.63 %
 * with 12, 3.25 % with 10.
 *
 * Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm",
 * AofA 2007. The estimator is the one of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
 * arXiv:1702.01284 (2017), algorithm 6: unbiased over the whole range without tables.
 */
#ifndef ETL_PROFILE_HLL_H
#define ETL_PROFILE_HLL_H

#include "base/mem.h"

struct hll {
    uint8_t *m; /* NULL: none yet */
    int p;
};
void hll_start(struct hll *h, int p); /* 4..18 */
void hll_add(struct hll *h, uint64_t hash);
uint64_t hll_count(const struct hll *h);
double hll_error(const struct hll *h); /* standard error, relative */
void hll_free(struct hll *h);

/* 64 bits that serve for tables and for the registers. The multiply-and-fold of Wang Yi's wyhash (public domain,
 * github.com/wangyi-fudan/wyhash). The same on every run; little-endian machines. */
uint64_t value_hash(const void *p, size_t n, uint64_t seed);

#endif
