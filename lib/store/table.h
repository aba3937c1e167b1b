/*
 * Tables of the warehouse: made from declared columns with strict types, filled by one of four modes inside one
 * transaction.
 *
 *   type       SQLite (STRICT table)       accepts
 *   text       TEXT                        strings; numbers and booleans as written
 *   integer    INTEGER                     whole numbers of 64 bits
 *   real       REAL                        numbers
 *   number     ANY, integer or real        numbers: whole ones stay whole
 *   boolean    INTEGER 0 or 1              true, false
 *   date       TEXT                        YYYY-MM-DD that exists
 *   timestamp  TEXT                        ISO 8601; with a zone it is turned into the pipeline's local time
 *   json       TEXT                        an object, an array, or JSON text in a string; "" is NULL
 *
 * Every table has a column dt besides: the day whose load wrote the row.
 */
#ifndef ETL_STORE_TABLE_H
#define ETL_STORE_TABLE_H

#include "base/day.h"
#include "store/warehouse.h"
#include "json/batch.h"

enum column_type {
    COL_TEXT,
    COL_INTEGER,
    COL_REAL,
    COL_NUMBER,
    COL_BOOLEAN,
    COL_DATE,
    COL_TIMESTAMP,
    COL_JSON,
    COLUMN_TYPES
};
extern const char *const column_type_names[COLUMN_TYPES];

struct column {
    const char *name, *from; /* from: field of the record */
    enum column_type type;
    bool not_null, now; /* now: the time of the load, UTC, whatever the record holds */
};

enum load_mode { LOAD_REPLACE_DAY, LOAD_UPSERT, LOAD_IGNORE, LOAD_FULL };
struct table_spec {
    const char *table;
    enum load_mode mode;
    struct strs key;
    struct column *cols;
    size_t ncols;
    struct strs *indexes;
    size_t nindexes;
    bool add_columns;   /* a column that the table lacks is added; else that is an error */
    double max_dropped; /* percent of records that may be dropped */
    const char
        *keep_column; /* rows whose day here lies before the load's day less months and days go; NULL: all stay */
    int keep_months, keep_days;
};

/* Make the table, or see that it fits. dt: with the column dt (and an index on it). */
int table_ensure(struct db *db, const struct table_spec *t, bool dt, struct err *e);
/* Make the table where there is none; one that is there is left as it is. */
int table_make(struct db *db, const struct table_spec *t, bool dt, struct err *e);
/* CREATE TABLE text of the spec under another name (for marts built aside). */
void table_create_sql(const struct table_spec *t, const char *name, bool dt, struct buf *out);
/* ... and of its index on dt, as sqlite_schema shows it. */
void table_day_index_sql(const struct table_spec *t, struct buf *out);

/* A load under way. From its first record to loader_commit the warehouse is in one transaction. */
struct loader;
struct loader_stats {
    uint64_t rows_in, written, dropped;
    uint64_t updated; /* upsert: of those written, rows that were there */
    uint64_t expired; /* older than the table keeps */
};
int loader_open(struct loader **out, struct db *db, const struct table_spec *t, day_t day, const struct zone *zone,
                size_t memory, struct err *e); /* memory: bytes for keys that wait to be merged */
/* All records of a reader, scanned on so many threads, added in order. Dropped ones are logged as warnings (the first
 * ten). A record that is no JSON at all is dropped too; as the last of a torn pipe it is ERR_INCOMPLETE. */
int load_records(struct loader *l, struct reader *r, int threads, struct err *e);
uint64_t loader_rows_in(const struct loader *l);
/* From now on keep a digest of the records (each with a line break after it): that of a partition which holds the same.
 */
void loader_digest_start(struct loader *l);
void loader_digest(struct loader *l, char out[65]); /* once, after the last record */
/* Fails with ERR_DATA when more than max_dropped percent were dropped; then nothing has changed. mark (may be NULL) is
 * noted in the same transaction. Frees l. */
int loader_commit(struct loader *l, const struct warehouse_mark *mark, struct loader_stats *st, struct err *e);
void loader_abort(struct loader *l); /* rolls back; NULL is fine */

#endif
