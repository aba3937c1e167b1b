/* Fuzz target: pipeline definitions. */
#include "pipeline/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct pipeline *p = NULL;
    struct err e = {0};
    char *text = mem_alloc(n + 1);
    if (n) memcpy(text, data, n);
    if (pipeline_parse(&p, "schemas/commerce", text, n, &e) == ERR_OK)
        pipeline_free(p);
    else if (!e.msg[0])
        abort(); /* a refusal always says why */
    free(text);
    return 0;
}
