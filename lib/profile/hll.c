/* See hll.h. */
#include "profile/hll.h"

#include <math.h>

void hll_start(struct hll *h, int p) {
    h->p = p;
    h->m = mem_alloc((size_t)1 << p);
}

void hll_free(struct hll *h) {
    free(h->m);
    *h = (struct hll){0};
}

void hll_add(struct hll *h, uint64_t hash) {
    size_t i = hash >> (64 - h->p);
    uint64_t rest = hash << h->p;
    uint8_t run = (uint8_t)(rest ? __builtin_clzll(rest) + 1 : 64 - h->p + 1);
    if (run > h->m[i]) h->m[i] = run;
}

/* Ertl's sigma and tau: the sums that stand for registers at 0 and at their end. */
static double sigma(double x) {
    if (x == 1) return INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}
static double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

uint64_t hll_count(const struct hll *h) {
    size_t m = (size_t)1 << h->p;
    int q = 64 - h->p;
    uint32_t with[66] = {0};
    for (size_t i = 0; i < m; i++) with[h->m[i]]++;
    double z = (double)m * tau(1 - (double)with[q + 1] / (double)m);
    for (int k = q; k >= 1; k--) z = 0.5 * (z + with[k]);
    z += (double)m * sigma((double)with[0] / (double)m);
    return (uint64_t)llround((double)m * (double)m / (2 * M_LN2 * z));
}

double hll_error(const struct hll *h) {
    return 1.04 / sqrt((double)((size_t)1 << h->p));
}

static uint64_t read8(const unsigned char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}
static uint64_t read4(const unsigned char *p) {
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}
static uint64_t fold(uint64_t a, uint64_t b) {
    unsigned __int128 r = (unsigned __int128)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

uint64_t value_hash(const void *text, size_t n, uint64_t seed) {
    static const uint64_t s0 = 0xa0761d6478bd642fu, s1 = 0xe7037ed1a0b428dbu;
    const unsigned char *p = text;
    uint64_t a = 0, b = 0;
    seed ^= fold(seed ^ s0, s1);
    if (n >= 4 && n <= 16) {
        size_t step = n >> 3 << 2;
        a = read4(p) << 32 | read4(p + step);
        b = read4(p + n - 4) << 32 | read4(p + n - 4 - step);
    } else if (n > 16) {
        size_t left = n;
        for (; left > 16; left -= 16, p += 16) seed = fold(read8(p) ^ s1, read8(p + 8) ^ seed);
        a = read8(p + left - 16);
        b = read8(p + left - 8);
    } else if (n) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[n >> 1] << 8 | p[n - 1];
    }
    unsigned __int128 r = (unsigned __int128)(a ^ s1) * (b ^ seed);
    return fold((uint64_t)r ^ s0 ^ n, (uint64_t)(r >> 64) ^ s1);
}
