/* Regular expressions of definitions (PCRE2, UTF): the first group of the first match, or all of it. */
#ifndef ETL_EXTRACT_MATCH_H
#define ETL_EXTRACT_MATCH_H

#include "base/err.h"
#include "base/mem.h"

struct match;
int match_new(struct match **out, const char *text, struct err *e); /* ERR_CONFIG */
void match_free(struct match *r);
/* s must be valid UTF-8. false: no match, or it went beyond its limit of steps. *found is a view of s. */
bool match_find(struct match *r, struct sv s, struct sv *found);

#endif
