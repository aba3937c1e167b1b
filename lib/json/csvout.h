/*
 * Records as CSV (RFC 4180): a header, then a row per record. Columns are given, or those of the first record; a later
 * record with another field is ERR_DATA, because a CSV that silently leaves fields out is a lie. Nested values are
 * written as JSON text; null and absent are empty. Line breaks are CRLF, as the standard says.
 */
#ifndef ETL_JSON_CSVOUT_H
#define ETL_JSON_CSVOUT_H

#include "json/scan.h"

struct csvout {
    struct arena a;
    const char **cols;
    size_t ncols, cap;
    bool started, given;
    struct jtoks toks;
};
void csvout_column(struct csvout *c, const char *name); /* before the first record */
/* Whole JSONL lines in, CSV text appended to out. */
int csvout_lines(struct csvout *c, const char *p, size_t n, struct buf *out, struct err *e);
void csvout_free(struct csvout *c);

#endif
