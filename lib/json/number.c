/*
 * See number.h. Divisibility: with x = X 10^a and d = D 10^b, X and D without
 * trailing zeros, d divides x when a >= b and D divides X 10^(a-b); for a < b
 * it never does, because X itself would have to end in a zero. The remainder
 * is taken digit by digit, the power of ten by modular exponentiation, so
 * 1e308 costs no more than its two digits.
 */
#include "json/number.h"

#define EXP_MAX 1000000000000000000 /* far beyond any digit count, far below the end of int64_t */
#define LIMB 1000000000u
#define LIMB_DIGITS 9
#define SMALL_DIGITS 18

static int64_t parse_exponent(const char *p, const char *end) {
    bool neg = false;
    if (p < end && (*p == '-' || *p == '+')) neg = *p++ == '-';
    int64_t x = 0;
    for (; p < end && x < EXP_MAX; p++) {
        x = x > (EXP_MAX - 9) / 10 ? EXP_MAX : x * 10 + (*p - '0');
    }
    return neg ? -x : x;
}

void number_parse(struct number *x, const char *text, size_t n) {
    const char *p = text, *end = text + n;
    bool neg = *p == '-';
    p += neg;
    const char *stop = p, *dot = NULL;
    for (; stop < end && (*stop | 32) != 'e'; stop++)
        if (*stop == '.') dot = stop;
    if (!dot) dot = stop;
    const char *first = p, *last = stop;
    while (first < stop && (*first == '0' || *first == '.')) first++;
    *x = (struct number){.d = first};
    if (first == stop) return;
    while (last[-1] == '0' || last[-1] == '.') last--;
    x->n = (uint32_t)(last - first);
    x->digits = x->n - (dot > first && dot < last);
    x->top = first < dot ? dot - first : -(first - dot - 1);
    if (stop < end) x->top += parse_exponent(stop + 1, end);
    x->neg = neg;
}

/* The digits as two fractions 0.DIGITS. */
static int compare_digits(const struct number *a, const struct number *b) {
    const char *p = a->d, *q = b->d, *pe = a->d + a->n, *qe = b->d + b->n;
    for (;;) {
        if (p < pe && *p == '.') p++;
        if (q < qe && *q == '.') q++;
        if (p == pe || q == qe) return (p < pe) - (q < qe);
        if (*p != *q) return *p < *q ? -1 : 1;
        p++;
        q++;
    }
}

int number_compare(const struct number *a, const struct number *b) {
    int sa = a->digits ? (a->neg ? -1 : 1) : 0, sb = b->digits ? (b->neg ? -1 : 1) : 0;
    if (sa != sb) return sa < sb ? -1 : 1;
    if (sa == 0) return 0;
    int c = a->top != b->top ? (a->top < b->top ? -1 : 1) : compare_digits(a, b);
    return sa * c;
}

bool number_is_int(const struct number *x) {
    return x->top >= (int64_t)x->digits || !x->digits;
}

uint64_t number_hash(const struct number *x) {
    uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)x->top ^ (uint64_t)x->neg << 63;
    if (!x->digits) return h;
    for (const char *p = x->d; p < x->d + x->n; p++)
        if (*p != '.') h = (h ^ (uint64_t)(unsigned char)*p) * 0x100000001b3u;
    return h;
}

static unsigned next_digit(const char **p) {
    if (**p == '.') (*p)++;
    return (unsigned)(*(*p)++ - '0');
}

bool number_divisor_init(struct divisor *d, const struct number *x, struct arena *a) {
    *d = (struct divisor){.low = x->top - (int64_t)x->digits, .digits = x->digits};
    if (!x->digits || x->neg || x->digits > DIVISOR_DIGITS) return false;
    const char *p = x->d;
    if (x->digits <= SMALL_DIGITS) {
        for (uint32_t k = 0; k < x->digits; k++) d->small = d->small * 10 + next_digit(&p);
        return true;
    }
    d->nlimbs = (x->digits + LIMB_DIGITS - 1) / LIMB_DIGITS;
    d->limbs = arena_alloc(a, d->nlimbs * sizeof *d->limbs);
    for (uint32_t k = x->digits; k-- > 0;) d->limbs[k / LIMB_DIGITS] = d->limbs[k / LIMB_DIGITS] * 10 + next_digit(&p);
    return true;
}

static uint64_t mul_mod(uint64_t a, uint64_t b, uint64_t m) {
    return (uint64_t)((unsigned __int128)a * b % m);
}

static uint64_t pow10_mod(uint64_t e, uint64_t m) {
    uint64_t r = 1 % m, base = 10 % m;
    for (; e; e >>= 1) {
        if (e & 1) r = mul_mod(r, base, m);
        base = mul_mod(base, base, m);
    }
    return r;
}

static bool multiple_small(const struct number *x, uint64_t m, uint64_t zeros) {
    const char *p = x->d;
    unsigned __int128 r = 0;
    for (uint32_t k = 0; k < x->digits; k++) r = (r * 10 + next_digit(&p)) % m;
    return mul_mod((uint64_t)r, pow10_mod(zeros, m), m) == 0;
}

/* r >= m? r has one limb more than m. */
static bool not_less(const uint32_t *r, const struct divisor *d) {
    if (r[d->nlimbs]) return true;
    for (uint32_t k = d->nlimbs; k-- > 0;)
        if (r[k] != d->limbs[k]) return r[k] > d->limbs[k];
    return true;
}

static void push_digit(uint32_t *r, const struct divisor *d, unsigned digit) {
    uint64_t carry = digit;
    for (uint32_t k = 0; k <= d->nlimbs; k++) {
        uint64_t v = (uint64_t)r[k] * 10 + carry;
        r[k] = (uint32_t)(v % LIMB);
        carry = v / LIMB;
    }
    while (not_less(r, d)) { /* at most nine times: r was less than d before */
        uint32_t borrow = 0;
        for (uint32_t k = 0; k <= d->nlimbs; k++) {
            uint32_t sub = (k < d->nlimbs ? d->limbs[k] : 0) + borrow;
            borrow = r[k] < sub;
            r[k] = r[k] + (borrow ? LIMB : 0) - sub;
        }
    }
}

static bool multiple_big(const struct number *x, const struct divisor *d, uint64_t zeros) {
    uint32_t r[DIVISOR_DIGITS / LIMB_DIGITS + 3] = {0};
    const char *p = x->d;
    for (uint32_t k = 0; k < x->digits; k++) push_digit(r, d, next_digit(&p));
    /* 10^e only matters up to the powers of 2 and 5 in D, and D < 2^(4 digits) */
    uint64_t most = (uint64_t)d->digits * 4;
    for (uint64_t k = 0; k < zeros && k < most; k++) push_digit(r, d, 0);
    for (uint32_t k = 0; k < d->nlimbs; k++)
        if (r[k]) return false;
    return true;
}

bool number_multiple(const struct number *x, const struct divisor *d) {
    if (!x->digits) return true;
    int64_t low = x->top - (int64_t)x->digits;
    if (low < d->low) return false;
    uint64_t zeros = (uint64_t)(low - d->low);
    return d->small ? multiple_small(x, d->small, zeros) : multiple_big(x, d, zeros);
}
