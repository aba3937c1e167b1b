/*
 * CSV rows as JSON objects, by RFC 4180: quoted fields may hold the delimiter, line breaks and doubled quotes; LF or
 * CRLF. The header names the columns. An empty unquoted field is null; a quoted empty one is "". A column declared as a
 * number keeps the digits as they were written where they are a JSON number, and the text where they are not, so that
 * the schema can say what is wrong.
 *
 * reader_csv.c finds the rows, csv_shape.c reads the header, csv_row.c makes the objects: rows on any thread. Private
 * to lib/io.
 */
#ifndef ETL_IO_CSV_H
#define ETL_IO_CSV_H

#include "io/reader.h"

struct csv_field {
    const char *p; /* quoted: an offset in the scratch, which may move until the row is read */
    size_t n;
    bool quoted;
};
/* Next field of the row [*p, end); a quoted one is unfolded into scratch. */
bool csv_field_next(char delimiter, const char **p, const char *end, bool *more, struct buf *scratch,
                    struct csv_field *f);
static inline struct sv csv_field_text(const struct csv_field *f, const struct buf *scratch) {
    return (struct sv){f->quoted ? buf_text((struct buf *)(uintptr_t)scratch) + (uintptr_t)f->p : f->p, f->n};
}
/* No NUL, and UTF-8; else *at is the first byte that is not. */
bool csv_utf8(const char *p, size_t n, size_t *at);

#define CSV_PAD 16 /* bytes that may be read and written beyond a key */

struct csv_column {
    const char *key; /* {"name": of the first, ,"name": of the others; padded to a multiple of CSV_PAD */
    uint32_t n;      /* its length */
    char kind;       /* 'n', 'b', 't' */
};
/* What a header says; shared by the reader and the blocks that still hold rows of it. Never changed, but for users. */
struct csv_shape {
    struct csv_column *cols;
    size_t ncols, room; /* room: bytes that a row needs besides its fields' own, at most */
    char delimiter;
    struct sv header; /* as it was read */
    struct arena a;
    _Atomic unsigned users;
};
/* A header's text without its line break; name is the input's, for messages. */
int csv_shape_read(struct csv_shape **out, const char *text, size_t n, const struct reader_opt *opt, const char *name,
                   struct err *e);
void csv_shape_join(struct csv_shape *s);
void csv_shape_leave(struct csv_shape *s); /* frees it with its last user; NULL is fine */

#endif
