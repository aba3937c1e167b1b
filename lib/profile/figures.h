/* The figures of a field, made from what was gathered. Private to the room. */
#ifndef ETL_PROFILE_FIGURES_H
#define ETL_PROFILE_FIGURES_H

#include "profile/profile_impl.h"

#define QUANTILES 7
extern const double quantile_p[QUANTILES]; /* 0.01 0.05 0.25 0.5 0.75 0.95 0.99 */
#define QUARTER 2                          /* quantile_p[QUARTER] is 0.25 */
#define TOP_SHOWN 10

/* Of numbers, or of instants in microseconds. */
struct spread {
    uint64_t n; /* 0: none of the rest means anything */
    bool exact;
    double rank_error; /* not exact: quantile p is the quantile of a rank that is off by at most this part of n */
    double mean, stddev, q[QUANTILES];
    double low, high;      /* Tukey's fences: the quartiles and 1.5 times their distance beyond them */
    uint64_t below, above; /* them; an estimate where not exact */
};
struct figures {
    uint64_t of;              /* how often the field could have been there: objects, or array elements */
    uint64_t present, filled; /* filled: neither null nor "" */
    uint64_t values;          /* scalars but null; distinct and top speak of them */
    uint64_t distinct;
    bool exact;            /* distinct and the counts of top */
    double distinct_error; /* standard error, relative */
    const struct value *top[TOP_SHOWN];
    size_t ntop;
    struct spread numbers, times;
};
void figures_make(const struct field *f, struct figures *g);
/* Made once, when all records are read. */
const struct figures *figures_of(const struct profile *p, const struct field *f);

/* 1768435460000000 as 2026-01-15T00:04:20, with Z where zoned; a whole day as 2026-01-15 where dates is true */
void time_text(double micros, bool zoned, bool dates, struct buf *b);
/* Shortest text that reads back as the same double; null where it is none that JSON knows. */
void json_double(struct buf *b, double x);

#endif
