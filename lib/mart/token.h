/*
 * SQL as tokens: just enough to find the parts of a SELECT without ever taking the inside of a string, a comment or
 * a quoted name for SQL. Text that SQLite's own tokenizer would read in another way is refused whole (blob literals,
 * positional parameters, identifiers with doubled quotes): its reader then leaves the SQL as it is.
 */
#ifndef ETL_MART_TOKEN_H
#define ETL_MART_TOKEN_H

#include "base/mem.h"

enum token_kind {
    TOK_WORD,   /* keyword or bare name */
    TOK_NAME,   /* name in "", [] or `` */
    TOK_STRING, /* '...' */
    TOK_NUMBER,
    TOK_PARAM, /* :name */
    TOK_OP,
    TOK_LP,
    TOK_RP,
    TOK_COMMA,
    TOK_DOT,
    TOK_END /* always the last one */
};

struct token {
    enum token_kind kind;
    const char *p; /* in the SQL; of a quoted name with its quotes */
    uint32_t n;
    uint32_t depth; /* of parentheses; both of a pair have the depth outside it */
    uint32_t match; /* LP, RP: index of the other one */
};

struct tokens {
    struct token *t;
    size_t n; /* without the END */
};

/* false: not understood (or more than 20,000 tokens). tokens_free after either. */
bool tokens_read(struct tokens *out, const char *sql);
void tokens_free(struct tokens *t);

bool token_is(const struct token *t, const char *word); /* a bare word, in any case */
static inline bool token_is_name(const struct token *t) {
    return t->kind == TOK_WORD || t->kind == TOK_NAME;
}
struct sv token_name(const struct token *t); /* of a word or quoted name, without the quotes */
bool name_eq(struct sv a, struct sv b);      /* ASCII letters of either case are equal */
/* The same text but for case of names and blanks? */
bool token_same(const struct token *a, const struct token *b);

#endif
