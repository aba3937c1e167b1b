/* What reader.c and the two formats it delegates to share. Private to lib/io. */
#ifndef ETL_IO_READER_IMPL_H
#define ETL_IO_READER_IMPL_H

#include "io/reader.h"

/* Where an over-long CSV row that is skipped stands. */
struct csv_skip {
    bool quoted, closed, at_start; /* closed: the last byte was a quote that closed a field */
};

struct reader {
    const char *const *paths;
    size_t npaths;
    uint32_t file; /* index of the open input */
    struct reader_opt opt;
    struct bytes *in;
    enum format format;
    uint64_t bytes_before;
    uint64_t line; /* lines begun so far in this input */
    bool torn, end;

    char *win; /* window of undelivered bytes */
    size_t win_n, win_at, win_cap;
    bool eof;

    bool skipping; /* inside a line over the limit, until its end */

    /* JSON documents */
    bool in_array, after_array, want_value;

    /* CSV */
    struct csv_shape *csv; /* of this input, or of the one before as long as no header was read */
    bool have_header;
    struct csv_skip skip;
};

/* Read more into the window, keeping what is undelivered; grows it up to max_line + block. */
int reader_fill(struct reader *r, struct err *e);
/* The window up to there becomes the block: lines are views into it. */
void reader_hand_over(struct reader *r, struct rblock *b, size_t upto);
struct rline *reader_push(struct rblock *b, const struct reader *r, size_t off, size_t len);

int reader_jsonl(struct reader *r, struct rblock *b, struct err *e);
int reader_json(struct reader *r, struct rblock *b, struct err *e);
int reader_document(struct reader *r, struct rblock *b, struct err *e);
/* Is what is left of the input one text over several lines? */
int reader_is_document(struct reader *r, bool *is, struct err *e);
int reader_csv(struct reader *r, struct rblock *b, struct err *e); /* rows, to be converted */

#endif
