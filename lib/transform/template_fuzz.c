/* Fuzz target: the template operation. The first line is a template, the lines after it are records; a template is
 * refused with a reason, or what comes out is JSON, as many records as came in, the same in one block or in many. */
#include "transform/fuzz_transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int once(const struct pl_dataset *d, const char *records, size_t n, size_t block, struct buf *out) {
    struct transform_stats st;
    int rc = fuzz_run(d, (struct reader_opt){.block = block, .text = records, .text_n = n}, 0, &st, out);
    if (rc == ERR_OK && (st.made || st.merged)) abort();
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const char *text = (const char *)data, *end = n ? memchr(text, '\n', n) : NULL;
    size_t at = end ? (size_t)(end - text) : n, from = end ? at + 1 : n;
    struct buf def = {0}, one = {0}, two = {0};
    struct pipeline *p = NULL;
    struct err e = {0};
    buf_str(&def, "{\"name\":\"fuzz\",\"zone\":\"UTC\",\"datasets\":[{\"name\":\"d\",\"source\":{\"kind\":\"files\","
                  "\"path\":\"x\"},\"transform\":[{\"name\":\"s\",\"do\":[{\"op\":\"template\",\"fields\":{\"t\":");
    json_quote(&def, (struct sv){text, at});
    buf_str(&def, ",\"a\":\"{t}{a}\"}}]}]}]}");
    if (pipeline_parse(&p, "schemas/parts", def.p, def.n, &e)) {
        if (!e.msg[0]) abort();
    } else {
        int a = once(p->datasets, text + from, n - from, 0, &one),
            b = once(p->datasets, text + from, n - from, 64, &two);
        fuzz_compare(a, &one, b, &two);
        pipeline_free(p);
    }
    buf_free(&def);
    buf_free(&one);
    buf_free(&two);
    return 0;
}
