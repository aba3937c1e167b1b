/* Fuzz target: SQL that may or may not be a block. What is taken for one must lie within the tokens. */
#include "mart/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void inside(const struct tokens *t, struct span s) {
    if (s.a > s.b || s.b > t->n) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct sv cols[] = {SV("user_id"), SV("n"), SV("dt"), SV("timestamp"), SV("end"), SV("x")};
    struct names names = {cols, sizeof cols / sizeof *cols};
    struct arena a = {0};
    struct tokens t;
    char *text = mem_alloc(n + 1);
    if (n) memcpy(text, data, n);
    if (tokens_read(&t, text)) {
        for (uint32_t i = 0; i < t.n; i++) {
            struct block b;
            struct buf out = {0};
            if (!token_is(&t.t[i], "select") || !block_outline(&t, i, &b)) continue;
            block_read(&t, &b, &names, &a);
            inside(&t, b.s);
            inside(&t, b.from);
            inside(&t, b.where);
            for (size_t k = 0; k < b.nconj; k++) inside(&t, b.conj[k].s);
            if (b.level == BLOCK_WHOLE) {
                for (size_t k = 0; k < b.nitems; k++) inside(&t, b.items[k].s);
                for (size_t k = 0; k < b.nkeys; k++) inside(&t, b.keys[k].s);
                for (size_t k = 0; k < b.naggs; k++) inside(&t, b.aggs[k].call);
            }
            block_day(&t, &b, 2);
            span_text(&t, b.s, &out);
            buf_free(&out);
        }
    }
    tokens_free(&t);
    arena_free(&a);
    free(text);
    return 0;
}
