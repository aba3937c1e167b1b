/* Words for what a schema asks and what was found instead. Internal to lib/json/schema*.c. */
#ifndef ETL_JSON_SCHEMA_WORDS_H
#define ETL_JSON_SCHEMA_WORDS_H

#include "json/schema_build.h"
#include "json/schema_check.h"

#define FOUND_MAX 80

/* As written, cut to max bytes on a character boundary. */
void schema_words_value(struct buf *b, struct jval v, size_t max);
/* "at most 99", "one of \"web\", \"ios\" (did you mean \"ios\"?)" */
void schema_words_expected(struct buf *b, const struct checker *c, const struct breach *x);
/* The value; of a large object that lacks something, its keys. */
void schema_words_found(struct buf *b, const struct checker *c, const struct breach *x);
/* "a number or null", from the bits of what is wrong */
void schema_words_add_types(struct buf *b, unsigned wrong);

/* schema_choices.c. The constants that tell the branches of an anyOf or oneOf apart; false when they are not told apart
 * by constants. */
bool schema_words_choices(struct buf *b, const struct schema *s, const struct branches *of);
/* The types that the branches ask for, all together; false when one of them asks for none. */
bool schema_words_types(struct buf *b, const struct schema *s, const struct branches *of);
/* May the value be one of these constants? */
bool schema_words_offers(const struct schema *s, const struct branches *of, struct jval v);

#endif
