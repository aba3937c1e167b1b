/* Fuzz target: templates of models. */
#include "mart/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct pipeline p;
    struct buf out = {.max = 1 << 20};
    struct err e;
    char *text = mem_alloc(n + 1);
    if (n) memcpy(text, data, n);
    macro_expand(&p, "fuzz.sql", text, DIALECT_SQLITE, "this_table", &out, &e);
    buf_free(&out);
    free(text);
    return 0;
}
