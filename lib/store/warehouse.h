/* The warehouse: warehouse.db of a home, with the tables that every one has. */
#ifndef ETL_STORE_WAREHOUSE_H
#define ETL_STORE_WAREHOUSE_H

#include "store/db.h"

#define WAREHOUSE_VERSION 2 /* 2: profile_log */

/* memory: bytes its page cache may take. */
int warehouse_open(struct db *db, const char *home, size_t memory, struct err *e);
int warehouse_open_read(struct db *db, const char *home, struct err *e); /* absent: ERR_NOINPUT */

/* What a transaction brings about, noted within it. */
struct warehouse_mark {
    const char *pipeline, *day, *stage, *name, *digest;
};
int warehouse_note(struct db *db, const struct warehouse_mark *m, struct err *e);
/* Is that the last thing noted? */
int warehouse_holds(struct db *db, const struct warehouse_mark *m, bool *holds, struct err *e);

struct quality_row {
    const char *check_name, *check_type, *status, *detail, *samples;
    uint64_t total, failed;
    double pass_rate;
};
/* Replace the results of one dataset's day, in one transaction. */
int warehouse_log_quality(struct db *db, const char *pipeline, const char *dataset, const char *day, const char *table,
                          const struct quality_row *rows, size_t n, struct err *e);

/* A field of a profile; see lib/profile. NAN and NULL: there is none. */
struct profile_row {
    const char *field, *title, *types, *least, *greatest, *top_value, *json;
    uint64_t records, present, nulls, empties, distinct, top_count, outliers;
    bool distinct_exact;
    double mean, stddev, q25, median, q75;
    int64_t length_min, length_max; /* -1: no texts */
};
/* Replace the profile of one dataset's day, in one transaction. */
int warehouse_log_profile(struct db *db, const char *pipeline, const char *dataset, const char *day,
                          const struct profile_row *rows, size_t n, struct err *e);

#endif
