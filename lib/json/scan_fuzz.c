/* Fuzz target: the JSON scanner, its fast ways against the careful one, and everything that reads its tokens. */
#include "json/csvout.h"
#include "json/scan_testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void visit(struct jval v, struct buf *b) {
    uint32_t pos = 0;
    int64_t x;
    b->n = 0;
    if (jv_type(v) == JT_STR) jv_unescape(v, b);
    json_copy(b, v);
    jv_int(v, &x);
    jv_num(v);
    for (struct jval k = v, e; jv_each(v, &pos, &k, &e);) visit(e, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct jtoks toks = {0};
    struct jerr je;
    struct buf b = {0};
    char *text = mem_alloc(n + 1); /* its own allocation, so that reading past the end is seen */
    if (n) memcpy(text, data, n);
    if (scan_differs(text, n)) abort();
    for (int flags = 0; flags < 2; flags++) {
        toks.n = 0;
        if (json_scan(&toks, text, n, flags, &je))
            visit((struct jval){text, toks.t, 0}, &b);
        else if (je.at > n)
            abort();
    }
    struct csvout c = {0};
    struct err e;
    csvout_lines(&c, text, n, &b, &e);
    csvout_free(&c);
    buf_free(&b);
    jtoks_free(&toks);
    free(text);
    return 0;
}
