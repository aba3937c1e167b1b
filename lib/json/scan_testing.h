/* For the tests and the fuzzer: does every fast way say what the careful scanner says? */
#ifndef ETL_JSON_SCAN_TESTING_H
#define ETL_JSON_SCAN_TESTING_H

#include "json/scan_fast.h"

static inline const char *tokens_differ(const struct jtoks *a, const struct jtoks *b) {
    if (a->n != b->n) return "another number of tokens";
    for (size_t k = 0; k < a->n; k++) {
        const struct jtok *x = &a->t[k], *y = &b->t[k];
        if (x->off != y->off || x->len != y->len) return "a token elsewhere";
        if (x->next != y->next || x->n != y->n) return "another subtree";
        if (x->type != y->type || x->flags != y->flags) return "another type or flag";
    }
    return NULL;
}

/* A text that the fast way is made for: it must take it when it is valid. */
static inline bool is_for_fast(const char *p, size_t n) {
    if (n > SCAN_FAST_MAX) return false;
    while (n && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++, n--;
    return n && (*p == '{' || *p == '[');
}

/* NULL, or how a way differs. The text is copied to memory of just its size, so that a read beyond it is seen. */
static inline const char *scan_differs(const char *text, size_t n) {
    struct jtoks slow = {0}, fast = {0};
    struct jerr je;
    const char *why = NULL;
    char *p = mem_grow(NULL, n ? n : 1);
    if (n) memcpy(p, text, n);
    bool valid = scan_careful(&slow, p, n, 0, &je);
    for (size_t k = 0; scan_way(k) && !why; k++) {
        fast.n = 0;
        bool taken = scan_fast(&fast, p, n, scan_way(k));
        if (taken && !valid) why = "the fast way takes what is no JSON";
        if (!taken && valid && is_for_fast(p, n)) why = "the fast way gives up on valid JSON";
        if (taken && valid) why = tokens_differ(&fast, &slow);
        if (!taken && fast.n) why = "tokens are left behind";
    }
    jtoks_free(&slow);
    jtoks_free(&fast);
    free(p);
    return why;
}

#endif
