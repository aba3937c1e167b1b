/* See exact.h. Digit i of a sum weighs 2^(32 i - 1074), of the squares 2^(32 i - 2148). Digits are signed and may grow
 * to 63 bits between two carries. */
#include "profile/exact.h"

#include <math.h>

#define LOW 1074          /* the smallest double is 2^-1074 */
#define SUM_DIGITS 70     /* 1074 + 1024 bits, 64 for the count, the sign */
#define SQUARE_DIGITS 137 /* twice that, once for the count */
#define WORK_DIGITS 150
#define CARRY_AFTER (1u << 27) /* an add puts at most 4 * 2^32 on a digit */

/* v * 2^(32 at) */
static void put(int64_t *digits, int at, unsigned __int128 v, bool minus) {
    for (; v; v >>= 32, at++) digits[at] += minus ? -(int64_t)(uint32_t)v : (int64_t)(uint32_t)v;
}

static void carry(int64_t *digits, int n) {
    int64_t over = 0;
    for (int i = 0; i + 1 < n; i++) {
        int64_t d = digits[i] + over;
        over = d >> 32; /* arithmetic: rounds down, so the digit that stays is not negative */
        digits[i] = d & 0xFFFFFFFF;
    }
    digits[n - 1] += over;
}

static void carry_all(struct exact *e) {
    carry(e->sum, SUM_DIGITS);
    carry(e->squares, SQUARE_DIGITS);
    e->adds = 1; /* not 0: that is an empty sum */
}

static void want_digits(struct exact *e) {
    if (e->sum) return;
    e->sum = mem_alloc(SUM_DIGITS * sizeof *e->sum);
    e->squares = mem_alloc(SQUARE_DIGITS * sizeof *e->squares);
}

static void add_large(struct exact *e, double x, uint32_t count) {
    uint64_t bits;
    want_digits(e);
    memcpy(&bits, &x, sizeof bits);
    uint64_t m = bits & 0xFFFFFFFFFFFFF;
    int power = (int)(bits >> 52 & 0x7FF); /* x = m * 2^(power - 1074) */
    if (power) {
        m |= (uint64_t)1 << 52;
        power--;
    }
    put(e->sum, power / 32, ((unsigned __int128)m << power % 32) * count, x < 0);
    /* the square in two halves, so that nothing is over 128 bits: (h 2^32 + l)^2 */
    int twice = 2 * power, at = twice / 32;
    unsigned __int128 shifted = (unsigned __int128)m << (twice % 32) / 2;
    uint64_t l = (uint32_t)shifted, h = (uint64_t)(shifted >> 32);
    put(e->squares, at, (unsigned __int128)(l * l) * count, false);
    put(e->squares, at + 1, (unsigned __int128)h * l * 2 * count, false);
    put(e->squares, at + 2, (unsigned __int128)h * h * count, false);
    if (++e->adds >= CARRY_AFTER) carry_all(e);
}

void exact_add(struct exact *e, double x, uint32_t count) {
    if (x >= -2147483648.0 && x <= 2147483648.0 && x == (double)(int64_t)x) {
        int64_t i = (int64_t)x;
        e->small += (__int128)i * count;
        e->small_squares += (__int128)(i * i) * count;
        return;
    }
    add_large(e, x, count);
}

void exact_merge(struct exact *to, struct exact *from) {
    to->small += from->small;
    to->small_squares += from->small_squares;
    from->small = from->small_squares = 0;
    if (!from->adds) return;
    want_digits(to);
    carry_all(from);
    for (int i = 0; i < SUM_DIGITS; i++) to->sum[i] += from->sum[i];
    for (int i = 0; i < SQUARE_DIGITS; i++) to->squares[i] += from->squares[i];
    memset(from->sum, 0, SUM_DIGITS * sizeof *from->sum);
    memset(from->squares, 0, SQUARE_DIGITS * sizeof *from->squares);
    from->adds = 0;
    if (++to->adds >= CARRY_AFTER) carry_all(to);
}

void exact_free(struct exact *e) {
    free(e->sum);
    free(e->squares);
    *e = (struct exact){0};
}

/* The digits of a sum with its small part, n digits; makes it positive and tells the sign. */
static bool gather(const int64_t *digits, int have, __int128 small, int low, int64_t *out) {
    memset(out, 0, WORK_DIGITS * sizeof *out);
    for (int i = 0; digits && i < have; i++) out[i] = digits[i];
    bool minus = small < 0;
    unsigned __int128 v = minus ? -(unsigned __int128)small : (unsigned __int128)small;
    /* 2^0 is bit `low`: v shifted by low % 32, in two steps because v may have 128 bits */
    put(out, low / 32, (v & 0xFFFFFFFF) << low % 32, minus);
    put(out, low / 32 + 1, (v >> 32 & 0xFFFFFFFF) << low % 32, minus);
    put(out, low / 32 + 2, (v >> 64 & 0xFFFFFFFF) << low % 32, minus);
    put(out, low / 32 + 3, (v >> 96) << low % 32, minus);
    carry(out, WORK_DIGITS);
    if (out[WORK_DIGITS - 1] >= 0) return false;
    for (int i = 0; i < WORK_DIGITS; i++) out[i] = -out[i];
    carry(out, WORK_DIGITS);
    return true;
}

