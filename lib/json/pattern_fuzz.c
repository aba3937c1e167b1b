/*
 * Fuzz target: patterns. The input is a pattern, a NUL byte, and a text. A pattern that is taken is valid; the plain
 * way and PCRE2 agree: (?:P) is never plain.
 */
#include "json/pattern.h"
#include "json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* As a string that came out of JSON: valid UTF-8. */
static struct buf clean(const uint8_t *p, size_t n) {
    struct buf quoted = {0}, out = {0};
    struct jtoks t = {0};
    struct jerr je;
    json_quote(&quoted, (struct sv){(const char *)p, n});
    if (json_scan(&t, quoted.p, quoted.n, 0, &je)) jv_unescape((struct jval){quoted.p, t.t, 0}, &out);
    jtoks_free(&t);
    buf_free(&quoted);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const uint8_t *nul = n ? memchr(data, 0, n) : NULL;
    size_t len = nul ? (size_t)(nul - data) : n;
    struct buf pattern = clean(data, len), text = clean(nul ? nul + 1 : data + n, nul ? n - len - 1 : 0), grouped = {0};
    char why[PATTERN_WHY], *exact = mem_alloc(pattern.n + 1);
    if (pattern.n) memcpy(exact, pattern.p, pattern.n);
    struct pattern *p = pattern_new(exact, pattern.n, why);
    bool valid = pattern_valid(exact, pattern.n);
    if (p && !valid) abort();
    buf_str(&grouped, "(?:");
    buf_add(&grouped, exact, pattern.n);
    buf_chr(&grouped, ')');
    struct pattern *g = pattern_new(grouped.p, grouped.n, why);
    if (p && g) {
        struct pattern_room *room = pattern_room_new();
        enum pattern_result a = pattern_match(p, text.n ? text.p : "", text.n, room);
        enum pattern_result b = pattern_match(g, text.n ? text.p : "", text.n, room);
        if (a != b && a != PATTERN_GAVE_UP && b != PATTERN_GAVE_UP) abort();
        pattern_room_free(room);
    }
    pattern_free(p);
    pattern_free(g);
    free(exact);
    buf_free(&grouped);
    buf_free(&pattern);
    buf_free(&text);
    return 0;
}
