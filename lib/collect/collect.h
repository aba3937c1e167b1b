/*
 * Sources: a day's records of a dataset as JSONL, one object a line.
 *
 * What a source holds goes on as it was written; nothing is judged here. A row that cannot be made a record (a CSV row
 * with too few fields, a line over the size limit) goes on as a JSON string that says what was wrong, so that
 * validation rejects and counts it: collected = valid + rejected.
 */
#ifndef ETL_COLLECT_COLLECT_H
#define ETL_COLLECT_COLLECT_H

#include "pipeline/pipeline.h"

/* Settings of the command line that stand above the definition's. */
struct collect_opt {
    const char *source;  /* glob of files instead of the defined source; NULL none */
    int64_t seed, users; /* of the generators; -1 as defined */
    int64_t trips;
    const double *defects; /* clickstream: seven rates, NULL as defined */
    size_t max_line;       /* 0: default */
    int threads;           /* files: CSV becomes JSON and records are looked at on so many */
    bool look;             /* files: say in stats whether every record is an object */
    const char *lake;      /* home of the lake that a source of datasets reads */
    /* http; see web.h */
    const char *home;   /* where its journal lies */
    const char *run_id; /* NULL: nothing is kept */
    const char *tmpdir;
    const char *urls;         /* file of URLs to ask for instead of those defined */
    bool retry_failed, fresh; /* ask again for what failed for good; for everything */
    bool fetched;             /* this run has asked already: what failed has failed */
    size_t memory;            /* for answers under way; 0 256 MiB */
};

struct collect_stats {
    uint64_t rows, bytes;
    bool sound;             /* what was written are objects, one a line; asked for with look */
    char inputs_json[2048]; /* JSON array of what was read, for _SUCCESS */
    char note[256];         /* a line for people, "" none */
};

/* Digest of what the day's source is now: names, sizes and times of files; settings of a generator. present false when
 * no file is there (then the digest says so too). */
int collect_digest(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                   char digest[65], bool *present, struct err *e);
/* The first environment variable that the dataset needs and that is not set, or NULL: nothing is collected then. */
const char *collect_lacks(const struct pl_dataset *d, const struct collect_opt *o);
/* write gets whole lines. ERR_NOINPUT when no file matches. */
int collect_run(const struct pipeline *p, const struct pl_dataset *d, day_t day, const struct collect_opt *o,
                int (*write)(void *ctx, const char *p, size_t n, uint64_t rows, struct err *e), void *ctx,
                struct collect_stats *st, struct err *e);

/* CSV columns typed as the dataset's table declares them; for reader_opt.column. */
char collect_column(void *dataset, struct sv name);
/* {date} and its kin, {definition}; in the arena. */
char *collect_path(const struct pipeline *p, const char *pattern, day_t day, struct arena *a);

#endif
