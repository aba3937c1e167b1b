/*
 * JSON documents as records: the elements of a top-level array, or texts one after another. Only
 * brackets and strings are told apart here; whether an element is JSON is the scanner's business.
 * Line breaks inside an element (outside strings) become blanks, so a record is one line everywhere after.
 */
#include "io/reader_impl.h"

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Next byte of the input at win_at, or -1 at the end. */
static int peek(struct reader *r, struct err *e, int *rc) {
    while (r->win_at == r->win_n && !r->eof) {
        *rc = reader_fill(r, e);
        if (*rc) return -1;
    }
    return r->win_at < r->win_n ? (unsigned char)r->win[r->win_at] : -1;
}

static int skip_blanks(struct reader *r, struct err *e, int *rc) {
    int c;
    while ((c = peek(r, e, rc)) >= 0 && blank((char)c)) {
        if (c == '\n') r->line++;
        r->win_at++;
    }
    return c;
}

/* Bytes left before the comma or bracket that ends the element. */
struct element {
    int depth;
    bool string, escaped, over;
    bool broken; /* a line break inside a string: no JSON, and no one line either */
};

/* true when the byte ends the element (and is not part of it) */
static bool element_byte(struct element *el, char c, bool in_array, bool *last) {
    *last = false;
    if (el->string) {
        if (el->escaped)
            el->escaped = false;
        else if (c == '\\')
            el->escaped = true;
        else if (c == '"') {
            el->string = false;
            *last = el->depth == 0 && !in_array;
        }
        return false;
    }
    if (c == '"')
        el->string = true;
    else if (c == '{' || c == '[')
        el->depth++;
    else if (c == '}' || c == ']') {
        if (el->depth == 0) return true;
        el->depth--;
        *last = el->depth == 0 && !in_array;
    } else if (el->depth == 0) {
        return in_array ? c == ',' : blank(c) || c == ',';
    }
    return false;
}

/* The bytes of a block of sixteen that element_byte would act on inside a container, and line breaks. */
typedef signed char bytes16 __attribute__((vector_size(16)));
typedef char char16 __attribute__((vector_size(16)));
static inline unsigned acting(const char *p) {
    bytes16 c;
    memcpy(&c, p, sizeof c);
    bytes16 odd = (c == '"') | (c == '\\') | (c == '\n') | (c == '\r') | ((c | 0x20) == '{') | ((c | 0x20) == '}');
#ifdef __SSE2__
    return (unsigned)__builtin_ia32_pmovmskb128((char16)odd);
#else
    unsigned m = 0;
    for (int i = 0; i < 16; i++) m |= (unsigned)(odd[i] & 1) << i;
    return m;
#endif
}

#ifdef __SSE2__
/* The same for 64 bytes, as masks; false where a backslash or a line break is among them. */
static inline bool masks(const char *p, uint64_t *quote, uint64_t *open, uint64_t *close) {
    bytes16 odd = {0};
    *quote = *open = *close = 0;
    for (int k = 0; k < 4; k++) {
        bytes16 c;
        memcpy(&c, p + 16 * k, sizeof c);
        bytes16 low = c | 0x20;
        odd |= (c == '\\') | (c == '\n') | (c == '\r');
        *quote |= (uint64_t)(unsigned)__builtin_ia32_pmovmskb128((char16)(c == '"')) << 16 * k;
        *open |= (uint64_t)(unsigned)__builtin_ia32_pmovmskb128((char16)(low == '{')) << 16 * k;
        *close |= (uint64_t)(unsigned)__builtin_ia32_pmovmskb128((char16)(low == '}')) << 16 * k;
    }
    return !__builtin_ia32_pmovmskb128((char16)odd);
}

/* Of 64 bytes: only brackets outside strings are looked at one by one. Nothing is done, and the answer false, where the
 * container ends in them or anything in them is unusual. */
