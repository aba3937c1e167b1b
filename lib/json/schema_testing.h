/* What the tests of schemas share: compile, validate in both modes and compare, tables of cases. */
#ifndef ETL_JSON_SCHEMA_TESTING_H
#define ETL_JSON_SCHEMA_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/schema.h"

static inline struct schema *compile_in(const char *text, const char *dir, int flags) {
    struct schema *s = NULL;
    struct err e = {0};
    if (schema_compile(&s, "s.json", text, strlen(text), dir, flags, &e)) fail_msg("%s\n%s", e.msg, text);
    return s;
}

static inline bool validate(const struct schema *s, const char *data, struct schema_run *r) {
    struct jtoks t = {0};
    struct jerr je;
    struct schema_run quick = {0};
    if (!json_scan(&t, data, strlen(data), 0, &je)) fail_msg("%s: %s", je.what, data);
    struct jval v = {data, t.t, 0};
    bool ok = schema_validate(s, v, r);
    if (schema_validate(s, v, &quick) != ok) fail_msg("with and without faults differ on %s", data);
    if (r->max_faults && (r->nfaults > 0) == ok) fail_msg("%zu faults, but ok is %d on %s", r->nfaults, ok, data);
    schema_run_free(&quick);
    jtoks_free(&t);
    return ok;
}

struct item {
    const char *schema, *data;
    bool valid;
};

static inline void check_items_with(const struct item *items, size_t n, int flags) {
    int wrong = 0;
    for (size_t k = 0; k < n; k++) {
        struct schema *s = compile_in(items[k].schema, NULL, flags);
        struct schema_run r = {.max_faults = 5};
        if (validate(s, items[k].data, &r) != items[k].valid) {
            print_error("%s on %s: should be %s\n", items[k].schema, items[k].data,
                        items[k].valid ? "valid" : "invalid");
            wrong++;
        }
        schema_run_free(&r);
        schema_free(s);
    }
    assert_int_equal(wrong, 0);
}
#define CHECK(items, flags) check_items_with(items, sizeof items / sizeof *items, flags)

static struct schema_run first_faults; /* of the last call of faults() */

static inline const struct schema_fault *faults(const char *schema, const char *data, size_t max) {
    static struct schema *s; /* faults name words of the schema */
    schema_run_free(&first_faults);
    schema_free(s);
    s = NULL;
    if (!schema) return NULL;
    s = compile_in(schema, NULL, SCHEMA_ASSERT_FORMAT);
    first_faults = (struct schema_run){.max_faults = max};
    assert_false(validate(s, data, &first_faults));
    return first_faults.faults;
}

static inline int last(void **state) {
    (void)state;
    faults(NULL, NULL, 0); /* gives back what it kept */
    return 0;
}

#endif
