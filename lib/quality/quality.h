/*
 * Quality: record schema, declared checks, and the gate.
 *
 * One pass over the records: schema and row-level rules on the crew's threads, in any number of threads with the same
 * result; keys of the checks that need all records (unique, sequence, consistency within a group) are kept in tables,
 * and those that the memory has no room for go through an external sort, so that counts are exact at any size.
 *
 * A record that breaks a row-level rule (schema, not_null, range, timestamp, balance, allowed) is rejected with every
 * reason; so is the second and every later record with the same unique key, the first accepted one being kept: at once
 * and in its place among the rejects where a table tells, at the end where only the sort does. The memory so decides
 * about that place, and about nothing else; the threads about nothing at all. Samples are the first failures of a check
 * in the order of the input; a group (sequence) stands at the place of its first record. Breaks
 * of a group (sequence, constant) are counted and sampled and reject no record. A line that is no JSON object is
 * rejected, counts in the schema check (or, where there is none, in a parse check that is added), and is no event for
 * the others.
 *
 *   pass_rate = round((1 - failed / max(total, 1)) * 100, 2)     PASS when pass_rate >= min_pass_rate
 *
 * The gate is PASS when every check with gate true is.
 */
#ifndef ETL_QUALITY_QUALITY_H
#define ETL_QUALITY_QUALITY_H

#include "pipeline/pipeline.h"
#include "store/warehouse.h"
#include "json/batch.h"

#define QUALITY_SAMPLES 10

struct quality_cfg {
    const struct pipeline *p;
    const struct pl_dataset *d;
    size_t memory; /* bytes for the state of all checks together: about 30 a record with a unique key, 80 a group */
    int threads;
    const char *tmpdir;
    const char *home; /* input names below it are told relative to it, however it was spelt; may be NULL */
};

/* Where the records go. accept: text of whole lines in the order of the input, in pieces; the line break of a piece's
 * last line may come as a piece of its own (rows 0). reject: one line with its line break. */
struct quality_out {
    void *ctx;
    int (*accept)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e);
    int (*reject)(void *ctx, const char *p, size_t n, struct err *e);
};

struct quality_sample {
    uint64_t line;
    uint32_t file;
    const char *field, *expected, *found; /* expected and found in signs rather than words: "1..99", "150" */
};
struct quality_check {
    const struct pl_check *c;
    uint64_t total, failed;
    double pass_rate;
    bool pass;
    struct quality_sample samples[QUALITY_SAMPLES];
    size_t nsamples;
};
struct quality;
struct quality_result {
    struct quality_check *checks; /* owned by the struct quality */
    size_t nchecks;
    bool pass;     /* the gate */
    bool last_bad; /* the last record is no JSON: with a torn pipe the input is incomplete */
    uint64_t rows_in, rows_accepted, rows_rejected; /* rows_rejected with, rows_accepted without the duplicates */
    uint64_t duplicates;                            /* accepted, and found out too late: see quality_keep */
};

/* The reader given to quality_run must stay open until the last call of quality_keep and quality_rows: they ask it for
 * the names of the inputs. */
struct quality *quality_new(const struct quality_cfg *cfg);
/* Read everything, send records to out, judge. Records already accepted of which `duplicates` tells must then be taken
 * out by quality_keep. */
int quality_run(struct quality *q, struct reader *r, const struct quality_out *out, struct quality_result *res,
                struct err *e);
/* Is nothing asked but that records are objects? Then quality_sound says of so many that are known to be what
 * quality_run would. */
bool quality_trusts(const struct quality *q);
void quality_sound(struct quality *q, uint64_t rows, struct quality_result *res);
/* For the accepted rows in order (a part_keep_fn): false for duplicates, whose reject lines go to out->reject. */
int quality_keep(void *quality, uint64_t row, const char *line, size_t n, bool *keep, struct err *e);
void quality_free(struct quality *q);

/* Results as rows of quality_check_log; strings in the arena. */
struct quality_row *quality_rows(const struct quality *q, const struct quality_result *res, struct arena *a);

/* round(x, 2) as Python does it: the decimal nearest to the binary value, ties to even */
double quality_round2(double x);

#endif
