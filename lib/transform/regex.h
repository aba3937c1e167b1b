/*
 * Patterns of operations: Perl-compatible (PCRE2), Unicode, compiled to machine code once, with limits that a hostile
 * text cannot get beyond (then it does not match). Read-only after rx_new; each thread brings its own room.
 */
#ifndef ETL_TRANSFORM_REGEX_H
#define ETL_TRANSFORM_REGEX_H

#include "transform/op.h"

struct rx;
#define RX_ROOM 8
struct rx_match {
    struct sv *group; /* group[0] is the whole; p NULL where it took no part */
    size_t n;
    struct sv room[RX_ROOM]; /* where few groups lie: not to be copied */
};
/* A mistake of the definition (at `at`) and NULL when it is none. Lives as long as the pipeline. */
struct rx *rx_new(struct op_parse *c, const char *pattern, struct jval at);
/* The patterns in c->v under key: one, or a list. */
struct rx **rx_list(struct op_parse *c, const char *key, size_t *n);
/* Search from byte `from` on. Groups are views into s; where there are many, the array lies in a. */
bool rx_find(const struct rx *x, struct sv s, size_t from, struct arena *a, struct rx_match *out);
/* Append s with all matches replaced; $1, ${1}, ${name}, $$ stand in `with`. False, and nothing appended, when none
 * matches. */
bool rx_replace(const struct rx *x, struct sv s, struct sv with, struct arena *a, struct buf *out);
/* Does `with` name only groups that the pattern has? NULL, or why not. */
const char *rx_check_with(const struct rx *x, const char *with);
/* Named groups in the order of their numbers. */
size_t rx_names(const struct rx *x);
const char *rx_name(const struct rx *x, size_t i, uint32_t *group);

#endif
