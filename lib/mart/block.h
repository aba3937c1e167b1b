/*
 * Blocks: the SELECTs of a model that read one table, and what they ask of it. Only SQL of this form is taken for a
 * block:
 *
 *   SELECT item, ... FROM source [[AS] alias] [WHERE p AND p ...] [GROUP BY key, ...]
 *
 * after which ORDER BY name [ASC | DESC], ... [LIMIT number] may stand, with names of items.
 *
 *   source   a name, or ( block )
 *   p, key   an expression over one column
 *   item     column | expression over keys and aggregates AS name
 *   aggregate   COUNT(*), and COUNT(x) COUNT(DISTINCT x) SUM(x) TOTAL(x) AVG(x) MIN(x) MAX(x), where x is an
 *               expression over one column, or CASE WHEN p [AND p ...] THEN x [ELSE constant] END
 *
 * An expression may hold literals, :parameters, operators, CASE and the functions listed in block.c: those whose value
 * depends on nothing but their arguments. Whatever differs (DISTINCT, HAVING, windows, ORDER BY, joins, subqueries,
 * CAST, COLLATE, ...) is no block; then the SQL is left to SQLite as it is. So nothing depends on how much is
 * understood here, provided that nothing is understood wrongly.
 *
 * A SELECT that is no block may still be `filtered`: its one source is a name and it has a WHERE. Then that name can
 * be replaced by a table with fewer rows, those that fulfil the conjuncts which are understood.
 */
#ifndef ETL_MART_BLOCK_H
#define ETL_MART_BLOCK_H

#include "mart/token.h"

struct span { /* tokens [a, b) */
    uint32_t a, b;
};

/* What a source is called in the block and which columns it has. */
struct names {
    struct sv *col;
    size_t ncols;
};

struct expr {
    struct span s;
    int col; /* the one column that it reads; -1: none */
};

enum agg_kind { AGG_COUNT, AGG_SUM, AGG_TOTAL, AGG_AVG, AGG_MIN, AGG_MAX };
struct block_agg {
    enum agg_kind kind;
    bool distinct;
    struct span call;  /* as written */
    struct expr *when; /* CASE over several columns: its conditions; nwhen 0: none */
    size_t nwhen;
    struct expr value;     /* the argument, or what stands after THEN; s.a == s.b: COUNT(*) */
    struct span otherwise; /* after ELSE; s.a == s.b: NULL */
};

struct block_item {
    struct span s;  /* without its name */
    struct sv name; /* of the result */
};

enum block_level {
    BLOCK_NOT,      /* to be left as it is */
    BLOCK_FILTERED, /* see above */
    BLOCK_WHOLE     /* understood to the last token */
};
struct block {
    enum block_level level;
    struct span s;     /* from SELECT to the end of what belongs to it */
    struct span from;  /* the source with its alias */
    uint32_t source;   /* index of the source's name, or of its parenthesis */
    uint32_t inner;    /* source is a parenthesis: index of the SELECT in it */
    bool distinct;     /* SELECT DISTINCT or ALL */
    bool is_name;      /* source is a name */
    struct sv alias;   /* what qualifies columns */
    struct span where; /* after WHERE; empty: none */
    struct span group; /* after GROUP BY; empty: none */
    struct span tail;  /* what stands after s: ORDER BY and the like */
    struct expr *conj; /* conjuncts of WHERE that are understood */
    size_t nconj;
    bool all_conj; /* there are no others */
    struct block_item *items;
    size_t nitems;
    struct expr *keys;
    size_t nkeys;
    struct block_agg *aggs;
    size_t naggs;
};

/* Outline of the SELECT at token `at`: its clauses and source. false: of another form. */
bool block_outline(const struct tokens *t, uint32_t at, struct block *b);
/* Fill in what the clauses say, given the source's columns; sets b->level. */
void block_read(const struct tokens *t, struct block *b, const struct names *names, struct arena *a);

/* The first conjunct that says `column = :ds`, or NULL. */
const struct expr *block_day(const struct tokens *t, const struct block *b, int col);
/* Does a key stand at token i of that item, as written, so that it can be taken for one value: the whole item, a name,
 * or a call (b - 1 within 100 - b - 1 is none)? Its number, and the token after it; -1: no. */
int block_key_at(const struct tokens *t, const struct block *b, struct span item, uint32_t i, uint32_t *end);
/* The tokens' text with blanks between them. */
void span_text(const struct tokens *t, struct span s, struct buf *out);
bool span_same(const struct tokens *t, struct span x, struct span y);
/* Is token i the name of a function that a block may hold, with its parenthesis after it? */
bool is_function(const struct tokens *t, uint32_t i);

#endif
