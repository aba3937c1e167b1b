/* Regular expressions of definitions (PCRE2, UTF): the first group of the first match, or all of it. */
#ifndef ETL_EXTRACT_REGEX_H
#define ETL_EXTRACT_REGEX_H

#include "base/err.h"
#include "base/mem.h"

struct regex;
int regex_new(struct regex **out, const char *text, struct err *e); /* ERR_CONFIG */
void regex_free(struct regex *r);
/* s must be valid UTF-8. false: no match, or it went beyond its limit of steps. *found is a view of s. */
bool regex_find(struct regex *r, struct sv s, struct sv *found);

#endif
