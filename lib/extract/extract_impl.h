/*
 * What the files of the extractor share: extract.c knows definitions, extract_open.c makes a document of an answer,
 * extract_value.c takes values out of it, extract_records.c records. Private to the room.
 */
#ifndef ETL_EXTRACT_EXTRACT_IMPL_H
#define ETL_EXTRACT_EXTRACT_IMPL_H

#include "extract/dom.h"
#include "extract/extract.h"
#include "extract/match.h"
#include "json/scan.h"

struct known_regex {
    const char *text;
    struct match *r;
    struct known_regex *next;
};
struct pair {
    struct buf key;
    struct dom_node *value;
};
struct item { /* where values are looked for */
    struct jval v;
    struct dom_node *n;
};
struct extractor {
    struct dom *html;
    struct known_regex *regexes;
    const struct ex_def *def;
    struct ex_doc doc;
    bool is_html, is_csv, unread; /* unread: a text that nobody has asked for as a value yet */
    struct buf decoded, json, ld_text;
    struct sv text; /* the decoded body */
    struct jtoks toks, ld;
    struct item root;
    struct pair *pairs;
    size_t npairs, cappairs;
    struct dom_node *pairs_of;
    struct buf key, tmp;
};

/* extract.c: NULL where it was not prepared */
struct match *ex_regex(const struct extractor *x, const char *text);
struct dom_selector *ex_selector(struct extractor *x, const char *text);

/* extract_open.c */
bool ex_takes_value(const struct ex_take *t, size_t n); /* does one of them look at a JSON value? */
void ex_need(struct extractor *x, enum ex_kind kind);   /* before a value of a text is looked at */

/* extract_value.c */
bool ex_pointer(struct jval v, const char *p, struct jval *out);
void ex_compact(struct buf *b, struct jval v); /* as written, without the blanks and line breaks between its parts */
void ex_node(struct extractor *x, const struct ex_take *t, struct dom_node *n, struct buf *out);
bool ex_nothing(const struct buf *b, size_t from); /* null or "" stands there */
bool ex_value(struct extractor *x, const struct ex_take *t, const struct item *it, struct buf *out);
struct rows {
    struct dom_node **n;
    size_t len, cap;
};
bool ex_keep(void *ctx, struct dom_node *n); /* for dom_select: into a struct rows */

#endif
