/* Fuzz target: the schema compiler and validator. The input is a schema, a NUL byte, and an instance. */
#include "json/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const uint8_t *nul = n ? memchr(data, 0, n) : NULL;
    size_t len = nul ? (size_t)(nul - data) : n;
    struct schema *s = NULL;
    struct err e;
    if (schema_compile(&s, "fuzz", (const char *)data, len, NULL, SCHEMA_ASSERT_FORMAT, &e)) return 0;
    struct jtoks toks = {0};
    struct jerr je;
    const char *text = nul ? (const char *)nul + 1 : "{}";
    size_t tn = nul ? n - len - 1 : 2;
    if (json_scan(&toks, text, tn, 0, &je)) {
        struct schema_run r = {0};
        struct jval v = {text, toks.t, 0};
        bool fast = schema_validate(s, v, &r);
        r.max_faults = 5;
        if (schema_validate(s, v, &r) != fast) abort(); /* both ways must agree */
        schema_run_free(&r);
    }
    jtoks_free(&toks);
    schema_free(s);
    return 0;
}
