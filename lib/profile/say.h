/* Figures and names as people read them, for the two halves of a profile as text. Private to the room. */
#ifndef ETL_PROFILE_SAY_H
#define ETL_PROFILE_SAY_H

#include "profile/figures.h"
#include "profile/width.h"

#define LINE 100 /* columns of the terminal */
#define GAP 2

void say_count(struct buf *b, uint64_t n); /* 1,234 */
/* Never 100 % nor 0 % unless it is. */
void say_percent(struct buf *b, uint64_t part, uint64_t of);
void say_number(struct buf *b, double x); /* some six digits */
/* "items/" and so on: the pointer without its first slash, cut to `most` columns. */
void say_name(struct buf *b, const struct field *f, size_t most);
/* "integer" or "string|integer", the most frequent first; "number" where whole ones are among them. */
void say_kinds(struct buf *b, const struct tally *t);

struct time_style {
    bool zoned, dates;
};
struct time_style times_of(const struct tally *t);
bool mostly_times(const struct tally *t);
bool mostly_numbers(const struct tally *t);
/* Every field but the record itself, where records are nothing but objects. */
bool is_shown(const struct profile *p, const struct field *f);

void say_table(struct buf *b, const struct profile *p);

#endif
