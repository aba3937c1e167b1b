/*
 * Templates of SQL models: {{ name('argument', ...) }}.
 *
 *   ref('x')                     the table, view or CTE x
 *   this                         in tests: the rows under test
 *   day_of('ts')                 local calendar day of a timestamp column, as text
 *   seconds_between('a', 'b')    b - a in seconds, to the millisecond
 *   percent('a', 'b')            a / b in percent, 2 decimals, NULL where b is 0
 *   json_text('doc', 'k')        member of a JSON document as text
 *   json_number('doc', 'k')      ... as a number
 *   json_length('doc', 'k')      number of elements of an array member
 *   json_items('doc', 'k')       table of the elements of an array member, column value
 *
 * Everything else in a model is standard SQL; what engines do differently goes through these names.
 */
#ifndef ETL_MART_MACRO_H
#define ETL_MART_MACRO_H

#include "pipeline/pipeline.h"

enum dialect { DIALECT_SQLITE };

/* sql expanded into out. `this_sql` stands for {{ this }} (NULL: not allowed). ERR_CONFIG: "FILE:LINE: ...", with the
 * nearest macro. */
int macro_expand(const struct pipeline *p, const char *file, const char *sql, enum dialect d, const char *this_sql,
                 struct buf *out, struct err *e);

#endif
