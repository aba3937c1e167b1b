/*
 * See pattern.h: compiling and matching; the translation is in pattern_ecma.c.
 *
 * No match may take long, whatever the pattern and the text. PCRE2 counts the steps of one attempt, not the attempts
 * at every place of the text nor the bytes that one step runs over, so it alone cannot promise that. A match is tried
 * twice:
 *
 *   quick   short texts, with a small limit on PCRE2's own steps; nearly every match ends here
 *   careful the same expression compiled to call back before each of its items; the calls and the way
 *           between them are the work that is done, and end the match when it is too much
 *
 * The limit is a count, not a time: the same text gives the same answer on any machine.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "json/pattern.h"

#include <pcre2.h>

#define QUICK_TEXT 2048        /* bytes */
#define QUICK_STEPS 20000      /* at each place: 0.2 ms */
#define CAREFUL_STEPS 20000000 /* a second lid; the work is counted below */
#define WORK_MIN 100000000     /* some 0.1 s */
#define WORK_PER_BYTE 100
#define WORK_OF_CALL 8
#define HEAP_LIMIT_KIB 65536 /* for the interpreter, when the JIT's stack is too small */
#define JIT_STACK_MAX 1048576

struct pattern {
    bool is_plain;
    struct plain plain;
    pcre2_code *quick, *careful;
};

struct pattern_room {
    pcre2_match_data *data;
    pcre2_match_context *ctx;
    pcre2_jit_stack *stack;
    int64_t work; /* left */
    size_t at;    /* place of the last call */
};

static pcre2_code *compile(const struct buf *text, uint32_t more, char why[PATTERN_WHY]) {
    pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
    if (!cc) mem_die();
    pcre2_set_compile_extra_options(cc, PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES);
    int num = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code = pcre2_compile(
        (PCRE2_SPTR)(text->n ? text->p : ""), text->n,
        PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | more, &num, &at, cc);
    if (!code && num == PCRE2_ERROR_HEAP_FAILED) mem_die();
    if (!code) pcre2_get_error_message(num, (PCRE2_UCHAR *)why, PATTERN_WHY);
    pcre2_compile_context_free(cc);
    return code;
}

struct pattern *pattern_new(const char *text, size_t n, char why[PATTERN_WHY]) {
    struct pattern *p = mem_alloc(sizeof *p);
    struct buf b = {0};
    const char *what = NULL;
    p->is_plain = pattern_plain_parse(&p->plain, text, n);
    if (p->is_plain) return p;
    if (pattern_translate(&b, text, n, &what)) {
        p->quick = compile(&b, 0, why);
        if (p->quick) p->careful = compile(&b, PCRE2_AUTO_CALLOUT, why);
    } else {
        snprintf(why, PATTERN_WHY, "%s", what);
    }
    buf_free(&b);
    if (!p->careful) {
        pattern_free(p);
        return NULL;
    }
    pcre2_jit_compile(p->quick, PCRE2_JIT_COMPLETE); /* without it pcre2_match interprets: slower, same answer */
    pcre2_jit_compile(p->careful, PCRE2_JIT_COMPLETE);
    return p;
}

void pattern_free(struct pattern *p) {
    if (!p) return;
    pcre2_code_free(p->quick);
    pcre2_code_free(p->careful);
    free(p);
}

static int count_work(pcre2_callout_block *c, void *arg) {
    struct pattern_room *room = arg;
    size_t here = c->current_position;
    room->work -= WORK_OF_CALL + (int64_t)(here > room->at ? here - room->at : room->at - here);
    room->at = here;
    return room->work < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

struct pattern_room *pattern_room_new(void) {
    struct pattern_room *r = mem_alloc(sizeof *r);
    r->data = pcre2_match_data_create(1, NULL);
    r->ctx = pcre2_match_context_create(NULL);
    r->stack = pcre2_jit_stack_create(32768, JIT_STACK_MAX, NULL);
    if (!r->data || !r->ctx) mem_die(); /* without a stack of its own it uses a small one */
    pcre2_set_heap_limit(r->ctx, HEAP_LIMIT_KIB);
    pcre2_set_callout(r->ctx, count_work, r);
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

static int match(const pcre2_code *code, const char *s, size_t n, uint32_t steps, struct pattern_room *room) {
    PCRE2_SPTR subject = (PCRE2_SPTR)s;
    room->work = WORK_MIN + WORK_PER_BYTE * (int64_t)n;
    room->at = 0;
    pcre2_set_match_limit(room->ctx, steps);
    int rc = pcre2_match(code, subject, n, 0, PCRE2_NO_UTF_CHECK, room->data, room->ctx);
    if (rc == PCRE2_ERROR_NOMEMORY) mem_die();
    if (rc != PCRE2_ERROR_JIT_STACKLIMIT) return rc;
    return pcre2_match(code, subject, n, 0, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, room->data, room->ctx);
}

enum pattern_result pattern_match(const struct pattern *p, const char *s, size_t n, struct pattern_room *room) {
    if (!n) s = ""; /* an empty text may have no place */
    if (p->is_plain) return pattern_plain_match(&p->plain, s, n) ? PATTERN_YES : PATTERN_NO;
    int rc = n <= QUICK_TEXT ? match(p->quick, s, n, QUICK_STEPS, room) : PCRE2_ERROR_MATCHLIMIT;
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) rc = match(p->careful, s, n, CAREFUL_STEPS, room);
    if (rc >= 0) return PATTERN_YES;
    return rc == PCRE2_ERROR_NOMATCH ? PATTERN_NO : PATTERN_GAVE_UP;
}

bool pattern_valid(const char *text, size_t n) {
    struct buf b = {0};
    const char *what;
    bool ok = pattern_translate(&b, text, n, &what);
    buf_free(&b);
    return ok;
}
