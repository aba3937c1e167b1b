/*
 * URI references: taking apart and resolving (RFC 3986 section 5.2), as $id and
 * $ref need it. Nothing is validated, and no letter changes its case.
 */
#ifndef ETL_JSON_SCHEMA_URI_H
#define ETL_JSON_SCHEMA_URI_H

#include "base/mem.h"

struct uri { /* p NULL: the part is absent, which is not the same as empty */
    struct sv scheme, authority, path, query, fragment;
};
struct uri schema_uri_split(struct sv text);
/* ref seen from base, without its fragment, appended to out. */
void schema_uri_resolve(struct buf *out, struct sv base, struct sv ref);
/* Append with %XX decoded; malformed ones stay. */
void schema_uri_unescape(struct buf *out, struct sv s);

#endif
