/*
 * Records and values out of answers: JSON, HTML, XML, CSV, text. What to take is told by def.h.
 *
 *     struct extractor *x = extractor_new();
 *     extractor_prepare(x, &def, e)                     once for each definition: ERR_CONFIG names a bad selector
 *     extractor_open(x, &def, &doc, why)                decode and parse an answer
 *     extractor_test(x, &test)   extractor_take(x, &take, &value)   extractor_records(x, emit, ctx, e)
 *
 * A value is JSON text: values of JSON documents as they were written, everything else strings. An item of which a
 * required value is missing comes to emit as the reason instead. One extractor belongs to one thread.
 */
#ifndef ETL_EXTRACT_EXTRACT_H
#define ETL_EXTRACT_EXTRACT_H

#include "base/err.h"
#include "extract/def.h"

struct extractor;

struct ex_doc {
    struct sv body;
    const char *content_type; /* NULL: none was told */
    const char *url;          /* references are made URLs by it */
    /* Value of a variable of the request, appended as JSON; false: there is none. */
    bool (*var)(void *ctx, const char *name, struct buf *out);
    void *ctx;
    size_t max; /* bytes that the decoded body may have */
};

struct extractor *extractor_new(void);
void extractor_free(struct extractor *x);
int extractor_prepare(struct extractor *x, const struct ex_def *def, struct err *e);
int extractor_prepare_take(struct extractor *x, const struct ex_take *t, struct err *e);
int extractor_prepare_test(struct extractor *x, const struct ex_test *t, struct err *e);

#define EX_WHY 200
/* The body must live until the next call. false with why when it is not of the format. */
bool extractor_open(struct extractor *x, const struct ex_def *def, const struct ex_doc *doc, char why[EX_WHY]);
bool extractor_test(struct extractor *x, const struct ex_test *t);
/* From the whole document, appended as JSON; false when there is no value. */
bool extractor_take(struct extractor *x, const struct ex_take *t, struct buf *out);
/* Pointer into a JSON document: the value's text (strings unescaped). false when it is not there. */
bool extractor_at(struct extractor *x, const char *pointer, struct buf *out);
/* reason NULL: text is a record (one JSON object in one line). *n: items there were. ERR_DATA with a message when the
 * document lacks what `each` names. */
typedef int ex_emit_fn(void *ctx, struct sv text, const char *reason, struct err *e);
int extractor_records(struct extractor *x, ex_emit_fn *emit, void *ctx, size_t *n, struct err *e);

/* url resolved by base, without its fragment; false when it is no URL. */
bool url_resolve(const char *base, const char *url, struct buf *out);

#endif
