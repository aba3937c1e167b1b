/* See match.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "extract/match.h"

struct match {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

int match_new(struct match **out, const char *text, struct err *e) {
    int code;
    PCRE2_SIZE at;
    struct match *r = mem_alloc(sizeof *r);
    r->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
    if (!r->code) {
        PCRE2_UCHAR why[120];
        pcre2_get_error_message(code, why, sizeof why);
        free(r);
        return err_set(e, ERR_CONFIG, "'%s' is no regular expression: %s at byte %zu", text, (char *)why, (size_t)at);
    }
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (r->limits) pcre2_set_match_limit(r->limits, 1000000);
    *out = r;
    return ERR_OK;
}

void match_free(struct match *r) {
    if (!r) return;
    pcre2_match_context_free(r->limits);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    free(r);
}

bool match_find(struct match *r, struct sv s, struct sv *found) {
    int n = pcre2_match(r->code, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, 0, 0, r->data, r->limits);
    if (n <= 0) return false;
    PCRE2_SIZE *v = pcre2_get_ovector_pointer(r->data);
    int k = n > 1 && v[2] != PCRE2_UNSET ? 1 : 0;
    if (v[2 * k + 1] < v[2 * k]) return false; /* \K in a lookahead */
    *found = (struct sv){s.p + v[2 * k], v[2 * k + 1] - v[2 * k]};
    return true;
}
