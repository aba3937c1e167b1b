/*
 * Dictionaries: the distinct values of a column, each with a code. Code 0 is NULL, always. A row then is a number of 1
 * to 4 bytes per column, and whatever SQL says about one column is worked out once per value instead of once per row.
 *
 * Two values are one when type and bytes are the same: 1 and 1.0 are two (SQL counts them as equal: see `ties`).
 * One thread at a time.
 */
#ifndef ETL_MART_DICT_H
#define ETL_MART_DICT_H

#include "base/mem.h"

enum value_type {
    VALUE_NULL,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_UUID, /* text, kept as 16 bytes */
    VALUE_KNOWN /* of an item: its code is in `n` */
};
#define NO_CODE UINT32_MAX

struct dict {
    uint32_t n, cap;
    uint64_t *val; /* type, then of a text its length and offset, of a number its place in `num`: see dict.c */
    char *text;
    size_t ntext, cap_text;
    uint64_t *num;
    uint32_t nnum, cap_num;
    uint64_t *slots; /* hash << 32 | code + 1; NULL once sealed */
    uint32_t mask;
    bool has[5];            /* which types occur */
    struct dict_memo *memo; /* short texts that came lately, while there are few values */
    uint32_t *rank;         /* by code, from dict_rank */
    bool ties;              /* values of different codes are equal to SQL (1 and 1.0); then they share a rank */
};

void dict_init(struct dict *d);
void dict_free(struct dict *d);
/* Code of a value, added where it is new. NO_CODE: more values, or a longer text, than a dictionary takes. */
uint32_t dict_int(struct dict *d, int64_t v);
uint32_t dict_real(struct dict *d, double v); /* NaN is NULL, as in SQLite */
uint32_t dict_text(struct dict *d, const char *p, size_t n);
/* Many values at once: the memory that looking one up needs is on its way while others are looked at. */
struct dict_item {
    enum value_type type;
    uint32_t hash, n;
    uint64_t bits; /* of a number */
    const char *p; /* of a text: must live until dict_codes; or packed */
    char packed[16];
};
void dict_item_int(struct dict_item *it, int64_t v);
void dict_item_real(struct dict_item *it, double v);
void dict_item_text(struct dict *d, struct dict_item *it, const char *p, size_t n);
void dict_codes(struct dict *d, const struct dict_item *it, size_t n, uint32_t *codes);
/* All values of another one; codes[c]: which code c of `from` has here. */
void dict_join(struct dict *d, const struct dict *from, uint32_t *codes);

static inline enum value_type dict_type(const struct dict *d, uint32_t code) {
    return (enum value_type)(d->val[code] & 7); /* val[0] is 0 */
}
static inline int64_t dict_get_int(const struct dict *d, uint32_t code) {
    return (int64_t)d->num[d->val[code] >> 24];
}
static inline double dict_get_real(const struct dict *d, uint32_t code) {
    double v;
    memcpy(&v, &d->num[d->val[code] >> 24], 8);
    return v;
}
/* buf of 36 bytes is used where the text is not kept as text. */
struct sv dict_get_text(const struct dict *d, uint32_t code, char *buf);

/* No more values: frees what only adding needs. */
void dict_seal(struct dict *d);
/* d->rank: place of each code in the order of ORDER BY (NULL, numbers, text by bytes). */
void dict_rank(struct dict *d);
size_t dict_bytes(const struct dict *d);

#endif
