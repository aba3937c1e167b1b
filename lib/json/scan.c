/*
 * See scan.h and scan_fast.h: the careful scanner. A loop with an explicit stack instead of recursion: depth is data,
 * not machine stack. Strings are searched 16 bytes at a time where the machine
 * has SSE2; non-ASCII bytes fall into a checked slow path per character.
 */
#include "json/scan_fast.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct scan {
    const char *p, *s, *end; /* now, start, end */
    struct jtoks *out;
    size_t base; /* index of the first token of this text */
    int flags;
    struct jerr *je;
};

static bool fail(struct scan *c, const char *at, const char *what) {
    c->je->what = what;
    c->je->at = (size_t)(at - c->s);
    return false;
}

static uint32_t push(struct scan *c, enum jtype type, const char *at) {
    struct jtoks *o = c->out;
    if (o->n == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 256;
        o->t = mem_grow(o->t, o->cap * sizeof *o->t);
    }
    struct jtok *t = &o->t[o->n];
    *t = (struct jtok){.off = (uint32_t)(at - c->s), .type = (uint8_t)type};
    o->n++;
    t->next = (uint32_t)(o->n - c->base);
    return (uint32_t)(o->n - 1 - c->base);
}

/* First byte from p on that is a quote, a backslash, a control or >= 0x80. */
static const char *string_stop(const char *p, const char *end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i low = _mm_set1_epi8(0x20); /* signed compare: >= 0x80 is negative, so < 0x20 too */
    while (end - p >= 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i m =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)), _mm_cmplt_epi8(x, low));
        int bits = _mm_movemask_epi8(m);
        if (bits) return p + __builtin_ctz((unsigned)bits);
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80) p++;
    return p;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool escape(struct scan *c) {
    const char *p = c->p; /* at the backslash */
    if (c->end - p < 2) return fail(c, p, "string ends in the middle of an escape");
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        c->p = p + 2;
        return true;
    case 'u':
        if (c->end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]) || !is_hex(p[5]))
            return fail(c, p, "\\u needs four hexadecimal digits");
        c->p = p + 6;
        return true;
    default:
        return fail(c, p, "no such escape in JSON");
    }
}

static bool scan_string(struct scan *c) { /* c->p at the opening quote */
    uint32_t i = push(c, JT_STR, c->p + 1);
    c->p++;
    uint8_t flags = 0;
    for (;;) {
        c->p = string_stop(c->p, c->end);
        if (c->p >= c->end) return fail(c, c->p, "string is not closed");
        unsigned char ch = (unsigned char)*c->p;
        if (ch == '"') break;
        if (ch == '\\') {
            flags |= JF_ESC;
            if (!escape(c)) return false;
        } else if (ch < 0x20) {
            return fail(c, c->p, ch ? "control character in a string" : "NUL byte in a string");
        } else {
            int n = scan_utf8_len(c->p, c->end);
            if (!n) return fail(c, c->p, "invalid UTF-8");
            flags |= JF_HIGH;
            c->p += n;
        }
    }
    struct jtok *t = &c->out->t[c->base + i];
    t->len = (uint32_t)(c->p - c->s) - t->off;
    t->flags = flags;
    c->p++;
    return true;
}

static bool scan_number(struct scan *c) {
    const char *p = c->p, *start = p;
    uint8_t flags = JF_INT;
#define DIGIT (p < c->end && (unsigned)(*p - '0') < 10u)
    if (p < c->end && *p == '-') p++;
    if (!DIGIT) return fail(c, p, "expected a value");
    if (*p == '0') {
        p++;
        if (DIGIT) return fail(c, p, "a number must not begin with 0");
    } else {
        while (DIGIT) p++;
    }
    if (p < c->end && *p == '.') {
        flags = 0;
        p++;
        if (!DIGIT) return fail(c, p, "expected a digit after the point");
        while (DIGIT) p++;
    }
    if (p < c->end && (*p == 'e' || *p == 'E')) {
        flags = 0;
        p++;
        if (p < c->end && (*p == '+' || *p == '-')) p++;
        if (!DIGIT) return fail(c, p, "expected a digit in the exponent");
        while (DIGIT) p++;
    }
#undef DIGIT
    uint32_t i = push(c, JT_NUM, start);
    c->out->t[c->base + i].len = (uint32_t)(p - start);
    c->out->t[c->base + i].flags = flags;
    c->p = p;
    return true;
}

static bool scan_word(struct scan *c) {
    static const struct {
        const char *w;
        size_t n;
        enum jtype type;
    } words[] = {{"true", 4, JT_TRUE}, {"false", 5, JT_FALSE}, {"null", 4, JT_NULL}};
    for (size_t k = 0; k < 3; k++) {
        if ((size_t)(c->end - c->p) >= words[k].n && memcmp(c->p, words[k].w, words[k].n) == 0) {
            uint32_t i = push(c, words[k].type, c->p);
            c->out->t[c->base + i].len = (uint32_t)words[k].n;
            c->p += words[k].n;
            return true;
        }
    }
    if (c->end - c->p >= 3 && memcmp(c->p, "\xEF\xBB\xBF", 3) == 0)
        return fail(c, c->p, "a byte order mark in the middle of the input (files put together?)");
    return fail(c, c->p, c->p < c->end ? "expected a value" : "text ends where a value is expected");
}