static inline bool take_64(struct element *el, const char *p) {
    uint64_t in, open, close;
    int depth = el->depth;
    if (!masks(p, &in, &open, &close)) return false;
    for (int k = 1; k < 64; k *= 2) in ^= in << k; /* bit i: how many quotes up to there, odd or even */
    if (el->string) in = ~in;
    for (uint64_t m = (open | close) & ~in; m; m &= m - 1) {
        depth += close & m & -m ? -1 : 1;
        if (!depth) return false;
    }
    el->depth = depth;
    el->string = in >> 63;
    return true;
}
#else
static inline bool take_64(struct element *el, const char *p) {
    (void)el, (void)p;
    return false;
}
#endif

/* The same as element_byte for byte after byte, as long as it is inside a container and there are sixteen: how many
 * bytes were taken. *breaks: line breaks among them. */
static size_t take_inside(struct element *el, const char *p, size_t n, uint64_t *breaks) {
    size_t escaped = SIZE_MAX, i = 0; /* escaped: where a byte follows a backslash */
    for (; i + 16 <= n; i += 16) {
        while (i + 64 <= n && escaped != i && take_64(el, p + i)) i += 64;
        if (i + 16 > n) break;
        for (unsigned m = acting(p + i); m; m &= m - 1) {
            size_t at = i + (size_t)__builtin_ctz(m);
            char c = p[at];
            if (c == '\n' || c == '\r') {
                *breaks += c == '\n';
                el->broken |= el->string;
            } else if (at == escaped) {
                continue;
            } else if (el->string) {
                if (c == '\\') escaped = at + 1;
                if (c == '"') el->string = false;
            } else if (c == '"') {
                el->string = true;
            } else if (c != '\\') { /* a bracket of either kind */
                if ((c & 0x5f) == '[') {
                    el->depth++;
                } else if (--el->depth == 0) {
                    el->depth = 1; /* element_byte knows what the last one means */
                    return at;
                }
            }
        }
    }
    el->escaped = escaped == i;
    return i;
}

/* Line breaks become blanks. */
static void take_text(struct rblock *b, const char *p, size_t n) {
    if (!n) return;
    buf_add(&b->data, p, n);
    char *end = b->data.p + b->data.n, *to = end - n;
    for (char *at = to; (at = memchr(at, '\n', (size_t)(end - at)));) *at = ' ';
    for (char *at = to; (at = memchr(at, '\r', (size_t)(end - at)));) *at = ' ';
}

static int take_element(struct reader *r, struct rblock *b, struct err *e) {
    struct element el = {0};
    size_t off = b->data.n;
    uint64_t line = r->line;
    int rc = ERR_OK, c;
    bool last = false;
    while (!last && (c = peek(r, e, &rc)) >= 0) {
        size_t left = r->opt.max_line - (b->data.n - off), n = r->win_n - r->win_at;
        if (el.depth && !el.escaped && n >= 16 && n < left) {
            uint64_t breaks = 0;
            size_t took = take_inside(&el, r->win + r->win_at, n, &breaks);
            take_text(b, r->win + r->win_at, took);
            r->win_at += took;
            r->line += breaks;
            if (took) continue;
        }
        if (el.string && (c == '\n' || c == '\r')) el.broken = true;
        if (element_byte(&el, (char)c, r->in_array, &last)) break;
        r->win_at++;
        if (c == '\n') r->line++;
        if (b->data.n - off >= r->opt.max_line)
            el.over = true;
        else
            buf_chr(&b->data, c == '\n' || c == '\r' ? ' ' : (char)c);
    }
    if (rc) return rc;
    size_t n = b->data.n - off;
    while (n && blank(b->data.p[off + n - 1])) n--;
    if (peek(r, e, &rc) < 0 && !last && (r->in_array || el.depth || el.string))
        return rc ? rc
                  : err_set(e, ERR_INCOMPLETE, "%s: the JSON text ends in the middle of line %llu",
                            reader_name(r, r->file), (unsigned long long)r->line + 1);
    struct rline *l = reader_push(b, r, off, n);
    l->line = line + 1;
    if (el.broken) l->bad = "line break in a string";
    if (el.over) l->bad = "record is over the size limit";
    return rc;
}

