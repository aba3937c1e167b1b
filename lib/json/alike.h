/*
 * Records that look like the one before: flat objects with the same members in the same order, as machines write them
 * by the ten million. Who has scanned one record (json/scan.h) learns its members; a next one is compared with them and
 * its values are taken, in one pass and without tokens, at a third of the cost.
 *
 * Strict: what alike_read accepts is an object that the scanner accepts, and with the same values. No blanks, no
 * escapes, no bytes outside ASCII, numbers of at most 18 characters without exponent, null, no true, no lists or
 * objects: for anything else it says no, and the scanner decides.
 */
#ifndef ETL_JSON_ALIKE_H
#define ETL_JSON_ALIKE_H

#include "json/scan.h"

#define ALIKE_MOST 64 /* members */

struct alike_value {
    const char *p; /* strings with their quotes */
    uint32_t n;
    uint8_t kind;  /* enum jtype: JT_STR, JT_NUM, JT_NULL */
    uint8_t scale; /* numbers: mant / 10^scale */
    bool negative; /* -0 too */
    uint64_t mant;
};
struct alike {
    struct {
        uint32_t off, n; /* in keys: ,"name": */
    } member[ALIKE_MOST];
    size_t n; /* 0: nothing is known */
    struct buf keys;
};
/* Learn from a scanned record; false, and nothing is known then, when no record can be like it. */
bool alike_learn(struct alike *a, struct jval rec);
/* The values of a record, a->n of them; false: it is not alike. v may be NULL. */
bool alike_read(const struct alike *a, const char *text, size_t n, struct alike_value *v);
void alike_free(struct alike *a);

#endif
