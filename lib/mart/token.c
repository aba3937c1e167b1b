/* See token.h. Character classes are those of sqlite3GetToken: bytes from 0x80 on belong to names. */
#include "mart/token.h"

#include <strings.h>

#define MOST_TOKENS 20000

static bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* Past blanks and comments; NULL where a comment does not end. */
static const char *skip(const char *p) {
    for (;;) {
        if (*p == ' ' || (*p >= '\t' && *p <= '\r' && *p != '\v')) {
            p++;
        } else if (p[0] == '-' && p[1] == '-') {
            while (*p && *p != '\n') p++;
        } else if (p[0] == '/' && p[1] == '*') {
            p = strstr(p + 2, "*/");
            if (!p) return NULL;
            p += 2;
        } else {
            return p;
        }
    }
}

/* End of a quoted piece that begins at p, or NULL. Doubled quotes are part of a string, but refused in names. */
static const char *quoted(const char *p) {
    char close = *p == '[' ? ']' : *p;
    for (const char *s = p + 1; *s; s++) {
        if (*s != close) continue;
        if (s[1] == close && close != ']') {
            if (close != '\'') return NULL;
            s++;
            continue;
        }
        return s + 1;
    }
    return NULL;
}

static const char *number(const char *p) {
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) return NULL;
    while (digit(*p)) p++;
    if (*p == '.') p++;
    while (digit(*p)) p++;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        if (!digit(*p)) return NULL;
        while (digit(*p)) p++;
    }
    return word_char(*p) || *p == '.' || *p == '$' ? NULL : p;
}

static const char *operator(const char *p) {
    static const char *const ops[] = {"||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "+", "-",
                                      "*",  "/",  "%",  "<",  ">",  "=",  "&",  "|",  "~"};
    if (strncmp(p, "->", 2) == 0) return NULL; /* JSON operators pass on a subtype */
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strncmp(p, ops[i], strlen(ops[i])) == 0) return p + strlen(ops[i]);
    return NULL;
}

static const char *next(const char *p, enum token_kind *kind) {
    const char *s = p;
    switch (*p) {
    case '(':
        *kind = TOK_LP;
        return p + 1;
    case ')':
        *kind = TOK_RP;
        return p + 1;
    case ',':
        *kind = TOK_COMMA;
        return p + 1;
    case '\'':
        *kind = TOK_STRING;
        return quoted(p);
    case '"':
    case '[':
    case '`':
        *kind = TOK_NAME;
        return quoted(p);
    case ':':
        *kind = TOK_PARAM;
        for (s++; word_char(*s); s++) {
        }
        return s > p + 1 && *s != '$' && *s != ':' && *s != '(' ? s : NULL;
    case '.':
        *kind = digit(p[1]) ? TOK_NUMBER : TOK_DOT;
        return digit(p[1]) ? number(p) : p + 1;
    default:
        break;
    }
    if (digit(*p)) {
        *kind = TOK_NUMBER;
        return number(p);
    }
    if (word_char(*p)) {
        *kind = TOK_WORD;
        while (word_char(*s)) s++;
        /* x'00' is a blob; $ goes on in names */
        return *s == '$' || (*s == '\'' && s == p + 1 && (*p == 'x' || *p == 'X')) ? NULL : s;
    }
    *kind = TOK_OP;
    return operator(p);
}

bool tokens_read(struct tokens *out, const char *sql) {
    size_t cap = 256;
    uint32_t depth = 0, open[200];
    *out = (struct tokens){.t = mem_alloc(cap * sizeof *out->t)};
    const char *p = skip(sql);
    while (p && *p) {
        struct token t = {.p = p};
        const char *end = next(p, &t.kind);
        if (!end || out->n >= MOST_TOKENS) return false;
        t.n = (uint32_t)(end - p);
        if (t.kind == TOK_RP) {
            if (!depth) return false;
            t.match = open[--depth];
            out->t[t.match].match = (uint32_t)out->n;
        }
        t.depth = depth;
        if (t.kind == TOK_LP) {
            if (depth == 200) return false;
            open[depth++] = (uint32_t)out->n;
        }
        if (out->n + 2 > cap) {
            cap *= 2;
            out->t = mem_grow(out->t, cap * sizeof *out->t);
        }
        out->t[out->n++] = t;
        p = skip(end);
    }
    if (!p || depth) return false;
    out->t[out->n] = (struct token){.kind = TOK_END, .p = p};
    return true;
}

void tokens_free(struct tokens *t) {
    free(t->t);
    *t = (struct tokens){0};
}

bool name_eq(struct sv a, struct sv b) {
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

bool token_is(const struct token *t, const char *word) {
    return t->kind == TOK_WORD && name_eq((struct sv){t->p, t->n}, sv_of(word));
}

struct sv token_name(const struct token *t) {
    return t->kind == TOK_NAME ? (struct sv){t->p + 1, t->n - 2} : (struct sv){t->p, t->n};
}

bool token_same(const struct token *a, const struct token *b) {
    if (a->kind != b->kind) return false; /* "case" and CASE are not the same */
    if (token_is_name(a)) return name_eq(token_name(a), token_name(b));
    return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}
