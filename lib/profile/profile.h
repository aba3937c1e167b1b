/*
 * Profiles: what the fields of any records hold, in one pass and bounded memory.
 *
 *   members, array elements     by JSON pointer; /items/<*> for the elements of /items (written with a plain star), so
 *                               that all elements of all records are one field. A key that is itself a star is ~2.
 *   kinds                       integer, number, boolean, date, timestamp, uuid, string, empty, null, object, array;
 *                               a text that holds a number or a date counts as that, and `as_text` says how many do
 *   distinct values, top values exact up to a number of values, then HyperLogLog and Misra-Gries (hll.h, top.h)
 *   numbers, instants           least, greatest, mean, standard deviation (exact.h), quantiles and outliers: exact as
 *                               long as all distinct values are kept, then from compactors (ranks.h)
 *   texts                       lengths in code points, least and greatest by bytes
 *   a schema                    draft-07, to which all these records conform
 *
 * The result depends on the records and their order and, beyond the exact limits, on how high these are; they are those
 * of 256 MiB and fall in proportion below that. It does not depend on threads or on how the input is cut into blocks:
 * what is not a plain sum is fed value by value in the order of the input.
 *
 * Fields beyond the limit (2000), deeper than 32 levels or with keys over 1024 bytes are left out and their values
 * counted, so a file whose keys are data cannot exhaust memory. Lines that are no JSON are counted and their first
 * places told.
 */
#ifndef ETL_PROFILE_PROFILE_H
#define ETL_PROFILE_PROFILE_H

#include "store/warehouse.h" /* struct profile_row */
#include "json/batch.h"

struct profile;
struct profile_opt {
    int threads;
    size_t memory;     /* bytes, all together */
    const char *title; /* of the records, or NULL */
    /* What people call a field of the record itself, by its name; NULL or "" where it has no title. May be NULL. */
    const char *(*field_title)(void *ctx, const char *name);
    void *ctx;
    const char *home; /* names of inputs below it are told relative to it; may be NULL */
};
/* What blocks the reader should aim at. */
size_t profile_block(size_t memory);
/* Read everything. The reader may be closed after. */
int profile_run(struct profile **out, struct reader *r, const struct profile_opt *o, struct err *e);
void profile_free(struct profile *p); /* NULL is fine */

uint64_t profile_records(const struct profile *p); /* those that could be read */
uint64_t profile_invalid(const struct profile *p);

/* For people at a terminal of 100 columns: a table, then each field, then the schema. */
void profile_text(const struct profile *p, struct buf *out);
/* One document, see etl-validate(1). */
void profile_json(const struct profile *p, struct buf *out);
void profile_schema(const struct profile *p, struct buf *out);
/* Rows of profile_log: the record's first, with the whole document. Strings in the arena. */
struct profile_row *profile_rows(const struct profile *p, struct arena *a, size_t *n);

#endif