static int misplaced(struct reader *r, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "%s:%llu: %s", reader_name(r, r->file), (unsigned long long)r->line + 1, what);
}

int reader_json(struct reader *r, struct rblock *b, struct err *e) {
    int rc = ERR_OK;
    while (b->data.n < r->opt.block) {
        int c = skip_blanks(r, e, &rc);
        if (rc) return rc;
        if (c < 0) {
            if (r->in_array)
                return err_set(e, ERR_INCOMPLETE, "%s: the JSON array is not closed", reader_name(r, r->file));
            return ERR_OK;
        }
        if (r->after_array) return misplaced(r, "text goes on after the JSON array", e);
        if (!r->in_array && c == '[' && !r->want_value) {
            r->in_array = r->want_value = true;
            r->win_at++;
            if (skip_blanks(r, e, &rc) == ']') r->want_value = false;
            continue;
        }
        if (r->in_array && !r->want_value) {
            if (c != ',' && c != ']') return misplaced(r, "expected ',' or ']' in the JSON array", e);
            r->win_at++;
            r->want_value = c == ',';
            if (c == ']') {
                r->in_array = false;
                r->after_array = true;
            }
            continue;
        }
        if (c == ',' || c == ']' || c == '}') return misplaced(r, "expected a value", e);
        rc = take_element(r, b, e);
        if (rc) return rc;
        r->want_value = !r->in_array; /* texts one after another never turn into an array */
    }
    return ERR_OK;
}

/* ---- one text, one record ---- */

#define FIRST_LINE_MAX 65536

/* Is the first line only the beginning of a text? Brackets are open, and it ends as pretty-printers end a line, or the
 * next line begins as no record does. A line of JSONL that was cut somewhere is hardly ever so. `next` is behind the
 * line break; *more: that has to be seen. */
static bool goes_on(const char *p, size_t n, const char *next, const char *end, bool *more) {
    struct element el = {0};
    bool last;
    *more = false;
    while (n && blank(p[n - 1])) n--;
    for (size_t i = 0; i < n; i++) element_byte(&el, p[i], false, &last);
    if (!n || el.depth == 0 || el.string) return false;
    if (strchr("{[,:", p[n - 1])) return true;
    *more = next == end;
    return next < end && *next && strchr(" \t]},:", *next);
}

int reader_is_document(struct reader *r, bool *is, struct err *e) {
    int rc = ERR_OK;
    *is = false;
    for (int c = skip_blanks(r, e, &rc); rc == ERR_OK && c >= 0; rc = reader_fill(r, e)) {
        const char *p = r->win + r->win_at, *end = r->win + r->win_n;
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        bool more = !nl;
        if (nl) *is = goes_on(p, (size_t)(nl - p), nl + 1, end, &more);
        if (!more || r->eof || end - p > FIRST_LINE_MAX) break;
    }
    return rc;
}

/* The blanks before it may be gone already; r->line counts them. */
int reader_document(struct reader *r, struct rblock *b, struct err *e) {
    int rc = ERR_OK;
    bool over = false;
    if (r->after_array) return ERR_OK;
    r->after_array = true;
    while (rc == ERR_OK && !r->eof) {
        rc = reader_fill(r, e);
        over |= r->win_n - r->win_at > r->opt.max_line;
        if (over && r->win_n - r->win_at > r->opt.block) r->win_n = r->win_at + 256; /* the rest is only read past */
    }
    if (rc) return rc;
    r->line++;
    size_t n = r->win_n - r->win_at;
    struct rline *l = reader_push(b, r, r->win_at, over && n > 256 ? 256 : n);
    if (over) {
        l->bad = "document is over the size limit";
        l->bad_at = (uint32_t)r->opt.max_line;
    }
    reader_hand_over(r, b, r->win_n);
    return ERR_OK;
}
