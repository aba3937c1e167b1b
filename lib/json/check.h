/* Any records against any JSON Schema: the tool behind `etl validate --schema`. */
#ifndef ETL_JSON_CHECK_H
#define ETL_JSON_CHECK_H

#include "json/batch.h"
#include "json/schema.h"

struct json_check_opt {
    const char *schema, *dir; /* files; without dir, references are looked for beside the schema, by path only */
    bool assert_format, json; /* json: faults as JSON lines */
    bool records;             /* a .json file is a list of records, not one document */
    bool places;              /* tell where in the schema each rule stands (as JSON always does) */
    const char *const *files;
    size_t nfiles;
    uint64_t max_errors; /* invalid records after which to stop; 0 none */
    const char *out; /* records that conform go there as JSONL; "-": faults go to standard error then; NULL: nowhere */
    const char *rejects; /* records that do not, with their faults */
    const char *summary; /* what broke how often, as one JSON document */
    int threads;
    size_t max_line, block;
};
/* Faults go to standard output, one a line: FILE:LINE: POINTER: KEYWORD: expected ..., found ...; a summary by keyword
 * and path to the log. ERR_INVALID when a record does not conform; the files are written then too, but not when the
 * check ends early (max_errors, an input that cannot be read). */
int json_check(const struct json_check_opt *o, struct err *e);

#endif
