/*
 * What to take out of an answer, as a definition says it. Plain data: made by lib/pipeline, read by extract.h.
 *
 * An answer is one of two things to whoever takes values from it: a JSON document (JSON as it came; XML and CSV turned
 * into it), in which JSON pointers (RFC 6901) name values, or an HTML document, in which CSS selectors do. A document
 * has items: the elements of the list that `each` names, or itself.
 */
#ifndef ETL_EXTRACT_DEF_H
#define ETL_EXTRACT_DEF_H

#include "base/mem.h"

enum ex_format { EX_AUTO, EX_JSON, EX_HTML, EX_XML, EX_CSV, EX_TEXT };

enum ex_kind {
    EX_NONE,
    EX_AT,      /* what: JSON pointer */
    EX_SELECT,  /* what: CSS selector */
    EX_PAIR,    /* labels */
    EX_JSON_LD, /* what: JSON pointer into the page's first application/ld+json that has it */
    EX_VAR,     /* what: name of a variable of the request */
    EX_VALUE    /* what: JSON text */
};
struct ex_take {
    const char *name; /* of the record's field */
    enum ex_kind kind;
    const char *what;
    struct strs labels;
    const char *attr, *match, *br; /* NULL: none, none, " / " */
    bool html, all, root, url, required;
    struct ex_take *otherwise; /* where there is no value; NULL */
};

struct ex_test {
    enum ex_kind kind; /* EX_AT, EX_SELECT; EX_NONE: the whole body */
    const char *what;
    struct strs in; /* n 0: not asked */
    const char *match;
    int exists; /* 0 no, 1 yes, -1 not asked */
};

struct ex_def {
    enum ex_format format;
    const char *encoding; /* NULL: found out */
    char delimiter;       /* CSV; 0 comma */
    const char *each;     /* NULL: the document is the one item */
    const char *pair_each, *pair_key, *pair_value, *pair_break;
    struct ex_take *fields; /* n 0: items go on as they came ... */
    size_t nfields;
    struct ex_take *add; /* ... with these added */
    size_t nadd;
};

#endif
