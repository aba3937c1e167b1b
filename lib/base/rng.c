/*
 * xoshiro256** seeded by splitmix64; see rng.h for the source.
 */
#include "base/rng.h"

uint64_t rng_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t rng_splitmix(uint64_t *state) {
    return rng_mix(*state += 0x9e3779b97f4a7c15u);
}

/* splitmix64 never gives four zeros in a row, the one state xoshiro cannot leave. */
void rng_seed(struct rng *r, uint64_t seed) {
    for (size_t i = 0; i < 4; i++) r->s[i] = rng_splitmix(&seed);
}

static inline uint64_t rotl(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *r) {
    uint64_t *s = r->s;
    uint64_t out = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return out;
}

/* The upper half is the better one of any xoshiro output. */
uint32_t rng_below(struct rng *r, uint32_t n) {
    return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

uint32_t rng_range(struct rng *r, uint32_t lo, uint32_t hi) {
    return lo + rng_below(r, hi - lo + 1);
}

bool rng_chance(struct rng *r, double p) {
    return (double)(rng_next(r) >> 11) * 0x1p-53 < p;
}
