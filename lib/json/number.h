/*
 * JSON numbers as what they are: decimals of any size.
 *
 * A double cannot tell 20-digit integers apart, loses 0.1 and overflows at
 * 1e400, so a schema's limits are compared on the digits as they are written:
 *
 *   -120.50e3   ->   neg, digits "1205" (of the text "120.5"), top 6: -0.1205 x 10^6
 *
 * Nothing is copied or allocated: a struct number points into the text, which
 * must outlive it. Exponents beyond 10^18 count as 10^18.
 */
#ifndef ETL_JSON_NUMBER_H
#define ETL_JSON_NUMBER_H

#include "base/mem.h"

struct number {
    const char *d;   /* first significant digit; a '.' may stand between the digits */
    uint32_t n;      /* bytes from the first to the last significant digit */
    uint32_t digits; /* how many of these are digits; 0: the number is zero */
    int64_t top;     /* value = 0.DIGITS x 10^top */
    bool neg;        /* never for zero */
};

/* text must be a number of the JSON grammar. */
void number_parse(struct number *x, const char *text, size_t n);
int number_compare(const struct number *a, const struct number *b); /* -1, 0, 1 */
bool number_is_int(const struct number *x);                         /* 1.0 and 1e3 are */
uint64_t number_hash(const struct number *x);                       /* equal numbers, equal hashes */

/* What `multipleOf` divides by, prepared once. */
#define DIVISOR_DIGITS 1000
struct divisor {
    uint64_t small;  /* the digits as an integer when there are at most 18 of them, else 0 */
    uint32_t *limbs; /* else: base 10^9, lowest first, in the arena */
    uint32_t nlimbs;
    uint32_t digits;
    int64_t low; /* divisor = integer x 10^low */
};
/* False when x is zero, negative or longer than DIVISOR_DIGITS. */
bool number_divisor_init(struct divisor *d, const struct number *x, struct arena *a);
/* Exact; the work is bounded by (digits of x + 4 x digits of d) x digits of d. */
bool number_multiple(const struct number *x, const struct divisor *d);

#endif
