/* One broken rule as a line, and all of them counted. Private to lib/json/check*.c. */
#ifndef ETL_JSON_CHECK_TELL_H
#define ETL_JSON_CHECK_TELL_H

#include "json/check.h"
#include "json/schema_set.h"

/* FILE:LINE: POINTER: KEYWORD: expected ..., found ... */
void check_tell_text(struct buf *b, const char *file, uint64_t line, const struct schema_fault *f, bool place);
/* {"file":...,"line":...,"pointer":...,"keyword":...,"expected":...,"found":...,"schema":...}; file NULL: left out */
void check_tell_json(struct buf *b, const char *file, uint64_t line, const struct schema_fault *f);
/* A record that could not even be read, as a fault; its strings are in the arena. */
struct schema_fault check_tell_unread(const struct rec *r, struct arena *a);
/* The line of the record's input where the byte stands. */
uint64_t check_tell_line(const struct rec *r, size_t at);

/* How often which rule broke at which path, a star for array indexes: /items/3/price and /items/4/price are one. Of a
 * property that is missing or unexpected the path is its own. */
struct check_sum {
    struct arena a;
    struct strset known;
    struct check_row {
        const char *keyword, *path, *file; /* file and line: the first time */
        uint64_t line, count;
    } * rows;
    uint32_t n, cap;
    uint64_t records, invalid, faults, others; /* others: faults of rules beyond the table's size */
    uint64_t full;                             /* records that break more rules than are told */
};
const char *check_sum_path(struct arena *a, const struct schema_fault *f);
void check_sum_add(struct check_sum *s, const char *keyword, const char *path, const char *file, uint64_t line);
/* A table in the log, the most frequent first. */
void check_sum_log(struct check_sum *s);
/* The same as one JSON document. `whole`: the check saw all of the input. */
void check_sum_json(struct check_sum *s, struct buf *b, const char *schema, bool whole);
void check_sum_free(struct check_sum *s);

#endif
