/* Any records against any JSON Schema: the tool behind `etl validate --schema`. */
#ifndef ETL_JSON_CHECK_H
#define ETL_JSON_CHECK_H

#include "json/batch.h"
#include "json/schema.h"

struct json_check_opt {
    const char *schema, *dir; /* files; dir may be NULL */
    bool assert_format, json; /* json: faults as JSON lines */
    const char *const *files;
    size_t nfiles;
    uint64_t max_errors; /* invalid records after which to stop; 0 none */
    int threads;
    size_t max_line, block;
};
/* Faults go to standard output, one a line: FILE:LINE: POINTER: KEYWORD: expected ..., found ...; a summary to the log.
 * ERR_INVALID when a record does not conform. */
int json_check(const struct json_check_opt *o, struct err *e);

#endif
