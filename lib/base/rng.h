/*
 * Small deterministic random numbers: the same seed gives the same numbers on
 * every machine, for generated data and for jitter. Not for secrets.
 *
 *     struct rng r;
 *     rng_seed(&r, rng_mix(seed ^ user));   one stream for each thing
 *     uint32_t die = 1 + rng_below(&r, 6);
 *
 * xoshiro256** 1.0 seeded by splitmix64, both by David Blackman and Sebastiano
 * Vigna, in the public domain (CC0):
 *     https://prng.di.unimi.it/xoshiro256starstar.c
 *     https://prng.di.unimi.it/splitmix64.c
 * Seeding costs four multiplications or so, which makes "a stream for each event,
 * keyed by what the event is" cheap: nothing needs to be remembered to make the
 * same event again.
 */
#ifndef ETL_BASE_RNG_H
#define ETL_BASE_RNG_H

#include "base/poison.h"

struct rng {
    uint64_t s[4];
};

/* The output function of splitmix64 (Stafford's variant 13): a bijection of 64 bits, so different
 * inputs never give the same output. */
uint64_t rng_mix(uint64_t x);
/* Next number of splitmix64; *state moves on. */
uint64_t rng_splitmix(uint64_t *state);

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* 0..n-1; 0 when n is 0. Multiply and shift without rejection: no value is favoured by more
 * than n / 2^32, and every call takes exactly one number of the stream. */
uint32_t rng_below(struct rng *r, uint32_t n);
/* lo..hi, both included. */
uint32_t rng_range(struct rng *r, uint32_t lo, uint32_t hi);
/* True with chance p: a uniform number of 53 bits below p, exact on every machine. Never for
 * p <= 0 and always for p >= 1. */
bool rng_chance(struct rng *r, double p);

#endif
