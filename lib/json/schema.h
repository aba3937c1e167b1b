/*
 * JSON Schema draft-07: compile once, validate many scanned values.
 *
 * Specification: draft-handrews-json-schema-01 and -validation-01. Every
 * keyword is implemented; unknown keywords are ignored, as the specification
 * asks. `format` is an annotation unless SCHEMA_ASSERT_FORMAT is set. Nothing is
 * ever fetched from a network: a remote $ref is looked up through the directory
 * given at compile time (http://host/path as DIR/host/path, then DIR/path, then
 * by the $id of the documents in DIR).
 *
 * A compiled schema is read-only and may be shared by threads; each thread
 * validates with a struct schema_run of its own.
 */
#ifndef ETL_JSON_SCHEMA_H
#define ETL_JSON_SCHEMA_H

#include "json/scan.h"

#define SCHEMA_ASSERT_FORMAT 1
#define SCHEMA_NO_SEARCH 2 /* documents of dir by path only, not by $id: it may be any directory */

struct schema;

/* Compile `text` (strict JSON; `name` is how messages call it: a file name). dir may be NULL.
 * Errors: ERR_CONFIG with "NAME:LINE:COL: ..." for text that is no JSON, a keyword of the wrong type,
 * a pattern that does not compile, a $ref that leads nowhere. Free with schema_free. */
int schema_compile(struct schema **out, const char *name, const char *text, size_t len, const char *dir, int flags,
                   struct err *e);
void schema_free(struct schema *s);

/* One broken rule. The strings live in the run's arena until the next schema_validate. */
struct schema_fault {
    const char *pointer;  /* where in the instance: RFC 6901, "" for the root */
    const char *keyword;  /* "maximum", "required", "additionalProperties", "false" (boolean schema) ... */
    const char *schema;   /* where in the schema: "#/definitions/click/properties/position/maximum" */
    const char *expected; /* "at most 99", "one of \"web\", \"ios\", \"android\"", "a string" */
    const char *found;    /* the value as written, cut to 80 bytes on a character boundary */
    const char
        *word; /* additionalProperties: the unexpected key; required: the missing key; enum: found string; else NULL */
    bool told_below; /* anyOf, oneOf: says no more than the faults around it: a property's value says which alternative
                        is meant, or all that breaks there breaks elsewhere too */
    struct jval at;  /* the instance value; for additionalProperties/propertyNames/dependencies the key's token */
};

struct schema_run {
    struct arena a;
    struct schema_fault *faults; /* in document order of the schema; at most max_faults */
    size_t nfaults, cap;
    size_t max_faults; /* collect at most so many; 0: only say yes or no (fastest) */
    void *scratch;     /* the validator's own */
};
void schema_run_free(struct schema_run *r);

/* true when the value conforms. Otherwise false and r->faults holds what broke. For a failed
 * anyOf/oneOf the faults of the *nearest* branch (the one whose const/enum discriminator matched, else the
 * one with fewest faults, the deeper on ties) are reported behind one fault for the anyOf/oneOf itself. When the
 * discriminator's value belongs to no branch, only that is reported. What is the same of the same value comes once. */
bool schema_validate(const struct schema *s, struct jval v, struct schema_run *r);

/* One pass over the keys, for the schema and for whoever else wants the members of the object validated last.
 * schema_name: the number of a property name, SCHEMA_NO_NAME when the schema does not name it. schema_members: by that
 * number the token of the (last) key of that name, behind which the value stands; 0 when the object has none. NULL when
 * the keys were not read: the value is no object, or nothing was asked of its members. Good until the next
 * schema_validate with this run. */
#define SCHEMA_NO_NAME UINT32_MAX
uint32_t schema_name(const struct schema *s, struct sv name);
const uint32_t *schema_members(const struct schema_run *r);

/* Names of all properties that any subschema of the object at the root (through $ref, allOf, anyOf,
 * oneOf, if/then/else) declares; used to check that definitions name fields that exist.
 * Calls fn once per distinct name; stops when fn returns false. */
void schema_each_property(const struct schema *s, bool (*fn)(void *ctx, const char *name), void *ctx);
/* How a column of that name is read from CSV by what the schema lets the property be: 'n' number, 'b' boolean, 't' text
 * (also where text is one of several types, or nothing is said). */
char schema_column_kind(const struct schema *s, struct sv name);
/* The version that the schema itself declares, such as "2020-12", when it is not draft-07; else NULL. */
const char *schema_draft(const struct schema *s);

#endif
