/*
 * What is known of one field. A tally is what can be added up in any order: on the threads for a batch, then into the
 * field's own. The rest of a field is fed in the order of the input. Private to the room.
 */
#ifndef ETL_PROFILE_FIELD_H
#define ETL_PROFILE_FIELD_H

#include "base/err.h"
#include "profile/exact.h"
#include "profile/hll.h"
#include "profile/kind.h"
#include "profile/ranks.h"
#include "profile/top.h"

/* Least, greatest and sum of whole numbers. */
struct extent {
    uint64_t n, least, greatest, sum;
};
void extent_add(struct extent *x, uint64_t v, uint64_t count);

/* A least or greatest value with its text. Texts are those of the block, or copies (own). */
#define LIMIT_KEEP 1100 /* digits of a number that are compared; 2^-1074 has 767 significant ones, 2^1024 309 */
struct limit {
    bool set, own;
    double num;
    const char *p;
    uint32_t n;
};

struct tally {
    uint64_t kinds[KIND_COUNT], as_text[KIND_BOOLEAN + 1];
    uint64_t left_out; /* values of members that got no field */
    uint64_t repeated; /* times that it stood again in the same object, and only the last counted */
    struct extent items, lengths;
    uint64_t numbers, beyond; /* beyond: too great for a double; in no mean and no quantile */
    bool long_number;         /* one of more than LIMIT_KEEP digits: least and greatest are as doubles tell them */
    struct exact exact;
    struct limit least, greatest; /* numbers */
    uint64_t times, zoned;
    double first, last; /* microseconds */
    __int128 time_sum;
    struct limit least_text, greatest_text;
    unsigned forms;
};
/* One scalar that occurred count times; text is its canonical one. */
struct scalar {
    enum kind kind;
    bool quoted, zoned, high; /* high: holds bytes >= 0x80 */
    double num;
    const char *text;
    uint32_t len, count;
};
void tally_start(struct tally *t);
void tally_add(struct tally *t, const struct scalar *s);
void tally_merge(struct tally *to, struct tally *from); /* from is as started after */
void tally_free(struct tally *t);
uint64_t tally_present(const struct tally *t);
uint64_t tally_strings(const struct tally *t); /* JSON strings, whatever they hold */

struct field {
    struct field *parent, *first, *last, *next; /* children in order of appearance */
    const char *key;
    uint32_t keylen, index;
    bool item; /* the elements of an array: no key */
    uint64_t key_hash;
    struct tally t;
    struct top top;
    bool over; /* values were forgotten: the three below speak from then on */
    struct hll hll;
    struct ranks numbers, times;
    int hll_p;
    const char *title;
};
/* One value in the order of the input. */
void field_feed(struct field *f, const struct value *v, const char *text);
/* The same count times, for values that certainly fit. */
void field_count(struct field *f, const struct value *v, const char *text, uint64_t count);
void field_free(struct field *f);
/* "/items/<*>/price" appended to b. */
void field_pointer(const struct field *f, struct buf *b);

#endif
