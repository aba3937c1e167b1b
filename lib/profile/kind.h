/*
 * What a scalar is: its JSON type, and for a text what it holds.
 *
 * In CSV, and in many JSON files, numbers and dates are written as texts. A text counts as what a reader would take it
 * for: a number (the grammar of JSON, so "007" and "1,000" are texts), true or false, a date that exists, a timestamp
 * (ISO 8601, zone optional), a UUID.
 */
#ifndef ETL_PROFILE_KIND_H
#define ETL_PROFILE_KIND_H

#include "json/format.h"

enum kind {
    KIND_INTEGER,
    KIND_NUMBER, /* written with a point or an exponent */
    KIND_BOOLEAN,
    KIND_DATE,
    KIND_TIMESTAMP,
    KIND_UUID,
    KIND_STRING,
    KIND_EMPTY, /* "" */
    KIND_NULL,
    KIND_OBJECT,
    KIND_ARRAY,
    KIND_COUNT
};
extern const char *const kind_names[KIND_COUNT];
static inline bool kind_is_number(enum kind k) {
    return k <= KIND_NUMBER;
}
static inline bool kind_is_time(enum kind k) {
    return k == KIND_DATE || k == KIND_TIMESTAMP;
}

/* Of a text. *num: the number, or microseconds since 1970 (UTC where the text has a zone, which *zoned tells). */
enum kind kind_of_text(const char *p, size_t n, double *num, bool *zoned);
/* Number of the JSON grammar to the nearest double; INFINITY where it is beyond. */
double kind_number(const char *p, size_t n);
/* The same number always in the same form: 100, -0.25, 1.5e+30. In the arena, or p itself; *len gets its length. */
const char *kind_canonical(struct arena *a, const char *p, size_t n, size_t *len);

/* Formats that a schema may name. A field keeps the bits that all its texts conform to. */
enum { FORM_DATE, FORM_DATE_TIME, FORM_UUID, FORM_EMAIL, FORM_URI, FORM_IPV4, FORM_IPV6, FORM_COUNT };
#define FORM_ALL ((1u << FORM_COUNT) - 1)
extern const char *const form_names[FORM_COUNT];
/* Of the bits in `among`, those that the text (of that kind) conforms to. */
unsigned kind_forms(enum kind k, const char *p, size_t n, unsigned among);

#endif
