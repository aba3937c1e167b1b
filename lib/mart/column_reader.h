/* One stretch of a table's rows becomes columns. For columns.c only. */
#ifndef ETL_MART_COLUMN_READER_H
#define ETL_MART_COLUMN_READER_H

#include <pthread.h>

#include "mart/columns.h"
#include "mart/pages.h"

#define COLUMN_BATCH 64

struct column_part {
    struct dict dict;
    void *codes; /* so many as there are rows */
    uint8_t width;
    bool real; /* declared REAL: whole numbers are stored as integers and mean doubles */
    size_t cap;
    struct dict_item items[COLUMN_BATCH]; /* of rows that have no code yet */
    char *texts;                          /* theirs; items say where by `bits` until they are looked up */
    size_t ntexts, cap_texts;
    bool *many; /* set when the texts that wait are large: then they do not wait for the batch */
};

struct column_reader {
    pthread_t thread;
    bool started, odd; /* odd: too much memory, a blob, rowids that do not fit */
    /* what to read: set by the caller after column_reader_init */
    struct db db;
    bool own; /* with a connection of our own to `path` */
    const char *path, *sql;
    const struct pages *pages; /* NULL: by SQL */
    int64_t lo, hi, first;
    size_t memory;
    /* what was read */
    const struct day_table *t;
    const size_t *cols;
    size_t rows, ncols, cap;
    size_t held;   /* the last so many rows are in the batch */
    size_t looked; /* rows when the memory was looked at last */
    bool many;
    struct column_part *parts;
    uint32_t *rowids; /* less `first` */
    /* reading pages: which part a cell belongs to; the one of dt may belong to none */
    uint32_t file_cols[1001];
    int file_part[1001];
    size_t nfile, day_cell;
    int rc;
    struct err e;
};

void column_reader_init(struct column_reader *r, const struct day_table *t, const size_t *cols, size_t n);
void column_reader_free(struct column_reader *r);
void *column_reader_run(void *r);

/* The codes of the first n rows, in the next width. */
void column_part_widen(struct column_part *p, size_t n);
/* The codes of n rows from `row` on, which follow those that are there. */
void column_part_put(struct column_part *p, size_t row, const uint32_t *codes, size_t n);

/* SQLite's integrity_check of one table and its indexes: ERR_CORRUPT says what is wrong. */
int table_check(struct db *db, const char *table, struct err *e);

#endif
