/*
 * The record reader: inputs of any of the three formats become blocks of JSON text with an index
 * of records, in the order of the inputs.
 *
 *   JSONL   one JSON text a line; blank lines are no records; LF or CRLF
 *   JSON    an array of records, or texts one after another, over any number of lines; or, where asked for, one text
 *           that is one record, with its line breaks
 *   CSV     RFC 4180 with a header line; each row becomes an object of its columns
 *
 * A record is a view into its block (zero copy for JSONL). A record that cannot even be read (a line
 * over the limit, a CSV row with too many fields) is in the index with `bad` set; it counts like any other.
 * CSV rows become JSON in rblock_convert, which any thread may call: finding where rows end takes a tenth of that.
 * Whether the text is JSON is the scanner's business (json/batch.h).
 */
#ifndef ETL_IO_READER_H
#define ETL_IO_READER_H

#include "base/err.h"
#include "base/mem.h"
#include "io/bytes.h"

enum format { FMT_AUTO, FMT_JSONL, FMT_JSON, FMT_CSV, FMT_DOCUMENT };
int input_format_find(const char *name); /* "jsonl", "json", "csv"; -1 unknown */
enum format format_of(const char *path); /* by the name, .gz stripped; FMT_JSONL when it tells nothing */

struct rline {
    uint32_t off, len; /* in the block's data */
    uint32_t file;     /* index of the input */
    uint32_t bad_at;   /* byte in the record */
    uint64_t line;     /* line of the input where the record begins, from 1 */
    const char *bad;   /* NULL, or why it cannot be read */
};
struct csv_shape;
struct rblock {
    struct buf data;
    struct rline *l;
    size_t n, cap;
    struct csv_shape *csv; /* NULL: the records are JSON; else rows of such a table, until rblock_convert */
    struct buf spare;      /* its storage from block to block */
    bool objects;          /* what is not bad is a JSON object: made of rows */
};
void rblock_free(struct rblock *b);
/* Rows as they were read become JSON objects; nothing where they are already. */
void rblock_convert(struct rblock *b);

#define READER_MAX_LINE ((size_t)16 << 20)

struct reader_opt {
    enum format format; /* FMT_AUTO: by each input's name */
    enum encoding enc;
    size_t max_line; /* bytes; 0: READER_MAX_LINE */
    size_t block;    /* bytes a block aims at; 0: 1 MiB */
    char delimiter;  /* CSV; 0: comma */
    /* FMT_AUTO: a .json input is a document, and so is one whose name tells nothing and whose first line is only the
     * beginning of a text */
    bool documents;
    /* CSV: is the column a number ('n'), a boolean ('b') or text ('t')? NULL: all text. Asked once per column. */
    char (*column)(void *ctx, struct sv name);
    void *ctx;
    const char *text; /* read this text instead of the (one) input that is named */
    size_t text_n;
    struct digest *digest; /* gets all bytes of the inputs, as they lie there (plain files only); NULL: none */
};

struct reader;
/* paths n = 0: standard input. Inputs are opened one after another, when their turn comes. */
int reader_open(struct reader **out, const char *const *paths, size_t n, const struct reader_opt *opt, struct err *e);
/* Fill b (its storage is reused) with the next block; *more false and b->n 0 at the end. */
int reader_next(struct reader *r, struct rblock *b, bool *more, struct err *e);
/* The same, but CSV rows are left to rblock_convert, on whatever thread. */
int reader_next_raw(struct reader *r, struct rblock *b, bool *more, struct err *e);
const char *reader_name(const struct reader *r, uint32_t file);
uint64_t reader_bytes(const struct reader *r);
/* After the end: the last input was a pipe and its last record had no newline. */
bool reader_torn(const struct reader *r);
void reader_close(struct reader *r);

#endif