static bool skip_comment(struct scan *c) { /* at '/'; true when a comment was skipped */
    if (c->end - c->p < 2) return false;
    if (c->p[1] == '/') {
        while (c->p < c->end && *c->p != '\n') c->p++;
        return true;
    }
    if (c->p[1] != '*') return false;
    for (const char *q = c->p + 2; q + 1 < c->end; q++)
        if (q[0] == '*' && q[1] == '/') {
            c->p = q + 2;
            return true;
        }
    return false;
}

static void skip_blank(struct scan *c) {
    for (;;) {
        while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t')) c->p++;
        if (c->p < c->end && *c->p == '/' && (c->flags & JSON_COMMENTS) && skip_comment(c)) continue;
        return;
    }
}

static bool scan_key(struct scan *c) {
    if (c->p >= c->end) return fail(c, c->p, "object is not closed");
    if (*c->p != '"') return fail(c, c->p, "expected a key in double quotes");
    if (!scan_string(c)) return false;
    skip_blank(c);
    if (c->p >= c->end || *c->p != ':') return fail(c, c->p, "expected ':' after the key");
    c->p++;
    skip_blank(c);
    return true;
}

/* After a value inside a container: close as many levels as end here, or step past a comma.
 * Sets *more when another value (or key) follows. */
static bool after_value(struct scan *c, uint32_t *stack, int *depth, bool *more) {
    while (*depth > 0) {
        struct jtok *top = &c->out->t[c->base + stack[*depth - 1]];
        char close = top->type == JT_OBJ ? '}' : ']';
        skip_blank(c);
        if (c->p >= c->end) return fail(c, c->p, top->type == JT_OBJ ? "object is not closed" : "array is not closed");
        if (*c->p == ',') {
            c->p++;
            skip_blank(c);
            if (!(c->flags & JSON_COMMENTS) || c->p >= c->end || *c->p != close) {
                *more = true;
                return true;
            }
        }
        if (*c->p != close) return fail(c, c->p, top->type == JT_OBJ ? "expected ',' or '}'" : "expected ',' or ']'");
        c->p++;
        top->len = (uint32_t)(c->p - c->s) - top->off;
        top->next = (uint32_t)(c->out->n - c->base);
        (*depth)--;
    }
    *more = false;
    return true;
}

/* Open a container at c->p; an empty one is closed at once. */
static bool open_container(struct scan *c, uint32_t *stack, int *depth, bool *empty) {
    bool obj = *c->p == '{';
    if (*depth == JSON_DEPTH) return fail(c, c->p, "nested deeper than 512 levels");
    uint32_t i = push(c, obj ? JT_OBJ : JT_ARR, c->p);
    c->p++;
    skip_blank(c);
    if (c->p < c->end && *c->p == (obj ? '}' : ']')) {
        c->p++;
        c->out->t[c->base + i].len = (uint32_t)(c->p - c->s) - c->out->t[c->base + i].off;
        *empty = true;
        return true;
    }
    stack[(*depth)++] = i;
    *empty = false;
    return true;
}

static bool scan_value(struct scan *c) {
    uint32_t stack[JSON_DEPTH];
    int depth = 0;
    for (;;) {
        if (depth > 0) {
            struct jtok *top = &c->out->t[c->base + stack[depth - 1]];
            top->n++;
            if (top->type == JT_OBJ && !scan_key(c)) return false;
        }
        char ch = c->p < c->end ? *c->p : 0;
        if (ch == '{' || ch == '[') {
            bool empty;
            if (!open_container(c, stack, &depth, &empty)) return false;
            if (!empty) continue;
        } else if (ch == '"') {
            if (!scan_string(c)) return false;
        } else if (ch == '-' || (ch >= '0' && ch <= '9')) {
            if (!scan_number(c)) return false;
        } else if (!scan_word(c)) {
            return false;
        }
        bool more;
        if (!after_value(c, stack, &depth, &more)) return false;
        if (!more) return true;
    }
}

bool scan_careful(struct jtoks *out, const char *text, size_t len, int flags, struct jerr *je) {
    struct scan c = {.p = text, .s = text, .end = text + len, .out = out, .base = out->n, .flags = flags, .je = je};
    if (len >= UINT32_MAX) return fail(&c, text, "text of 4 GiB or more");
    skip_blank(&c);
    bool ok = scan_value(&c);
    if (ok) {
        skip_blank(&c);
        if (c.p < c.end) ok = fail(&c, c.p, *c.p ? "text goes on after the value" : "NUL byte after the value");
    }
    if (!ok) out->n = c.base;
    return ok;
}
