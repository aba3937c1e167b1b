/*
 * Reading the words of a definition: values with defaults, and the mistakes found on the way. For the rooms that bring
 * words of their own (operations of transform, say) as well as for this one.
 */
#ifndef ETL_PIPELINE_VALUES_H
#define ETL_PIPELINE_VALUES_H

#include "pipeline/pipeline.h"

/* Mistakes of one definition, gathered and told together. */
struct mistakes {
    const char *file, *text;
    size_t len;
    struct buf lines;
    size_t n;
};
void mistake_at(struct mistakes *m, size_t at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A mistake in another file of the definition: the place is part of the message. */
void mistake(struct mistakes *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int mistakes_end(struct mistakes *m, struct err *e);

/* Readers of values; absent or of another type gives the default. */
const char *get_str(struct arena *a, struct jval obj, const char *key, const char *absent);
int64_t get_int(struct jval obj, const char *key, int64_t absent);
double get_num(struct jval obj, const char *key, double absent);
bool get_bool(struct jval obj, const char *key, bool absent);
bool get_val(struct jval obj, const char *key, struct jval *out);
int64_t get_duration(struct jval obj, const char *key, int64_t absent);  /* seconds */
struct strs get_strs(struct arena *a, struct jval obj, const char *key); /* also of a single string */
struct strs strs_of(struct arena *a, struct jval v);
struct column *get_columns(struct arena *a, struct jval obj, size_t *n);
const char **get_column_notes(struct arena *a, struct jval obj); /* their descriptions; NULL without "columns" */
struct strs *get_name_lists(struct arena *a, struct jval obj, const char *key, size_t *n);
struct pl_when get_when(struct arena *a, struct jval obj);
/* Readers never trust the shape: a definition with mistakes is read as well, so that all of them are told at once.
 * Place in a table of words, 0 for an unknown one. */
int word_index(struct jval v, const char *const *words, int n);
bool word_known(struct jval v, const char *const *words, int n);
size_t offset_of(struct jval v);

/* Digest of values by their tokens, so that blanks and comments do not count. */
struct sha256;
void digest_value(struct sha256 *h, struct jval v);
/* The same without what changes nothing that is made: titles, descriptions, unit tests. */
void digest_meaning(struct sha256 *h, struct jval v);

#endif
