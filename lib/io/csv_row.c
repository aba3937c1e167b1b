/* Rows become objects; see csv.h. */
#include "io/csv.h"

bool csv_field_next(char delimiter, const char **p, const char *end, bool *more, struct buf *scratch,
                    struct csv_field *f) {
    const char *s = *p;
    if (!*more) return false;
    f->quoted = s < end && *s == '"';
    if (f->quoted) {
        size_t from = scratch->n;
        s++;
        while (s < end) {
            const char *q = memchr(s, '"', (size_t)(end - s));
            if (!q) q = end;
            buf_add(scratch, s, (size_t)(q - s));
            s = q < end ? q + 1 : end;
            if (s < end && *s == '"') {
                buf_chr(scratch, '"');
                s++;
                continue;
            }
            break;
        }
        const char *tail = s;
        while (s < end && *s != delimiter) s++;
        buf_add(scratch, tail, (size_t)(s - tail)); /* text after the closing quote is kept, as written */
        f->n = scratch->n - from;
        f->p = (const char *)from;
    } else {
        const char *q = memchr(s, delimiter, (size_t)(end - s));
        s = q ? q : end;
        f->p = *p;
        f->n = (size_t)(s - *p);
    }
    *more = s < end;
    *p = s < end ? s + 1 : s;
    return true;
}

static bool json_number(const char *p, size_t n) {
    size_t i = 0;
#define DIGITS(first)                                                                                                  \
    do {                                                                                                               \
        size_t from = i;                                                                                               \
        while (i < n && (unsigned)(p[i] - '0') < 10) i++;                                                              \
        if (i == from) return false;                                                                                   \
        if (first && p[from] == '0' && i - from > 1) return false;                                                     \
    } while (0)
    if (i < n && p[i] == '-') i++;
    DIGITS(true);
    if (i < n && p[i] == '.') {
        i++;
        DIGITS(false);
    }
    if (i < n && (p[i] == 'e' || p[i] == 'E')) {
        i++;
        if (i < n && (p[i] == '+' || p[i] == '-')) i++;
        DIGITS(false);
    }
#undef DIGITS
    return i == n;
}

/* Is it written as it is, without quotes? */
static bool is_bare(const struct csv_column *c, struct sv v) {
    return (c->kind == 'n' && json_number(v.p, v.n)) || (c->kind == 'b' && (sv_is(v, "true") || sv_is(v, "false")));
}

static void add_value(struct buf *b, const struct csv_column *c, struct sv v, bool quoted) {
    if (!v.n && !quoted)
        buf_str(b, "null");
    else if (is_bare(c, v))
        buf_sv(b, v);
    else
        json_quote(b, v);
}

bool csv_utf8(const char *p, size_t n, size_t *at) {
    const unsigned char *u = (const unsigned char *)p;
    for (size_t i = 0; i < n;) {
        size_t k = u[i] < 0x80                    ? 1
                   : u[i] >= 0xC2 && u[i] <= 0xDF ? 2
                   : (u[i] & 0xF0) == 0xE0        ? 3
                   : u[i] >= 0xF0 && u[i] <= 0xF4 ? 4
                                                  : 0;
        bool ok = k && i + k <= n && u[i];
        for (size_t j = 1; ok && j < k; j++) ok = (u[i + j] & 0xC0) == 0x80;
        if (ok && k == 3) ok = !(u[i] == 0xE0 && u[i + 1] < 0xA0) && !(u[i] == 0xED && u[i + 1] > 0x9F);
        if (ok && k == 4) ok = !(u[i] == 0xF0 && u[i + 1] < 0x90) && !(u[i] == 0xF4 && u[i + 1] > 0x8F);
        if (!ok) {
            *at = i;
            return false;
        }
        i += k;
    }
    return true;
}

/* ---- a row without anything unusual: ASCII, no quotes, nothing that JSON escapes ---- */

typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

static bool is_plain(const char *p, size_t n) {
    words2 odd = {0, 0};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        bytes16 b;
        memcpy(&b, p + i, sizeof b);
        odd |= (words2)((bytes16)(b < 0x20) | (bytes16)(b >= 0x7F) | (bytes16)(b == '"') | (bytes16)(b == '\\'));
    }
    bool yes = !(odd[0] | odd[1]);
    for (; i < n && yes; i++) {
        unsigned char c = (unsigned char)p[i];
        yes = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
    }
    return yes;
}

#define ONES 0x0101010101010101u

