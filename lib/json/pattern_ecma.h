/* The translation of patterns, its parts. Private to lib/json/pattern*.c. */
#ifndef ETL_JSON_PATTERN_ECMA_H
#define ETL_JSON_PATTERN_ECMA_H

#include "json/pattern.h"

/* pattern_property.c: append \p{...} for the name between the braces; false when there is no such property. */
bool pattern_property(struct buf *out, struct sv name, bool negative);

/* pattern_group.c: what has to be known of a pattern before it is read: its groups, because a reference may stand
 * before its group. names has the name of each capturing group (n 0: it has none). */
struct groups {
    struct sv *names;
    uint32_t n, cap;
};
/* False with *why when a name is no identifier or is used twice. */
bool pattern_groups_find(struct groups *g, const char *text, size_t n, const char **why);
uint32_t pattern_group_number(const struct groups *g, struct sv name); /* 0: none of that name */
/* Length of the name at p, which ends in '>'; 0 when it is none. */
size_t pattern_group_name(const char *p, const char *end);

#endif
