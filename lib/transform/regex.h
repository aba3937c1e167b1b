/*
 * Patterns of operations: Perl-compatible (PCRE2), Unicode, compiled to machine code once, with limits that a hostile
 * text cannot get beyond (then it does not match). Read-only after regex_new; each thread brings its own room.
 */
#ifndef ETL_TRANSFORM_REGEX_H
#define ETL_TRANSFORM_REGEX_H

#include "transform/op.h"

struct regex;
struct regex_match {
    struct sv *group; /* group[0] is the whole; p NULL where it took no part */
    size_t n;
};
/* A mistake of the definition (at `at`) and NULL when it is none. Lives as long as the pipeline. */
struct regex *regex_new(struct op_parse *c, const char *pattern, struct jval at);
/* The patterns in c->v under key: one, or a list. */
struct regex **regex_list(struct op_parse *c, const char *key, size_t *n);
/* Search from byte `from` on. Groups are views into s, the array lies in a. */
bool regex_find(const struct regex *x, struct sv s, size_t from, struct arena *a, struct regex_match *out);
/* All matches replaced; $1, ${1}, ${name}, $$ stand in `with`. s itself when none matches. */
struct sv regex_replace(const struct regex *x, struct sv s, struct sv with, struct arena *a);
/* Does `with` name only groups that the pattern has? NULL, or why not. */
const char *regex_check_with(const struct regex *x, const char *with);
/* Named groups in the order of their numbers. */
size_t regex_names(const struct regex *x);
const char *regex_name(const struct regex *x, size_t i, uint32_t *group);

#endif
