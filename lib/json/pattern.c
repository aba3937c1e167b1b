/* See pattern.h: compiling and matching; the translation is in pattern_ecma.c. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "json/pattern.h"

#include <pcre2.h>

#define MATCH_LIMIT 2000000  /* some 20 ms of going back and forth */
#define HEAP_LIMIT_KIB 65536 /* for the interpreter, when the JIT's stack is too small */
#define JIT_STACK_MAX 1048576

struct pattern {
    bool is_plain;
    struct plain plain;
    pcre2_code *code;
};

struct pattern_room {
    pcre2_match_data *data;
    pcre2_match_context *ctx;
    pcre2_jit_stack *stack;
};

static pcre2_code *compile(const char *text, size_t n, char why[PATTERN_WHY]) {
    struct buf b = {0};
    const char *what = NULL;
    pcre2_code *code = NULL;
    pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
    if (!pattern_translate(&b, text, n, &what)) {
        snprintf(why, PATTERN_WHY, "%s", what);
        goto out;
    }
    pcre2_set_compile_extra_options(cc, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
    int num = 0;
    PCRE2_SIZE at = 0;
    code = pcre2_compile((PCRE2_SPTR)buf_text(&b), b.n,
                         PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C, &num,
                         &at, cc);
    if (!code) pcre2_get_error_message(num, (PCRE2_UCHAR *)why, PATTERN_WHY);
out:
    pcre2_compile_context_free(cc);
    buf_free(&b);
    return code;
}

struct pattern *pattern_new(const char *text, size_t n, char why[PATTERN_WHY]) {
    struct pattern *p = mem_alloc(sizeof *p);
    p->is_plain = pattern_plain_parse(&p->plain, text, n);
    if (p->is_plain) return p;
    p->code = compile(text, n, why);
    if (!p->code) {
        free(p);
        return NULL;
    }
    pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE); /* without it pcre2_match interprets: slower, same answer */
    return p;
}

void pattern_free(struct pattern *p) {
    if (!p) return;
    pcre2_code_free(p->code);
    free(p);
}

bool pattern_valid(const char *text, size_t n) {
    char why[PATTERN_WHY];
    pcre2_code *code = compile(text, n, why);
    bool ok = code;
    pcre2_code_free(code);
    return ok;
}

struct pattern_room *pattern_room_new(void) {
    struct pattern_room *r = mem_alloc(sizeof *r);
    r->data = pcre2_match_data_create(1, NULL);
    r->ctx = pcre2_match_context_create(NULL);
    r->stack = pcre2_jit_stack_create(32768, JIT_STACK_MAX, NULL);
    pcre2_set_match_limit(r->ctx, MATCH_LIMIT);
    pcre2_set_heap_limit(r->ctx, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(r->ctx, NULL, r->stack);
    return r;
}

void pattern_room_free(struct pattern_room *r) {
    if (!r) return;
    pcre2_jit_stack_free(r->stack);
    pcre2_match_context_free(r->ctx);
    pcre2_match_data_free(r->data);
    free(r);
}

enum pattern_result pattern_match(const struct pattern *p, const char *s, size_t n, struct pattern_room *room) {
    if (p->is_plain) return pattern_plain_match(&p->plain, s, n) ? PATTERN_YES : PATTERN_NO;
    PCRE2_SPTR subject = (PCRE2_SPTR)(n ? s : "");
    int rc = pcre2_match(p->code, subject, n, 0, PCRE2_NO_UTF_CHECK, room->data, room->ctx);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->code, subject, n, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, room->data, room->ctx);
    if (rc >= 0) return PATTERN_YES;
    return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_GAVE_UP;
}