/* The delimiter at or after p, or end. */
static inline const char *field_end(const char *p, const char *end, char delimiter) {
    for (; end - p >= 8; p += 8) {
        uint64_t x;
        memcpy(&x, p, sizeof x);
        x ^= ONES * (unsigned char)delimiter;
        x = (x - ONES) & ~x & (ONES << 7); /* the lowest set bit is right, which is all we look at */
        if (x) return p + __builtin_ctzll(x) / 8;
    }
    while (p < end && *p != delimiter) p++;
    return p;
}

static inline char *copy_padded(char *to, const char *from, size_t n) { /* both sides have CSV_PAD bytes to spare */
    for (size_t i = 0; i < n; i += CSV_PAD) memcpy(to + i, from + i, CSV_PAD);
    return to + n;
}

static inline char *copy_field(char *to, const char *from, size_t n, const char *end) {
    if (n <= CSV_PAD && end - from >= CSV_PAD)
        memcpy(to, from, CSV_PAD);
    else
        memcpy(to, from, n);
    return to + n;
}

/* The object at to; *fields how many the row has. Whoever gets another number than the header's forgets the object. */
static char *plain_row(const struct csv_shape *s, const char *p, size_t n, char *to, size_t *fields) {
    const char *end = p + n;
    size_t k = 0;
    for (;; p++, k++) {
        const char *q = field_end(p, end, s->delimiter);
        if (k < s->ncols) {
            const struct csv_column *c = &s->cols[k];
            struct sv v = {p, (size_t)(q - p)};
            to = copy_padded(to, c->key, c->n);
            if (!v.n) {
                memcpy(to, "null", 4);
                to += 4;
            } else if (is_bare(c, v)) {
                to = copy_field(to, p, v.n, end);
            } else {
                *to = '"';
                to = copy_field(to + 1, p, v.n, end);
                *to++ = '"';
            }
        }
        if ((p = q) == end) break;
    }
    *fields = k + 1;
    *to++ = '}';
    return to;
}

/* ---- any row ---- */

static const char *any_row(const struct csv_shape *s, const char *row, size_t n, struct buf *out, struct buf *scratch,
                           size_t *fields, uint32_t *bad_at) {
    struct csv_field f;
    bool more = true;
    const char *p = row, *end = row + n;
    size_t k = 0, at;
    if (!csv_utf8(row, n, &at)) {
        *bad_at = (uint32_t)at;
        return row[at] ? "invalid UTF-8" : "NUL byte";
    }
    if (n >= 3 && memcmp(row, "\xEF\xBB\xBF", 3) == 0) /* it would become a letter of the first value, unseen */
        return "byte order mark in the middle of the input (files put together?)";
    scratch->n = 0;
    while (csv_field_next(s->delimiter, &p, end, &more, scratch, &f)) {
        if (k < s->ncols) {
            buf_add(out, s->cols[k].key, s->cols[k].n);
            add_value(out, &s->cols[k], csv_field_text(&f, scratch), f.quoted);
        }
        k++;
    }
    buf_chr(out, '}');
    *fields = k;
    return NULL;
}

static void convert_row(const struct csv_shape *s, const char *row, struct rline *l, struct buf *out,
                        struct buf *scratch) {
    size_t off = out->n, fields = 0;
    if (!l->bad && is_plain(row, l->len)) {
        char *to = buf_room(out, s->room + l->len + 1 + 2 * CSV_PAD);
        out->n += (size_t)(plain_row(s, row, l->len, to, &fields) - to);
    } else if (!l->bad) {
        l->bad = any_row(s, row, l->len, out, scratch, &fields, &l->bad_at);
    }
    if (!l->bad && fields != s->ncols)
        l->bad = fields < s->ncols ? "row has fewer fields than the header" : "row has more fields than the header";
    if (l->bad) { /* as it was read */
        out->n = off;
        buf_add(out, row, l->len);
    }
    l->off = (uint32_t)off;
    l->len = (uint32_t)(out->n - off);
    buf_chr(out, '\n'); /* records that lie one after another as lines are written in one piece */
}

void rblock_convert(struct rblock *b) {
    struct buf scratch = {0}, rows = b->data;
    if (!b->csv) return;
    b->data = b->spare;
    b->data.n = 0;
    for (size_t i = 0; i < b->n; i++) convert_row(b->csv, rows.p + b->l[i].off, &b->l[i], &b->data, &scratch);
    buf_free(&scratch);
    b->spare = rows;
    csv_shape_leave(b->csv);
    b->csv = NULL;
    b->objects = true;
}