/* Whole part in place; tells whether something remained. All digits are 0..2^32-1. */
static bool divide(int64_t *digits, uint64_t by) {
    unsigned __int128 rest = 0;
    for (int i = WORK_DIGITS - 1; i >= 0; i--) {
        rest = rest << 32 | (uint64_t)digits[i];
        digits[i] = (int64_t)(uint64_t)(rest / by);
        rest %= by;
    }
    return rest != 0;
}

static void multiply(int64_t *digits, uint64_t by) {
    unsigned __int128 over = 0;
    for (int i = 0; i < WORK_DIGITS; i++) {
        over += (unsigned __int128)(uint64_t)digits[i] * by;
        digits[i] = (int64_t)(uint64_t)(over & 0xFFFFFFFF);
        over >>= 32;
    }
}

/* Nearest double to digits * 2^-low, where `more` says that a little more was cut off. */
static double nearest(const int64_t *digits, int low, bool more) {
    int top = WORK_DIGITS - 1;
    while (top > 0 && !digits[top]) top--;
    if (!digits[top]) return 0;
    /* 96 bits from the top; what is below only matters as a trace */
    unsigned __int128 v = 0;
    for (int k = 0; k < 3; k++) v = v << 32 | (uint64_t)(top - k >= 0 ? digits[top - k] : 0);
    for (int i = 0; i < top - 2; i++) more |= digits[i] != 0;
    int power = 32 * (top - 2) - low, shift = 0;
    while (v >> shift >> 54) shift++; /* 54 bits: 53 and the one to round by */
    int least = -1074 - 1; /* below the smallest double there are fewer bits: its half is the one to round by */
    if (power + shift < least) shift += least - (power + shift);
    if (shift >= 128) return 0;
    more |= shift && (v & (((unsigned __int128)1 << shift) - 1)) != 0;
    uint64_t m = (uint64_t)(v >> shift);
    bool up = (m & 1) && (more || (m & 2));
    return ldexp((double)((m >> 1) + up), power + shift + 1);
}

double exact_mean(const struct exact *e, uint64_t n) {
    int64_t digits[WORK_DIGITS];
    if (!n) return 0;
    bool minus = gather(e->sum, SUM_DIGITS, e->small, LOW, digits);
    /* 64 places more below the point, so that the quotient has bits to round by even where the sum is tiny */
    memmove(digits + 2, digits, (WORK_DIGITS - 2) * sizeof *digits);
    digits[0] = digits[1] = 0;
    bool more = divide(digits, n);
    double x = nearest(digits, LOW + 64, more);
    return minus ? -x : x;
}

double exact_stddev(const struct exact *e, uint64_t n) {
    int64_t sum[WORK_DIGITS], squares[WORK_DIGITS], product[WORK_DIGITS] = {0};
    if (n < 2) return NAN;
    gather(e->sum, SUM_DIGITS, e->small, LOW, sum);
    gather(e->squares, SQUARE_DIGITS, e->small_squares, 2 * LOW, squares);
    multiply(squares, n);
    int top = WORK_DIGITS - 1;
    while (top > 0 && !sum[top]) top--;
    for (int i = 0; i <= top; i++) { /* a row of the long multiplication at a time */
        uint64_t over = 0;
        for (int k = 0; k <= top + 1 && i + k < WORK_DIGITS; k++) {
            uint64_t v = (uint64_t)sum[i] * (uint64_t)(k <= top ? sum[k] : 0) + (uint64_t)product[i + k] + over;
            product[i + k] = (int64_t)(v & 0xFFFFFFFF);
            over = v >> 32;
        }
    }
    for (int i = 0; i < WORK_DIGITS; i++) squares[i] -= product[i];
    carry(squares, WORK_DIGITS);
    bool more = divide(squares, n);
    more |= divide(squares, n - 1);
    /* the root is taken of a number near 1: the variance may be beyond a double where its root is not */
    for (top = WORK_DIGITS - 1; top > 0 && !squares[top];) top--;
    int power = (32 * top - 2 * LOW) / 2 * 2;
    return ldexp(sqrt(nearest(squares, 2 * LOW + power, more)), power / 2);
}
